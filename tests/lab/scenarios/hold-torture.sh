# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 2G -t 900
# hold-torture [FAULTS [SEED]]: a backup of 24 files, 16 MiB and a filemark each, is written with dd to a drive that has
# up to 64 MiB in its buffer, and that many (100) faults of all kinds happen to it on the way, some of them before the
# one before is over. What is on the tape is compared byte for byte. A SEED plays the same faults again; when they come
# is the machine's affair.
n_faults=${1:-100}
RANDOM=${2:-$SRANDOM}
seed=$RANDOM
RANDOM=$seed
n_files=24
progress=/tmp/progress

hold_model "--drives 1 --capacity 800M --buffer 256" MDLDRV01 || lab_done
nst=$(held_by_serial MDLDRV01 nst)
say "held: $nst; seed $seed"

# Written piece by piece, so that faults come at known places of it.
head -c 16M /dev/urandom > /tmp/random
write_files() {
    local i
    for ((i = 1; i <= n_files; i++)); do
        echo "$i" > "$progress"
        { printf '%-4095d\n' "$i"; tail -c +4097 /tmp/random; } |
            dd "of=$nst" bs=256k iflag=fullblock status=none || return
        ((i % 6 == 5)) || continue
        mt -f "$nst" weof 1 && mt -f "$nst" bsf 1 || return # a filemark more and back: motions among the writes
    done
    echo $((n_files + 1)) > "$progress"
}

is_settled() {
    [[ $(field STATE MDLDRV01) != @(away|resuming|probing) ]]
}

cut() {
    model pull drive1 "$@"
    pause 0.0$((RANDOM % 9))
    model return drive1
}
cut_and_lose() {
    model pull drive1 "$@"
    model power-cycle drive1 $((RANDOM % 257))
    model return drive1
}
slow_cut() {
    model pull drive1
    model busy-ready drive1 $((1 + RANDOM % 4))
    model return drive1
}
power_cycle() { model power-cycle drive1 $((RANDOM % 257)); }
reset() { model reset drive1; }
offline() {
    model offline drive1
    pause 0.$((RANDOM % 3))
    model online drive1
}
stopped() {
    local pid
    pid=$(evertaped_pid)
    kill -STOP "$pid"
    pause 0.$((RANDOM % 5))
    kill -CONT "$pid"
}
stopped_in_cut() {
    local pid
    pid=$(evertaped_pid)
    kill -STOP "$pid"
    model pull drive1
    kill -CONT "$pid"
    model return drive1
}
# The supervisor, as systemd, takes no more than five starts in ten seconds.
killed() {
    evertaped_crash && pause 2
}
killed_in_cut() {
    model pull drive1
    evertaped_crash
    model return drive1
    pause 2
}
kinds=(cut "cut executed" cut_and_lose "cut_and_lose executed" slow_cut power_cycle power_cycle reset offline stopped
    stopped_in_cut killed killed_in_cut)

declare -A counts
torment() {
    local i at kind
    for ((i = 0; i < n_faults; i++)); do
        kind=${kinds[RANDOM % ${#kinds[@]}]}
        wait_until 300 progressed $((1 + i * n_files / n_faults)) || return
        pause 0.$((RANDOM % 4))
        $kind > /dev/null || { echo "$kind: failed"; return 1; }
        counts[$kind]=$((${counts[$kind]} + 1))
        ((RANDOM % 3 == 0)) || wait_until 60 is_settled || return # one in three comes while this one lasts
    done
}
progressed() {
    local at
    read -r at < "$progress" && ((at >= $1))
}

mt -f "$nst" rewind
echo 0 > "$progress"
write_files > /tmp/written.log 2>&1 &
writer=$!
ok "$n_faults faults" torment
for kind in "${!counts[@]}"; do say "  ${counts[$kind]} x $kind"; done
ok "the programs end well" wait "$writer"
cat /tmp/written.log
evertape status

expected() {
    local i
    for ((i = 1; i <= n_files; i++)); do
        printf '%-4095d\n' "$i"
        tail -c +4097 /tmp/random
    done
}
read_files() {
    local i
    for ((i = 0; i < n_files; i++)); do
        dd "if=$nst" bs=256k status=none || return
    done
}
is_on_tape() {
    prints "^ok blocks=$((n_files * 64)) filemarks=$n_files " model dump T00001L7 /tmp/dump && cmp /tmp/dump <(expected)
}
ok "on the tape exactly once" is_on_tape
mt -f "$nst" rewind
ok "and read back" cmp <(read_files) <(expected)
evertape show MDLDRV01
lab_done
