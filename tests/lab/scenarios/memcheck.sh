# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M -t 240
# evertaped under valgrind, through hold, cut, reset, lost objects, another daemon's death, release and its own end: no
# error, nothing leaked. The address sanitizer cannot run here: its shadow lies above what a user-mode Linux has for a
# process.

under_memcheck() {
    local evertaped=$EVERTAPED
    EVERTAPED=/usr/bin/valgrind
    evertaped_start --quiet --leak-check=full --error-exitcode=99 --log-file="$LAB_OUT/valgrind-%p.log" "$evertaped"
}
lab_udev
lab_dbus
model_up --drives 1 --capacity 60M --buffer 16 || lab_done
changer=$(by_serial MDLLIB01 sg)
mtx -f "$changer" load 1 0 > /dev/null
evertape_config '[Hold]' 'Journal=8M' 'Timout=5s' '[Device "lib1-drive1"]' 'Timeout=1h'
ok "evertaped starts under valgrind" under_memcheck
first=$(evertaped_pid)
ok "lists" wait_until 10 prints MDLDRV01 evertape list
ok "holds" evertape hold --all
nst=$(held_by_serial MDLDRV01 nst) lib=$(held_by_serial MDLLIB01 sg)
head -c 6M /dev/urandom > /tmp/data

# writes EVENT...: 6 MiB, with EVENT in the middle.
writes() {
    mt -f "$nst" rewind
    fed dd "of=$nst" bs=64k iflag=fullblock status=none
    feed /tmp/data 3
    "$@"
    feed_end /tmp/data && on_tape T00001L7 /tmp/data 96 1
}
cut() {
    catch_in_flight drive1 /tmp/data
    model pull drive1 executed
    model power-cycle drive1 5
    wait_until 20 is_state away lib1-drive1
    model return drive1
}
ok "writes through a cut that loses objects" writes cut
ok "writes them again" evertaped_said 'lib1-drive1: resumed: .* ([5-9]|[1-9][0-9]+) objects written again'
ok "through a reset" writes model reset drive1
ok "through its own death" writes evertaped_crash
mt -f "$nst" rewind
ok "reads" dd "if=$nst" of=/tmp/back bs=64k status=none
same_sha "what was written" /tmp/data /tmp/back
ok "the changer's inventory" mtx -f "$lib" status
model pull changer
mt -f "$nst" offline
ok "it waits for the changer" wait_until 20 is_state away lib1
model return changer
ok "and moves the cartridge" mtx -f "$lib" unload 1 0
ok "unknown names are refused" fails_saying 'no such device' evertape hold lib1-drive9
ok "show" evertape show lib1-drive1
ok "release" evertape release --all
second=$(evertaped_pid)
ok "it ends well" evertaped_stop
# "--PID--": system calls that this valgrind does not know, pidfd_open(2).
same "no error, nothing leaked" "" "$(grep -hv '^--[0-9]*-- ' "$LAB_OUT"/valgrind-*.log)"
ok "of both of them" test -e "$LAB_OUT/valgrind-$first.log" -a -e "$LAB_OUT/valgrind-$second.log"
lab_done
