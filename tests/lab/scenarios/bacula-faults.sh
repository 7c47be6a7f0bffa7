# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 1G -t 500
# Bacula's jobs on held devices, one fault each: evertaped is killed; the changer is away when a job needs the next
# cartridge. Every job ends OK without a warning, and all are restored byte for byte.

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

say "restores"
for job in 1 2; do
    rm -rf /tmp/bacula/restored
    bacula "restore client=lab-fd jobid=$job all done yes" wait >> "$LAB_OUT/restore.log"
    ok "job $job byte for byte" diff -r /tmp/data /tmp/bacula/restored/tmp/data
done
cp /tmp/bacula/bacula.log "$LAB_OUT/"
ok "the configuration is as it was" cmp $sd /tmp/sd.written
lab_done
