# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 896M -t 300
# A Bacula job, a boot, and the next job, which appends to the same cartridge with the configuration untouched. What a boot
# leaves is: other numbers, no udev database, no links, nothing in /run. (The order of services at a boot: bacula-boot.)

bacula_held "--slots 5 --tapes 3 --capacity 100M --buffer 16" 12 3 || lab_done
bacula 'run job=Save yes' > /tmp/run
ok "a job" bacula_ends_ok 1

say "the machine is booted"
node_of() {
    readlink -f /dev/tape/by-name/lib1-drive1-nst
}
node=$(node_of)
pkill -x bacula-sd
ok "Bacula ends" wait_until 20 not pgrep -x bacula-sd
ok "evertaped ends" evertaped_stop_for_good
for device in changer drive1 drive2; do model pull $device > /dev/null; done
udevadm settle
udevadm control --exit
rm -rf /run/udev/data /run/udev/links /run/udev/tags /dev/tape /run/evertape
lab_udev
ok "evertaped starts without a device" evertaped_start
evertape wait --timeout 60s lib1 lib1-drive1 lib1-drive2 &
waits=$!
for device in drive2 drive1 changer; do model return $device > /dev/null; done
ok "and holds them when they come" wait $waits
ok "under another node" test "$(node_of)" != "$node"
bacula-sd -c /tmp/bacula/sd.conf
bacula 'run job=Save yes' > /tmp/run
ok "the next job" bacula_ends_ok 2
same "on the same cartridge" 1 "$(bacula_volumes 1 2)"

say "restores"
for job in 1 2; do
    ok "job $job byte for byte" bacula_restores $job
done
bacula_held_done
