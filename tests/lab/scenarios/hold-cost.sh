# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M
# What a program's commands cost evertaped: no allocation at all, and how many system calls.

counted() {
    local evertaped=$EVERTAPED
    EVERTAPED=/usr/bin/env
    evertaped_start "LD_PRELOAD=$LAB_BUILD/tests/lab/lab-malloc.so" LAB_MALLOC_COUNT=/tmp/allocations "$evertaped"
}
lab_udev
lab_dbus
model_up --drives 1 --capacity 100M --buffer 16 || lab_done
mtx -f "$(by_serial MDLLIB01 sg)" load 1 0 > /dev/null
evertape_config '[Hold]' 'Journal=8M'
ok "evertaped starts, its allocations counted" counted
ok "hold" wait_until 10 evertape hold MDLDRV01
nst=$(held_by_serial MDLDRV01 nst)
udevadm settle --timeout=60
head -c 16M /dev/urandom > /tmp/data

allocations() {
    REPLY=$(od -A n -t u8 /tmp/allocations)
    REPLY=${REPLY// /}
}
work() {
    mt -f "$nst" rewind && dd if=/tmp/data "of=$nst" bs=64k status=none && mt -f "$nst" rewind &&
        dd "if=$nst" of=/tmp/back bs=64k status=none && mt -f "$nst" bsf 1
}
work # the journal's pages, what libraries keep
allocations
before=$REPLY
ok "evertape status allocates, and is counted" eval 'evertape status > /dev/null; allocations; ((REPLY > before))'
allocations
before=$REPLY
ok "16 MiB written and read" work
allocations
same "allocations for them" 0 $((REPLY - before))

# With Journal=8M there are commits in it. Two times epoll_wait (and gettid, which is sd-event's), write to sg, read of its
# answer, write to uio; docs/PERFORMANCE.md.
strace -c -f -o "$LAB_OUT/calls" -p "$(evertaped_pid)" &
strace=$!
wait_until 10 grep -q 'TracerPid:.[1-9]' "/proc/$(evertaped_pid)/status"
dd if=/tmp/data "of=$nst" bs=64k status=none
kill -INT $strace
wait $strace
# clock_gettime(2) is none but in a guest.
calls=$(awk '$1 ~ /^[0-9.]+$/ && $NF != "total" && $NF != "clock_gettime" { n += $4 } END { print n }' "$LAB_OUT/calls")
say "$calls system calls for 256 WRITEs of 64 KiB and a filemark"
cat "$LAB_OUT/calls"
ok "at most seven for each" test "$calls" -le 1800
lab_done
