# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 1G -t 600
# Bacula's jobs on held devices, one fault each: evertaped is killed; the changer is away when a job needs the next
# cartridge; of two jobs on two drives one loses its drive, with what is in its buffer; the machine is booted. Every job ends OK
# without a warning, all are restored byte for byte, and the configuration is never touched.

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

say "two jobs on two drives, and one drive is lost"
both_write() {
    (($(field WRITTEN lib1-drive1) - _before[0] > 3 << 20 && $(field WRITTEN lib1-drive2) - _before[1] > 3 << 20))
}
_before=("$(field WRITTEN lib1-drive1)" "$(field WRITTEN lib1-drive2)")
outages=$(field OUTAGES lib1-drive1)
bacula 'run job=Save yes' 'run job=Save yes' > /tmp/run
ok "both write" wait_until 120 both_write
model pull drive1 > /dev/null
model power-cycle drive1 3 > /dev/null
pause 3
ok "one waits" is_state away lib1-drive1
model return drive1 > /dev/null
ok "both ended OK" eval 'ends_ok 3 && ends_ok 4'
ok "one drive was lost, once" test "$(field OUTAGES lib1-drive1)" = $((outages + 1))
ok "on four cartridges" test "$(sqlite3 /tmp/bacula/work/bacula.db 'select count(distinct MediaId) from JobMedia where JobId in (3, 4)')" = 4

# What a new boot finds: other numbers, no udev database, no links, nothing in /run.
say "the machine is booted"
nodes=$(readlink -f /dev/tape/by-name/lib1-drive1-nst)
pkill -x bacula-sd
ok "Bacula ends" wait_until 20 not pgrep -x bacula-sd
ok "evertaped ends" evertaped_stop_for_good
for device in changer drive1 drive2; do model pull $device > /dev/null; done
udevadm settle
udevadm control --exit
rm -rf /run/udev/data /run/udev/links /run/udev/tags /dev/tape /run/evertape
lab_udev
ok "evertaped starts without a device" evertaped_start
evertape wait --timeout 60s lib1 lib1-drive1 lib1-drive2 &
waits=$!
for device in drive2 drive1 changer; do model return $device > /dev/null; done
ok "and holds them when they come" wait $waits
ok "under another node" test "$(readlink -f /dev/tape/by-name/lib1-drive1-nst)" != "$nodes"
bacula-sd -c $sd
run_job
ok "the job ended OK" ends_ok 5

say "restores"
for job in 1 2 3 4 5; do
    rm -rf /tmp/bacula/restored
    bacula "restore client=lab-fd jobid=$job all done yes" wait >> "$LAB_OUT/restore.log"
    ok "job $job byte for byte" diff -r /tmp/data /tmp/bacula/restored/tmp/data
done
cp /tmp/bacula/bacula.log "$LAB_OUT/"
ok "the configuration is as it was" cmp $sd /tmp/sd.written
lab_done
