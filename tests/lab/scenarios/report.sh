# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -s -m 640M -t 200
# What happened last night? A backup, a drive that is lost with its buffer and comes back: `evertape history`, `evertape
# status` and `journalctl -x` tell it, and no more than that.

lab_udev
lab_dbus
model_up --drives 1 --slots 2 --tapes 1 --capacity 60M --buffer 16 || lab_done
mtx -f "$(by_serial MDLLIB01 sg)" load 1 0 > /dev/null
# The barcode, as a library tells it the drive: MAM attribute 0806h.
{ printf '\0\0\0\045\010\006\001\0\040T00001L7'; printf ' %.0s' {1..24}; } > /tmp/barcode
sg_raw -s 41 -i /tmp/barcode "$(by_serial MDLDRV01 sg)" 8d 00 00 00 00 00 00 00 00 00 00 00 00 29 00 00 2> /dev/null
# without a pipeline the program waits for the block that is with the drive
evertape_config '[Hold]' 'Journal=32M' 'Pipeline=no'
journalctl --update-catalog
ok "evertaped starts" evertaped_start
ok "hold" evertape hold MDLDRV01 MDLLIB01
nst=$(held_by_serial MDLDRV01 nst)
udevadm settle --timeout=60
head -c 8M /dev/urandom > /tmp/data
since=$(date '+%Y-%m-%d %H:%M:%S')
lines() {
    journalctl --unit=evertaped --output=cat | wc -l
}

say "a backup"
evertape status --follow --output NAME,STATE,CARTRIDGE,DOING lib1-drive1 > /tmp/follow 8>&- &
follow=$!
wait_until 10 test -s /tmp/follow
before=$(lines)
fed dd "of=$nst" bs=64k iflag=fullblock status=none
feed /tmp/data 4
same "its program" dd "$(field PROGRAM lib1-drive1)"
# shellcheck disable=SC2154
same "its process" "$_fed_pid" "$(field PID lib1-drive1)"
same "the cartridge" T00001L7 "$(field CARTRIDGE lib1-drive1)"
ok "MB/s" wait_until 5 eval '(($(field RATE lib1-drive1) > 0))'
ok "the journal has what is not known to be on the tape" test "$(field JOURNAL lib1-drive1)" -ge $((2 << 20))
same "a backup alone says nothing" 0 $(($(lines) - before))

say "an outage"
catch_in_flight drive1 /tmp/data
model pull drive1 executed > /dev/null
ok "away" wait_until 10 is_state away lib1-drive1
ok "commands wait" wait_until 10 eval '(($(field WAITING lib1-drive1) > 0))'
same "since" yes "$([[ $(field OUTAGE-BEGAN lib1-drive1) ]] && echo yes)"
script -qec "timeout -s INT 5 evertape wait --timeout 4s lib1-drive1" /tmp/waiting > /dev/null < /dev/null 8>&-
cp /tmp/waiting "$LAB_OUT/"
ok "who waits at a terminal sees why" grep -q 'lib1-drive1: away, the path' /tmp/waiting
model power-cycle drive1 5 > /dev/null
model return drive1 > /dev/null
ok "the backup ends without an error" feed_end /tmp/data
ok "held" wait_until 10 is_state held lib1-drive1
model hold drive1 01 > /dev/null
mt -f "$nst" rewind 8>&- &
rewind=$!
ok "a rewind takes its time" wait_until 10 eval '[[ $(field DOING lib1-drive1) == rewind*s ]]'
model unhold drive1 > /dev/null
wait $rewind
same "and is over" "" "$(field DOING lib1-drive1)"
mt -f "$nst" offline
ok "the cartridge is gone" test -z "$(field CARTRIDGE lib1-drive1)"

say "the next morning"
evertape history lib1-drive1 --since "$since" | tee /tmp/history
told() {
    grep -qE -- "$1" /tmp/history
}
ok "when and why it was away" told "lib1-drive1 +away +the path to the device is gone"
ok "how long, and what was written again" \
    told "resumed +after [0-9a-z ]+, ([5-9]|[1-9][0-9]+) objects written again, [0-9]+ compared"
ok "which cartridge it was" told "medium-removed +cartridge T00001L7, serial number .*, was taken out"
ok "in one line" told "^lib1-drive1: 1 outage survived, .* in all"
evertape history > /tmp/history
ok "when it was held" told "lib1-drive1 +hold +sg"
ok "as JSON" eval 'evertape history --json lib1-drive1 | python3 -c "import json, sys; assert any(e[\"event\"] == \"resumed\" for e in json.load(sys.stdin)[\"history\"])"'
evertape status
kill -INT $follow
ok "status --follow ends in good order" wait $follow
ok "it has seen all" eval 'grep -q "lib1-drive1 held T00001L7" /tmp/follow && grep -q "lib1-drive1 away" /tmp/follow'
cp /tmp/follow /tmp/waiting "$LAB_OUT/"
script -qec "timeout -s INT 3 evertape status --follow" /tmp/screen > /dev/null < /dev/null
ok "on a terminal it is drawn in place" grep -q $'\e\[H.*NAME.*\e\[K' /tmp/screen

journalctl --no-pager --catalog --unit=evertaped --since="$since" > "$LAB_OUT/journal"
in_journal() {
    grep -qE -- "$1" "$LAB_OUT/journal"
}
ok "the journal says what it means" in_journal 'Subject: lib1-drive1 is away'
ok "with the device's serial number" in_journal 'The path to the held device lib1-drive1 \(serial number MDLDRV01\) is'
ok "and what to do" in_journal 'evertape fail lib1-drive1. ends the wait'
ok "and that it is over" in_journal 'Subject: lib1-drive1 is back, and programs go on'
same "by its fields there is one" 1 "$(journalctl EVERTAPE_DEVICE=lib1-drive1 EVERTAPE_EVENT=resumed --output=cat | wc -l)"
ok "the field of its node" eval 'journalctl EVERTAPE_EVENT=resumed --output=verbose | grep -q "EVERTAPE_NODE=$nst"'
ok "an outage is a handful of lines" test $(($(lines) - before)) -le 8
journalctl --unit=evertaped --output=cat | tail -n 12
lab_done
