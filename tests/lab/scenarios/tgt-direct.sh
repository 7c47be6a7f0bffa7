# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The tape library of tgt by itself, without evertape: that the lab's paths and programs work, and the symptom that
# evertape is there for. A program whose session is lost under its open /dev/nst0 gets an error, and drives that
# come back in another order have each other's names.

lab_udev
vlib_up 2 2 60 || lab_done
drive=$(by_serial DRV0001 nst) changer=$(by_serial LIB0001 sg)
say "drives: $(node_map)changer: $changer"

ok "sg_inq names the drive" grep -q Ultrium <(sg_inq "$(by_serial DRV0001 sg)")
ok "mtx sees two drives" test "$(mtx -f "$changer" status | grep -c 'Data Transfer Element')" = 2
ok "mtx loads slot 1 into drive 0" mtx -f "$changer" load 1 0
ok "by-id link of the drive" test -e /dev/tape/by-id/scsi-DRV0001-nst
ok "mt status" mt -f "$drive" status

head -c 8M /dev/urandom > /tmp/data
ok "dd writes 8 MiB" dd if=/tmp/data of="$drive" bs=64k status=none
ok "mt rewind" mt -f "$drive" rewind
ok "dd reads them" dd if="$drive" of=/tmp/back bs=64k status=none
same_sha "and they are the same" /tmp/data /tmp/back
ok "tar writes" tar -b 64 -C /usr/share/doc -cf "$drive" tgt mtx
ok "back by one file" mt -f "$drive" asf 1
ok "tar compares" tar -b 64 -C /usr/share/doc -df "$drive"

# The loss of a session under a program that writes.
mt -f "$drive" rewind
exec {tape}> "$drive"
writes() {
    LC_ALL=C dd if=/tmp/data bs=64k count=8 1>&"$tape" 2> /tmp/error
}
ok "a program writes" writes
pull
ok "after the session is lost its write fails" not writes
ok "with ENXIO" grep -q 'No such device or address' /tmp/error
return_as_before
ok "also when the session is back" not writes
{ exec {tape}>&-; } 2> /dev/null

before=$(by_serial DRV0001 nst)
return_swapped DRV0001 DRV0002
after=$(by_serial DRV0001 nst)
say "now: $(node_map)"
ok "both drives came back" test -n "$after" -a -n "$(by_serial DRV0002 nst)"
ok "with each other's names" test "$before" = "$(by_serial DRV0002 nst)"
ok "offline" offline DRV0001
ok "a drive that is offline cannot be opened" not mt -f "$after" status
ok "online" online DRV0001
ok "it can again" mt -f "$after" status
lab_done
