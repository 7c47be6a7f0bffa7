# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# lab: -t 300
# A registry that is cut off, spoilt, of a newer evertape, emptied, read-only or lost, under evertaped and before its start:
# what is held goes on, names stay, nothing is written to it, what is wrong is said; and all is there again.

hold_model "--drives 3 --slots 4 --tapes 2 --capacity 20M" MDLDRV01 MDLLIB01 || lab_done
registry=/var/lib/evertape/evertape.db
text=/var/lib/evertape/names.txt
tape=/dev/tape/by-name/lib1-drive1-nst

spoil() { # HOW
    case $1 in
        cut) head -c 10000 /tmp/good.db > "$registry" ;;
        spoilt) dd if=/dev/urandom of="$registry" bs=512 seek=8 count=200 conv=notrunc status=none ;;
        newer) python3 -c "import sqlite3; sqlite3.connect('$registry').execute('PRAGMA user_version = 99')" ;;
        text) echo "This is no registry." > "$registry" ;;
    esac
    cp "$registry" /tmp/spoilt.db
}

writes() {
    tar -cf "$tape" /usr/share/common-licenses
}

# The same names for the same devices as in the beginning.
names_are_right() {
    diff /tmp/names <(evertape list --raw --noheadings -o NAME,SERIAL)
}

# udev looks at a device of which nothing has changed.
link_stays() {
    local node
    node=$(by_serial MDLDRV02 nst)
    udevadm trigger --action=change "$node"
    udevadm settle
    [[ $node -ef /dev/tape/by-name/lib1-drive2-nst ]]
}

# As at a boot: udev knows nothing of the device.
link_comes() {
    local node id
    node=$(by_serial MDLDRV02 nst)
    id=$(< "/sys/class/scsi_tape/${node##*/}/dev")
    rm "/run/udev/data/c$id" /dev/tape/by-name/lib1-drive2-nst && link_stays
}

refused() {
    fails_saying "registry.*$1" evertape rename lib1-drive2 other &&
        fails_saying "registry.*$1" evertape hold lib1-drive2 && fails_saying "registry.*$1" evertape forget lib1-drive3
}

# A drive that comes now gets no name, and the log says why.
new_drive_is_nameless() {
    model pull drive3 && model swap-serial drive3 "$1" && model return drive3 &&
        wait_until 20 evertaped_said "gets no name|could not be noted" && not evertape show "$1"
}

udevadm settle
ok "a drive that will be replaced is known" wait_until 10 prints MDLDRV03 evertape list
model pull drive3
wait_until 10 prints 'absent' evertape list lib1-drive3
evertape list --raw --noheadings -o NAME,SERIAL > /tmp/names
ok "all names as text" evertape names export /tmp/export
wait_until 5 diff <(grep -v Seen= /tmp/export) <(grep -v Seen= "$text")
evertaped_stop
ok "everybody may read the registry" prints 'Device "lib1-drive1"' setpriv --reuid=nobody --clear-groups evertape names export
cp "$registry" /tmp/good.db
cp "$text" /tmp/good.txt

n=0
for how in cut spoilt newer text; do
    say "$how, at the start"
    n=$((n + 1))
    cp /tmp/good.db "$registry"
    spoil "$how"
    : > "$LAB_OUT/evertaped.log"
    ok "evertaped starts" evertaped_start
    ok "and says so" evertaped_said "$registry cannot be used: .*($([[ $how == newer ]] && echo newer || echo damaged))"
    ok "the held drive is held" wait_until 20 is_state held lib1-drive1
    ok "and works" writes
    ok "all names are there" names_are_right
    ok "list says so" prints 'see evertape doctor' evertape list
    ok "doctor says what to do" fails_saying 'restart evertaped' evertape doctor
    ok "no name is changed" refused 'be written to'
    ok "links stay" link_stays
    ok "and come" link_comes
    ok "nothing was written to it" cmp "$registry" /tmp/spoilt.db
    ok "nor to the text" cmp "$text" /tmp/good.txt
    evertaped_stop
done

# What SQLite has in its memory it goes on with, until it reads what is spoilt.
say "while evertaped runs"
for how in cut spoilt newer; do
    cp /tmp/good.db "$registry"
    : > "$LAB_OUT/evertaped.log"
    ok "evertaped starts" evertaped_start
    wait_until 20 is_state held lib1-drive1
    spoil "$how"
    ok "$how: the held drive works" writes
    ok "all names are there" names_are_right
    ok "links stay" link_stays
    ok "and in the text" diff <(grep -v Seen= /tmp/export) <(grep -v Seen= "$text")
    evertaped_restart
    ok "the next one starts too" wait_until 20 is_state held lib1-drive1
    ok "with the names" names_are_right
    evertaped_stop
done

say "read-only"
cp /tmp/good.db "$registry"
: > "$LAB_OUT/evertaped.log"
evertaped_start
wait_until 20 is_state held lib1-drive1
mount --bind /var/lib/evertape /var/lib/evertape
mount -o remount,bind,ro /var/lib/evertape
ok "the held drive works" writes
ok "all names are there" names_are_right
ok "links stay" link_stays
ok "no name is changed" refused 'be written to'
ok "a new drive has none" new_drive_is_nameless NEWDRV01
ok "doctor says so" fails_saying 'read-only' evertape doctor
evertaped_restart
ok "at the start too" wait_until 20 is_state held lib1-drive1
ok "it works" writes
model pull drive3
evertaped_stop
umount /var/lib/evertape

say "lost"
for how in gone emptied; do
    cp /tmp/good.db "$registry"
    if [[ $how == gone ]]; then rm "$registry"; else : > "$registry"; fi
    ok "$how: evertaped starts" evertaped_start
    ok "all names are there" names_are_right
    ok "the held drive is held" wait_until 20 is_state held lib1-drive1
    evertaped_stop
done

say "brought back by hand"
rm "$registry"
rm "$text"
ok "import of the last export" prints 'lib1-drive1: added' evertape names import /tmp/export
ok "evertaped starts" evertaped_start
ok "all names are there" names_are_right
ok "the held drive is held" wait_until 20 is_state held lib1-drive1
ok "and works" writes
ok "the export is the same" diff <(grep -v Seen= /tmp/export) <(evertape names export | grep -v Seen=)
lab_done
