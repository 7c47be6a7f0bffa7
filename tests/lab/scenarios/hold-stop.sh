# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M -t 400
# hold-stop [all]: evertaped is stopped for good (systemctl stop; ^C without systemd) while programs use and wait for held devices: they
# get errors, none stays in the kernel, the devices are given back, and everything is held again at the next start. A
# restart, however, is a pause. `all`: also with a drive that never ends its command, for which 45 s are waited.

hold_model "--drives 2 --capacity 100M --buffer 16" MDLDRV01 MDLDRV02 MDLLIB01 || lab_done
head -c 8M /dev/urandom > /tmp/data

given_back() {
    by_serial MDLDRV01 nst && by_serial MDLDRV02 nst && by_serial MDLLIB01 sch
}
held_again() {
    evertaped_start && evertape wait --timeout 20s MDLDRV01 MDLDRV02 MDLLIB01 --state held
}

say "nobody uses anything"
ok "stop" evertaped_stop_for_good
ok "no LUN is left" no_luns
ok "the devices are given back" wait_until 5 given_back
ok "no process waits in the kernel" wait_until 2 none_stuck
ok "start: held again" held_again
ok "journal and state are new" prints "beginning of medium" evertape show lib1-drive1

begin=$(date +%s)
ok "restarted while nobody uses anything" evertaped_restart
ok "at once" test $(($(date +%s) - begin)) -le 5
ok "held" evertape wait --timeout 20s MDLDRV01 MDLDRV02 MDLLIB01 --state held

say "one program writes, one waits for a drive that is away, and the changer is locked"
nst=$(held_by_serial MDLDRV01 nst) nst2=$(held_by_serial MDLDRV02 nst)
mtx -f "$(held_by_serial MDLLIB01 sg)" load 2 1 > /dev/null
mt -f "$nst" rewind
mt -f "$nst2" rewind
sg_prevent --prevent=1 "$(held_by_serial MDLDRV01 sg)"
fed dd "of=$nst" bs=64k iflag=fullblock status=none
feed /tmp/data 4
write_without "$nst2" drive2
ok "it waits" wait_until 10 is_state away MDLDRV02
wait_until 10 eval '[[ $(stuck) == *"(dd)"* ]]'
begin=$(date +%s)
ok "stop" evertaped_stop_for_good
ok "at once" test $(($(date +%s) - begin)) -le 5
wait "$waiting"
ok "the one that waited has an error" grep -q 'status [1-9]' /tmp/waits.log
feed_aside /tmp/data 1
ok "the one that wrote gets an error, too" not feed_end /tmp/data
wait "$_feed_pid" 2> /dev/null
_feed_pid=
ok "no process waits in the kernel" wait_until 5 none_stuck
ok "no LUN is left" no_luns
model return drive2
ok "the devices are given back" wait_until 5 given_back
ok "what was written and told is on the tape" prints '^ok blocks=(6[0-9]|7[0-9]|8[0-9]) ' model dump T00001L7 /tmp/dump
ok "byte for byte" cmp -n $((4 * 1048576 - 65536)) /tmp/dump /tmp/data
ok "the cartridge can be taken out" eval 'mt -f "$(by_serial MDLDRV01 nst)" offline && mtx -f "$(by_serial MDLLIB01 sg)" unload 1 0'
ok "start: held again" held_again
same "no outage is counted" 0 "$(field OUTAGES lib1-drive1)"

never_ending() {
    say "a command that the drive never ends"
    mtx -f "$(held_by_serial MDLLIB01 sg)" load 1 0 > /dev/null
    nst=$(held_by_serial MDLDRV01 nst)
    mt -f "$nst" rewind
    model hold drive1 > /dev/null
    mt -f "$nst" rewind &
    waiting=$!
    wait_until 10 in_flight drive1
    ok "stop" evertaped_stop_for_good
    ok "the program has an error" not wait "$waiting"
    model unhold drive1 # udev waits for the real drive
    ok "no process waits in the kernel" wait_until 5 none_stuck
    ok "no LUN is left" no_luns
    ok "start: held again" wait_until 20 held_again
}
[[ $1 == all ]] && never_ending

say "restarts are pauses"
[[ $1 == all ]] || mtx -f "$(held_by_serial MDLLIB01 sg)" load 1 0 > /dev/null
nst=$(held_by_serial MDLDRV01 nst)
mt -f "$nst" rewind
fed dd "of=$nst" bs=64k iflag=fullblock status=none
restart_under_load() {
    local i
    for ((i = 0; i < 4; i++)); do
        feed_aside /tmp/data 1
        evertaped_restart || return
        wait "$_feed_pid"
    done
    _feed_pid=
}
ok "four restarts in one backup" restart_under_load
ok "dd ends well" feed_end /tmp/data
ok "on the tape exactly once" on_tape T00001L7 /tmp/data 128 1
ok "no process waits in the kernel" none_stuck
evertape history 2> /dev/null | tail -n 20
lab_done
