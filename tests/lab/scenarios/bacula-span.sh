# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 896M -t 300
# [PIPELINE]: a Bacula job that fills cartridges to their end and goes on with the next: what was told to be written and
# then did not fit would be missing here. Restored byte for byte.

evertape_config '[Hold]' 'Journal=64M' "Pipeline=${LAB_ARGS[0]:-16M}"
hold_model "--drives 2 --slots 6 --tapes 4 --capacity 24M --buffer 16" MDLDRV01 MDLDRV02 MDLLIB01 || lab_done
wait_until 10 test -e /dev/tape/by-name/lib1-changer
mkdir -p /tmp/data
head -c 40M /dev/urandom > /tmp/data/random
sd=/tmp/bacula/sd.conf
bacula_conf "$(held_by_serial MDLDRV01 nst)" "$(held_by_serial MDLDRV02 nst)" "$(held_by_serial MDLLIB01 sg)" \
    'Maximum File Size = 8m'
ok "configured" evertape configure bacula --config $sd --write
ok "Bacula starts" eval 'bacula_full /tmp/data && bacula_start'
bacula 'label barcodes pool=Tape storage=Lib drive=0 slots=1-4' yes > "$LAB_OUT/label.log"
bacula 'run job=Save yes' wait > /tmp/run
ok "the job ended OK" wait_until 5 bacula_ended 1 T0
ok "on several cartridges" test "$(sqlite3 /tmp/bacula/work/bacula.db 'select count(distinct MediaId) from JobMedia')" -gt 1
bacula 'restore client=lab-fd select current all done yes' wait > "$LAB_OUT/restore.log"
ok "restored" wait_until 5 bacula_ended 2 T0
ok "byte for byte" diff -r /tmp/data /tmp/bacula/restored/tmp/data
cp /tmp/bacula/bacula.log "$LAB_OUT/"
lab_done
