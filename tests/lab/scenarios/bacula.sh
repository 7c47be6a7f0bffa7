# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 896M -t 240
# A Bacula job on held devices, configured by `evertape configure`: in the middle of it both drives are lost and come
# back in the other order, and the one that writes has lost power and what was in its buffer. The job ends OK, and what
# is restored is what was saved. Nobody does anything but pull the cable.

hold_model "--drives 2 --slots 5 --tapes 3 --capacity 200M --buffer 16" MDLDRV01 MDLDRV02 MDLLIB01 || lab_done
wait_until 10 test -e /dev/tape/by-name/lib1-changer
mkdir -p /tmp/data
head -c 48M /dev/urandom > /tmp/data/random
cp -a /usr/share/doc/tgt /tmp/data/documents

say "the configuration"
bacula_conf "$(held_by_serial MDLDRV01 nst)" "$(held_by_serial MDLDRV02 nst)" "$(held_by_serial MDLLIB01 sg)" \
    '# a comment that stays' 'Maximum File Size = 16m'
sd=/tmp/bacula/sd.conf
cp $sd /tmp/sd.before
sed '/^Autochanger/,$d' $sd > /tmp/fresh.conf
cp /tmp/fresh.conf /tmp/fresh.before
ok "where there is no device yet, Bacula accepts what is added" evertape configure bacula --config /tmp/fresh.conf --write
ok "all three" test "$(grep -c ' = /dev/tape/by-name/lib1' /tmp/fresh.conf)" = 3
ok "and it is taken away again" eval \
    'evertape configure bacula --config /tmp/fresh.conf --remove && cmp /tmp/fresh.conf /tmp/fresh.before'
ok "--check finds nodes" eval '! evertape configure bacula --config $sd > /tmp/checked'
ok "of all three devices" test "$(grep -c '^todo .*can be another device' /tmp/checked)" = 3
ok "--write, with Bacula's own check" evertape configure bacula --config $sd --write
ok "by name" test "$(grep -c ' = /dev/tape/by-name/lib1' $sd)" = 3
ok "nothing is left to do" evertape configure bacula --config $sd --check
cp $sd /tmp/sd.written
ok "a second --write changes nothing" eval 'evertape configure bacula --config $sd --write && cmp $sd /tmp/sd.written'
sed -i "s#/dev/tape/by-name/lib1-changer#$(held_by_serial MDLLIB01 sg)#; s/^  Drive Index = 1/  Drive Number = 1/" $sd
cp $sd /tmp/sd.broken
ok "what Bacula rejects is not written" fails_saying 'bacula-sd rejects' evertape configure bacula --config $sd --write
ok "and the file is as it was" cmp $sd /tmp/sd.broken
cp /tmp/sd.written $sd
ok "Bacula starts" eval 'bacula_full /tmp/data && bacula_start'

say "a job"
bacula 'label barcodes pool=Tape storage=Lib drive=0 slots=1-3' yes > "$LAB_OUT/label.log"
same "three cartridges have labels" 3 "$(bacula_catalog 'select count(*) from Media')"
bacula 'run job=Save yes' > /tmp/run
written() {
    (($(field WRITTEN MDLDRV01) + $(field WRITTEN MDLDRV02) > $1))
}
before=$(($(field WRITTEN MDLDRV01) + $(field WRITTEN MDLDRV02)))
ok "it writes" wait_until 30 written $((before + (12 << 20)))
drive=drive1
(($(field WRITTEN MDLDRV02) > 4 << 20)) && drive=drive2
model pull drive1 > /dev/null
model pull drive2 > /dev/null
ok "the cable is pulled" wait_until 5 is_state away "MDLDRV0${drive#drive}"
model power-cycle $drive 5 > /dev/null
pause 2
ok "the job waits" bacula_ended 1 R0
model return drive2 drive1 > /dev/null
bacula wait > /dev/null
ok "it ended OK, without a warning" wait_until 5 bacula_ended 1 T0
ok "the drive was lost once" test "$(field OUTAGES "MDLDRV0${drive#drive}")" = 1
ok "and what its buffer had was written again" evertaped_said "resumed: after .*, ([1-9]|[1-9][0-9]+) objects written again"

say "the restore"
bacula 'restore client=lab-fd select current all done yes' wait > "$LAB_OUT/restore.log"
ok "ended OK" wait_until 5 bacula_ended 2 T0
ok "byte for byte" diff -r /tmp/data /tmp/bacula/restored/tmp/data
cp /tmp/bacula/bacula.log "$LAB_OUT/" 2> /dev/null

ok "--remove" evertape configure bacula --config $sd --remove
ok "restores the bytes" cmp $sd /tmp/sd.before
ok "the drop-in and the hook are gone" not compgen -G '/etc/systemd/system/bacula-sd.service.d/* /etc/evertape/hooks.d/*'
lab_done
