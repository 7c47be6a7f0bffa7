# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 896M -t 300
# Two of Bacula's jobs at once, on two held drives, of which one loses its path and its power, with what is in its buffer. The
# other does not notice; both end OK without a warning and are restored byte for byte.

bacula_held "--slots 6 --tapes 4 --capacity 100M --buffer 16" 32 4 'Maximum Volume Jobs = 1' || lab_done

# Both are stopped in the middle of a WRITE, so that none is over before the other has begun.
is_caught() { # DRIVE
    (($(bacula_given "$1") > 3 << 20)) && model hold "drive$1" && wait_until 20 in_flight "drive$1"
}
more_is_on() { # OBJECTS
    (($(model_position drive2) > $1))
}
bacula_note_written
bacula 'run job=Save storage=Drive-0 yes' 'run job=Save storage=Drive-1 yes' > /tmp/run
ok "the one writes" wait_until 90 is_caught 1
ok "the other writes" wait_until 90 is_caught 2
model pull drive1 > /dev/null
model power-cycle drive1 3 > /dev/null
model unhold drive1 > /dev/null
ok "the one waits" wait_until 10 is_state away lib1-drive1
position=$(model_position drive2)
model unhold drive2 > /dev/null
ok "the other goes on" wait_until 30 more_is_on $((position + 20))
ok "the one still waits" is_state away lib1-drive1
model return drive1 > /dev/null
ok "the one ended OK" bacula_ends_ok 1
ok "and the other" bacula_ends_ok 2
same "one drive was lost, once" "1 0" "$(field OUTAGES lib1-drive1) $(field OUTAGES lib1-drive2)"
same "on two cartridges" 2 "$(bacula_volumes 1 2)"

say "restores"
for job in 1 2; do
    ok "job $job byte for byte" bacula_restores $job
done
bacula_held_done
