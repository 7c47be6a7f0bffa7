# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 1G -t 300
# bench [REPETITIONS]: what holding costs. The same dd in blocks of 256 KiB to and from a held drive of the model and to
# and from one that is not, in turn, and small commands. Times are of the whole command, start of dd included on both
# sides; tests/bench/run reads $LAB_OUT/bench.tsv: what, how, milliseconds.

n=${1:-7}
size_mib=24
hold_model "--drives 2 --capacity 40M --buffer 16" MDLDRV01 || lab_done
held=$(held_by_serial MDLDRV01 nst) direct=$(by_serial MDLDRV02 nst)
mtx -f "$(by_serial MDLLIB01 sg)" load 2 1 > /dev/null
udevadm settle --timeout=60
head -c "${size_mib}M" /dev/urandom > /tmp/data

# measure WHAT HOW COMMAND...: one line of the table.
measure() {
    local what=$1 how=$2 begun
    shift 2
    begun=${EPOCHREALTIME/./}
    "$@" || return
    printf '%s\t%s\t%d.%03d\n' "$what" "$how" $(((${EPOCHREALTIME/./} - begun) / 1000)) \
        $(((${EPOCHREALTIME/./} - begun) % 1000)) >> "$LAB_OUT/bench.tsv"
}
round() {
    local how nst
    for how in direct held; do
        nst=${!how}
        mt -f "$nst" rewind
        measure write "$how" dd if=/tmp/data "of=$nst" bs=256k status=none || return
        mt -f "$nst" rewind
        measure read "$how" dd "if=$nst" of=/dev/null bs=256k status=none || return
        mt -f "$nst" rewind
        measure small "$how" dd if=/tmp/data "of=$nst" bs=512 count=2000 status=none || return
    done
}
all_rounds() {
    local i
    for ((i = 0; i < n; i++)); do
        round || return
    done
}
ok "a round to warm up" round
: > "$LAB_OUT/bench.tsv"
ok "$n rounds" all_rounds
ok "the held drive has lost nothing" prints '^ok blocks=2000 filemarks=1 ' model dump T00001L7 /tmp/dump
lab_done
