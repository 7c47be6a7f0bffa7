# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The lab itself: the guest sees the host's files, changes none of them, and has evertape installed.

overlay_is_ours() {
    touch /etc/lab-was-here /usr/lab-was-here
}

case $LAB_MODE in
    plain) init=lab-init ;;
    systemd) init=systemd ;;
esac
ok "PID 1 is $init" grep -q "$init" /proc/1/cmdline
ok "the guest may write anywhere" overlay_is_ours
ok "its checkout is read-only" not touch "$LAB_TOP/lab-was-here"
ok "LAB_OUT is writable" touch "$LAB_OUT/lab-was-here"
ok "it is the host's /usr that it sees" test -x /usr/bin/mt
ok "evertape is installed" test -x /usr/bin/evertape -a -x "$EVERTAPED"
ok "modules can be loaded by name" modprobe sg
ok "loopback is up" grep -q '^ *lo:' /proc/net/dev
ok "nothing of the host's evertape is seen" not compgen -G '/var/lib/evertape/*'
lab_done
