# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 896M -t 300
# bacula-before A|B: what evertape is for. A Bacula job directly on the drives, which are lost in the middle of it and come
# back: as before (A), or with each other's nodes (B). What is asserted is what goes wrong.

lab_udev
model_up --drives 2 --slots 5 --tapes 3 --capacity 200M --buffer 16 || lab_done
mkdir -p /tmp/data
head -c 48M /dev/urandom > /tmp/data/random
nst=$(by_serial MDLDRV01 nst)
bacula_conf "$nst" "$(by_serial MDLDRV02 nst)" "$(by_serial MDLLIB01 sg)" 'Maximum File Size = 16m' \
    'Maximum Changer Wait = 20' 'Maximum Rewind Wait = 20' 'Maximum Open Wait = 20'
sed 's/-le 300/-le 8/' /etc/bacula/scripts/mtx-changer > /tmp/bacula/mtx-changer
chmod +x /tmp/bacula/mtx-changer
sed -i 's#/etc/bacula/scripts/mtx-changer#/tmp/bacula/mtx-changer#' /tmp/bacula/sd.conf
bacula_full /tmp/data && bacula_start
bacula 'label barcodes pool=Tape storage=Lib drive=0 slots=1-3' yes > "$LAB_OUT/label.log"

# status of the only job, with its number of errors: T0 would be OK.
status() {
    sqlite3 /tmp/bacula/work/bacula.db "select JobStatus || JobErrors from Job where JobId=1"
}
written() {
    [[ $(model status drive1)$(model status drive2) =~ position=([0-9]{3,}) ]]
}
ended() {
    [[ $(status) != [RCFSMm]* ]]
}

bacula 'run job=Save yes' > /tmp/run
ok "it writes" wait_until 60 written
case ${1:-A} in
    A)
        pull MDLDRV01
        pull MDLDRV02
        return_as_before MDLDRV01 MDLDRV02
        same "the drive has its node again" "$nst" "$(by_serial MDLDRV01 nst)"
        ;;
    B)
        return_swapped MDLDRV01 MDLDRV02
        same "the node is the other drive now" "$nst" "$(by_serial MDLDRV02 nst)"
        ;;
esac
wait_until 60 ended
say "the job: $(status)"
ok "it did not end OK" test "$(status)" != T0
[[ ${1:-A} == A ]] && ok "and yet Bacula calls it OK, with warnings" eval '[[ $(status) == T* ]]'
ok "it was told of an error" grep -Eq 'ERR=(No such device|Input/output error)|Write error' /tmp/bacula/bacula.log
bacula 'cancel jobid=1 yes' > /dev/null
timeout 60 bash -c 'printf "restore client=lab-fd jobid=1 all done yes\nwait\n" | bconsole' > "$LAB_OUT/restore.log"
ok "and what was saved cannot be restored" not diff -r /tmp/data /tmp/bacula/restored/tmp/data
cp /tmp/bacula/bacula.log "$LAB_OUT/"
grep -v '^  ' /tmp/bacula/bacula.log | tail -n 12 | cut -c1-160
lab_done
