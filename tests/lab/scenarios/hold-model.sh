# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M
# The model's drives, held, through every loss it can play. The model's own dump says that each block is on the
# tape exactly once; the programs see no error.

hold_model "--drives 2 --capacity 120M --buffer 16" MDLDRV01 MDLDRV02 || lab_done
nst=$(held_by_serial MDLDRV01 nst) nst2=$(held_by_serial MDLDRV02 nst)
say "held: $nst $nst2"
head -c 6M /dev/urandom > /tmp/data
n_outages=0

# survives TEXT EVENT...: dd writes 6 MiB in blocks of 64 KiB; in the middle EVENT happens to drive1. Then the tape
# is judged and read back.
survives() {
    local text=$1
    shift
    say "$text"
    mt -f "$nst" rewind
    fed dd "of=$nst" bs=64k iflag=fullblock status=none
    feed /tmp/data 3
    ok "$text: it happens" "$@"
    ok "$text: dd ends well" feed_end /tmp/data
    ok "$text: on the tape exactly once" on_tape T00001L7 /tmp/data 96 1
    mt -f "$nst" rewind
    ok "$text: dd reads" dd "if=$nst" of=/tmp/back bs=64k status=none
    same_sha "$text: read back" /tmp/data /tmp/back
    n_outages=$((n_outages + ${outages:-1}))
    same "$text: outages counted" "$n_outages" "$(field OUTAGES lib1-drive1)"
}

idle_cut() {
    model pull drive1
    wait_until 5 is_state away lib1-drive1 || return
    model return drive1
}

# cut_in_flight BLOCKS [executed]: by how many blocks the tape moved on before the cut is what makes the difference.
cut_in_flight() {
    local before after
    catch_in_flight drive1 /tmp/data || return
    before=$(model_position drive1)
    model pull drive1 ${2:+"$2"}
    after=$(model_position drive1)
    ((after == before + $1)) || { echo "the tape was at $before and is at $after"; return 1; }
    wait_until 5 is_state away lib1-drive1 || return
    model return drive1
}

cut_twice() {
    model pull drive1
    wait_until 5 is_state away lib1-drive1 || return
    model busy-ready drive1 6
    model return drive1
    wait_until 10 is_state resuming lib1-drive1 || return
    model pull drive1
    wait_until 5 is_state away lib1-drive1 || return
    model return drive1
}

slow_start() {
    model pull drive1
    model busy-ready drive1 3
    model return drive1
}

power_cycle() {
    model pull drive1
    model power-cycle drive1 5
    model return drive1
}

survives "cut while idle" idle_cut
survives "cut in a command that was carried out" cut_in_flight 1 executed
survives "cut in a command that was not" cut_in_flight 0
survives "reset" model reset drive1
survives "power cycle, 5 objects lost" power_cycle
# and what had not been sent yet
ok "the journal had them" evertaped_said \
    'lib1-drive1: resumed: .* ([5-9]|[1-9][0-9]+) objects written again, [0-9]+ compared'
survives "becoming ready" slow_start
survives "cut again during the resume" cut_twice

# A key and a reservation of the program's own, which the loss of power takes away.
set_key() {
    { printf '\0\020\0\060\100\0\002\002\001\0\0\0\0\0\0\0\0\0\0\040' && head -c 32 /tmp/data; } > /tmp/key
    sg_raw -s 52 -i /tmp/key "$sg" b5 20 00 10 00 00 00 00 00 34 00 00
}
sg=$(held_by_serial MDLDRV01 sg)
ok "a program sets an encryption key" set_key
ok "it registers" sg_persist --out --register --param-sark=abcd "$sg"
ok "it reserves the drive" sg_persist --out --reserve --param-rk=abcd --prout-type=3 "$sg"
survives "power cycle, with a key" power_cycle
ok "every block is encrypted" prints ' encrypted=96$' model dump T00001L7 /tmp/dump
ok "the reservation is held" prints 'Key=0xabcd' sg_persist --in --read-reservation "$sg"
ok "it is released" sg_persist --out --release --param-rk=abcd --prout-type=3 "$sg"
ok "the registration ends" sg_persist --out --register --param-rk=abcd --param-sark=0 "$sg"

# Both drives write, both are cut, and come back with each other's nodes.
swapped() {
    local tar
    mt -f "$nst" rewind
    real="$(field REAL lib1-drive1) $(field REAL lib1-drive2)"
    mtx -f "$(by_serial MDLLIB01 sg)" load 2 1 || return
    fed dd "of=$nst" bs=64k iflag=fullblock status=none
    feed /tmp/data 2
    model hold drive2
    tar -C /tmp -b 128 -cf "$nst2" data &
    tar=$!
    wait_until 10 in_flight drive2 && model pull drive1 && model pull drive2 || return
    wait_until 5 is_state away lib1-drive2
    model return drive2 drive1
    feed_end /tmp/data && wait "$tar"
}
ok "both cut, nodes swapped: dd and tar end well" swapped
same "drive2 was cut too" 1 "$(field OUTAGES lib1-drive2)"
same "the real nodes are swapped" "${real#* } ${real% *}" "$(field REAL lib1-drive1) $(field REAL lib1-drive2)"
same "those that programs have are not" "$nst $nst2" "$(held_by_serial MDLDRV01 nst) $(held_by_serial MDLDRV02 nst)"
ok "cartridge 1 has dd's" on_tape T00001L7 /tmp/data 96 1
mt -f "$nst2" rewind
ok "cartridge 2 has tar's" tar -C /tmp -b 128 -df "$nst2"
ok "once" prints 'ok blocks=97 filemarks=1 ' model dump T00002L7 /tmp/dump
evertape status
# What the drive takes is its own affair. About 40 ms by themselves; a guest has one processor, and udev has work.
say "$(resume_times)"
resume_is_fast() {
    local times
    times=$(resume_times) && echo "$times" && [[ $times =~ median\ ([0-9]+)\ ms ]] && ((BASH_REMATCH[1] < 100))
}
ok "half of the resumes took less than 100 ms beside the drive's own time" resume_is_fast
lab_done
