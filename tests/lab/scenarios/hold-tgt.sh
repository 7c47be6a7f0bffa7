# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A held drive of tgt's library (no LOCATE, no READ POSITION): tar writes, the drive vanishes in the middle and both
# come back with each other's names; tar ends well and the tape is right. The same with the daemon killed.

lab_udev
lab_dbus
vlib_up 2 2 100 || lab_done
mkdir -p /etc/evertape
printf '[Hold]\nJournal=64M\n' > /etc/evertape/evertape.conf
ok "evertaped starts" evertaped_start
ok "evertape lists both drives and the changer" wait_until 5 bash -c '[ "$(evertape list --noheadings | wc -l)" = 3 ]'
ok "mtx loads slot 1 into drive 0" mtx -f "$(by_serial LIB0001 sg)" load 1 0
ok "hold" evertape hold DRV0001
evertape list
drive=$(held_by_serial DRV0001 nst)
say "held: $drive, real: $(by_serial DRV0001 sg)"

# About 24 MiB in many blocks, fed slowly enough that the loss comes in the middle.
mkdir /tmp/data
head -c 24M /dev/urandom > /tmp/data/random
cp -a /usr/share/doc/tgt /tmp/data

# backup_with EVENT...: tar to the held drive; EVENT when a third of it is on its way.
backup_with() {
    local tar written
    mt -f "$drive" rewind || return
    tar -b 128 -C /tmp -cf "$drive" data &
    tar=$!
    wait_until 20 written_more_than $((8 << 20))
    "$@"
    wait "$tar"
}
written_more_than() {
    local written
    written=$(evertape status --bytes --raw --noheadings -o WRITTEN drive1)
    ((written > $1))
}
cut_and_swap() {
    say "cut"
    pull DRV0001 DRV0002
    pause 1
    evertape status
    return_swapped DRV0001 DRV0002
    say "back: $(node_map)"
}
ok "tar through a cut, drives swapped" backup_with cut_and_swap
evertape status
mt -f "$drive" rewind
ok "tar compares" tar -b 128 -C /tmp -df "$drive"
mt -f "$drive" rewind
lab_done
