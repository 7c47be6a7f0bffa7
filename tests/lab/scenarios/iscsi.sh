# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A drive behind an iSCSI target that evertaped reaches by itself, without the kernel's initiator: there is no other
# node of it than the held LUN's. tar goes through it while the connection is cut, again and again. iscsi [CUTS].
# lab: -m 512M -t 300

cuts=${1:-40}

VLIB_ALONE=1
lab_udev
lab_dbus
vlib_up 2 2 200 || lab_done
evertape_config '[Hold]' 'Journal=16M'
ok "evertaped starts" evertaped_start

ok "discover shows the target's drives" prints 'lib1 +127.0.0.1:3260 +1 +tape .*DRV0001' evertape discover 127.0.0.1
ok "and the changer" prints 'changer .*LIB0001' evertape discover 127.0.0.1
ok "a target that is not there" fails_saying 'no such target' evertape attach iscsi://127.0.0.1/iqn.2026-11.test:no
ok "a LUN that is none" fails_saying 'no tape drive and no changer' \
    evertape attach iscsi://127.0.0.1/$VLIB_TARGET/7
ok "a host that is none" fails_saying 'no such target|no session|refused' \
    evertape attach iscsi://127.0.0.1:9/$VLIB_TARGET
ok "a password in the URL" fails_saying 'iscsi.secrets' evertape attach iscsi://me%secret@127.0.0.1/$VLIB_TARGET

# A cartridge into the first drive: tgt does that itself, since nobody has a node of the changer yet.
ok "attach" prints 'tape .*DRV0001' evertape attach iscsi://127.0.0.1/$VLIB_TARGET
ok "it is shown" prints 'iscsi://127.0.0.1:3260/.*online' evertape attach
ok "both drives and the changer have names" wait_until 10 bash -c '[ "$(evertape list --noheadings | wc -l)" = 3 ]'
ok "and no node" test ! -e /dev/nst0
ok "the changer is held" evertape hold LIB0001
ok "mtx loads slot 1 into drive 0" mtx -f "$(held_by_serial LIB0001 sg)" load 1 0
ok "the drive is held" evertape hold DRV0001
drive=$(held_by_serial DRV0001 nst)
ok "it has a node now" test -c "$drive"
ok "detach refuses what is held" fails_saying 'release it first' evertape detach "iscsi://127.0.0.1/$VLIB_TARGET"

# A second way to it, over a proxy that cuts; the straight one is taken away, and no program saw anything.
"$LAB_BUILD/tests/iscsi/iscsi-proxy" 3260 "$cuts" 1500000 > /tmp/proxy &
wait_until 5 grep -q port /tmp/proxy
port=$(awk '/port/ {print $2}' /tmp/proxy)
ok "a second portal" evertape attach "iscsi://127.0.0.1:$port/$VLIB_TARGET"
ok "is a second path" prints "127.0.0.1:$port" evertape show DRV0001
ok "the first portal is detached" evertape detach "iscsi://127.0.0.1/$VLIB_TARGET"
ok "the drive stays held" wait_until 10 is_state held DRV0001

mkdir /tmp/data
head -c 40M /dev/urandom > /tmp/data/random
cp -a /usr/share/doc/tgt /tmp/data
mt -f "$drive" rewind
ok "tar writes, and sees no error" tar -b 128 -C /tmp -cf "$drive" data
say "$(grep -c cut /tmp/proxy) cuts, $(field OUTAGES DRV0001) outages"
ok "the connection was cut in the meantime" test "$(grep -c cut /tmp/proxy)" -ge 5
mt -f "$drive" rewind
ok "tar compares" tar -b 128 -C /tmp -df "$drive"
ok "nothing hangs" none_stuck

evertaped_crash
ok "evertaped killed: it is held again" wait_until 20 is_state held DRV0001
mt -f "$drive" rewind
ok "tar compares again" tar -b 128 -C /tmp -df "$drive"

ok "release" evertape release DRV0001 LIB0001
ok "detach by the name of a device" evertape detach DRV0001
ok "nothing is attached" test -z "$(evertape attach --noheadings)"
lab_done
