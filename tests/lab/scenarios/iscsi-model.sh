# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The model's library behind the kernel's own iSCSI target, reached without the kernel's initiator: changer and drive are
# held while their connections are cut and the target is away. A drive that knows where it is, and a target that is not
# tgtd. iscsi-model [CUTS].
# lab: -m 768M -t 240

cuts=${1:-20}
target=iqn.2026-11.test:model
tpg=/sys/kernel/config/target/iscsi/$target/tpgt_1

inventory() {
    local text
    mtx -f "$lib" status > /tmp/inventory || return
    for text; do
        grep -qF "$text" /tmp/inventory || { cat /tmp/inventory; return 1; }
    done
}
in_drive='Data Transfer Element 0:Full (Storage Element 1 Loaded):VolumeTag = T00001L7'
in_slot='Storage Element 1:Full :VolumeTag=T00001L7'

# over_proxy CUTS BYTES: another way to the target, which is cut so often, each time after some BYTES.
over_proxy() {
    "$LAB_BUILD/tests/iscsi/iscsi-proxy" 3260 "$1" "$2" > /tmp/proxy &
    proxy=$!
    wait_until 5 grep -q port /tmp/proxy
    port=$(awk '/port/ {print $2}' /tmp/proxy)
    evertape attach "iscsi://127.0.0.1:$port/$target" && evertape detach "iscsi://127.0.0.1/$target"
}

straight() {
    evertape attach "iscsi://127.0.0.1/$target" && evertape detach "iscsi://127.0.0.1:$port/$target" && kill "$proxy"
}

n_cuts() {
    grep -c cut /tmp/proxy
}

lab_udev
lab_dbus
model_up --drives 1 --slots 6 --tapes 3 --capacity 60M --buffer 16 || lab_done
ok "the model is behind the kernel's target" lio_up "$target" changer drive1
evertape_config '[Hold]' 'Journal=32M' '[iSCSI]' 'InitiatorName=iqn.2026-11.test:guest'
ok "evertaped starts" evertaped_start
ok "attach" prints 'changer .*MDLLIB01' evertape attach "iscsi://127.0.0.1/$target"
ok "they have names" wait_until 20 bash -c '[ "$(evertape list --noheadings | wc -l)" = 2 ]'
ok "and no node" test ! -e /dev/sg0
ok "both are held" evertape hold MDLLIB01 MDLDRV01
lib=$(held_by_serial MDLLIB01 sg) nst=$(held_by_serial MDLDRV01 nst)
say "held: $lib $nst"
ok "load" mtx -f "$lib" load 1 0
ok "inventory" inventory "$in_drive" 'Storage Element 2:Full :VolumeTag=T00002L7'

say "a link that is silent"
ok "a way over it" over_proxy 0 1
mt -f "$nst" rewind
pkill -STOP -P "$proxy"
ok "pings find it out, though nobody uses the drive" wait_until 14 not is_state held MDLDRV01
pkill -CONT -P "$proxy"
ok "it is back" wait_until 5 is_state held MDLDRV01
ok "the changer too" wait_until 10 inventory "$in_drive"
ok "the straight way again" straight

say "cuts while it writes"
head -c 24M /dev/urandom > /tmp/data
ok "a way that is cut" over_proxy "$cuts" 1500000
mt -f "$nst" rewind
ok "dd writes, and sees no error" dd if=/tmp/data "of=$nst" bs=64k iflag=fullblock status=none
say "$(n_cuts) cuts"
ok "it was cut" test "$(n_cuts)" -ge 5
ok "each block is on the tape once" on_tape T00001L7 /tmp/data 384 1
ok "the straight way again" straight

say "cuts while it moves"
ok "a way that is cut" over_proxy "$cuts" 6000
for i in 1 2 3 4; do
    ok "unload $i" mtx -f "$lib" unload 1 0
    ok "it is in its slot" inventory 'Data Transfer Element 0:Empty' "$in_slot"
    ok "load $i" mtx -f "$lib" load 1 0
    ok "it is in the drive" inventory "$in_drive"
done
say "$(n_cuts) cuts"
ok "it was cut" test "$(n_cuts)" -ge 3
ok "the straight way again" straight

say "the target is away"
mt -f "$nst" rewind
fed dd "of=$nst" bs=64k iflag=fullblock status=none
feed /tmp/data 3
echo 0 > "$tpg/enable"
ok "away" wait_until 20 is_state away MDLDRV01
mtx -f "$lib" transfer 2 5 > /tmp/mtx 2>&1 &
mtx=$!
pause 1
ok "mtx waits" kill -0 "$mtx"
ok "it is shown" prints 'offline|refused' evertape attach
echo 1 > "$tpg/enable"
ok "dd ends well" feed_end /tmp/data
ok "mtx ends well" wait "$mtx"
ok "moved" inventory "$in_drive" 'Storage Element 5:Full :VolumeTag=T00002L7'
ok "what dd wrote is on the tape once" on_tape T00001L7 /tmp/data 384 1

evertaped_crash
ok "evertaped killed: both are held again" wait_until 20 bash -c '[ "$(evertape status --noheadings -o STATE | sort -u)" = held ]'
ok "inventory" inventory "$in_drive"
ok "nothing hangs" none_stuck
ok "release" evertape release MDLLIB01 MDLDRV01
ok "detach" evertape detach "iscsi://127.0.0.1/$target"
lab_done
