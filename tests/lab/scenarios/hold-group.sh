# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M -t 240
# Over a long line blocks go several at once, and the drive has their length for that long. The program never meets
# it, nor does whoever uses the drive after evertaped was killed, stopped, or forgot all because the machine stopped.

hold_model "--drives 1 --capacity 200M --buffer 16" MDLDRV01 || lab_done
nst=$(held_by_serial MDLDRV01 nst)
held=$(held_by_serial MDLDRV01 sg)
head -c 24M /dev/urandom > /tmp/data
model latency drive1 3000 > /dev/null
notes() {
    compgen -G '/var/lib/evertape/block-length-*' > /dev/null
}

# drive_has LENGTH: the block length of the drive; 0: variable.
drive_has() {
    [[ $(model status drive1) == *" block-length=$1" ]]
}
# program_has BYTES: the block length that MODE SENSE tells a program.
program_has() {
    prints "^ *$1 \$" held_length
}
held_length() {
    sg_raw -b -r 12 "$held" 1a 00 00 00 0c 00 2> /dev/null | od -An -tu1 -j9 | tr -s ' \n' ' '
}
# begins: a program writes, and the drive takes blocks of 64 KiB several at once.
begins() {
    mt -f "$nst" rewind
    fed dd "of=$nst" bs=64k iflag=fullblock status=none
    feed_aside /tmp/data 12
    wait_until 30 drive_has 65536
}
right() {
    on_tape T00001L7 /tmp/data 384 1
}

say "writing"
ok "the drive has the length of the blocks" begins
ok "it is noted on disk" notes
ok "a program that asks sees variable blocks" program_has "0 0 0"
# shellcheck disable=SC2154
wait "$_feed_pid"
feed_aside /tmp/data 10
ok "it has it again" wait_until 30 drive_has 65536
ok "the program ends well" feed_end /tmp/data
ok "on the tape exactly once" right
ok "mt sees variable blocks" prints 'block size 0 bytes' mt -f "$nst" status

say "reading"
mt -f "$nst" rewind
dd "if=$nst" bs=64k of=/tmp/read status=none &
reader=$!
ok "the drive has it" wait_until 30 drive_has 65536
ok "read to the filemark" wait "$reader"
ok "what was written" cmp /tmp/data /tmp/read
ok "behind the filemark there is nothing" test "$(dd "if=$nst" bs=64k status=none | wc -c)" = 0

say "killed"
ok "it begins" begins
ok "kill -9, and another one" evertaped_crash
ok "the program ends well" feed_end /tmp/data
ok "on the tape exactly once" right

say "the drive is reset, the path goes"
ok "it begins" begins
wait "$_feed_pid"
model reset drive1 > /dev/null
feed_aside /tmp/data 10
ok "it begins again" wait_until 30 drive_has 65536
ok "pull" model pull drive1
ok "away" wait_until 10 is_state away lib1-drive1
model return drive1 > /dev/null
ok "the program ends well" feed_end /tmp/data
ok "on the tape exactly once" right

say "stopped"
ok "it begins" begins
ok "a restart" evertaped_restart
ok "the program ends well" feed_end /tmp/data
ok "on the tape exactly once" right

say "all is forgotten"
ok "it begins" begins
evertaped_down
find /run/evertape -name 'unit-*' -delete
ok "there is a note" notes
ok "the drive has been left with it" drive_has 65536
ok "another one" evertaped_up
ok "the program is told" not feed_end /tmp/data
ok "variable blocks again" wait_until 20 drive_has 0

say "released"
mt -f "$nst" rewind
ok "it begins" begins
ok "the program ends well" feed_end /tmp/data
ok "release" evertape release lib1-drive1
ok "variable blocks" drive_has 0
ok "no note" not notes
model latency drive1 0 > /dev/null
udevadm settle --timeout=60
lab_done
