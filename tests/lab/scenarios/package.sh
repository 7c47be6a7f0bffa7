# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -s -m 768M -t 420
# The life of the Debian packages (`make package`) as an administrator sees it, under systemd: installed by apt, a device
# held, evertape-web, reloaded and upgraded in the middle of a backup, removed under programs that use held devices,
# purged. `all`: also installed again, without the network, and removed when nobody serves what is held.

packages=("$LAB_BUILD"/package/evertape_*.deb "$LAB_BUILD"/package/evertape-web_*.deb)
[[ -e ${packages[0]} && -e ${packages[1]} ]] || { say "there is no package: run make package"; exit 1; }
package=${packages[0]} web=${packages[1]}

# The guest as it was before evertape came: without what the layer has of it.
uninstall_layer() {
    find "$LAB_LAYER/usr" "$LAB_LAYER/etc/evertape" -type f > /tmp/layer-files
    sed "s,^$LAB_LAYER,," /tmp/layer-files | tr '\n' '\0' | xargs -0 rm -f
    rm -rf /etc/evertape /usr/lib/evertape
    # in a container it may forbid what is tested here
    rm -f /usr/sbin/policy-rc.d
    systemctl daemon-reload
    udevadm control --reload
}

# A database of dpkg with the packages that evertape depends on and no other, and what these depend on left out: this
# machine has hundreds, dpkg reads the files of each, and their triggers look at all manual pages.
small_dpkg_database() {
    local wanted name
    wanted=" $(for name in "${packages[@]}"; do dpkg-deb -f "$name" Depends; done | sed 's/([^)]*)//g; s/[|,]/ /g' | tr '\n' ' ') dbus dpkg systemd "
    mkdir -p /tmp/dpkg/{info,updates,triggers} /tmp/apt
    awk -v RS= -v ORS='\n\n' -v wanted="$wanted" '
        /^Package: / && index(wanted, " " $2 " ") {
            gsub(/\n(Pre-Depends|Depends|Recommends|Suggests|Breaks|Conflicts|Replaces|Enhances):[^\n]*/, "")
            print
        }' /var/lib/dpkg/status > /tmp/dpkg/status
    for name in $wanted; do
        cp /var/lib/dpkg/info/"$name"[.:]* /tmp/dpkg/info 2> /dev/null
    done
    cp /var/lib/dpkg/info/format /tmp/dpkg/info
    grep -E ' dbus$' /var/lib/dpkg/triggers/File > /tmp/dpkg/triggers/File
    mount --bind /tmp/dpkg /var/lib/dpkg
}

# newer_package DEB FILE: the same package with another version.
newer_package() {
    rm -rf /tmp/newer && dpkg-deb -R "$1" /tmp/newer && sed -i 's/^Version: .*/&+lab1/; s/(= [^)]*/&+lab1/' /tmp/newer/DEBIAN/control &&
        dpkg-deb --root-owner-group -Znone -b /tmp/newer "$2"
}
newer_packages() {
    newer_package "$package" /tmp/newer.deb && newer_package "$web" /tmp/newer-web.deb
}

active() {
    [[ $(systemctl is-active evertaped) == active && $(systemctl is-enabled evertaped) == enabled ]]
}
held() {
    evertape wait --timeout 20s MDLDRV01 MDLDRV02 MDLLIB01 --state held
}
links_lead_to_held() {
    [[ $(readlink -f /dev/tape/by-name/lib1-drive1-nst) == "$(held_by_serial MDLDRV01 nst)" &&
        $(readlink -f /dev/tape/by-name/lib1-changer) == "$(held_by_serial MDLLIB01 sg)" ]]
}
# is_given_back SERIAL KIND: the real device's node is there, for those whom the system lets use tapes.
is_given_back() {
    local node
    node=$(by_serial "$1" "$2") && same_output "root:tape 660" stat -c '%U:%G %a' "$node"
}
same_output() {
    local expected=$1 found
    shift
    found=$("$@")
    [[ $found == "$expected" ]] || { echo "$*: $found"; return 1; }
}
given_back() {
    is_given_back MDLDRV01 nst && is_given_back MDLDRV02 nst && is_given_back MDLDRV01 sg && is_given_back MDLLIB01 sg
}
# eventually COMMAND...: as wait_until, and its own output if it was in vain.
eventually() {
    wait_until 10 "$@" || "$@"
}
no_links() {
    not compgen -G '/dev/tape/by-name/*'
}
leftovers() {
    local file
    while read -r file; do
        [[ -e $file && ! -d $file ]] && echo "$file"
    done < /tmp/package-files
    find /etc /run /var/lib/dpkg /var/lib/systemd /var/lib/evertape /usr/lib/evertape -name '*evertape*' \
        ! -path '/run/systemd/transient/*' 2> /dev/null
}
# in_its_cgroup COMMAND...: as far as devices are concerned as if evertaped did it.
in_its_cgroup() {
    (echo "$BASHPID" > /sys/fs/cgroup/system.slice/evertaped.service/cgroup.procs && exec "$@")
}
# quiet COMMAND...: it ends well, and no maintainer script has complained.
quiet() {
    "$@" > /tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; return 1; }
    not eval 'grep -iE "error|fail|warning|cannot" /tmp/dpkg.log | grep -v "not empty so not removed"'
}
# by_apt VERB PACKAGE...: of the packages that there are in a repository apt knows nothing. By nobody else than root: the
# user _apt cannot read what is built.
by_apt() {
    quiet apt-get -q -y -o Dir::State::Lists=/tmp/apt -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0 "$@"
}

installed() {
    say "installed"
    ok "apt install" by_apt install "$package"
    ((_failed == 0)) || lab_done
    ok "the service runs, and is enabled" wait_until 10 active
    ok "ch starts no inventory" prints '^options ch init=0$' modprobe --showconfig
    ok "its names and verbs are completed" prints ' hold .* status ' bash -c '. /usr/share/bash-completion/completions/evertape
        COMP_WORDS=(evertape ""); COMP_CWORD=1; _evertape; echo " ${COMPREPLY[*]} "'
    ok "its manual" same_output "$(printf '%s\n' man1/evertape.1.gz man5/{evertape.conf,org.evertape1,tape.inf}.5.gz man8/evertaped.8.gz)" \
        eval 'cd /usr/share/man && ls man*/*evertape* man*/tape.inf*'
    ok "devices have names" wait_until 10 test -c /dev/tape/by-name/lib1-drive1-nst
    ok "the library, too" wait_until 10 test -c /dev/tape/by-name/lib1-changer
    ok "hold" evertape hold --all
    ok "the links lead to them at once" links_lead_to_held
    ok "held" held
    ok "the sandbox is on" prints '^Seccomp:.2$' grep -E '^(Seccomp|CapBnd):' "/proc/$(evertaped_pid)/status"
    ok "a tape is for it" in_its_cgroup head -c 0 "$(held_by_serial MDLDRV01 sg)"
    ok "the kernel's log is not" not in_its_cgroup head -c 0 /dev/kmsg
    udevadm settle
    drive=/dev/tape/by-name/lib1-drive1-nst
    same "the name leads to the held device" "$(held_by_serial MDLDRV01 nst)" "$(readlink -f $drive)"
}

page() {
    curl -sf --max-time 10 http://127.0.0.1:9837/"$1"
}
web_pid() {
    systemctl show -P MainPID evertape-web
}
nobody() {
    setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}
served() {
    say "evertape-web"
    ip link set lo up
    ok "apt install" by_apt install "$web"
    ok "its socket is enabled, and waits" same_output $'enabled\nactive' eval 'systemctl is-enabled evertape-web.socket; systemctl is-active evertape-web.socket'
    same "and nothing runs" 0 "$(web_pid)"
    ok "metrics" prints '^evertape_device_held\{device="lib1-drive1"\} 1$' page metrics
    ok "the page" prints 'lib1-drive1' page
    same "as its own user" evertape-web "$(stat -c %U "/proc/$(web_pid)")"
    ok "nothing can be told it" prints 405 nobody curl -s -o /dev/null -w '%{http_code}' -X POST -d x http://127.0.0.1:9837/
    ok "its UNIX socket is not for everybody" not nobody curl -sf --unix-socket /run/evertape-web.socket http://any/metrics
    web_was=$(web_pid)
}

configured() {
    say "configured: reloaded in the middle of a backup"
    mt -f $drive rewind
    fed dd "of=$drive" bs=64k iflag=fullblock status=none
    feed /tmp/data 2
    pid=$(evertaped_pid)
    sed -i 's/^#Journal=.*/Journal=32M/; s/^#Timeout=.*/Timeout=7min/' /etc/evertape/evertape.conf
    ok "reload" systemctl reload evertaped
    ok "it says so" wait_until 5 evertaped_said 'configuration is read again'
    echo 'Timeout=soon' > /etc/evertape/evertape.conf.d/50-wrong.conf
    ok "a wrong one is refused" not systemctl reload evertaped
    ok "with file and line" wait_until 5 evertaped_said '50-wrong.conf:1: '
    rm /etc/evertape/evertape.conf.d/50-wrong.conf
    same "the same process" "$pid" "$(evertaped_pid)"
    feed /tmp/data 2
}

upgraded() {
    say "upgraded in the middle of the backup"
    ok "newer packages" newer_packages
    feed_aside /tmp/data 3
    ok "apt install" by_apt install /tmp/newer.deb /tmp/newer-web.deb
    ok "the service runs" active
    ok "another process" not test "$pid" = "$(evertaped_pid)"
    ok "evertape-web serves" wait_until 10 page metrics
    ok "and is another one, too" not test "$web_was" = "$(web_pid)"
    ok "dd ends well" feed_end /tmp/data
    ok "on the tape exactly once" on_tape T00001L7 /tmp/data 192 1
    ok "the configuration is the administrator's" grep -qx 'Timeout=7min' /etc/evertape/evertape.conf
    ok "the history has when it was held" prints 'lib1-drive1 +hold ' evertape history lib1-drive1
    ok "and the log when it was upgraded" test "$(journalctl --unit=evertaped --output=cat | grep -c 'evertaped .* is ready')" = 2
    ok "no process waits in the kernel" none_stuck
}

removed() {
    mkdir -p /etc/evertape/hooks.d
    printf '%s\n' '#!/bin/sh' '[ $EVERTAPE_EVENT = away ] || exit 0' \
        'echo "$(readlink /proc/self/ns/net) $EVERTAPE_NAME $(nice)" > /tmp/hook' > /etc/evertape/hooks.d/note
    chmod 755 /etc/evertape/hooks.d/note
    say "removed, while a program writes, one waits for a drive that is away, and a changer is idle"
    mt -f $drive rewind
    fed dd "of=$drive" bs=64k iflag=fullblock status=none
    feed /tmp/data 4
    nst2=$(readlink -f /dev/tape/by-name/lib1-drive2-nst)
    mt -f "$nst2" rewind
    write_without "$nst2" drive2
    ok "it waits" wait_until 10 is_state away MDLDRV02
    ok "a hook is told of it" wait_until 20 test -s /tmp/hook
    same "outside of the sandbox" "$(readlink /proc/1/ns/net) lib1-drive2 0" "$(< /tmp/hook)"
    wait_until 10 eval '[[ $(stuck) == *"(dd)"* ]]'
    ok "apt remove" by_apt remove evertape
    wait "$waiting"
    ok "the one that waited has an error" grep -q 'status [1-9]' /tmp/waits.log
    feed_aside /tmp/data 1 2> /dev/null
    ok "the one that wrote gets an error, too" not feed_end /tmp/data
    wait "$_feed_pid" 2> /dev/null
    _feed_pid=
    ok "no process waits in the kernel" wait_until 5 none_stuck
    ok "no LUN is left" no_luns
    model return drive2 > /dev/null
    udevadm settle
    ok "the devices are given back to everybody" eventually given_back
    ok "no links by name" no_links
    ok "what was written and told is on the tape" cmp -n $((4 * 1048576 - 65536)) <(model dump T00001L7 /tmp/dump > /dev/null; cat /tmp/dump) /tmp/data
    ok "a program uses the real drive" mt -f "$(by_serial MDLDRV01 nst)" rewind
    ok "nobody serves a page" not page
    ok "the configuration stays" grep -qx 'Timeout=7min' /etc/evertape/evertape.conf
}

again() {
    say "installed again: as it was"
    ok "apt install" by_apt install /tmp/newer.deb
    ok "held again" held
    ok "by name" wait_until 10 test -c $drive
}

# The lines of docs/ISCSI.md for a site that attaches no target.
without_network() {
    local dropin=/run/systemd/system/evertaped.service.d
    say "without the network"
    mkdir -p $dropin
    sed -n '/^PrivateNetwork=/,/^```/{/^```/d; p}' "$LAB_TOP/docs/ISCSI.md" | sed '1i [Service]' > $dropin/50-lab.conf
    systemctl daemon-reload
    systemctl restart evertaped
    same "it has none" lo: "$(nsenter --net="/proc/$(evertaped_pid)/ns/net" sed -n '3,$s/ *\([^ ]*\).*/\1/p' /proc/net/dev)"
    ok "the exposure is as INSTALL.md says" prints 'exposure level for evertaped.service: 1.8 OK' systemd-analyze security --no-pager evertaped
    model pull drive2 > /dev/null
    ok "it is told of what goes" wait_until 10 is_state away MDLDRV02
    model return drive2 > /dev/null
    ok "and comes" held
    rm -r $dropin
    systemctl daemon-reload
}

dead() {
    say "removed when evertaped has died and nobody serves its devices"
    systemctl mask --runtime --quiet evertaped
    systemctl kill --signal=KILL evertaped
    wait_until 10 eval '[[ ! $(pgrep -x evertaped) ]]'
    mt -f "$(held_by_serial MDLDRV01 nst)" rewind 2> /dev/null &
    waiting=$!
    wait_until 10 eval '[[ $(stuck) == *"(mt)"* ]]'
    ok "apt purge" by_apt purge evertape
    ok "the program that waited has an error" not wait "$waiting"
    systemctl unmask --runtime --quiet evertaped
    ok "no process waits in the kernel" wait_until 5 none_stuck
    ok "no LUN is left" no_luns
    ok "the devices are given back to everybody" eventually given_back
    ok "no links by name" no_links
}

lab_udev
model_up --drives 2 --capacity 100M --buffer 16 || lab_done
mtx -f "$(by_serial MDLLIB01 sg)" load 1 0 > /dev/null
mtx -f "$(by_serial MDLLIB01 sg)" load 2 1 > /dev/null
uninstall_layer
small_dpkg_database
for deb in "${packages[@]}"; do dpkg-deb -c "$deb" | sed 's,.* \./,/,'; done > /tmp/package-files
ok "nothing of evertape is there" same_output "" leftovers
head -c 12M /dev/urandom > /tmp/data

installed
served
configured
upgraded
removed
if [[ $1 == all ]]; then
    again
    without_network
    dead
    ok "apt purge, also of evertape-web" by_apt purge evertape-web
else
    ok "apt purge" by_apt purge evertape evertape-web
fi
ok "nothing is left" same_output "" leftovers
lab_done
