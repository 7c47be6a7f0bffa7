# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What a scenario starts in its guest: udev, D-Bus, evertaped.

# lab_udev: device events, with the rules of the host and of evertape, and the SCSI drivers. There is no
# "udevadm trigger": what modules find from now on gives its events by itself, and 400 ttys would take 6 s.
lab_udev() {
    if [[ $LAB_MODE != systemd ]]; then
        /lib/systemd/systemd-udevd --daemon 2> /dev/null
        wait_until 10 test -S /run/udev/control
    fi
    modprobe -a sg st ch
}

# lab_dbus: the system bus, with evertape's policy as installed.
lab_dbus() {
    [[ $LAB_MODE == systemd ]] && return
    mkdir -p /run/dbus
    dbus-daemon --system --fork
}

# lab_target: configfs and the modules behind a held LUN.
lab_target() {
    modprobe -a target_core_user tcm_loop
    mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
}

EVERTAPED=${EVERTAPED:-/usr/lib/evertape/evertaped}
_supervisor_state=/run/lab-supervisor/state

# evertaped_start [ARGS...]: returns when it has said READY; 1 if it does not. Started again when it dies, its file
# descriptor store kept, as systemd would (without systemd by lib/supervise). Its log: $LAB_OUT/evertaped.log.
evertaped_start() {
    if [[ $LAB_MODE == systemd ]]; then
        systemctl start evertaped
        return
    fi
    mkdir -p "${_supervisor_state%/*}"
    rm -f "$_supervisor_state"
    "$LAB_TOP/tests/lab/lib/supervise" "$_supervisor_state" "$EVERTAPED" "$@" >> "$LAB_OUT/evertaped.log" 2>&1 &
    _supervisor=$!
    wait_until 20 grep -Eq '^(ready|failed)' "$_supervisor_state"
    evertaped_is_ready
}

# evertaped_is_ready [BUT_PID]: the one that runs now, which is not BUT_PID, has said READY.
evertaped_is_ready() {
    local state pid
    _evertaped_state && [[ $state == ready && $pid != "${1:-}" ]]
}

# evertaped_pid: its process id.
evertaped_pid() {
    local state pid
    _evertaped_state && echo "$pid"
}

# Both in one read: between two there may be another process.
_evertaped_state() {
    if [[ $LAB_MODE == systemd ]]; then
        read -rd '' pid state < <(systemctl show -P MainPID -P SubState evertaped)
        state=${state/running/ready}
        state=${state%$'\n'}
    else
        read -r state pid < "$_supervisor_state"
    fi
}

# _evertaped_end SIGNAL SECONDS
_evertaped_end() {
    if [[ $LAB_MODE == systemd ]]; then
        systemctl stop evertaped
    else
        kill "-$1" "$_supervisor"
        wait_until "$2" _supervisor_ended && wait "$_supervisor"
    fi
}

# evertaped_stop: asked to end, and waited for; no restart.
evertaped_stop() {
    _evertaped_end TERM 20
}

# evertaped_stop_for_good: as systemctl stop; without systemd by SIGINT.
evertaped_stop_for_good() {
    _evertaped_end INT 100
}

# evertaped_restart: returns when the next one is ready. Its journal is kept.
evertaped_restart() {
    local old
    if [[ $LAB_MODE == systemd ]]; then
        systemctl restart evertaped
    else
        old=$(evertaped_pid)
        kill -TERM "$old"
        wait_until 20 evertaped_is_ready "$old"
    fi
}

# Or is a zombie: bash sometimes has not reaped it yet.
_supervisor_ended() {
    local stat
    { read -r stat < "/proc/$_supervisor/stat"; } 2> /dev/null || return 0
    [[ $stat == *') Z '* ]]
}

# evertaped_crash: kill -9; returns when its successor is ready.
evertaped_crash() {
    local old
    old=$(evertaped_pid)
    kill -KILL "$old"
    wait_until 20 evertaped_is_ready "$old"
}

# evertaped_down, evertaped_up: kill -9, and no successor until evertaped_up. Not with systemd.
evertaped_down() {
    kill -STOP "$_supervisor"
    _down_pid=$(evertaped_pid)
    kill -KILL "$_down_pid"
}

evertaped_up() {
    kill -CONT "$_supervisor"
    wait_until 20 evertaped_is_ready "$_down_pid"
}
