# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M -t 180
# The model by itself, without evertape: programs that nobody here wrote find in it a tape drive and a changer. What
# other scenarios prove by the model rests on this.

lab_udev
model_up --drives 2 --slots 5 --tapes 3 --capacity 100M || lab_done
nst=$(by_serial MDLDRV01 nst) sg=$(by_serial MDLDRV01 sg) changer=$(by_serial MDLLIB01 sg)

prints() {
    local pattern=$1
    shift
    "$@" > /tmp/printed 2>&1
    grep -qE "$pattern" /tmp/printed && return
    cat /tmp/printed
    return 1
}

say "mtx"
ok "inventory" prints 'Storage Element 3:Full :VolumeTag=T00003L7' mtx -f "$changer" status
ok "load" mtx -f "$changer" load 1 0
ok "transfer" mtx -f "$changer" transfer 2 4
ok "import/export element" mtx -f "$changer" transfer 4 6
ok "and back" mtx -f "$changer" transfer 6 2
ok "an empty slot cannot be loaded" not mtx -f "$changer" load 5 1
ok "inventory knows where the cartridge in the drive is from" \
    prints 'Element 0:Full \(Storage Element 1 Loaded\):VolumeTag = T00001L7' mtx -f "$changer" status

say "sg3_utils"
ok "INQUIRY" prints 'Unit serial number: MDLDRV01' sg_inq "$sg"
ok "VPD 83h" prints '0x5000e111' sg_vpd -p di "$sg"
ok "a unit attention for the new cartridge" prints 'medium may have changed' sg_turs "$sg"
ok "once" sg_turs "$sg"
ok "mode pages" prints 'Data Compression' sg_modes -a "$sg"
ok "log pages" prints 'Tape alert' sg_logs "$sg"
ok "attributes of the medium" prints 'Medium serial number: MDLTAPE00001' sg_read_attr "$sg"
ok "supported opcodes" prints 'Locate\(16\)' sg_opcodes "$sg"
ok "registers a reservation key" sg_persist --out --register --param-sark=abcd "$sg"
ok "reads it back" prints 0xabcd sg_persist --in --read-keys "$sg"
ok "and takes it away" sg_persist --out --clear --param-rk=abcd "$sg"
ok "the changer's INQUIRY" prints 'medium changer' sg_inq "$changer"

say "mt and dd"
head -c 8M /dev/urandom > /tmp/data
ok "rewind" mt -f "$nst" rewind
ok "dd writes 8 MiB" dd if=/tmp/data of="$nst" bs=256k status=none
ok "and once more" dd if=/tmp/data of="$nst" bs=64k status=none
ok "it is in file 2" prints 'File number=2, block number=0' mt -f "$nst" status
ok "back by two files" mt -f "$nst" bsfm 2
ok "forward by 8 records" mt -f "$nst" fsr 8
ok "tell" prints 'block 41\.' mt -f "$nst" tell
ok "seek" mt -f "$nst" seek 33
ok "dd reads" dd if="$nst" of=/tmp/back bs=64k status=none
same_sha "the same" /tmp/data /tmp/back
ok "to the end of data" mt -f "$nst" eod
ok "fixed blocks" mt -f "$nst" setblk 4096
ok "dd writes them" dd if=/tmp/data of="$nst" bs=64k count=4 status=none
ok "variable again" mt -f "$nst" setblk 0
ok "compression off" mt -f "$nst" compression 0
ok "what is on the cartridge" prints 'ok blocks=224 filemarks=3 bytes=17039360' model dump T00001L7 /tmp/dump
ok "offline" mt -f "$nst" offline
ok "load" mt -f "$nst" load

say "tar over two cartridges"
cat > /tmp/next-volume << EOF
#!/bin/bash
mt -f $nst offline
mtx -f $changer unload \$((TAR_VOLUME - 1)) 0 && mtx -f $changer load \$TAR_VOLUME 0
EOF
chmod +x /tmp/next-volume
head -c 120M /dev/urandom > /tmp/large
ok "writes" tar -b 128 -C /tmp -cMf "$nst" -F /tmp/next-volume large
ok "the second is in the drive" prints T00002L7 model status drive1
mt -f "$nst" offline
mtx -f "$changer" unload 2 0
mtx -f "$changer" load 1 0
ok "compares" tar -b 128 -C /tmp -dMf "$nst" -F /tmp/next-volume
rm /tmp/large
mt -f "$nst" offline
mtx -f "$changer" unload 2 0

say "Amanda"
amanda_conf "$nst" "$(by_serial MDLDRV02 nst)" "$changer" 100
ok "inventory" prints 'slot 3: .*barcode T00003L7' amanda amtape LAB inventory
ok "amlabel" amanda amlabel -f LAB T00003L7 slot 3
ok "amdevcheck" prints '^SUCCESS$' amanda amdevcheck LAB "tape:$nst"
mt -f "$nst" offline
mtx -f "$changer" unload 3 0

say "Bacula"
bacula_conf "$nst" "$(by_serial MDLDRV02 nst)" "$changer" "Maximum Block Size = 4096"
mtx -f "$changer" load 1 0
btape test y quit > "$LAB_OUT/btape.log"
ok "btape ended well" test $? = 0
ok "writing and reading" grep -q '^=== Test Succeeded. End Write, rewind, and re-read' "$LAB_OUT/btape.log"
ok "appending" grep -q 'We should be in file 4. I am at file 4. This is correct' "$LAB_OUT/btape.log"
ok "backing over an end of file" grep -q 'Block re-read correct. Test succeeded' "$LAB_OUT/btape.log"
ok "spacing" grep -q 'We should be in file 5. I am at file 5. This is correct' "$LAB_OUT/btape.log"
ok "the autochanger" grep -q 'The test autochanger worked' "$LAB_OUT/btape.log"
ok "and no complaint" not grep -Ei 'error|fail|incorrect|problem' <(grep -v -e 'should be no I/O errors' \
    -e 'you MUST correct the problem' "$LAB_OUT/btape.log")

say "a link with a latency"
takes_at_least() {
    local begun=${EPOCHREALTIME/./} ms=$1
    shift
    "$@" && ((${EPOCHREALTIME/./} - begun >= ms * 1000))
}
model latency drive1 5000
ok "20 commands of 5 ms" takes_at_least 100 sg_turs --number=20 "$(by_serial MDLDRV01 sg)"
model latency drive1 0
ok "no number of microseconds" fails_saying '^error' model latency drive1 soon

say "losses"
exec {tape}> "$nst"
writes() {
    LC_ALL=C dd if=/tmp/data bs=64k count=8 1>&"$tape" 2> /tmp/error
}
ok "a program writes" writes
ok "pull" model pull drive1
ok "its next write fails" not writes
{ exec {tape}>&-; } 2> /dev/null
ok "return" model return drive1
wait_for_devices MDLDRV01
nst=$(by_serial MDLDRV01 nst)
mt -f "$nst" rewind
ok "the 8 blocks are on tape" test "$(dd if="$nst" bs=64k 2> /dev/null | head -c 512K | sha256sum)" = \
    "$(head -c 512K /tmp/data | sha256sum)"
return_swapped MDLDRV01 MDLDRV02
ok "names swapped" test "$(by_serial MDLDRV01 nst)" != "$nst" -a "$(by_serial MDLDRV02 nst)" = "$nst"
lab_done
