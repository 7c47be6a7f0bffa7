# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -s -m 640M
# The story a newcomer sees: a backup, a cable that is pulled, without and with evertape. What is printed as a result
# is what the programs printed or returned; the end is good only if all of it held.

set +m
tell() { printf '%s\n' "$*"; }
step() { printf '\n%s\n' "$*"; }
shell() { printf '    $ %s\n' "$*"; }
happens() { printf '    * %s\n' "$*"; }
shown() { sed 's/^/      /'; }

# holds TEXT COMMAND...: a line of the story that must be true.
holds() {
    local text=$1
    shift
    if "$@" > /tmp/said 2>&1; then
        _passed=$((_passed + 1))
        printf '      yes: %s\n' "$text"
    else
        _failed=$((_failed + 1))
        printf '      NO:  %s\n' "$text"
        shown < /tmp/said
    fi
}

# written PID BYTES: the process has written as much.
written() {
    local key value
    while read -r key value; do
        [[ $key == wchar: ]] && break
    done < "/proc/$1/io"
    ((value > $2))
}

# start_tar DRIVE: in the background, with a third of the data on its way; its output in /tmp/tar.
start_tar() {
    shell "tar -cf $1 data &"
    tar -b 128 -C /tmp -cf "$1" data > /tmp/tar 2>&1 &
    tar=$!
    wait_until 20 written $tar $((5 << 20))
}

names() {
    tell "      serial number DRV0001 is $(by_serial DRV0001 nst), DRV0002 is $(by_serial DRV0002 nst)"
}

wait_tar() {
    wait $tar
    tar_status=$?
}

tell "A tape library on iSCSI (two drives, a changer, four cartridges), in a virtual machine made for this."
lab_udev
lab_dbus
vlib_up 2 4 60 > "$LAB_OUT/vlib.log" 2>&1 || { cat "$LAB_OUT/vlib.log"; lab_done; }
mkdir -p /tmp/data /etc/evertape
head -c 16M /dev/urandom > /tmp/data/holiday.mov
cp -a /usr/share/doc/tgt /tmp/data/documents
printf '[Hold]\nJournal=64M\n' > /etc/evertape/evertape.conf
expected=$(tar -b 128 -C /tmp -cf - data | sha256sum)
mtx -f "$(by_serial LIB0001 sg)" load 1 0 > /dev/null
wait_until 10 mt -f "$(by_serial DRV0001 nst)" rewind

step "1. Without evertape"
names
before=$(by_serial DRV0001 nst)
start_tar "$before"
pull DRV0001 DRV0002
happens "the cable is pulled"
wait_tar
shown < /tmp/tar
tell "      tar: exit status $tar_status"
return_swapped DRV0001 DRV0002
happens "the cable is back, and the drives were found in the other order"
names
holds "the backup has failed" test $tar_status -ne 0
holds "$before is another drive now" test "$(by_serial DRV0002 nst)" = "$before"

step "2. With evertape: the same data, the same cable"
shell "systemctl start evertaped"
evertaped_start || { journalctl -u evertaped --no-pager; lab_done; }
wait_until 10 test -e /dev/tape/by-name/lib1-changer
shell "evertape hold --all"
evertape hold --all 2>&1 | shown
udevadm settle
shell "evertape"
evertape 2>&1 | shown
drive=/dev/tape/by-name/drive1-nst
holds "$drive is there" test -c $drive
mt -f $drive rewind
start_tar $drive
pull DRV0001 DRV0002
happens "the cable is pulled"
shell "evertape status -o NAME,STATE,POSITION,REASON drive1"
evertape status -o NAME,STATE,POSITION,REASON drive1 2>&1 | shown
holds "tar is still there, waiting" kill -0 $tar
return_swapped DRV0001 DRV0002
happens "the cable is back, the drives in the other order"
wait_tar
shown < /tmp/tar
holds "tar: exit status 0" test $tar_status -eq 0
shell "journalctl -u evertaped"
journalctl -u evertaped -o cat --no-pager | grep '^drive1: \(away\|resumed\)' | tail -n 2 | shown

# The tape holds what tar wrote, once.
check_tape() {
    mt -f $drive rewind
    holds "tar -d finds no difference to the data" tar -b 128 -C /tmp -df $drive
    mt -f $drive rewind
    found=$(dd if=$drive bs=64k status=none | sha256sum)
    tell "      SHA-256 of what tar made   ${expected%% *}"
    tell "      SHA-256 of what is on tape ${found%% *}"
    holds "they are equal" test "$found" = "$expected"
    mt -f $drive rewind
}
check_tape

step "3. The same, and evertaped itself is killed"
start_tar $drive
old=$(evertaped_pid)
pull DRV0001 DRV0002
happens "the cable is pulled"
shell "kill -9 $old"
evertaped_crash
happens "evertaped is dead; systemd has started another one, pid $(evertaped_pid)"
return_swapped DRV0001 DRV0002
happens "the cable is back, the drives in the other order"
wait_tar
shown < /tmp/tar
holds "tar: exit status 0" test $tar_status -eq 0
check_tape

step "4. The changer: a cartridge is moved while the library is away"
changer=/dev/tape/by-name/lib1-changer
move() {
    pull LIB0001
    happens "the cable is pulled"
    shell "mtx -f $changer $* &"
    mtx -f $changer "$@" > /tmp/mtx 2>&1 &
    mtx=$!
    pause 0.7
    holds "mtx waits" kill -0 $mtx
    return_as_before LIB0001
    happens "the cable is back"
    wait $mtx
    mtx_status=$?
    shown < /tmp/mtx
    holds "mtx $1: exit status 0" test $mtx_status -eq 0
}
move load 2 1
mtx -f $changer status > /tmp/status
holds "cartridge E00002L3 is in drive 2" grep -Eq 'Data Transfer Element 1:Full.*E00002L3' /tmp/status
move unload 2 1
mtx -f $changer status > /tmp/status
holds "and back in its slot" grep -Eq 'Storage Element 2:Full.*E00002L3' /tmp/status

if ((_failed == 0)); then
    step "All of it held. What to type next:"
    tell "    less README.md                 what it is, and how to install it"
    tell "    make check                     all tests"
    tell "    less docs/HOLDING.md           what a program sees, and why it is safe"
else
    step "NOT all of it held. Logs: build/lab/demo-systemd/"
fi
lab_done
