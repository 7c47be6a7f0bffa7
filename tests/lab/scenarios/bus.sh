# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 1G -t 300
# Who may do what over D-Bus: any local user looks, and nobody but root changes anything until a rule of polkit says so.
# And a local user who means harm, while a backup runs on a held drive: evertaped stays up and small, the backup goes on.
# With -s: it needs polkit, which systemd starts.

[[ $LAB_MODE == systemd ]] || { say "needs -s"; ok "systemd" false; lab_done; }
hold_model "--drives 1 --slots 2 --tapes 1 --capacity 300M" MDLDRV01 MDLLIB01 || lab_done
udevadm settle --timeout=60

# user COMMAND...: as somebody who is nobody; tape_user: as one of the group tape, as a backup program is.
user() {
    setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}
tape_user() {
    setpriv --reuid=backup --regid=backup --groups=tape "$@"
}
real=$(by_serial MDLDRV01 sg) held=$(held_by_serial MDLDRV01 nst)

say "looking"
ok "list" prints MDLDRV01 user evertape list
ok "show" prints 'Serial number: +MDLDRV01' user evertape show lib1-drive1
ok "history" prints hold user evertape history
device=$(busctl call org.evertape1 /org/evertape1 org.evertape1.Manager GetDevice s "$held" | grep -o '/[^"]*')
ok "the drive's object" prints '^s "held"$' user busctl get-property org.evertape1 "$device" org.evertape1.Device State
ok "all objects" prints "$device" user busctl call org.evertape1 /org/evertape1 org.freedesktop.DBus.ObjectManager GetManagedObjects

say "and nothing else"
not_permitted='not permitted to ask evertaped for that|would have to authenticate'
ok "release" fails_saying "$not_permitted" user evertape release lib1-drive1
ok "fail" fails_saying "$not_permitted" user evertape fail lib1-drive1
ok "rename" fails_saying "$not_permitted" user evertape rename lib1-drive1 mine
ok "forget" fails_saying "$not_permitted" user evertape forget lib1-drive1
evertape names export > /tmp/names
chmod 644 /tmp/names
ok "attach" fails_saying "$not_permitted" user evertape attach iscsi://127.0.0.1/iqn.2026-11.example:lib
ok "discover" fails_saying "$not_permitted" user evertape discover 127.0.0.1
ok "detach" fails_saying "$not_permitted" user evertape detach lib1-drive1
ok "have a library asked" fails_saying "$not_permitted" user evertape map --refresh
ok "import of names" fails_saying "$not_permitted" user evertape names import /tmp/names
ok "by the object" fails_saying 'denied|authenti|not do that' user busctl call org.evertape1 "$device" org.evertape1.Device Release
mkdir -p /etc/bacula
printf 'Storage {\n  Name = x\n}\n' > /etc/bacula/bacula-sd.conf
ok "configure" fails_saying . user evertape configure bacula --write
ok "the held drive is for the group tape" tape_user mt -f "$held" status
ok "the real one is not" fails_saying 'ermission denied' tape_user dd "if=$real" of=/dev/null count=1
ok "nor by its bsg node" fails_saying 'ermission denied|o such' tape_user dd "if=/dev/bsg/$(basename "$(readlink "/sys/class/scsi_generic/${real#/dev/}/device")")" of=/dev/null count=1
ok "it is held all the same" is_state held MDLDRV01

say "a rule that lets"
cat > /etc/polkit-1/rules.d/50-lab.rules << 'RULE'
polkit.addRule(function(action, subject) {
    if (action.id == "org.evertape1.hold" && subject.user == "nobody" && action.lookup("device") == "lib1-drive1")
        return polkit.Result.YES;
});
RULE
chmod 644 /etc/polkit-1/rules.d/50-lab.rules
systemctl restart polkit
ok "release" prints 'lib1-drive1: released' user evertape release lib1-drive1
ok "hold" prints 'lib1-drive1: held' user evertape hold lib1-drive1
ok "not of another device" fails_saying "$not_permitted" user evertape release lib1
ok "and not another thing" fails_saying "$not_permitted" user evertape rename lib1-drive1 mine
systemctl mask --runtime --now polkit > /dev/null 2>&1
ok "without polkit nobody" fails_saying "$not_permitted" user evertape release lib1-drive1
ok "but root" prints 'lib1: released' evertape release lib1
ok "again" evertape hold lib1
systemctl unmask --runtime polkit > /dev/null 2>&1

rm /etc/polkit-1/rules.d/50-lab.rules

say "harm"
udevadm settle --timeout=60
held=$(held_by_serial MDLDRV01 nst)
head -c 16M /dev/urandom > /tmp/data
flood=$LAB_BUILD/tests/bus/bus-flood
# anonymous memory: the journal, which a backup fills, is shared
rss() {
    awk '/^RssAnon/ { print $2 }' "/proc/$(evertaped_pid)/status"
}
# backup FILE: writes for some seconds, file after file; milliseconds a file, the mean, into FILE.
backup() {
    local i n=6 begun
    mt -f "$held" rewind || return
    begun=${EPOCHREALTIME/./}
    for ((i = 0; i < n; i++)); do
        dd if=/tmp/data "of=$held" bs=256k status=none || return
    done
    echo $(((${EPOCHREALTIME/./} - begun) / 1000 / n)) > "$1"
}
# under DESTINATION FILE: the same while somebody floods it; the flood's last line is in $LAB_OUT/flood-DESTINATION.log.
under() {
    user "$flood" 15 "$1" > "$LAB_OUT/flood-$1.log" 2>&1 &
    local pid=$! status
    wait_until 40 grep -q flooding "$LAB_OUT/flood-$1.log" && backup "$2"
    status=$?
    wait "$pid" && return $status
}
pid=$(evertaped_pid)
ok "a backup, which also warms up" backup /tmp/alone
ok "a backup" backup /tmp/alone
before=$(rss)
ok "the same while a user floods the bus, who loses no connection" under org.freedesktop.DBus /tmp/bus
ok "the same while the user floods evertaped, who loses none" under org.evertape1 /tmp/evertaped
for to in org.freedesktop.DBus org.evertape1; do
    say "flood of $to: $(tail -n 1 "$LAB_OUT/flood-$to.log")"
done
after=$(rss)
say "milliseconds for 16 MiB: alone $(< /tmp/alone), bus flooded $(< /tmp/bus), evertaped flooded $(< /tmp/evertaped)"
say "throughput: $((100 * $(< /tmp/alone) / $(< /tmp/evertaped))) % of alone; of that the machine's share is $((100 * $(< /tmp/alone) / $(< /tmp/bus))) %"
say "anonymous memory: before $before KiB, after $after KiB"
same "evertaped is the one it was" "$(evertaped_pid)" "$pid"
ok "memory is bounded" [ $((after - before)) -lt 16384 ]
# one processor: polkit, which is asked for each Hold, takes its share too
ok "the flood of evertaped costs not much more than one of the bus" [ "$(< /tmp/evertaped)" -lt $((4 * $(< /tmp/bus))) ]
ok "each block is on the tape once" prints '^ok blocks=384 filemarks=6 ' model dump T00001L7 /tmp/dump
ok "and who asks is answered" prints held user evertape status lib1-drive1
lab_done
