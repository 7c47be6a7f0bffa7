# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 1G -t 900
# bacula-replaced [N]: N (2) times a drive is replaced in its bay while Bacula's storage daemon has it open between jobs, and as
# often while a job writes to it. The job after that runs with the configuration untouched, on the new drive, and nobody does
# anything.

rounds=${LAB_ARGS[0]:-2}
hold_model "--drives 2 --slots 14 --tapes 12 --capacity 100M --buffer 16" MDLDRV01 MDLDRV02 MDLLIB01 || lab_done
wait_until 10 test -e /dev/tape/by-name/lib1-changer
mkdir -p /tmp/data
head -c 16M /dev/urandom > /tmp/data/random
sd=/tmp/bacula/sd.conf
bacula_conf "$(held_by_serial MDLDRV01 nst)" "$(held_by_serial MDLDRV02 nst)" "$(held_by_serial MDLLIB01 sg)" \
    'Maximum File Size = 8m'
ok "configured" evertape configure bacula --config $sd --write
cp $sd /tmp/sd.written
ok "Bacula starts" eval 'bacula_full /tmp/data && bacula_start'
bacula 'label barcodes pool=Tape storage=Lib drive=0 slots=1-12' yes > "$LAB_OUT/label.log"

declare -A bay=([1]=MDLDRV01 [2]=MDLDRV02)
n_new=0
replace() { # DRIVE
    local new
    printf -v new 'NEWDRV%02d' $((++n_new))
    bay[$1]=$new
    say "drive $1 is replaced: $new"
    model pull "drive$1" && model swap-serial "drive$1" "$new" && model return "drive$1"
}
is_held_anew() { # DRIVE
    [[ $(field STATE,SERIAL "lib1-drive$1") == "held ${bay[$1]}" ]]
}
last_job() {
    sqlite3 /tmp/bacula/work/bacula.db 'select max(JobId) from Job'
}
ended() { # JOBID
    [[ $(sqlite3 /tmp/bacula/work/bacula.db "select JobStatus from Job where JobId=$1") != [RCFSMm] ]]
}
# The drive that got most since _written was noted, in REPLY.
note_written() {
    _written=("$(field WRITTEN lib1-drive1)" "$(field WRITTEN lib1-drive2)")
}
writes() {
    local k now
    for k in 1 2; do
        now=$(field WRITTEN lib1-drive$k)
        ((now - _written[k - 1] > 4 << 20)) && { drive=$k; return; }
    done
    return 1
}
# The restore before may have moved the cartridge into the other one.
open_one() {
    for drive in 1 2; do
        fuser -s /dev/tape/by-name/lib1-drive$drive-nst && return
    done
    return 1
}
job_runs() { # TEXT
    bacula 'run job=Save yes' wait > /dev/null
    job=$(last_job)
    ok "$1" wait_until 5 bacula_ended "$job" T0
    bacula_ended "$job" T0 || tail -n 20 /tmp/bacula/bacula.log
    rm -rf /tmp/bacula/restored
    bacula "restore client=lab-fd jobid=$job all done yes" wait >> "$LAB_OUT/restore.log"
    ok "and is restored byte for byte" diff -r /tmp/data /tmp/bacula/restored/tmp/data
}

bacula 'run job=Save yes' wait > /dev/null
ok "a job" bacula_ended 1 T0
for ((round = 1; round <= rounds; round++)); do
    ok "round $round, between jobs: Bacula has a drive open" open_one
    say "drive $drive"
    replace "$drive" > /dev/null
    ok "held anew" wait_until 60 is_held_anew "$drive"
    job_runs "the next job runs"

    say "round $round, in the middle of a job"
    note_written
    bacula 'run job=Save yes' > /dev/null
    ok "it writes" wait_until 60 writes
    job=$(last_job)
    replace "$drive" > /dev/null
    ok "it ends" wait_until 120 ended "$job"
    # what docs/BACULA.md says to do: its last file has no filemark
    bacula "update volume=$(sqlite3 /tmp/bacula/work/bacula.db 'select VolumeName from Media order by LastWritten desc limit 1') volstatus=Used" > /dev/null
    say "as $(sqlite3 /tmp/bacula/work/bacula.db "select JobStatus || JobErrors from Job where JobId=$job")"
    ok "the new drive is held" wait_until 120 is_held_anew "$drive"
    job_runs "the next job runs"
done
cp /tmp/bacula/bacula.log "$LAB_OUT/"
ok "the configuration is as it was" cmp $sd /tmp/sd.written
lab_done
