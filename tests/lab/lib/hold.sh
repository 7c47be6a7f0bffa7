# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Words for scenarios about held devices: the model's library held, a program that is fed piece by piece, what is
# on the cartridge, what evertape says.

# prints PATTERN COMMAND...: COMMAND succeeds or not, and prints a line that matches the extended expression.
prints() {
    local pattern=$1
    shift
    "$@" > /tmp/printed 2>&1
    grep -qE -- "$pattern" /tmp/printed && return
    cat /tmp/printed
    return 1
}

# fails_saying PATTERN COMMAND...: COMMAND fails and prints a line that matches.
fails_saying() {
    local pattern=$1
    shift
    if "$@" > /tmp/printed 2>&1; then
        echo "it did not fail"
        return 1
    fi
    grep -qE -- "$pattern" /tmp/printed && return
    cat /tmp/printed
    return 1
}

# evertape_config LINE...: /etc/evertape/evertape.conf.
evertape_config() {
    mkdir -p /etc/evertape
    printf '%s\n' "$@" > /etc/evertape/evertape.conf
    _configured=1
}

# field COLUMN DEVICE: prints one value of `evertape status`.
field() {
    evertape status --bytes --raw --noheadings -o "$1" "$2"
}

# is_state STATE DEVICE: now.
is_state() {
    [[ $(field STATE "$2") == "$1" ]]
}

# hold_model "MODEL OPTIONS" SERIAL...: udev, bus, the model's library, evertaped, and these devices held. The
# first cartridge is in the first drive. udev may not have made its links yet: they are not needed here.
hold_model() {
    local options=$1
    shift
    lab_udev
    lab_dbus
    # shellcheck disable=SC2086
    model_up $options || return
    mtx -f "$(by_serial MDLLIB01 sg)" load 1 0 > /dev/null
    [[ $_configured ]] || evertape_config '[Hold]' 'Journal=32M'
    evertaped_start || { say "evertaped did not start: $(tail -n 5 "$LAB_OUT/evertaped.log")"; return 1; }
    evertape hold "$@"
}

# stuck: prints the processes in the middle of a system call that nothing interrupts, but the kernel's own.
stuck() {
    local stat rest
    for stat in /proc/[0-9]*/stat; do
        { read -r rest < "$stat"; } 2> /dev/null || continue
        [[ $rest == *'(kworker'* || $rest != *') D '* ]] || echo "$rest"
    done
}

# none_stuck: there is none.
none_stuck() {
    [[ ! $(stuck) ]] || { stuck; return 1; }
}

# write_without NODE DRIVE: a program writes to NODE, and DRIVE of the model is lost under it. Its pid is in waiting; when
# it ends /tmp/waits.log has "status N".
write_without() {
    {
        exec 7> "$1"
        dd if=/dev/zero bs=64k count=8 status=none >&7
        model pull "$2" > /dev/null
        dd if=/dev/zero bs=64k count=400 status=none >&7
        echo "status $?"
    } > /tmp/waits.log 2>&1 &
    # shellcheck disable=SC2034
    waiting=$!
}

# no_luns: no held LUN is there.
no_luns() {
    not compgen -G '/sys/kernel/config/target/core/user_3700/evertape-*' &&
        not compgen -G "/sys/kernel/config/target/loopback/$_held_wwn*"
}

# ---- a program that is fed ----

_feed_fifo=/tmp/lab-feed

# fed COMMAND...: starts COMMAND with a pipe for its input, descriptor 8 of the scenario; feed and feed_end fill it.
# What is started meanwhile and stays must not keep it open: 8>&-.
fed() {
    [[ -p $_feed_fifo ]] || mkfifo "$_feed_fifo"
    "$@" < "$_feed_fifo" > /tmp/lab-fed.log 2>&1 &
    _fed_pid=$!
    exec 8> "$_feed_fifo"
    _fed=0
}

# feed FILE MIB: the next MIB of FILE. Returns when the program has taken them, but for what is in the pipe.
feed() {
    dd if="$1" bs=1M skip="$_fed" count="$2" status=none >&8
    _fed=$((_fed + $2))
}

# feed_aside FILE MIB: without waiting for the program.
feed_aside() {
    dd if="$1" bs=1M skip="$_fed" count="$2" status=none >&8 &
    _feed_pid=$!
    _fed=$((_fed + $2))
}

# feed_end FILE: what is left of it, then the end. Returns the status of the program.
feed_end() {
    local status
    [[ $_feed_pid ]] && wait "$_feed_pid"
    _feed_pid=
    dd if="$1" bs=1M skip="$_fed" status=none >&8
    exec 8>&-
    wait "$_fed_pid"
    status=$?
    cat /tmp/lab-fed.log
    return "$status"
}

# ---- the model ----

# in_flight DEVICE: succeeds while the model holds a command back.
in_flight() {
    [[ $(model status "$1") == *' waiting='[1-9]* ]]
}

# catch_in_flight DEVICE FILE: feeds one MiB more and returns when the model holds one of its commands.
catch_in_flight() {
    model hold "$1" > /dev/null
    feed_aside "$2" 1
    wait_until 10 in_flight "$1"
}

# filemarks_held, filemarks_free: the model holds back the next WRITE FILEMARKS of both drives; no longer. filemark_waits: one is
# there, at the drive with the number $drive.
filemarks_held() {
    model hold drive1 10 > /dev/null
    model hold drive2 10 > /dev/null
}

filemarks_free() {
    model unhold drive1 > /dev/null
    model unhold drive2 > /dev/null
}

filemark_waits() {
    for drive in 1 2; do
        in_flight "drive$drive" && return
    done
    return 1
}

# on_tape BARCODE FILE BLOCKS FILEMARKS: exactly these bytes in so many blocks, and so many filemarks, are on it.
on_tape() {
    prints "^ok blocks=$3 filemarks=$4 " model dump "$1" /tmp/lab-dump && cmp /tmp/lab-dump "$2"
}

# model_position DEVICE: prints how many objects are before the place where its tape stands.
model_position() {
    local reply
    reply=$(model status "$1")
    reply=${reply#* position=}
    echo "${reply%% *}"
}

# evertaped_said PATTERN: a line of its log matches.
evertaped_said() {
    if [[ $LAB_MODE == systemd ]]; then
        journalctl --unit=evertaped --output=cat | grep -qE -- "$1"
    else
        grep -qE -- "$1" "$LAB_OUT/evertaped.log"
    fi
}

# resume_times: how long resumes took beside the device's own time, in ms: "N resumes, median X ms, longest Y ms".
resume_times() {
    local pattern='programs go on (.*) after the device was back, (.*) of that were the device'
    { [[ $LAB_MODE == systemd ]] && journalctl --unit=evertaped --output=cat || cat "$LAB_OUT/evertaped.log"; } |
        python3 -c '
import re, statistics, sys
UNITS = {"us": 1e-3, "ms": 1, "s": 1e3, "min": 6e4}
def ms(text):
    return sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)([a-z]+)", text))
own = [ms(m[1]) - ms(m[2]) for m in re.finditer(sys.argv[1], sys.stdin.read())]
print(f"{len(own)} resumes, median {statistics.median(own):.0f} ms, longest {max(own):.0f} ms")' "$pattern"
}
