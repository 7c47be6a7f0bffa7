# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 896M -t 300
# One amdump on held devices, over two cartridges, with one fault after the other: the drive is reset; evertaped is killed; the
# changer is away when the second cartridge is needed; the drive loses its power with what is in its buffer. (Path lost, names
# swapped: scenario amanda.) The dump succeeds and is restored byte for byte.

hold_model "--drives 2 --slots 5 --tapes 3 --capacity 40M --buffer 16" MDLDRV01 MDLDRV02 MDLLIB01 || lab_done
wait_until 10 test -e /dev/tape/by-name/lib1-changer
mkdir -p /tmp/data
head -c 48M /dev/urandom > /tmp/data/random
chmod -R a+rX /tmp/data
amanda_conf "$(held_by_serial MDLDRV01 nst)" "$(held_by_serial MDLDRV02 nst)" "$(held_by_serial MDLLIB01 sg)" 40 /tmp/data
conf=/etc/amanda/LAB/amanda.conf
# Without it a part that meets the end of a cartridge cannot be written again on the next one.
sed -i 's/^  part_size 10 mb/&\n  part_cache_type memory/' $conf
ok "configured" evertape configure amanda --write
cp $conf /tmp/amanda.written
for slot in 1 2 3; do
    amanda amlabel -f LAB T0000${slot}L7 slot $slot >> "$LAB_OUT/label.log" 2>&1
done
same "three labels" 3 "$(grep -c Success "$LAB_OUT/label.log")"

drives_written() {
    written=$(($(field WRITTEN lib1-drive1) + $(field WRITTEN lib1-drive2)))
}
is_written() { # BYTES
    drives_written
    ((written > before + $1))
}
drive_that_writes() {
    drive=drive1
    (($(model_position drive2) > $(model_position drive1))) && drive=drive2
}
drives_written
before=$written
amanda amdump LAB > "$LAB_OUT/amdump.log" 2>&1 &
dump=$!
ok "it writes" wait_until 60 is_written $((2 << 20))
drive_that_writes
model reset $drive > /dev/null
ok "$drive was reset, and goes on" wait_until 30 evertaped_said "^lib1-$drive: resumed: "
ok "it writes" wait_until 60 is_written $((8 << 20))
ok "kill -9" evertaped_crash
ok "it writes" wait_until 60 is_written $((14 << 20))
ok "kill -9" evertaped_crash
model pull changer > /dev/null
ok "it asks for another cartridge" wait_until 90 pgrep -x mtx
pause 3
ok "and waits" pgrep -x mtx
model return changer > /dev/null
ok "it writes to the second" wait_until 60 is_written $((44 << 20))
drive_that_writes
model power-cycle $drive 5 > /dev/null
ok "the dump ended well" wait $dump
same "on two cartridges" 2 "$(cat /tmp/amanda/log/log.* | grep -c '^START taper')"

say "the restore"
restore() {
    amanda amfetchdump -p -a LAB localhost /tmp/data < /dev/null 2> "$LAB_OUT/fetch.log" | tar -C /tmp/amanda/restored -xf -
}
ok "amfetchdump" restore
ok "byte for byte" diff -r /tmp/data /tmp/amanda/restored
ok "the configuration is as it was" cmp $conf /tmp/amanda.written
cp /tmp/amanda/log/log.* "$LAB_OUT/"
lab_done
