# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A drive behind an iSCSI target that evertaped reaches by itself, without the kernel's initiator: there is no other
# node of it than the held LUN's. tar goes through it while the connection is cut, again and again. iscsi [CUTS].
# lab: -m 512M -t 240

cuts=${1:-30}
target=iqn.2026-11.test:lib1
adm="tgtadm --lld iscsi --mode"

# A target with two drives, each with a cartridge in it, and one that wants a name and a secret.
target_up() {
    local i

    mkdir -p /tmp/vlib
    tgtd -f > "$LAB_OUT/tgtd.log" 2>&1 &
    wait_until 10 tgtadm --lld iscsi --mode system --op show || return
    $adm target --op new --tid 1 --targetname $target
    for i in 1 2; do
        tgtimg --op new --device-type tape --barcode "E0000${i}L3" --size 200 --type data --file /tmp/vlib/tape$i > /dev/null
        $adm logicalunit --op new --tid 1 --lun $i --backing-store /tmp/vlib/tape$i --device-type tape
        $adm logicalunit --op update --tid 1 --lun $i --params \
            "vendor_id=HP,product_id=Ultrium 3-SCSI,product_rev=G24W,scsi_sn=DRV000$i,removable=1,sense_format=0,online=1"
    done
    $adm target --op bind --tid 1 -I ALL
    $adm target --op new --tid 2 --targetname iqn.2026-11.test:closed
    $adm account --op new --user backup --password 0123456789ab
    $adm account --op bind --tid 2 --user backup
    $adm target --op bind --tid 2 -I ALL
}

# tgt_connections: the session and connection of each initiator that the first target has, SID:CID.
tgt_connections() {
    tgtadm --lld iscsi --mode conn --op show --tid 1 | awk '/Session:/ {s = $2} /Connection:/ {print s ":" $2}'
}

# finds CHECK PATTERN: a finding of evertape doctor.
finds() {
    evertape doctor > /tmp/doctor
    grep -A4 "^  $1" /tmp/doctor | grep -qE -- "$2"
}

# logged_in: as a machine that has the target in its node database from before.
logged_in() {
    modprobe iscsi_tcp
    iscsid -f -d 0 > "$LAB_OUT/iscsid.log" 2>&1 &
    wait_until 10 grep -q ISCSIADM_ABSTRACT_NAMESPACE /proc/net/unix || return
    iscsiadm -m discovery -t sendtargets -p 127.0.0.1 > /dev/null && iscsiadm -m node -T $target -l > /dev/null
}

lab_udev
lab_dbus
if [[ ! -e $LAB_BUILD/tests/iscsi/iscsi-proxy ]]; then
    say "this evertape was built without libiscsi"
    ok "evertaped starts" evertaped_start
    ok "attach says so" fails_saying 'was built without libiscsi' evertape attach iscsi://127.0.0.1/$target
    ok "and so does discover" fails_saying 'was built without libiscsi' evertape discover 127.0.0.1
    ok "nothing is attached" test -z "$(evertape attach --noheadings)"
    evertaped_stop
    echo "iscsi://127.0.0.1:3260/$target" > /var/lib/evertape/iscsi.attached
    ok "evertaped starts, though something was attached" evertaped_start
    ok "and says of it why it is not there" prints 'offline +.*built without libiscsi' evertape attach
    lab_done
fi
target_up || lab_done
evertape_config '[Hold]' 'Journal=16M' '[iSCSI]' 'InitiatorName=iqn.2026-11.test:guest'
ok "evertaped starts" evertaped_start

ok "discover shows the target's drives" prints "$target +127.0.0.1:3260 +1 +tape .*DRV0001" evertape discover 127.0.0.1
ok "and says why it is not let into the other" prints 'authentication failed' evertape discover 127.0.0.1
ok "a target that is not there" fails_saying 'no such target' evertape attach iscsi://127.0.0.1/iqn.2026-11.test:no
ok "a LUN that is none" fails_saying 'no tape drive and no changer' evertape attach iscsi://127.0.0.1/$target/7
ok "a host that is none" fails_saying 'Connection refused' evertape attach iscsi://127.0.0.1:9/$target
ok "a password in the URL" fails_saying 'iscsi.secrets' evertape attach iscsi://me%secret@127.0.0.1/$target

echo 'iqn.2026-11.test:closed backup 0123456789xx' > /etc/evertape/iscsi.secrets
chmod 644 /etc/evertape/iscsi.secrets
ok "doctor finds them" finds iscsi-secrets 'others than root can read'
ok "secrets that others can read" fails_saying 'chmod 600' evertape attach iscsi://127.0.0.1/iqn.2026-11.test:closed
chmod 600 /etc/evertape/iscsi.secrets
ok "a wrong secret" fails_saying 'authentication failed' evertape attach iscsi://127.0.0.1/iqn.2026-11.test:closed
echo 'iqn.2026-11.test:closed backup 0123456789ab' > /etc/evertape/iscsi.secrets
ok "doctor is content with them" not finds iscsi-secrets .
ok "the right one" fails_saying 'no tape drive' evertape attach iscsi://backup@127.0.0.1/iqn.2026-11.test:closed

ok "attach" prints 'tape .*DRV0001' evertape attach iscsi://127.0.0.1/$target
ok "it is shown" prints 'iscsi://127.0.0.1:3260/.*online' evertape attach
ok "doctor finds nothing" not finds iscsi- .
ok "both drives have names" wait_until 10 bash -c '[ "$(evertape list --noheadings | wc -l)" = 2 ]'
ok "and no node" test ! -e /dev/nst0
ok "the drive is held" evertape hold DRV0001
drive=$(held_by_serial DRV0001 nst)
ok "it has a node now" test -c "$drive"
ok "detach refuses what is held" fails_saying 'release it first' evertape detach "iscsi://127.0.0.1/$target"

say "portals that lie"
# Some of what is asked is answered all the same. evertaped is the same process afterwards, and no larger.
lies() {
    local i port pid memory
    "$LAB_BUILD/tests/iscsi/iscsi-proxy" 3260 "$1" > /tmp/liar &
    pid=$!
    wait_until 5 grep -q port /tmp/liar || return
    port=$(awk '/port/ {print $2}' /tmp/liar)
    for ((i = 0; i < 8; i++)); do
        timeout 100 evertape discover --targets "127.0.0.1:$port" > /tmp/lied 2>&1
        (($? < 2)) || return
    done
    kill "$pid"
    memory=$(awk '/VmRSS/ {print $2}' "/proc/$(evertaped_pid)/status")
    say "$1: evertaped has $memory KiB, $1: $(tail -n 1 /tmp/lied)"
    [[ $(evertaped_pid) == "$daemon" ]] && ((memory < before + 16384))
}
daemon=$(evertaped_pid) before=$(awk '/VmRSS/ {print $2}' "/proc/$(evertaped_pid)/status")
ok "it babbles" lies babble
ok "it makes up PDUs" lies invent
ok "it changes bytes" lies garble
ok "the held drive is not touched by it" is_state held DRV0001

# A second way to it, over a proxy that cuts; the straight one is taken away, and no program sees anything.
"$LAB_BUILD/tests/iscsi/iscsi-proxy" 3260 "$cuts" 1500000 > /tmp/proxy &
wait_until 5 grep -q port /tmp/proxy
port=$(awk '/port/ {print $2}' /tmp/proxy)
ok "a second portal" evertape attach "iscsi://127.0.0.1:$port/$target"
ok "is a second path" prints "127.0.0.1:$port" evertape show DRV0001
mkdir /tmp/data
head -c 24M /dev/urandom > /tmp/data/random
cp -a /usr/share/doc/tgt /tmp/data
mt -f "$drive" rewind
ok "a label is written" dd if=/tmp/data/random of="$drive" bs=32k count=1 status=none
ok "the first portal is detached" evertape detach "iscsi://127.0.0.1/$target"
ok "the drive stays held" wait_until 20 is_state held DRV0001

ok "tar writes, and sees no error" tar -b 128 -C /tmp -cf "$drive" data
say "$(grep -c cut /tmp/proxy) cuts, $(field OUTAGES DRV0001) outages"
ok "the connection was cut in the meantime" test "$(grep -c cut /tmp/proxy)" -ge 5
mt -f "$drive" rewind
mt -f "$drive" fsf 1
ok "tar compares" tar -b 128 -C /tmp -df "$drive"
ok "nothing hangs" none_stuck

evertaped_crash
ok "evertaped killed: it is held again" wait_until 20 is_state held DRV0001
mt -f "$drive" rewind
mt -f "$drive" fsf 1
ok "tar compares again" tar -b 128 -C /tmp -df "$drive"

say "the target does not let us in any more"
$adm target --op unbind --tid 1 -I ALL
$adm account --op bind --tid 1 --user backup
$adm target --op bind --tid 1 -I ALL
for connection in $(tgt_connections); do
    $adm conn --op delete --tid 1 --sid "${connection%:*}" --cid "${connection#*:}"
done
ok "it is shown" wait_until 40 prints 'refused +authentication failed' evertape attach
ok "doctor says so" finds iscsi-targets 'cannot log in: authentication failed'
$adm account --op unbind --tid 1 --user backup
ok "and when it does again, all is well" wait_until 60 prints 'online' evertape attach
ok "the drive is held" wait_until 20 is_state held DRV0001

say "the kernel's initiator logs in too"
ok "login" logged_in
ok "doctor finds it" finds iscsi-initiator "$target, which is attached"
ok "logout" iscsiadm -m node -T $target -u
ok "doctor finds it no more" not finds iscsi-initiator .

ok "release" evertape release DRV0001
ok "detach by the name of a device" evertape detach DRV0001
ok "nothing is attached" test -z "$(evertape attach --noheadings)"
lab_done
