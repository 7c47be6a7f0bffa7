# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -s -m 768M -t 400
# Every row of docs/LIVE.md, under systemd with the service as it is installed: while a program keeps a drive open and writes to
# it from time to time, and an archive is written to another drive. Both go on after each row, and everything is on tape once.

hold_model "--drives 3 --slots 6 --tapes 3 --capacity 100M" MDLDRV01 MDLDRV02 MDLLIB01 || lab_done
by_name=/dev/tape/by-name
wait_until 20 test -e $by_name/lib1-changer -a -e $by_name/lib1-drive2-nst
ok "a cartridge in the second drive" mtx -f $by_name/lib1-changer load 2 1
head -c 24M /dev/urandom > /tmp/random
tar -b 128 -C /tmp -cf /tmp/archive random
head -c 64K /dev/urandom > /tmp/block

udevadm settle --timeout=60
exec {handle}> $by_name/lib1-drive1-nst
keep_open() { # once more by the same handle
    dd if=/tmp/block bs=64k status=none >&"$handle" && cat /tmp/block >> /tmp/blocks
}
fed dd of=$by_name/lib1-drive2-nst bs=64k iflag=fullblock status=none
goes_on() {
    keep_open && feed /tmp/archive 1
}
n_rows=0
# row TEXT COMMAND...: TEXT is the first column of the document.
row() {
    local text=$1
    shift
    n_rows=$((n_rows + 1))
    grep -qF "| $text |" "$LAB_TOP/docs/LIVE.md" || { ok "docs/LIVE.md has: $text" false; return; }
    ok "$text" "$@"
    ok "    both go on" goes_on
}
ok "a program and an archive" goes_on

row "hold another device" evertape hold MDLDRV03
row "release another device" evertape release MDLDRV03
row "rename a device" evertape rename lib1-drive1 main
udevadm settle
ok "    the link has the name" test -e $by_name/main-nst -a ! -e $by_name/lib1-drive1-nst
evertape rename main lib1-drive1

reload() {
    evertape_config '[Hold]' 'Journal=32M' 'Timeout=20min' && systemctl reload evertaped
}
row "change evertape.conf, \`systemctl reload evertaped\`" reload
row "new udev rules: \`udevadm control --reload\`, \`udevadm trigger\`" eval \
    'udevadm control --reload && udevadm trigger --action=change --subsystem-match=scsi_tape --subsystem-match=scsi_generic --settle'
row "\`systemctl restart evertaped\`, upgrade of the package" evertaped_restart
row "evertaped is killed" evertaped_crash

# SIGSTOP is a loop that does not turn. Others that are well are not ended: that is the rest of this scenario.
hangs() {
    local pid dropin=/run/systemd/system/evertaped.service.d
    mkdir -p $dropin
    printf '[Service]\nWatchdogSec=6s\n' > $dropin/50-lab.conf
    systemctl daemon-reload && evertaped_restart || return
    pid=$(evertaped_pid)
    kill -STOP "$pid"
    feed_aside /tmp/archive 1
    wait_until 30 eval '[[ $(evertaped_pid) != 0 && $(evertaped_pid) != '"$pid"' ]]' && wait_until 10 evertaped_is_ready || return
    wait "$_feed_pid"
    _feed_pid=
    wait_until 5 prints 'evertaped.service: Watchdog timeout' journalctl --output=cat # systemd's log goes to the kernel's here
}
row "evertaped hangs" hangs

# pull takes the SCSI host of a device away, and return makes a new one.
hosts() {
    local h
    for h in /sys/class/scsi_host/host*; do [[ -e $h ]] && echo "${h##*/}"; done
}
adapter() {
    local before device
    before=$(hosts)
    for device in changer drive1 drive2; do model pull $device > /dev/null || return; done
    wait_until 10 is_state away lib1-drive2 || return
    [[ $(hosts) != "$before" ]] || return
    feed_aside /tmp/archive 1
    pause 2
    kill -0 "$_feed_pid" || { echo "the archive did not wait"; return 1; }
    for device in drive2 drive1 changer; do model return $device > /dev/null || return; done
    wait "$_feed_pid"
    _feed_pid=
    wait_until 20 is_state held lib1-drive1 && wait_until 20 is_state held lib1
}
row "the module of the host adapter is loaded anew" adapter

firmware() {
    local mtx device
    for device in changer drive1 drive2; do model pull $device > /dev/null || return; done
    wait_until 10 is_state away lib1 || return
    mtx -f $by_name/lib1-changer transfer 3 4 &
    mtx=$!
    pause 20
    kill -0 $mtx || { echo "mtx did not wait"; return 1; }
    for device in changer drive1 drive2; do model return $device > /dev/null || return; done
    wait $mtx
}
row "the library updates its firmware" firmware

ok "hold another device" evertape hold MDLDRV03
wait_until 20 test -e $by_name/lib1-drive3-nst
udevadm settle --timeout=60
sleep 200 < $by_name/lib1-drive3-sg &
user=$!
replaced_in_use() {
    model pull drive3 && model swap-serial drive3 NEWDRV03 && model return drive3 &&
        wait_until 20 prints 'its drive was replaced.*NEWDRV03.*sleep' evertape list -o REASON lib1-drive3
}
row "a drive is replaced in its bay, and a program has it open" replaced_in_use
kill $user
wait $user 2> /dev/null
is_new() {
    [[ $(field STATE,SERIAL lib1-drive3) == "held NEWDRV03" ]]
}
ok "    when it is closed the new one is held" wait_until 30 is_new
replaced_idle() {
    model pull drive3 && model swap-serial drive3 NEWDRV04 && model return drive3 &&
        wait_until 30 eval '[[ $(field STATE,SERIAL lib1-drive3) == "held NEWDRV04" ]]'
}
row "a drive is replaced in its bay, and nobody has it open" replaced_idle

say "what is on tape"
exec {handle}>&-
ok "the archive ends well" feed_end /tmp/archive
on_first() {
    on_tape T00001L7 /tmp/blocks $(($(stat -c %s /tmp/blocks) / 65536)) 1
}
ok "each block of the first program, once" on_first
ok "the archive" on_tape T00002L7 /tmp/archive $(($(stat -c %s /tmp/archive) / 65536)) 1
ok "nothing has failed" not evertaped_said '^lib1[^:]*: failed:'
ok "every row of the document was here" test "$(grep -c '^| [^|]* | \(nothing\|that program\)' "$LAB_TOP/docs/LIVE.md")" = "$n_rows"
journalctl --no-pager > "$LAB_OUT/journal"
lab_done
