# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 768M -t 120
# evertape doctor: what is wrong for real is found, and gone when its advice was followed; nothing is sent to a device.

declare -A advice_seen=()
advice=()

# examine: runs doctor; its status.
examine() {
    evertape doctor > /tmp/doctor
}

# finds CHECK PATTERN: a finding in /tmp/doctor, whose text or place matches; what to do about it in found_advice.
finds() {
    local line here=
    found_advice=()
    while IFS= read -r line; do
        case $line in
            '      Where:'*) [[ $here && $line =~ $2 ]] && here=found ;;
            '      Do:    '*) [[ $here == found ]] && found_advice=("${line#'      Do:    '}") ;;
            '             '*) [[ $here == found ]] && found_advice+=("${line#'             '}") ;;
            '      '*) ;;
            *)
                [[ $here == found ]] && return
                here=
                [[ $line == "  $1: "* ]] && here=yes
                [[ $here && $line =~ $2 ]] && here=found
                ;;
        esac
    done < /tmp/doctor
    [[ $here == found ]] && return
    cat /tmp/doctor
    return 1
}

# finds_to_mend CHECK PATTERN: and its advice is to be followed.
finds_to_mend() {
    finds "$@" && advice+=("${found_advice[@]}")
}

# follow: all the advice, each command once, as late as any finding wants it: first what is to be removed, then udev.
follow() {
    local i commands=() status=0
    for ((i = ${#advice[@]} - 1; i >= 0; i--)); do
        [[ ${advice_seen[${advice[i]}]} ]] || commands=("${advice[i]}" "${commands[@]}")
        advice_seen[${advice[i]}]=1
    done
    for i in "${commands[@]}"; do
        echo "$i"
        eval "$i" || status=1
    done
    advice=() advice_seen=()
    return "$status"
}

in_order() {
    examine && prints '^0 problems, 0 warnings, 0 not checked, ' cat /tmp/doctor
}

# n_commands: how many the kernel sent to the real drive and to the held one.
n_commands() {
    cat "/sys/class/scsi_generic/${real#/dev/}/device/iorequest_cnt" \
        "/sys/class/scsi_tape/${held#/dev/}/device/iorequest_cnt"
}

hold_model "--drives 1 --capacity 20M" MDLDRV01 || lab_done
udevadm settle
held=$(held_by_serial MDLDRV01 nst) real=$(by_serial MDLDRV01 sg) changer=$(by_serial MDLLIB01 sg)
link=/dev/tape/by-name/$(field NAME MDLDRV01)

say "a machine in order"
before=$(n_commands)
ok "no problem, no warning, exit status 0" in_order
same "--quiet says nothing" "" "$(evertape doctor --quiet)"
ok "JSON" prints '"problems": 0' evertape doctor --json
ok "without root it says what it cannot see" prints 'run it as root' setpriv --reuid=65534 --clear-groups evertape doctor
same "no command was sent to the drive or the held one" "$before" "$(n_commands)"

say "many things go wrong"
modprobe -r ch && modprobe ch init=1
ln -s ../../nst99 /dev/tape/by-name/drive9-nst
ln -sf "../../${changer#/dev/}" "$link-sg"
ln -s /dev/null /etc/udev/rules.d/61-evertape.rules
chmod 666 "$real"
echo 900 > "/sys/class/scsi_tape/${held#/dev/}/device/timeout"
/usr/lib/evertape/evertape-lun backstore 99 > /dev/null
evertape_config '[Hold]' Journal=32M Timout=5s
ok "exit status 1" not examine
ok "ch init=1" finds_to_mend ch-init 'loaded with init=1'
ok "a dangling link" finds_to_mend links 'nst99, which is not there'
ok "a link to another device" finds_to_mend links "${changer#/dev/}, which is another device"
ok "our rules masked" finds_to_mend udev-rules masked
ok "the real node open to all" finds_to_mend real-node "$real"
ok "a time limit" finds_to_mend held-timeout 'after 900 s'
ok "a LUN of nobody" finds_to_mend stale-lun evertape-99
ok "a key that there is not" finds config '\[Hold\] Timout=5s: unknown key'
evertape_config '[Hold]' Journal=32M
ok "the advice can be followed" follow
ok "nothing is left" in_order

say "a rule of the site takes our links away"
cat > /etc/udev/rules.d/99-site.rules << 'END'
# names of my own
SUBSYSTEM=="scsi_tape", KERNEL=="nst*[0-9]", \
  SYMLINK="site/%k", MODE="0666"
END
udevadm control --reload
udevadm trigger --action=add --settle --sysname-match="${held#/dev/}"
ok "exit status 1" not examine
ok "which rule it is" finds udev-fights '/etc/udev/rules.d/99-site.rules:2'
ok "the link is missed" finds_to_mend links "${held#/dev/} has no link $link-nst"
rm /etc/udev/rules.d/99-site.rules
udevadm control --reload
ok "the advice makes it again" follow
same "it leads to the held drive" "$held" "$(readlink -f "$link-nst")"
ok "nothing is left" in_order

say "a drive and a changer with one identity"
{ model pull changer && model swap-serial changer MDLDRV01 && model return changer; } > /dev/null
udevadm settle
examine
ok "is noted" finds duplicates 'a drive and a changer have one identity'

say "evertaped is gone"
evertaped_down
ok "exit status 1" not examine
ok "it does not run" finds service 'evertaped does not run'
evertaped_up
examine
ok "it does" not finds service 'does not run'
lab_done
