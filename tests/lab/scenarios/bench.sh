# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 2G -t 400
# bench [REPETITIONS [PART...]]: what holding costs: the same blocks to and from held drives of the model and others
# that are not held, in turn. The model keeps no data, so that what it takes itself is small: the direct rows are it. Parts:
# blocks, two (drives at once), latency, rate (of the tape), journal. tests/bench/run reads $LAB_OUT/bench.tsv: part, what,
# block, count, drives, latency, rate, how, microseconds; and cost.tsv: what, block, commands, how often evertaped went
# to sleep for them, the microseconds that it ran, and those that the same commands took directly.

n=${1:-5}
parts=${*:2}
[[ $parts ]] || parts="blocks two latency rate journal"
evertape_config '[Hold]' 'Journal=64M'
hold_model "--drives 4 --slots 4 --tapes 4 --capacity 64G --buffer 16 --no-data" MDLDRV01 MDLDRV02 || lab_done
changer=$(by_serial MDLLIB01 sg)
for i in 2 3 4; do
    mtx -f "$changer" load "$i" $((i - 1)) > /dev/null
done
udevadm settle --timeout=60
held=("$(held_by_serial MDLDRV01 nst)" "$(held_by_serial MDLDRV02 nst)")
direct=("$(by_serial MDLDRV03 nst)" "$(by_serial MDLDRV04 nst)")
pid=$(evertaped_pid)
tape=$LAB_BUILD/tests/bench/bench-tape
for nst in "${held[@]}" "${direct[@]}"; do
    mt -f "$nst" rewind
done

# measure PART WHAT BLOCK COUNT DRIVES LATENCY RATE HOW: one line of the table.
measure() {
    local -n nodes=$8
    REPLY=$("$tape" "$2" "$3" "$4" "${nodes[@]:0:$5}") || return
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$@" "$REPLY" >> "$LAB_OUT/bench.tsv"
}
# both PART WHAT BLOCK COUNT DRIVES LATENCY RATE: direct and held; who is first changes.
both() {
    local how order=(direct held)
    ((round % 2)) && order=(held direct)
    for how in "${order[@]}"; do
        measure "$@" "$how" || return
    done
}
blocks=("512 1000" "32768 500" "65536 400" "262144 160" "1048576 40")
round_blocks() {
    local row what
    for row in "${blocks[@]}"; do
        for what in write read; do
            # shellcheck disable=SC2086
            both blocks $what $row 1 0 0 || return
        done
    done
}
round_two() {
    both two write 262144 120 2 0 0 && both two read 262144 120 2 0 0
}
# set_drives latency|rate NUMBER: of one held drive and one that is not.
set_drives() {
    local drive
    for drive in drive1 drive3; do
        model "$1" $drive "$2" > /dev/null || return
    done
}
round_latency() {
    local usec what
    for usec in 200 1000 5000; do
        for what in write read; do
            set_drives latency 0 && "$tape" write 262144 121 "${held[0]}" "${direct[0]}" > /dev/null && set_drives latency $usec &&
                both latency $what 262144 120 1 $usec 0 || return
        done
    done
    set_drives latency 0
}
# LTO-9: 400 MB/s, and 1000 of what it compresses. Enough for its buffer not to matter.
round_rate() {
    local rate what
    for rate in 400 1000; do
        for what in write read; do
            set_drives rate $rate && both rate $what 262144 800 1 0 $rate || return
        done
    done
    set_drives rate 0
}
round_journal() {
    both journal write 262144 160 1 0 0
}
# rounds PART: the first one only warms up.
rounds() {
    for ((round = 0; round <= n; round++)); do
        "round_$1" || return
        ((round)) || sed -i "/^$1\\t/d" "$LAB_OUT/bench.tsv"
    done
}

# spent: how often evertaped went to sleep, and for how many microseconds it ran, in SLEPT and RAN.
spent() {
    local key value
    while read -r key value; do
        [[ $key == voluntary_ctxt_switches: ]] && SLEPT=$value
    done < "/proc/$pid/status"
    read -r RAN _ < "/proc/$pid/schedstat"
    RAN=$((RAN / 1000))
}
# cost WHAT BLOCK COUNT
cost() {
    local slept ran
    "$tape" "$1" "$2" 10 "${held[0]}" > /dev/null || return
    spent
    slept=$SLEPT ran=$RAN
    "$tape" "$1" "$2" "$3" "${held[0]}" > /dev/null || return
    spent
    REPLY=$("$tape" "$1" "$2" "$3" "${direct[0]}") || return
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$@" $((SLEPT - slept)) $((RAN - ran)) "$REPLY" >> "$LAB_OUT/cost.tsv"
}

: > "$LAB_OUT/bench.tsv"
for part in $parts; do
    [[ $part == journal ]] && continue
    ok "$n rounds: $part" rounds "$part"
done
if [[ $parts == *blocks* ]]; then
    ok "cost of a write" cost write 262144 400
    ok "cost of a read" cost read 262144 400
    ok "cost of a small write" cost write 512 1000
fi
if [[ $parts == *journal* ]]; then
    # the smallest journal there is: the drive is asked to write its buffer after every 4 MiB
    ok "release" evertape release MDLDRV01
    wait_until 10 by_serial MDLDRV01 sg > /dev/null
    evertape_config '[Hold]' 'Journal=4M'
    evertaped_stop
    ok "evertaped again" evertaped_start
    ok "hold" wait_until 10 evertape hold MDLDRV01
    udevadm settle --timeout=60
    held=("$(held_by_serial MDLDRV01 nst)")
    pid=$(evertaped_pid)
    ok "$n rounds: journal" rounds journal
fi
lab_done
