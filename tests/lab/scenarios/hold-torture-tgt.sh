# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 1G -t 900
# hold-torture-tgt [FAULTS [SEED]]: as hold-torture, with tar and tgt's library (no LOCATE, no READ POSITION), whose
# sessions and paths are lost that many (30) times while an archive of 48 MiB is written. Then the same command line
# tools that an operator might try are pointed at the real device: they must be refused.
n_faults=${1:-30}
RANDOM=${2:-$SRANDOM}
seed=$RANDOM
RANDOM=$seed

lab_udev
lab_dbus
vlib_up 2 2 120 || lab_done
evertape_config '[Hold]' 'Journal=16M'
ok "evertaped starts" evertaped_start
mtx -f "$(by_serial LIB0001 sg)" load 1 0 > /dev/null
ok "hold" wait_until 10 evertape hold DRV0001
nst=$(held_by_serial DRV0001 nst)
say "held: $nst; seed $seed"
mkdir /tmp/tree
head -c 47M /dev/urandom > /tmp/tree/random
cp -a /usr/share/doc/tgt /tmp/tree/small
tar -C /tmp -b 128 -cf /tmp/tree.tar tree
size=$(stat -c %s /tmp/tree.tar)

is_settled() {
    [[ $(field STATE DRV0001) != @(away|resuming|probing) ]]
}
session() { pull && pause 0.$((RANDOM % 5)) && return_as_before; }
swapped() { pull DRV0001 DRV0002 && return_swapped DRV0001 DRV0002; }
deleted() { pull DRV0001 && return_as_before DRV0001; }
frozen() { vlib_freeze && pause 0.$((RANDOM % 9)) && vlib_thaw; }
off() { offline DRV0001 && pause 0.$((RANDOM % 3)) && online DRV0001; }
stopped() {
    local pid
    pid=$(evertaped_pid)
    kill -STOP "$pid" && deleted && kill -CONT "$pid"
}
# By way of the other drive, which nobody holds: of the target it is the held one's reset too.
target_reset() { sg_reset --target --no-esc "$(by_serial DRV0002 sg)"; }
killed() { evertaped_crash && pause 2; }
kinds=(session swapped deleted frozen off stopped target_reset killed)

dd_archive() {
    dd "of=$nst" bs=64k iflag=fullblock status=none
}
torment() {
    local i kind
    for ((i = 0; i < n_faults; i++)); do
        kind=${kinds[RANDOM % ${#kinds[@]}]}
        feed_aside /tmp/tree.tar 1
        $kind > /tmp/fault.log 2>&1 || { echo "$kind failed"; cat /tmp/fault.log; return 1; }
        counts[$kind]=$((${counts[$kind]} + 1))
        wait_until 60 is_settled || return
        wait "$_feed_pid"
    done
    _feed_pid=
}
declare -A counts
mt -f "$nst" rewind
fed dd_archive
ok "$n_faults faults" torment
for kind in "${!counts[@]}"; do say "  ${counts[$kind]} x $kind"; done
ok "the program ends well" feed_end /tmp/tree.tar
evertape status
mt -f "$nst" rewind
dd "if=$nst" of=/tmp/back bs=64k status=none
ok "read back: $size bytes" cmp /tmp/back /tmp/tree.tar
mt -f "$nst" rewind
ok "tar compares" tar -C /tmp -b 128 -df "$nst"

real=$(field REAL DRV0001)
ok "sg_reset of the real device is refused" fails_saying 'busy' sg_reset --device --no-esc "$real"
ok "sg_turs of the real device is refused" fails_saying 'busy' sg_turs "$real"
lab_done
