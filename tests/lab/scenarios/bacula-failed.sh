# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# lab: -m 896M -t 300
# A drive is lost in the middle of a Bacula job and the wait for it is ended, as after Timeout=. That job gets an error; its
# volume, of which the last file has no end, is taken out of use by the hook, and the next job is restored byte for byte (without
# evertape it is lost: bacula-before C). Nobody tells Bacula anything.

bacula_held "--slots 6 --tapes 4 --capacity 100M --buffer 16" 16 4 || lab_done
volume_of() { # JOBID
    bacula_catalog "select VolumeName from JobMedia join Media using (MediaId) where JobId=$1 order by JobMediaId desc limit 1"
}

bacula 'run job=Save yes' > /tmp/run
ok "a job" bacula_ends_ok 1
volume=$(volume_of 1)
filemarks_held
bacula 'run job=Save yes' > /tmp/run
ok "the next one writes a filemark" wait_until 60 filemark_waits
model pull "drive$drive" > /dev/null
filemarks_free
ok "its drive is lost" wait_until 10 is_state away "lib1-drive$drive"
ok "and given up" wait_until 20 evertape fail "lib1-drive$drive"
ok "the job ends" wait_until 60 bacula_ended 2
say "as $(bacula_job 2)"
ok "and not well" not bacula_ended 2 T0
model return "drive$drive" > /dev/null
ok "the hook takes its volume out of use" wait_until 60 evertaped_said "^volume $volume is not appended to any more"
ok "and has Bacula look at the drive again" wait_until 60 evertaped_said '^told Bacula: release'
same "it is" Used "$(bacula_catalog "select VolStatus from Media where VolumeName='$volume'")"

bacula 'run job=Save yes' > /tmp/run
ok "the next job" bacula_ends_ok 3
ok "is on another volume" test "$(volume_of 3)" != "$volume"
for job in 1 3; do
    ok "job $job byte for byte" bacula_restores $job
done
bacula_held_done
