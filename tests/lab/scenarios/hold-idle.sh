# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 640M -t 200
# Held devices that nobody uses cost nothing, eight drives and their library: while they are there evertaped does not wake up
# at all, and while some are away only to look for them, once in five seconds. So a day of the log is what the first seconds are.

hold_model "--drives 8 --capacity 20M" MDLDRV0{1..8} MDLLIB01 || lab_done
udevadm settle --timeout=60
pid=$(evertaped_pid)

# Sets switches and ticks: how often evertaped has gone to sleep, and how many ticks of processor time it has used.
counters() {
    local key value stat
    while read -r key value; do
        [[ $key == voluntary_ctxt_switches: ]] && switches=$value
    done < "/proc/$pid/status"
    read -r stat < "/proc/$pid/stat"
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    ticks=$((${12} + ${13}))
}
# cost SECONDS: both, over that time, into REPLY and used.
cost() {
    local switches ticks s t
    counters
    s=$switches t=$ticks
    pause "$1"
    counters
    REPLY=$((switches - s)) used=$((ticks - t))
    say "$REPLY wake-ups and $used ticks in $1 s"
}
log_lines() {
    REPLY=$(wc -l < "$LAB_OUT/evertaped.log")
}
# timers_set: those of its timer descriptors that will run out; the kernel says how much is left of each.
timers_set() {
    local info key value
    for info in "/proc/$pid/fdinfo/"*; do
        while read -r key value; do
            [[ $key == it_value: && $value != "(0, 0)" ]] && echo "${info##*/} $value"
        done < "$info"
    done
}
# The day: what comes by time has a timer, and what comes by itself is awaited here.
wait_until 20 eval '[[ ! $(timers_set) ]]'
same "present: timers that are set, for whatever day" "" "$(timers_set)"
log_lines
lines=$REPLY
cost 10
same "present: wake-ups" 0 "$REPLY"
same "present: ticks of processor time" 0 "$used"
log_lines
same "present: lines in the log" 0 $((REPLY - lines))
(pause 1; evertape status > /dev/null) &
cost 6
ok "a question is noticed" test "$REPLY" -gt 0
model pull drive1 && model pull changer
wait_until 5 is_state away lib1
udevadm settle --timeout=60
log_lines
away=$REPLY
cost 11
ok "away: no more than a look in five seconds for each in 11 s" test "$REPLY" -le 6
ok "away: hardly any processor time" test "$used" -le 25
# Nothing is done while they are present and once in five seconds the same while some are away: a day has no line more.
log_lines
same "away: lines in the log, beyond that they are" 0 $((REPLY - away))
ok "nothing but that two have gone" test $((away - lines)) -le 2
lab_done
