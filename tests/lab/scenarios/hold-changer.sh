# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M
# A held media changer: it moves cartridges while it goes away, with the MOVE MEDIUM carried out and its answer lost,
# not carried out, and stopped with the cartridge in the picker. Then changer and drive together.

hold_model "--drives 2 --slots 6 --tapes 4 --capacity 60M --buffer 16" MDLLIB01 MDLDRV01 || lab_done
lib=$(held_by_serial MDLLIB01 sg) nst=$(held_by_serial MDLDRV01 nst)
say "held: $lib $(held_by_serial MDLLIB01 sch) $nst"

# inventory TEXT...: what mtx says holds every TEXT.
inventory() {
    local text
    mtx -f "$lib" status > /tmp/inventory || return
    for text; do
        grep -qF "$text" /tmp/inventory || { cat /tmp/inventory; return 1; }
    done
}
in_drive='Data Transfer Element 0:Full (Storage Element 1 Loaded):VolumeTag = T00001L7'
in_slot='Storage Element 1:Full :VolumeTag=T00001L7'

ok "inventory" inventory "$in_drive" 'Storage Element 2:Full :VolumeTag=T00002L7'
ok "unload" mtx -f "$lib" unload 1 0
ok "it is in its slot" inventory 'Data Transfer Element 0:Empty' "$in_slot"

say "away between two commands"
away() {
    model pull changer && wait_until 5 is_state away lib1
}
ok "pull" away
mtx -f "$lib" load 1 0 > /tmp/mtx 2>&1 &
mtx=$!
pause 1
ok "mtx waits" kill -0 "$mtx"
ok "return" model return changer
ok "mtx loads" wait "$mtx"
ok "it is in the drive" inventory "$in_drive"

ok "an error of the library's own comes through" fails_saying 'Illegal Request|ource' mtx -f "$lib" load 1 1

say "away in a MOVE MEDIUM"
# Element addresses of the model: slots from 400h, drives from 100h.
slot='04 00' drive='01 00'

# moves FROM TO [executed]: MOVE MEDIUM by hand, so that it is the command in flight when the cut comes.
moves() {
    local move
    model hold changer a5 > /dev/null
    # shellcheck disable=SC2086
    sg_raw "$lib" a5 00 00 00 $1 $2 00 00 00 00 > /tmp/moved 2>&1 &
    move=$!
    wait_until 10 in_flight changer && model pull changer ${3:+"$3"} && wait_until 5 is_state away lib1 || return
    model return changer
    wait "$move" && return
    cat /tmp/moved
    return 1
}

# Its answer is lost: it must not be sent again, which would fail because the slot is full.
ok "carried out" moves "$drive" "$slot" executed
ok "it is in its slot" inventory 'Data Transfer Element 0:Empty' "$in_slot"
ok "not carried out" moves "$slot" "$drive"
ok "it is in the drive" inventory "$in_drive"
model drop changer > /dev/null
ok "stopped with the cartridge in the picker" moves "$drive" "$slot" executed
ok "it is in its slot" inventory 'Data Transfer Element 0:Empty' "$in_slot"
# Impossible from the start, and it looks like one that was done: the library has to say what it is.
ok "load" mtx -f "$lib" load 2 0
ok "an impossible one is refused" fails_saying 'source element empty|Illegal' moves '04 05' "$drive"
ok "unload" mtx -f "$lib" unload 2 0
same "an outage each" 5 "$(field OUTAGES lib1)"

say "reset"
model reset changer
ok "mtx loads" mtx -f "$lib" load 1 0
ok "it is in the drive" inventory "$in_drive"

say "changer and drive at once"
head -c 6M /dev/urandom > /tmp/data
mt -f "$nst" rewind
fed dd "of=$nst" bs=64k iflag=fullblock status=none
feed /tmp/data 3
model pull changer && model pull drive1 && wait_until 5 is_state away lib1-drive1
mtx -f "$lib" transfer 2 5 > /tmp/mtx 2>&1 &
mtx=$!
model return drive1 changer
ok "dd ends well" feed_end /tmp/data
ok "mtx ends well" wait "$mtx"
ok "the moved one is there" inventory "$in_drive" 'Storage Element 2:Empty' 'Storage Element 5:Full :VolumeTag=T00002L7'
ok "what dd wrote is on the tape once" on_tape T00001L7 /tmp/data 96 1
ok "offline" mt -f "$nst" offline
ok "unload" mtx -f "$lib" unload 1 0
ok "load another" mtx -f "$lib" load 3 0
ok "the drive has it" prints 'DR_OPEN|ONLINE' mt -f "$nst" status
ok "and writes to it" dd if=/tmp/data "of=$nst" bs=64k status=none
ok "the first is as it was" on_tape T00001L7 /tmp/data 96 1
ok "and so is the other" on_tape T00003L7 /tmp/data 96 1

say "moved without offline, as by a library that unloads drives itself"
ok "unload and load" eval 'mtx -f "$lib" unload 3 0 && mtx -f "$lib" load 4 0'
ok "who opens the drive is at the beginning of the new one" dd if=/tmp/data "of=$nst" bs=64k status=none
ok "on it" on_tape T00004L7 /tmp/data 96 1
ok "the former one is as it was" on_tape T00003L7 /tmp/data 96 1
ok "nothing has failed" not evertaped_said '^lib1[^:]*: failed:'
exec {tape}<> "$nst"
ok "unload and load under a program that has the drive open" eval 'mtx -f "$lib" unload 4 0 && mtx -f "$lib" load 1 0'
# st may tell of the first block with the second
goes_on() {
    dd if=/tmp/data bs=64k count=2 status=none 1>&"$tape"
}
ok "it gets an error" not goes_on
ok "and another one" not goes_on
{ exec {tape}>&-; } 2> /dev/null
ok "and nothing is written" on_tape T00001L7 /tmp/data 96 1
ok "this is a failure" evertaped_said 'failed: another cartridge is in the drive'
evertape status
lab_done
