# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M -t 180
# What is refused and what goes wrong: each message says what happened, to which device, and what to do about it.

lab_udev
lab_dbus
evertaped=$EVERTAPED

say "no daemon"
ok "evertape list" fails_saying 'evertaped is not running; start it with: systemctl start evertaped' evertape list
ok "evertape hold" fails_saying 'evertaped is not running' evertape hold drive1
ok "evertaped, not as root" fails_saying 'must run as root' setpriv --reuid=65534 --clear-groups "$evertaped"
ok "evertaped, a wrong option" fails_saying 'unrecognized option' "$evertaped" --nonsense
ok "evertaped, an argument" fails_saying 'no argument "drive1"' "$evertaped" drive1

say "configuration"
conf=/tmp/evertape.conf
# refuses PATTERN LINE...: --check-config fails and says which file, section, key and why.
refuses() {
    local pattern=$1
    shift
    printf '%s\n' "$@" > "$conf"
    fails_saying "$conf.*$pattern" "$evertaped" --config "$conf" --check-config
}
printf '%s\n' '# all of it' '[Hold]' 'Timeout=15min' 'Journal=1G' '[Device "drive1"]' 'Timeout=infinity' > "$conf"
ok "a right one" "$evertaped" --config "$conf" --check-config
ok "none at all" "$evertaped" --config /tmp/none.conf --check-config
ok "a span that is none" refuses '\[Hold\] Timeout=soon: not a span of time such as' '[Hold]' Timeout=soon
ok "a span of nothing" refuses '\[Hold\] Timeout=0: ' '[Hold]' Timeout=0
ok "a negative span" refuses '\[Hold\] Timeout=-5s: ' '[Hold]' Timeout=-5s
ok "a size that is none" refuses '\[Hold\] Journal=large: not a size such as' '[Hold]' Journal=large
ok "too small" refuses 'Journal=1M: must be from 4M to 64G' '[Hold]' Journal=1M
ok "too large" refuses 'Journal=1000T: must be from' '[Hold]' Journal=1000T
ok "more than a number can be" refuses 'Journal=' '[Hold]' Journal=99999999999999999999
ok "an unknown key" refuses '\[Hold\] Timout=5s: unknown key' '[Hold]' Timout=5s
ok "an unknown section" refuses '\[Holt\] Timeout=5s: unknown section' '[Holt]' Timeout=5s
ok "a key that is for all devices only" refuses 'Journal=8M: unknown key' '[Device "drive1"]' Journal=8M
ok "no assignment" refuses ':2: neither a section nor Key=Value' '[Hold]' 'Timeout'
mkdir "$conf.d"
printf '[Hold]\nTimeout=never\n' > "$conf.d/50-site.conf"
ok "in a drop-in, whose name is said" refuses 'd/50-site.conf:2: \[Hold\] Timeout=never' '[Hold]'

say "kernel modules"
vlib_up 1 1 20 || lab_done
printf 'install target_core_user /bin/false\ninstall tcm_loop /bin/false\n' > /etc/modprobe.d/lab.conf
evertape_config '[Hold]' Journal=32M '[Device "lib2-drive1"]' Timeout=3s
ok "evertaped starts all the same" evertaped_start
ok "it sees the drive" wait_until 5 prints DRV0001 evertape list
modules='drive1: Cannot load kernel module (MODULE).*the kernel needs modules target_core_user and tcm_loop.*install'
ok "hold without target_core_user" fails_saying "${modules/MODULE/target_core_user}" evertape hold DRV0001
same "it is not held" present "$(field STATE DRV0001)"
echo 'install tcm_loop /bin/false' > /etc/modprobe.d/lab.conf
ok "hold without tcm_loop" fails_saying "${modules/MODULE/tcm_loop}" evertape hold DRV0001
same "it is not held either" present "$(field STATE DRV0001)"
rm /etc/modprobe.d/lab.conf
ok "the real drive can still be opened" wait_until 5 sg_inq "$(by_serial DRV0001 sg)"
pull
ok "a drive that is not there" fails_saying 'drive1 \(serial number DRV0001\): is not there now; hold it when' \
    evertape hold drive1

say "names and users"
model_up --drives 2 --capacity 60M || lab_done
mtx -f "$(by_serial MDLLIB01 sg)" load 1 0 > /dev/null
ok "evertaped names what has come" wait_until 5 prints '^lib2-drive1 .*MDLDRV01' evertape list
ok "unknown" fails_saying 'drive9: no such device; `evertape list` shows' evertape hold drive9
ok "strange" fails_saying 'no such device' evertape hold $'drive1\n\e[31m'
ok "no name" fails_saying 'give either the NAMEs of devices or --all' evertape hold
ok "unknown verb" fails_saying "unknown verb 'hodl'" evertape hodl lib2-drive1
ok "release of what is not held" prints 'lib2-drive1: .*not held' evertape release lib2-drive1
ok "everybody may look" setpriv --reuid=65534 --clear-groups evertape list
ok "and not hold" fails_saying 'run it as root' setpriv --reuid=65534 --clear-groups evertape hold lib2-drive1
ok "a second evertaped" fails_saying "is running already \(pid $(evertaped_pid)\)" "$evertaped"
real=$(by_serial MDLDRV01 nst)
udevadm settle --timeout=60 # it opens every node that comes, and st lets in one at a time
sleep 100 < "$real" &
user=$!
wait_until 5 test -e "/proc/$user/fd/0"
ok "in use" fails_saying "lib2-drive1: nst[0-9]+ is in use by (sleep|bash|main) \(pid $user\); hold it when it has finished" \
    evertape hold lib2-drive1
kill "$user"
wait "$user"
model pull changer && model swap-serial changer MDLDRV02 && model return changer
ok "a serial number that two devices have" wait_until 5 \
    fails_saying 'MDLDRV02: several devices are called so; use the name' evertape hold MDLDRV02

say "held"
ok "hold" evertape hold lib2-drive1
ok "twice is no failure" prints 'lib2-drive1: .*already' evertape hold lib2-drive1
nst=$(held_by_serial MDLDRV01 nst) sg=$(by_serial MDLDRV01 sg)
ok "the real drive has no st node" not by_serial MDLDRV01 nst
ok "its sg node is busy" fails_saying 'busy' dd "if=$sg" iflag=nonblock count=1
ok "the held one works" mt -f "$nst" status
udevadm settle --timeout=60
sleep 100 < "$nst" &
user=$!
wait_until 5 test -e "/proc/$user/fd/0"
ok "release while in use" fails_saying "lib2-drive1: .* is in use by .* \(pid $user\); release it when" evertape release lib2-drive1
kill "$user"
wait "$user"
evertaped_stop
ok "a program may go on asking" fails_saying 'not running' evertape status
ok "start again" evertaped_start
ok "the hold is remembered" wait_until 10 is_state held lib2-drive1
same "with the same node" "$nst" "$(held_by_serial MDLDRV01 nst)"

is_real() {
    [[ $(field REAL "$1") ]]
}

say "a drive that does not come back in 3 s"
head -c 4M /dev/urandom > /tmp/data
mt -f "$nst" rewind
exec 9> "$nst"
writes_on() {
    LC_ALL=C dd if=/tmp/data bs=64k status=none >&9
}
ok "a program writes" writes_on
model pull drive1
ok "gets an error" fails_saying 'Input/output error' writes_on
evertape status lib2-drive1
ok "evertape says why" prints 'failed.*did not come back within 3s' evertape status -o NAME,STATE,REASON lib2-drive1
uptime_ms
begun=$REPLY
ok "a program that goes on gets it again" fails_saying 'Input/output error' writes_on
uptime_ms
ok "at once" test $((REPLY - begun)) -lt 2000
model return drive1
ok "it comes back" wait_until 10 is_real lib2-drive1
ok "what depends on the position still fails" fails_saying 'Input/output error' writes_on
{ exec 9>&-; } 2> /dev/null # st has a filemark to write, and says that it cannot
ok "until the program rewinds" mt -f "$nst" rewind
ok "then it writes" dd if=/tmp/data "of=$nst" bs=64k status=none
ok "all is there" on_tape T00001L7 /tmp/data 64 1
same "state" held "$(field STATE lib2-drive1)"

say "another drive comes back in its place"
evertape_config '[Hold]' Journal=32M
evertaped_stop
evertaped_start
ok "held" wait_until 10 is_state held lib2-drive1
mt -f "$nst" rewind
fed dd "of=$nst" bs=64k iflag=fullblock status=none
feed /tmp/data 2
model pull drive1 && model swap-serial drive1 STRANGER && model return drive1
ok "it has a name of its own" wait_until 10 prints STRANGER evertape list
pause 1
ok "the program waits" kill -0 "$_fed_pid"
same "away" away "$(field STATE lib2-drive1)"
model pull drive1 && model swap-serial drive1 MDLDRV01 && model return drive1
ok "the right one comes, and the program ends well" feed_end /tmp/data
ok "on the tape once" on_tape T00001L7 /tmp/data 64 1
# The kernel does not notice if another one answers at the same address: evertaped asks.
mt -f "$nst" rewind
fed dd "of=$nst" bs=64k iflag=fullblock status=none
feed /tmp/data 2
model offline drive1
feed_aside /tmp/data 1
ok "it is noticed" wait_until 10 is_state resuming lib2-drive1
model swap-serial drive1 STRANGER
model online drive1
ok "it is refused" wait_until 20 evertaped_said 'lib2-drive1: wrong-device: .*STRANGER'
ok "the program waits" kill -0 "$_fed_pid"
model swap-serial drive1 MDLDRV01
ok "the right one comes, and the program ends well" feed_end /tmp/data
ok "on the tape once" on_tape T00001L7 /tmp/data 64 1

say "release"
ok "release" evertape release lib2-drive1
ok "the real node is back" wait_until 10 by_serial MDLDRV01 nst
ok "and works" mt -f "$(by_serial MDLDRV01 nst)" status
ok "there is no held one" not held_by_serial MDLDRV01 sg
same "state" present "$(field STATE lib2-drive1)"
evertaped_stop
evertaped_start
same "and it stays so" present "$(field STATE lib2-drive1)"
lab_done
