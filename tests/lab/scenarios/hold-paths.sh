# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M -t 400
# One drive behind two portals of tgt's library, held: both paths are one device; when the one that carries commands
# fails in the middle of a backup the other one goes on at once, one that flaps is left alone, and what is on the tape
# is right.
portals=(127.0.0.1 127.0.0.2)

lab_udev
lab_dbus
vlib_up 1 2 100 || lab_done
iscsiadm -m node -o new -T "$VLIB_TARGET" -p 127.0.0.2:3260 > /dev/null
ok "a second session" iscsiadm -m node -T "$VLIB_TARGET" -p 127.0.0.2:3260 -l

# device PORTAL: H:C:T:L of the drive there, in REPLY.
device() {
    local connection address session device
    for connection in /sys/class/iscsi_connection/connection*; do
        [[ -r $connection/persistent_address ]] && read -r address < "$connection/persistent_address"
        [[ $address == "$1" ]] || continue
        session=${connection##*/connection}
        session=$(readlink "/sys/class/iscsi_session/session${session%:*}")
        [[ $session =~ /host([0-9]+)/ ]] || continue
        for device in /sys/bus/scsi/devices/"${BASH_REMATCH[1]}":*:*:*; do
            _serial_of "$device"
            [[ $REPLY == DRV0001 ]] || continue
            REPLY=${device##*/}
            return 0
        done
    done
    return 1
}
# path PORTAL COLUMN: of `evertape show`.
path() {
    local line
    line=$(evertape show --json DRV0001 | python3 -c '
import json, sys
for p in json.load(sys.stdin)["paths"]:
    if p["transport"].endswith(sys.argv[1]):
        print(p[sys.argv[2]])' "$1" "$2")
    echo "$line"
}
path_is() {
    [[ $(path "$1" state) == "$2" ]]
}
active() {
    local portal
    for portal in "${portals[@]}"; do
        path_is "$portal" active && REPLY=$portal && return
    done
    return 1
}
other() {
    REPLY=127.0.0.1
    [[ $1 == 127.0.0.1 ]] && REPLY=127.0.0.2
}

wait_until 15 device 127.0.0.2
udevadm settle
evertape_config '[Hold]' 'Journal=16M'
ok "evertaped starts" evertaped_start
same "two paths, one device" 1 "$(evertape list --noheadings -o NAME | grep -c drive)"
mtx -f "$(by_serial LIB0001 sg)" load 1 0 > /dev/null
ok "hold" wait_until 10 evertape hold DRV0001
nst=$(held_by_serial DRV0001 nst)
device 127.0.0.1 && one=$REPLY
device 127.0.0.2 && two=$REPLY
not_bound() { [[ ! -e /sys/bus/scsi/devices/$1/driver ]]; }
ok "st is off both" eval "not_bound $one && not_bound $two"
evertape show DRV0001
ok "one is active" active
first=$REPLY
other "$first" && second=$REPLY
ok "the other one is standby" path_is "$second" standby

head -c 12M /dev/urandom > /tmp/data
delete() { device "$1" && echo 1 > "/sys/bus/scsi/devices/$REPLY/delete"; }
rescan() {
    local session host
    for session in /sys/class/iscsi_session/session*; do
        host=$(readlink "$session")
        [[ $host =~ /host([0-9]+)/ ]] && echo "- - -" > "/sys/class/scsi_host/host${BASH_REMATCH[1]}/scan"
    done
    wait_until 15 device "$1"
}
set_state() { device "$1" && echo "$2" > "/sys/bus/scsi/devices/$REPLY/state"; }

mt -f "$nst" rewind
fed dd "of=$nst" bs=64k iflag=fullblock status=none
feed /tmp/data 2
ok "the active path is deleted" delete "$first"
feed /tmp/data 2
ok "the other one carries commands" path_is "$second" active
ok "the first one failed" path_is "$first" failed
ok "it is said" evertaped_said "drive1: path: from sg[0-9]+ to sg[0-9]+"
ok "it comes back" rescan "$first"
ok "and is standby when it has rested" wait_until 10 path_is "$first" standby
ok "st is off it" wait_until 5 eval 'device "$first" && not_bound "$REPLY"'

ok "the active path goes offline" set_state "$second" offline
feed /tmp/data 2
ok "the first one carries commands again" path_is "$first" active
ok "the second one runs again" set_state "$second" running
ok "and is standby when it has rested" wait_until 10 path_is "$second" standby

# It fails in service three times more, and is not chosen before it has rested for long.
flap() {
    local i
    for ((i = 0; i < 3; i++)); do
        set_state "$second" offline # so that there is only the first one
        active && [[ $REPLY == "$first" ]] || return
        delete "$first" && rescan "$first" && wait_until 10 is_state held DRV0001 || return
        feed /tmp/data 1
    done
    set_state "$second" running
}
ok "a path that flaps" flap
ok "it is lost once more" delete "$first"
ok "the other one goes on" wait_until 10 path_is "$second" active
ok "it comes back" rescan "$first"
ok "it flaps" path_is "$first" flapping
evertape show DRV0001

ok "both are lost" eval 'set_state "$first" offline; delete "$second"'
feed_aside /tmp/data 1
ok "away" wait_until 10 is_state away DRV0001
ok "one that flaps is better than none" set_state "$first" running
wait "$_feed_pid"
_feed_pid=
ok "held" wait_until 10 is_state held DRV0001
ok "dd ends well" feed_end /tmp/data
mt -f "$nst" rewind
dd "if=$nst" of=/tmp/back bs=64k status=none
ok "what was written is read" cmp /tmp/data /tmp/back
ok "commands are counted" test "$(path "$second" commands)" -gt 20
ok "and outages" test "$(path "$first" outages)" -ge 4
evertape show DRV0001
evertape status
lab_done
