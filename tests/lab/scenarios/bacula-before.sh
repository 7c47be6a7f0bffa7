# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 896M -t 300
# bacula-before A|B|C: what evertape is for. A Bacula job directly on the drives, which are lost in the middle of it and come
# back: as before (A), with each other's nodes (B), or as before, but lost while a filemark is written (C), after which it is the
# next job that is lost. What is asserted is what goes wrong.

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

written() { # which drive is it
    for drive in drive1 drive2; do
        (($(model_position $drive) > 100)) && return
    done
    return 1
}
# restores JOBID: what is in /tmp/data. A restore that waits for an operator ends it.
restores() {
    rm -rf /tmp/bacula/restored
    printf 'restore client=lab-fd jobid=%s all done yes\nwait\n' "$1" | timeout 60 bconsole >> "$LAB_OUT/restore.log"
    diff -r /tmp/data /tmp/bacula/restored/tmp/data
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
    C)
        model hold "$drive" 10 > /dev/null
        ok "a filemark is written" wait_until 30 in_flight "$drive"
        model pull drive1 > /dev/null
        model pull drive2 > /dev/null
        model return drive1 drive2 > /dev/null
        wait_for_devices MDLDRV01 MDLDRV02
        same "the drive has its node again" "$nst" "$(by_serial MDLDRV01 nst)"
        ;;
esac
wait_until 60 bacula_ended 1
say "the job: $(bacula_job 1)"
ok "it did not end OK" not bacula_ended 1 T0
[[ ${1:-A} == A ]] && ok "and yet Bacula calls it OK, with warnings" bacula_ended 1 'T*'
ok "it was told of an error" grep -Eq 'ERR=(No such device|Input/output error)|Write error' /tmp/bacula/bacula.log
bacula 'cancel jobid=1 yes' > /dev/null
ok "and what was saved cannot be restored" not restores 1
if [[ ${1:-A} == C ]]; then
    volume=$(bacula_catalog 'select VolumeName from Media where VolBlocks > 0')
    same "its volume is still appended to" Append "$(bacula_catalog "select VolStatus from Media where VolumeName='$volume'")"
    bacula 'run job=Save yes' wait > /dev/null
    job=$(bacula_last_job)
    ok "the next job ends OK, without a warning" bacula_ended "$job" T0
    ok "and cannot be restored either" not restores "$job"
fi
cp /tmp/bacula/bacula.log "$LAB_OUT/"
grep -v '^  ' /tmp/bacula/bacula.log | tail -n 12 | cut -c1-160
lab_done
