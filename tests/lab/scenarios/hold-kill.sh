# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M -t 600
# hold-kill [N]: evertaped is killed with -9 while an archive is written: N (10) times in one archive, while the drive
# is away, while it resumes; stopped and started; and gone together with the drive. The program sees no error and the
# tape is right.
n_kills=${1:-10}

hold_model "--drives 1 --capacity 100M --buffer 16" MDLDRV01 || lab_done
nst=$(held_by_serial MDLDRV01 nst)
mkdir /tmp/tree
head -c $((n_kills + 4))M /dev/urandom > /tmp/tree/random
cp -a /usr/share/doc/tgt /tmp/tree/small
tar -C /tmp -b 128 -cf /tmp/tree.tar tree
size=$(stat -c %s /tmp/tree.tar)
blocks=$((size / 65536))
say "an archive of $size bytes"

# survives TEXT EVENT...: tar writes the tree; EVENT comes when a third of it is written. What is on the tape must be
# the archive, block by block.
survives() {
    local text=$1 before
    shift
    say "$text"
    mt -f "$nst" rewind
    fed archive_writer
    feed /tmp/tree.tar 4
    ok "$text: it happens" "$@"
    ok "$text: the program ends well" feed_end /tmp/tree.tar
    ok "$text: on the tape exactly once" on_tape T00001L7 /tmp/tree.tar "$blocks" 1
    mt -f "$nst" rewind
    ok "$text: tar compares" tar -C /tmp -b 128 -df "$nst"
}
# The archive comes through a pipe, so that events happen at known places of it.
archive_writer() {
    dd "of=$nst" bs=64k iflag=fullblock status=none
}

kill_often() {
    local i
    for ((i = 0; i < n_kills; i++)); do
        model hold drive1 > /dev/null
        feed_aside /tmp/tree.tar 1
        wait_until 10 in_flight drive1 || return
        evertaped_down
        # one time the command in flight was carried out before the next daemon comes, one time it is when it asks
        ((i % 2)) && model unhold drive1
        evertaped_up || return
        ((i % 2)) || model unhold drive1
        wait "$_feed_pid"
        pause 2.5 # the supervisor takes no more than five starts in ten seconds
    done
    _feed_pid=
}

kill_while_away() {
    model pull drive1 && wait_until 5 is_state away lib1-drive1 && evertaped_crash || return
    evertape status
    model return drive1
}

kill_in_resume() {
    model pull drive1 && wait_until 5 is_state away lib1-drive1
    model busy-ready drive1 6
    model return drive1
    wait_until 10 is_state resuming lib1-drive1 && evertaped_crash
}

# The successor finds in the journal what the drive has lost.
kill_before_rewriting() {
    model pull drive1 && wait_until 5 is_state away lib1-drive1
    model power-cycle drive1 9
    model busy-ready drive1 4
    model return drive1
    wait_until 10 is_state resuming lib1-drive1 && evertaped_crash
}

stop_and_start() {
    evertaped_stop && pause 1 && evertaped_start 8>&-
}

gone_with_drive() {
    model hold drive1 > /dev/null
    feed_aside /tmp/tree.tar 1
    wait_until 10 in_flight drive1 || return
    evertaped_down
    model pull drive1 executed
    model return drive1
    pause 1
    evertaped_up
}

survives "killed $n_kills times" kill_often
evertape status
survives "killed while the drive is away" kill_while_away
survives "killed while it resumes" kill_in_resume
survives "killed before it writes again what was lost" kill_before_rewriting
ok "the nine objects that were lost, and what was not sent yet" \
    evertaped_said 'lib1-drive1: resumed: .* (9|[1-9][0-9]+) objects written again'
survives "stopped and started" stop_and_start
survives "drive and daemon gone, the command carried out" gone_with_drive
evertape status
lab_done
