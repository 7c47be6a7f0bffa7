# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Hooks of a site are told of what happens to held devices. With -s also: they run outside of evertaped's sandbox, with the
# network of the machine and the right to become another user; and with `limit` that one that hangs is ended by systemd, which
# takes a minute.
# lab: -t 200

mkdir -p /etc/evertape/hooks.d
cat > /etc/evertape/hooks.d/note << 'EOF'
#!/bin/bash
echo "$EVERTAPE_EVENT $EVERTAPE_NAME $EVERTAPE_KIND $EVERTAPE_NODE $EVERTAPE_LIBRARY $(readlink /proc/self/ns/net) $(setpriv --reuid=backup --regid=backup --clear-groups id -un)" >> /run/noted
echo "noted $EVERTAPE_EVENT"
EOF
chmod +x /etc/evertape/hooks.d/note
hold_model "--drives 1 --slots 2 --tapes 1 --capacity 20M" MDLDRV01 MDLLIB01 || lab_done
noted() {
    grep -qF -- "$1" /run/noted
}
model pull drive1 > /dev/null
ok "away" wait_until 20 noted 'away lib1-drive1 tape'
model return drive1 > /dev/null
ok "resumed, with the node that programs open" wait_until 20 noted \
    "resumed lib1-drive1 tape $(held_by_serial MDLDRV01 nst) lib1 $(readlink /proc/self/ns/net) backup"
# Not by unit: the process that passes it on may be gone before journald has looked whose it was.
printed() {
    if [[ $LAB_MODE == systemd ]]; then
        journalctl --output=cat | grep -q '^noted resumed'
    else
        evertaped_said '^noted resumed'
    fi
}
ok "what a hook prints is in the log" wait_until 10 printed
printf '#!/bin/sh\nexit 7\n' > /etc/evertape/hooks.d/note
model pull changer > /dev/null
ok "a failure is, too" wait_until 20 evertaped_said 'lib1: hook .*/note \(away\) ended with status 7; it is started again later'
model return changer > /dev/null
ok "and no device waits for it" wait_until 10 is_state held MDLLIB01

if [[ ${LAB_ARGS[0]} == limit ]]; then
    say "one that hangs, and what it has started"
    printf '#!/bin/bash\ntrap "" TERM\nexec -a hanging-hook sleep 1000 & exec -a hanging-hook sleep 1000\n' > /etc/evertape/hooks.d/note
    model pull drive1 > /dev/null
    ok "runs" wait_until 20 pgrep -f hanging-hook
    printf '#!/bin/sh\n' > /etc/evertape/hooks.d/note
    ok "is ended after a minute" wait_until 75 evertaped_said 'hook .*/note \(away\) took too long and was killed'
    ok "with what it has started" wait_until 5 not pgrep -f hanging-hook
    [[ $LAB_MODE == systemd ]] && ok "by systemd, which says so" eval \
        'journalctl --output=cat | grep -q "run-.*: Service reached runtime time limit"'
    model return drive1 > /dev/null
fi
cp /run/noted "$LAB_OUT/"
[[ $LAB_MODE == systemd ]] && journalctl --no-pager > "$LAB_OUT/journal"
lab_done
