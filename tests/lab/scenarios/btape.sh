# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M -t 300
# Bacula's own test of a drive and a changer, `btape test` and `btape autochanger`: on the drive itself and on the same drive
# when it is held. Both say the same, word for word.

lab_udev
lab_dbus
model_up --drives 2 --slots 5 --tapes 3 --capacity 100M || lab_done
evertape_config '[Hold]' 'Journal=32M'

# What it says, without what is another one each time: nodes and times.
plain() {
    sed -E 's,/dev/[a-z/0-9-]+,NODE,g; s/[0-9]{2}-[A-Z][a-z]{2} [0-9:]{5}(:[0-9]{2})?/TIME/g; s/(Elapsed|elapsed|Rate|rate|speed)[^,]*/\1/g' "$1"
}
tested() { # NAME: `btape test` on the cartridge in slot 1, and `btape autochanger`
    mtx -f "$changer" load 1 0 > /dev/null
    btape test y quit > "$LAB_OUT/$1-test.log" || return
    mt -f "$nst" offline
    mtx -f "$changer" unload 1 0 > /dev/null
    mtx -f "$changer" load 1 0 > /dev/null
    btape autochanger y quit > "$LAB_OUT/$1-autochanger.log" || return
    mt -f "$nst" offline
    mtx -f "$changer" unload 1 0 > /dev/null
}

say "the drive itself"
nst=$(by_serial MDLDRV01 nst) changer=$(by_serial MDLLIB01 sg)
bacula_conf "$nst" "$(by_serial MDLDRV02 nst)" "$changer" "Maximum Block Size = 4096"
ok "tested" tested direct

say "held"
evertaped_start || lab_done
ok "held" evertape hold MDLDRV01 MDLDRV02 MDLLIB01
wait_until 10 test -e /dev/tape/by-name/lib1-changer
ok "configured" evertape configure bacula --config /tmp/bacula/sd.conf --write
nst=/dev/tape/by-name/lib1-drive1-nst changer=/dev/tape/by-name/lib1-changer
wait_until 10 test -e $nst
udevadm settle --timeout=60 # the links of the real devices go when those of the held ones are there
ok "tested" tested held
for test in test autochanger; do
    ok "btape $test says the same" diff <(plain "$LAB_OUT/direct-$test.log") <(plain "$LAB_OUT/held-$test.log")
done
ok "writing and reading" grep -q '^=== Test Succeeded. End Write, rewind, and re-read' "$LAB_OUT/held-test.log"
ok "appending" grep -q 'We should be in file 4. I am at file 4. This is correct' "$LAB_OUT/held-test.log"
ok "spacing" grep -q 'We should be in file 5. I am at file 5. This is correct' "$LAB_OUT/held-test.log"
ok "the autochanger" grep -q 'The test autochanger worked' "$LAB_OUT/held-autochanger.log"
ok "nothing has failed" not evertaped_said '^lib1[^:]*: failed:'
lab_done
