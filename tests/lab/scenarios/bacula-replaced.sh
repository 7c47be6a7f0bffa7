# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 896M -t 600
# bacula-replaced [N]: N (2) times a drive is replaced in its bay while Bacula's storage daemon has it open between jobs, and as
# often while a job writes to it. The job after that runs with the configuration untouched, on the new drive and another
# cartridge, is restored byte for byte, and nobody does anything.

rounds=${LAB_ARGS[0]:-2}
bacula_held "--slots 14 --tapes 12 --capacity 100M --buffer 16" 16 6 || lab_done

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
# The restore before may have moved the cartridge into the other one.
open_one() {
    for drive in 1 2; do
        fuser -s /dev/tape/by-name/lib1-drive$drive-nst && return
    done
    return 1
}
job_runs() { # TEXT
    bacula 'run job=Save yes' wait > /dev/null
    job=$(bacula_last_job)
    ok "$1" bacula_ends_ok "$job"
    ok "and is restored byte for byte" bacula_restores "$job"
}
volume_of() { # JOBID
    bacula_catalog "select VolumeName from JobMedia join Media using (MediaId) where JobId=$1 order by JobMediaId desc limit 1"
}
status_of() { # VOLUME
    bacula_catalog "select VolStatus from Media where VolumeName='$1'"
}

job_runs "a job"
for ((round = 1; round <= rounds; round++)); do
    ok "round $round, between jobs: Bacula has a drive open" open_one
    say "drive $drive"
    replace "$drive" > /dev/null
    ok "held anew" wait_until 60 is_held_anew "$drive"
    job_runs "the next job runs"

    say "round $round, in the middle of a job"
    before=$job used=$(volume_of "$job")
    filemarks_held
    bacula 'run job=Save yes' > /dev/null
    ok "it writes a filemark" wait_until 60 filemark_waits
    job=$(bacula_last_job)
    replace "$drive" > /dev/null
    filemarks_free
    ok "it ends" wait_until 120 bacula_ended "$job"
    say "as $(bacula_job "$job")"
    ok "the new drive is held" wait_until 120 is_held_anew "$drive"
    job_runs "the next job runs"
    ok "on another volume" test "$(volume_of "$job")" != "$used"
    same "since the hook has taken that out of use" Used "$(status_of "$used")"
    ok "and said so" evertaped_said "^volume $used is not appended to any more"
    ok "the job before, too" bacula_restores "$before"
done
bacula_held_done
