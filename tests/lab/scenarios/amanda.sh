# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 896M -t 240
# amdump on held devices, configured by `evertape configure`: in the middle of it both drives are lost and come back in
# the other order, and the one that writes has lost power and what was in its buffer. The dump succeeds, and what is
# restored is what was saved. Then the changer is away, and what Amanda knows of its slots is looked at by the hook.

hold_model "--drives 2 --slots 5 --tapes 3 --capacity 200M --buffer 16" MDLDRV01 MDLDRV02 MDLLIB01 || lab_done
wait_until 10 test -e /dev/tape/by-name/lib1-changer
mkdir -p /tmp/data
head -c 40M /dev/urandom > /tmp/data/random
cp -a /usr/share/doc/tgt /tmp/data/documents
chmod -R a+rX /tmp/data

say "the configuration"
amanda_conf "$(held_by_serial MDLDRV01 nst)" "$(held_by_serial MDLDRV02 nst)" "$(held_by_serial MDLLIB01 sg)" 200 /tmp/data
conf=/etc/amanda/LAB/amanda.conf
cp $conf /tmp/amanda.before
mkdir /etc/amanda/FRESH
sed '/^tpchanger/d; /^define changer/,/^}/d' $conf > /etc/amanda/FRESH/amanda.conf
cp /etc/amanda/LAB/disklist /etc/amanda/FRESH
cp /etc/amanda/FRESH/amanda.conf /tmp/fresh.before
ok "where there is no changer yet, Amanda accepts what is added" \
    evertape configure amanda --config /etc/amanda/FRESH/amanda.conf --write
ok "by name" test "$(amanda amgetconf FRESH changer:lib1:tpchanger)" = chg-robot:/dev/tape/by-name/lib1-changer
ok "and it is taken away again" eval 'evertape configure amanda --config /etc/amanda/FRESH/amanda.conf --remove &&
    cmp /etc/amanda/FRESH/amanda.conf /tmp/fresh.before && rm -r /etc/amanda/FRESH'
ok "--check finds nodes" eval '! evertape configure amanda > /tmp/checked'
ok "of all three devices" test "$(grep -c '^todo .*can be another device' /tmp/checked)" = 3
ok "--write, with Amanda's own check" evertape configure amanda --write
ok "by name" grep -q 'property "tape-device" "0=tape:/dev/tape/by-name/lib1-drive1-nst" "1=tape:/dev/tape/by-name/lib1-drive2-nst"' $conf
ok "its owner is as before" test "$(stat -c %U $conf)" = backup
ok "nothing is left to do" evertape configure amanda --check

say "a dump"
amanda amlabel -f LAB T00001L7 slot 1 > "$LAB_OUT/label.log" 2>&1
ok "a label" grep -q "Success" "$LAB_OUT/label.log"
written() {
    (($(field WRITTEN MDLDRV01) > $1))
}
before=$(field WRITTEN MDLDRV01)
amanda amdump LAB > "$LAB_OUT/amdump.log" 2>&1 &
dump=$!
ok "it writes" wait_until 60 written $((before + (12 << 20)))
model pull drive1 > /dev/null
model pull drive2 > /dev/null
ok "the cable is pulled" wait_until 5 is_state away MDLDRV01
model power-cycle drive1 5 > /dev/null
pause 2
ok "amdump waits" kill -0 $dump
model return drive2 drive1 > /dev/null
ok "it ended well" wait $dump
ok "the drive was lost once" test "$(field OUTAGES MDLDRV01)" = 1
ok "and what its buffer had was written again" evertaped_said "resumed: after .*, ([1-9]|[1-9][0-9]+) objects written again"

say "the restore"
restore() {
    amanda amfetchdump -p -a LAB localhost /tmp/data < /dev/null 2> "$LAB_OUT/fetch.log" | tar -C /tmp/amanda/restored -xf -
}
ok "amfetchdump" restore
ok "byte for byte" diff -r /tmp/data /tmp/amanda/restored

say "the changer is away"
model pull changer > /dev/null
ok "away" wait_until 5 is_state away MDLLIB01
model return changer > /dev/null
ok "the hook has Amanda look at its slots" wait_until 30 evertaped_said '^slot +1: .*T00001L7.*barcode T00001L7'

ok "--remove" evertape configure amanda --remove
ok "restores the bytes" cmp $conf /tmp/amanda.before
ok "the hook is off" not compgen -G '/etc/evertape/hooks.d/*'
lab_done
