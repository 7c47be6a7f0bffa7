# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2016
# lab: -m 768M -t 240
# A held drive answers as the drive itself: each step is taken on a drive that is held and on one of the same kind
# that is not, and both print the same and end the same. At the end both tapes are the same, object by object.

hold_model "--drives 2 --capacity 24M --buffer 16" MDLDRV01 || lab_done
held=$(held_by_serial MDLDRV01 nst) direct=$(by_serial MDLDRV02 nst)
changer=$(by_serial MDLLIB01 sg)
mtx -f "$changer" unload 1 0
mtx -f "$changer" load 1 0
mtx -f "$changer" load 2 1
head -c 4M /dev/urandom > /tmp/data

# alike TEXT PATTERN COMMAND: COMMAND, a line of shell in which $nst is the drive. What the direct one prints has a
# line that matches PATTERN, and the held one prints the same and ends with the same status.
alike() {
    local text=$1 pattern=$2 command=$3 nst
    for nst in "$direct" "$held"; do
        (eval "$command") > "/tmp/alike-${nst##*/}" 2>&1
        echo "ended with $?" >> "/tmp/alike-${nst##*/}"
        sed -i "s|$nst|NST|g" "/tmp/alike-${nst##*/}"
    done
    ok "$text" as_wanted "$pattern" "/tmp/alike-${direct##*/}" "/tmp/alike-${held##*/}"
}
as_wanted() {
    grep -qE -- "$1" "$2" || { echo "direct:"; cat "$2"; return 1; }
    diff "$2" "$3"
}
# seconds and bytes a second differ
writes() {
    LC_ALL=C dd "if=$1" "of=$nst" "${@:2}" 2>&1 | grep -v copied
    return "${PIPESTATUS[0]}"
}
reads() {
    LC_ALL=C dd "if=$nst" "of=/tmp/read" "${@:1}" 2>&1 | grep -v copied
    sha256sum < /tmp/read
}
export LC_ALL=C

alike "the first status, which tells of the new cartridge" 'BOT ONLINE' 'mt -f $nst status'
alike "rewind" 'with 0' 'mt -f $nst rewind'
alike "dd writes blocks of 64 KiB" '^64\+0 records out' 'writes /tmp/data bs=64k'
alike "and of 3 bytes" '^5\+0 records out' 'writes /tmp/data bs=3 count=5'
alike "tell" 'block 71\.' 'mt -f $nst tell'
alike "status" 'File number=2, block number=0' 'mt -f $nst status'
alike "two filemarks" 'with 0' 'mt -f $nst weof 2'
alike "back over four files" 'with 0' 'mt -f $nst bsf 4; mt -f $nst tell'
alike "forward over one" 'block 65\.' 'mt -f $nst fsf 1; mt -f $nst tell'
alike "forward by records" 'block 67\.' 'mt -f $nst fsr 2; mt -f $nst tell'
alike "back by records" 'block 66\.' 'mt -f $nst bsr 1; mt -f $nst tell'
alike "status in the middle" 'File number=1, block number=1' 'mt -f $nst status'
alike "forward over the filemark fails" 'with 2' 'mt -f $nst fsr 9'
alike "to the end of data" 'block 73\.' 'mt -f $nst eod; mt -f $nst tell'
alike "too far back fails" 'with 2' 'mt -f $nst bsf 50'
alike "status at the beginning" 'BOT' 'mt -f $nst rewind; mt -f $nst status'
alike "seek" 'block 66\.' 'mt -f $nst seek 66; mt -f $nst tell'
alike "reads from there" '^0\+4 records in' 'reads bs=64k'
alike "a block larger than the buffer" 'Cannot allocate memory' 'mt -f $nst rewind; reads bs=512 count=1'
alike "is passed over" 'block 1\.' 'mt -f $nst tell'
alike "reads the whole file" '^63\+0 records in' 'reads bs=64k'
alike "reading at the end of data" '^0\+0 records in' 'mt -f $nst eod; reads bs=64k'
alike "and once more fails" 'Input/output error' 'reads bs=64k'
alike "fixed blocks" 'with 0' 'mt -f $nst setblk 1024'
alike "written by the dozen" '^8\+0 records out' 'writes /tmp/data bs=96k count=8'
alike "each is an object" 'block 842\.' 'mt -f $nst tell'
alike "status says so" 'Tape block size 1024' 'mt -f $nst status'
alike "and read" '^8\+0 records in' 'mt -f $nst bsf 1; mt -f $nst bsr 768; reads bs=96k count=8'
alike "half a block is refused" 'Invalid argument' 'writes /tmp/data bs=1536 count=1'
alike "variable blocks again" 'with 0' 'mt -f $nst setblk 0'
alike "compression" 'with 0' 'mt -f $nst compression 0'
alike "1 MiB in one block" '^2\+0 records out' 'mt -f $nst eod; writes /tmp/data bs=1M count=2'
alike "and read" '^2\+0 records in' 'mt -f $nst bsf 2; mt -f $nst fsf 1; reads bs=1M'
alike "offline" 'with 0' 'mt -f $nst offline'
alike "status without a cartridge" 'DR_OPEN' 'mt -f $nst status'
alike "load" 'ONLINE' 'mt -f $nst load; mt -f $nst status'
alike "erase" 'with 0' 'mt -f $nst eod; mt -f $nst erase'

# A drive that is written behind tells of its early warning with the block after: for these the pipeline is off.
readings=0
read_so_often() {
    [[ $(grep -c "the configuration is read again" "$LAB_OUT/evertaped.log") == "$readings" ]]
}
set_pipeline() {
    evertape_config '[Hold]' 'Journal=32M' "Pipeline=$1"
    kill -HUP "$(evertaped_pid)"
    readings=$((readings + 1))
    ok "the pipeline is $1" wait_until 5 read_so_often
}
set_pipeline no
alike "writes at the end, until the tape is full" 'No space left on device' 'mt -f $nst eod; writes /dev/zero bs=256k'
alike "status at the end" '^File number=' 'mt -f $nst status'
alike "and what fitted is there" 'records in' 'mt -f $nst bsfm 1; mt -f $nst bsf 1; reads bs=256k'
same "both tapes are the same" "$(model dump T00002L7 /tmp/direct)" "$(model dump T00001L7 /tmp/held)"
ok "object by object" cmp /tmp/direct.objects /tmp/held.objects

# The same full tape, although the held drive goes away with 7 blocks in its buffer where early warning begins.
fill() {
    LC_ALL=C fed dd "of=$1" bs=64k iflag=fullblock
    feed /tmp/full 22
    if [[ $1 == "$held" ]]; then
        model pull drive1 && model power-cycle drive1 7 && model return drive1
    fi
    feed_aside /tmp/full 8
    wait "$_fed_pid"
    exec 8>&-
    wait "$_feed_pid"
    _feed_pid=
    grep -v copied /tmp/lab-fed.log
}
head -c 30M /dev/urandom > /tmp/full
mt -f "$direct" rewind
mt -f "$held" rewind
ok "a tape is full" prints 'No space left on device' fill "$direct"
ok "and no sooner or later through a loss" prints 'No space left on device' fill "$held"
same "both tapes are the same" "$(model dump T00002L7 /tmp/direct)" "$(model dump T00001L7 /tmp/held)"
ok "object by object" cmp /tmp/direct.objects /tmp/held.objects
ok "what was lost had been written again" evertaped_said 'lib1-drive1: resumed: .* 7 objects written again'

# 1 MiB is the longest command of a held device (tcm_loop: 256 pages), which the held one says by READ BLOCK LIMITS.
mt -f "$held" rewind
head -c 1048577 /dev/zero > /tmp/long
nst=$held
ok "one byte more than 1 MiB fails" fails_saying 'Invalid argument' writes /tmp/long bs=1048577 count=1
ok "and the drive goes on" prints '^1\+0 records out' writes /tmp/data bs=1M count=1

# With it: whatever was told to be written is there.
set_pipeline 16M
mt -f "$held" rewind
writes /dev/zero bs=64k > /tmp/written
ok "a tape is full with a pipeline, too" grep -q 'No space left on device' /tmp/written
mt -f "$held" rewind
same "and has all that was told to be written" "$(reads bs=64k | grep in)" "$(sed -n 's/out$/in/p' /tmp/written)"
lab_done
