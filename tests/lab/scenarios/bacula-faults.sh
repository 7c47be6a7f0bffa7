# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# lab: -m 896M -t 300
# Bacula's jobs on held devices, with faults: the drive is reset, and loses its power; evertaped is killed; the changer is away
# when a job needs the next cartridge. (Path lost, names swapped, buffer lost: scenario bacula.) Every job ends OK without a
# warning, all are restored byte for byte, and the configuration is never touched.

# Every job needs two cartridges of its own.
bacula_held "--slots 8 --tapes 6 --capacity 100M --buffer 16" 40 6 \
    'Maximum Volume Bytes = 30m' 'Maximum Volume Jobs = 1' || lab_done

run_job() {
    bacula_note_written
    bacula 'run job=Save yes' > /tmp/run
}

say "the drive loses its power, with what is in its buffer, and then is reset"
run_job
ok "the job writes" wait_until 60 bacula_written $((2 << 20))
filemarks_held
ok "and a filemark" wait_until 60 filemark_waits
faulted=drive$drive
model power-cycle "$faulted" 5 > /dev/null
filemarks_free
ok "what the buffer had is written again" wait_until 30 evertaped_said \
    "^lib1-$faulted: resumed: after .*, ([1-9]|[1-9][0-9]+) objects written again"
filemarks_held
ok "another filemark" wait_until 60 filemark_waits
model reset "$faulted" > /dev/null
filemarks_free
ok "the job ended OK" bacula_ends_ok 1
same "both were noticed" 2 "$(grep -c "^lib1-$faulted: reset" "$LAB_OUT/evertaped.log")"

say "evertaped is killed, twice"
run_job
ok "the job writes" wait_until 60 bacula_written $((4 << 20))
ok "kill -9" evertaped_crash
ok "it goes on" wait_until 60 bacula_written $((8 << 20))
ok "kill -9" evertaped_crash
ok "the job ended OK" bacula_ends_ok 2

say "the changer is away when the next cartridge is needed"
run_job
ok "the job writes" wait_until 60 bacula_written $((1 << 20))
model pull changer > /dev/null
ok "it asks for another cartridge" wait_until 90 pgrep -x mtx
pause 3
ok "and waits" pgrep -x mtx
model return changer > /dev/null
ok "the job ended OK" bacula_ends_ok 3
same "on two cartridges" 2 "$(bacula_volumes 3)"

say "restores"
for job in 1 2 3; do
    ok "job $job byte for byte" bacula_restores $job
done
bacula_held_done
