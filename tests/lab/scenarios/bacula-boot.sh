# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -s -m 768M -t 300
# The drop-in of bacula-sd.service under systemd: the storage daemon starts after evertaped, and after the devices, which come
# late; it starts also without one that does not come.

hold_model "--drives 2 --slots 5 --tapes 3 --capacity 100M" MDLDRV01 MDLDRV02 MDLLIB01 || lab_done
wait_until 10 test -e /dev/tape/by-name/lib1-changer
bacula_conf "$(held_by_serial MDLDRV01 nst)" "$(held_by_serial MDLDRV02 nst)" "$(held_by_serial MDLLIB01 sg)"
sd=/etc/bacula/bacula-sd.conf
sed 's#/tmp/bacula/work#/var/lib/bacula#; s#/tmp/bacula#/run/bacula#' /tmp/bacula/sd.conf > $sd
cp $sd /tmp/sd.before
drop_in=/etc/systemd/system/bacula-sd.service.d/evertape.conf
ok "configured" evertape configure bacula --write
ok "with a drop-in" grep -q '^ExecStartPre=-.*/evertape wait .* lib1' $drop_in
ok "which systemd has read" eval '[[ $(systemctl show -P After bacula-sd) == *evertaped.service* ]]'

state() {
    systemctl show -P SubState bacula-sd
}
is_in() {
    [[ $(state) == "$1" ]]
}
say "as at a boot: neither evertaped nor a device is there"
systemctl stop evertaped
for device in changer drive1 drive2; do model pull $device > /dev/null; done
systemctl start --no-block bacula-sd
ok "evertaped is started for it" wait_until 20 systemctl -q is-active evertaped
ok "it waits for its devices" wait_until 20 pgrep -u bacula -f 'evertape wait'
ok "before it starts" is_in start-pre
for device in drive2 changer drive1; do model return $device > /dev/null; done
ok "it starts when they are there" wait_until 40 is_in running
held() {
    [[ $(field STATE lib1-drive1) == held && $(field STATE lib1-drive2) == held && $(field STATE lib1) == held ]]
}
ok "which they are" held

say "one does not come"
systemctl stop bacula-sd
model pull drive2 > /dev/null
ok "away" wait_until 10 is_state away lib1-drive2
uptime_ms
began=$REPLY
systemctl start --no-block bacula-sd
ok "it starts all the same" wait_until 100 is_in running
uptime_ms
say "after $(((REPLY - began) / 1000)) s"
ok "after a minute" test $((REPLY - began)) -gt 58000
model return drive2 > /dev/null
systemctl stop bacula-sd
ok "--remove" evertape configure bacula --remove
ok "restores the bytes" cmp $sd /tmp/sd.before
ok "systemd knows of no drop-in" eval '[[ $(systemctl show -P DropInPaths bacula-sd) != *evertape.conf* ]]'
journalctl --no-pager > "$LAB_OUT/journal"
lab_done
