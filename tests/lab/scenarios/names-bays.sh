# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2217
# lab: -t 240
# Who has the links by id and may open the real nodes; held drives that are replaced in their bays, idle and in use; names
# that people change while programs use them.

hold_model "--drives 2 --slots 4 --tapes 2 --capacity 20M" MDLDRV01 MDLLIB01 || lab_done

is_device() { # SERIAL NAME: the held LUN of that name says that it is this one
    [[ $(held_by_serial "$1" nst) -ef /dev/tape/by-name/$2-nst ]]
}
replace_in_bay() { # DRIVE SERIAL
    model pull "$1" && model swap-serial "$1" "$2" && model return "$1"
}

# open_it: a program has the drive open; its pid is in user. udev opens every node that comes, and st lets in one at a
# time.
open_it() {
    udevadm settle --timeout=60
    sleep 100 < /dev/tape/by-name/lib1-drive1-nst &
    user=$!
    wait_until 20 has_open "$user"
}
has_open() {
    [[ $(readlink "/proc/$1/fd/0") == /dev/nst* ]]
}

# Each link in by-id leads to a held LUN, but for those of the drive that is not held; and there are some.
by_id_is_held() {
    local link n=0
    local -A right=()
    right[$(held_by_serial MDLLIB01 sg)]=1
    for link in st nst; do
        right[$(held_by_serial MDLDRV01 $link)]=1
        right[$(by_serial MDLDRV02 $link)]=1
    done
    for link in /dev/tape/by-id/*; do
        [[ ${right[$(readlink -f "$link")]} ]] || { ls -l "$link"; return 1; }
        n=$((n + 1))
    done
    [[ /dev/tape/by-id/scsi-MDLDRV01-nst -ef $(held_by_serial MDLDRV01 nst) &&
        /dev/tape/by-id/scsi-MDLLIB01 -ef $(held_by_serial MDLLIB01 sg) ]] && ((n == 11))
}
# Each node of the real device that there is.
roots_alone() {
    local node
    for node in $(by_serial "$1" sg) $(by_serial "$1" st) $(by_serial "$1" nst) $(by_serial "$1" sch); do
        [[ $(stat -c '%U %a' "$node") == 'root 600' ]] || { ls -l "$node"; return 1; }
    done
}

say "links and rights"
udevadm settle
ok "links by id are the held devices'" by_id_is_held
ok "the real drive is root's alone" roots_alone MDLDRV01
ok "and the real changer" roots_alone MDLLIB01
ok "both go and come back" eval 'model pull drive1 && model pull changer && model return changer && model return drive1'
udevadm settle
ok "links by id are still the held devices'" by_id_is_held
ok "the real drive is still root's alone" roots_alone MDLDRV01
ok "and the real changer" roots_alone MDLLIB01
wait_until 20 is_state held lib1-drive1
wait_until 20 is_state held lib1

say "a held drive is replaced"
udevadm settle
ok "the bay's name" is_device MDLDRV01 lib1-drive1
ok "replaced" replace_in_bay drive1 NEWDRV01
ok "it is held anew" wait_until 30 is_device NEWDRV01 lib1-drive1
ok "and works" wait_until 10 mt -f /dev/tape/by-name/lib1-drive1-nst status
ok "the history says so" prints 'lib1-drive1 +replaced +serial number NEWDRV01, before MDLDRV01' evertape history lib1-drive1
ok "the library says the same drive" prints 'NEWDRV01' sg_raw -r 4096 /dev/tape/by-name/lib1-changer \
    b8 04 00 00 ff ff 01 00 10 00 00 00

say "while a program has it open"
open_it
ok "replaced" replace_in_bay drive1 NEWDRV02
ok "it is said what it waits for" wait_until 20 prints 'its drive was replaced.*NEWDRV02.*sleep' \
    evertape list -o REASON lib1-drive1
kill "$user"
wait "$user"
ok "then it is held anew" wait_until 30 is_device NEWDRV02 lib1-drive1

say "other names"
open_it
ok "rename while it is in use" evertape rename lib1-drive1 left
udevadm settle
ok "the link has the name" is_device NEWDRV02 left
ok "and the old one is gone" not test -L /dev/tape/by-name/lib1-drive1-nst
ok "a name of another device" fails_saying "is or was the name of another" evertape rename left lib1-drive2
ok "a path" fails_saying "can be no name" evertape rename left ../left
ok "by the former name there is a history" prints 'renamed' evertape history lib1-drive1
kill "$user"
wait "$user"
ok "what is there is not forgotten" fails_saying 'is there' evertape forget lib1-drive2
ok "what is held neither" fails_saying 'is held' evertape forget left
ok "all names as text" evertape names export /tmp/names
ok "an import of it changes nothing" prints 'left: is there' evertape names import /tmp/names

say "stand-alone, and replaced by hand"
ok "release" evertape release --all
model pull changer
wait_until 10 is_state absent lib1
replace_in_bay drive2 NEWDRV03
ok "a new drive without its library has a name of its own" wait_until 10 prints '^drive1 .*NEWDRV03' evertape list
ok "it gets the other one's" evertape replace lib1-drive2 --with NEWDRV03
same "so" NEWDRV03 "$(field SERIAL lib1-drive2)"
ok "its own is reserved" fails_saying 'is or was the name' evertape rename left drive1
ok "and free when forgotten" evertape forget drive1
ok "for whom one likes" evertape rename left drive1
model return changer
ok "the library agrees" wait_until 10 is_state present lib1
udevadm settle
[[ $(by_serial NEWDRV03 nst) -ef /dev/tape/by-name/lib1-drive2-nst ]]
same "links" 0 $?
lab_done
