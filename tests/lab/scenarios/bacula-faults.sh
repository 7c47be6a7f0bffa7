# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 1G -t 500
# Bacula's jobs on held devices, one fault each: evertaped is killed; the changer is away when a job needs the next
# cartridge; one of two jobs loses its drive; a drive is replaced in its bay while Bacula has it open. Every job ends OK
# without a warning, all are restored byte for byte, and the configuration stays as it was. At the end Bacula's own test of
# drive and changer.

hold_model "--drives 2 --slots 14 --tapes 12 --capacity 100M --buffer 16" MDLDRV01 MDLDRV02 MDLLIB01 || lab_done
wait_until 10 test -e /dev/tape/by-name/lib1-changer
mkdir -p /tmp/data
head -c 20M /dev/urandom > /tmp/data/random
cp -a /usr/share/doc/tgt /tmp/data/documents
sd=/tmp/bacula/sd.conf
bacula_conf "$(held_by_serial MDLDRV01 nst)" "$(held_by_serial MDLDRV02 nst)" "$(held_by_serial MDLLIB01 sg)" \
    'Maximum File Size = 8m'
ok "configured" evertape configure bacula --config $sd --write
cp $sd /tmp/sd.written
# Every job needs two cartridges of its own, so that two jobs need two drives.
ok "Bacula starts" eval 'bacula_full /tmp/data "Maximum Volume Bytes = 14m" "Maximum Volume Jobs = 1" && bacula_start'
bacula 'label barcodes pool=Tape storage=Lib drive=0 slots=1-12' yes > "$LAB_OUT/label.log"

written() { # BYTES: more, by both drives together
    (($(field WRITTEN lib1-drive1) + $(field WRITTEN lib1-drive2) - _written > $1))
}
run_job() {
    _written=$(($(field WRITTEN lib1-drive1) + $(field WRITTEN lib1-drive2)))
    bacula 'run job=Save yes' > /tmp/run
}
ends_ok() { # JOBID
    bacula wait > /dev/null
    wait_until 10 bacula_ended "$1" T0 || { tail -n 20 /tmp/bacula/bacula.log; return 1; }
}
both_write() {
    (($(field WRITTEN lib1-drive1) > first + (2 << 20) && $(field WRITTEN lib1-drive2) > second + (2 << 20)))
}

say "evertaped is killed, twice"
run_job
ok "the job writes" wait_until 60 written $((4 << 20))
ok "kill -9" evertaped_crash
ok "it goes on" wait_until 60 written $((8 << 20))
ok "kill -9" evertaped_crash
ok "the job ended OK" ends_ok 1

say "the changer is away when the next cartridge is needed"
run_job
ok "the job writes" wait_until 60 written $((1 << 20))
model pull changer > /dev/null
ok "it asks for another cartridge" wait_until 90 pgrep -x mtx
pause 3
ok "and waits" pgrep -x mtx
model return changer > /dev/null
ok "the job ended OK" ends_ok 2
ok "on two cartridges" test "$(sqlite3 /tmp/bacula/work/bacula.db 'select count(distinct MediaId) from JobMedia where JobId=2')" = 2

say "two jobs on two drives, one of which loses power and its buffer"
first=$(field WRITTEN lib1-drive1) second=$(field WRITTEN lib1-drive2) outages=$(field OUTAGES lib1-drive1)
run_job
run_job
ok "both write" wait_until 120 both_write
model pull drive2 > /dev/null
model power-cycle drive2 5 > /dev/null
pause 1
model return drive2 > /dev/null
ok "the one ended OK" ends_ok 3
ok "and the other" ends_ok 4
ok "the other drive did not notice" test "$(field OUTAGES lib1-drive1)" = "$outages"

say "a drive is replaced in its bay, and Bacula has it open"
model pull drive1 > /dev/null
model swap-serial drive1 NEWDRV01 > /dev/null
model return drive1 > /dev/null
is_new() {
    [[ $(held_by_serial NEWDRV01 nst) -ef /dev/tape/by-name/lib1-drive1-nst ]] && is_state held lib1-drive1
}
ok "the hook has Bacula close it, and the new one is held" wait_until 60 is_new
run_job
ok "the next job ended OK" ends_ok 5
ok "the configuration is as it was" cmp $sd /tmp/sd.written

say "restores"
for job in 1 2 3 4 5; do
    rm -rf /tmp/bacula/restored
    bacula "restore client=lab-fd jobid=$job all done yes" wait >> "$LAB_OUT/restore.log"
    ok "job $job byte for byte" diff -r /tmp/data /tmp/bacula/restored/tmp/data
done
cp /tmp/bacula/bacula.log "$LAB_OUT/"

say "btape"
bacula 'unmount storage=Lib drive=0' 'unmount storage=Lib drive=1' > /dev/null
cat /tmp/bacula/*.pid | xargs kill
wait_until 20 not pgrep -x bacula-sd
for drive in 0 1; do
    slot=$(mtx -f /dev/tape/by-name/lib1-changer status | sed -n "s/.*Element $drive:Full (Storage Element \([0-9]*\) .*/\1/p")
    [[ $slot ]] || continue # unmount has taken it out; and an open of an empty drive takes two minutes
    mt -f "/dev/tape/by-name/lib1-drive$((drive + 1))-nst" offline
    mtx -f /dev/tape/by-name/lib1-changer unload "$slot" "$drive"
done
mtx -f /dev/tape/by-name/lib1-changer load 12 0
bacula_conf /dev/tape/by-name/lib1-drive1-nst /dev/tape/by-name/lib1-drive2-nst /dev/tape/by-name/lib1-changer \
    "Maximum Block Size = 4096"
mt -f /dev/tape/by-name/lib1-drive1-nst rewind
mt -f /dev/tape/by-name/lib1-drive1-nst weof
mt -f /dev/tape/by-name/lib1-drive1-nst rewind
btape test y quit > "$LAB_OUT/btape.log"
ok "btape ended well" test $? = 0
ok "appending" grep -q 'We should be in file 4. I am at file 4. This is correct' "$LAB_OUT/btape.log"
ok "the autochanger" grep -q 'The test autochanger worked' "$LAB_OUT/btape.log"
ok "and no complaint" not grep -Ei 'error|fail|incorrect|problem' <(grep -v -e 'should be no I/O errors' \
    -e 'you MUST correct the problem' "$LAB_OUT/btape.log")
lab_done
