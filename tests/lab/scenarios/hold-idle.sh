# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A held device that nobody uses costs nothing: while it is there evertaped does not wake up at all, and while it is
# away only to look for it, once in five seconds.

hold_model "--drives 2 --capacity 20M" MDLDRV01 MDLDRV02 MDLLIB01 || lab_done
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
log_lines
lines=$REPLY
cost 6
same "present: wake-ups" 0 "$REPLY"
same "present: ticks of processor time" 0 "$used"
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
ok "away: hardly any processor time" test "$used" -le 10
# Nothing is done while it is present and once in five seconds the same while it is away: a day has no line more.
log_lines
same "away: lines in the log, beyond that they are" 0 $((REPLY - away))
ok "present: nothing but that two have gone" test $((away - lines)) -le 2
lab_done
