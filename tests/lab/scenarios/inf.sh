# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# tape.inf: a model that no file names works, and is taught with what `evertape inf match` prints; a broken file does
# not keep evertaped from its work.

hold_model "--drives 1 --capacity 20M" MDLDRV01 || lab_done
real=$(by_serial MDLDRV01 sg)
udevadm settle --timeout=60

say "a model that no file names"
same "it is held by the generic profile" generic "$(field PROFILE lib1-drive1)"
ok "list says so" prints 'no entry of tape.inf names lib1-drive1' bash -c 'evertape list lib1-drive1 2>&1'
ok "so does the log" evertaped_said 'lib1-drive1: profile: no entry of tape.inf names it'
evertape inf match lib1-drive1 > /tmp/answer
same "exit status" 1 $?
for device in "$real" "${real#/dev/}" "$(held_by_serial MDLDRV01 nst)" /dev/tape/by-name/lib1-drive1-nst /dev/tape/by-name/lib1-drive1; do
    evertape inf match "$device" > /tmp/other
    ok "the same of $device" cmp /tmp/answer /tmp/other
done
ok "the changer is one" prints '^Kind: +changer$' bash -c "evertape inf match $(by_serial MDLLIB01 sg) || true"
ok "what is not there" fails_saying 'there is no such device' evertape inf match /dev/sg99
ok "what has no name" fails_saying "no such device" evertape inf match drive9

say "taught"
mkdir -p /etc/evertape/inf.d
sed -n '/^\[Version\]/,/^$/p' /tmp/answer > /etc/evertape/inf.d/site.inf
printf '[site_ltotape.Evertape]\nTimeout = 42min\n' >> /etc/evertape/inf.d/site.inf
ok "the file that was printed is right" evertape inf check /etc/evertape/inf.d/site.inf
ok "it names the drive" prints '^Entry: +/etc/evertape/inf.d/site.inf:7: SCSI.SequentialMODEL___ULTRIUM-TD7_____$' \
    evertape inf match lib1-drive1
printf '[Manufacturer\n' > /etc/evertape/inf.d/broken.inf
mkdir /etc/evertape/inf.d/folder.inf
evertaped_stop
ok "evertaped starts, though another file is broken" evertaped_start
ok "and says which" evertaped_said 'folder.inf: 1 errors; see: evertape inf check /etc/evertape/inf.d/folder.inf'
ok "held" wait_until 20 is_state held lib1-drive1
same "by the profile" lto "$(field PROFILE lib1-drive1)"
same "of the site's entry" /etc/evertape/inf.d/site.inf:7 "$(field PROFILE-FROM lib1-drive1)"
same "which has a time of its own" 42min "$(field TIMEOUT lib1-drive1)"
ok "list says no more" not prints 'no entry of tape.inf' bash -c 'evertape list lib1-drive1 2>&1'
nst=$(held_by_serial MDLDRV01 nst)
ok "it works" dd if=/dev/zero "of=$nst" bs=64k count=4 status=none

say "a vendor's entry does not hide the product's"
# shellcheck disable=SC2016 # the signature has dollar signs
printf '[Version]\nSignature="$Windows NT$"\n[Manufacturer]\nx=x\n[x]\nd=i,SCSI\\SequentialMODEL___\n[i.Services]\nAddService=a\n' \
    > /etc/evertape/inf.d/10-vendor.inf
ok "the more specific id wins" prints '^Entry: +/etc/evertape/inf.d/site.inf' evertape inf match lib1-drive1
ok "the other one is named" prints '^Passed over: +/etc/evertape/inf.d/10-vendor.inf:6: ' evertape inf match lib1-drive1
lab_done
