# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M -t 120
# With allow_dio=1 of the sg driver what is written goes to the device from the journal itself. What is on the tape is right, also
# when the drive goes in the middle of it and its buffer is lost, and when evertaped is killed.

modprobe sg
echo 1 > /sys/module/sg/parameters/allow_dio
hold_model "--drives 1 --capacity 100M --buffer 16" MDLDRV01 || lab_done
nst=$(held_by_serial MDLDRV01 nst)
udevadm settle --timeout=60
head -c 24M /dev/urandom > /tmp/data

# SG_FLAG_DIRECT_IO (1) and SG_FLAG_Q_AT_TAIL (10h) in the flags of struct sg_io_hdr, at byte 44.
strace -f -xx -s 88 -e trace=write -o "$LAB_OUT/writes" -p "$(evertaped_pid)" &
strace=$!
wait_until 10 grep -q 'TracerPid:.[1-9]' "/proc/$(evertaped_pid)/status"
ok "write" dd if=/tmp/data "of=$nst" bs=256k status=none
kill -INT $strace
wait $strace
direct=$(grep -cE 'write\([0-9]+, "\\x53\\x00\\x00\\x00(\\x[0-9a-f]{2}){40}\\x11' "$LAB_OUT/writes")
same "WRITEs that ask for it" 96 "$direct"
ok "they are on the tape" on_tape T00001L7 /tmp/data 96 1

writer() {
    dd "of=$nst" bs=64k iflag=fullblock status=none
}
lose_and_kill() {
    model pull drive1 > /dev/null && model power-cycle drive1 8 > /dev/null && model return drive1 > /dev/null
    feed /tmp/data 8
    evertaped_crash
}
mt -f "$nst" rewind
fed writer
feed /tmp/data 8
ok "the drive and its buffer are lost, evertaped is killed" lose_and_kill
ok "the program ends well" feed_end /tmp/data
ok "each block is on the tape once" on_tape T00001L7 /tmp/data 384 1
lab_done
