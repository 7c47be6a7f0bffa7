# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Words of every scenario: say, wait_until, ok, same_sha, lab_done. fork and exec cost 40 ms in a guest, so what is
# called often uses bash's own means.

_passed=0 _failed=0 _output=/tmp/lab-output
exec {_never}<> <(:)

# say TEXT...: a line with the guest's uptime in front.
say() {
    local up
    read -r up _ < /proc/uptime
    printf '[%6.2f] %s\n' "$up" "$*"
}

# pause SECONDS: for polling and for measured outages, not for hoping that something will have happened.
pause() {
    local _
    read -rt "$1" _ <&"$_never"
    true
}

# uptime_ms: milliseconds since the guest's start, in REPLY.
uptime_ms() {
    read -r REPLY _ < /proc/uptime
    REPLY=$((10#${REPLY/./} * 10))
}

# wait_until SECONDS COMMAND...: until COMMAND succeeds; says what it waited for if it did not come.
wait_until() {
    local seconds=$1 until
    shift
    uptime_ms
    until=$((REPLY + seconds * 1000))
    until "$@" > /dev/null 2>&1; do
        uptime_ms
        if ((REPLY > until)); then
            say "waited $seconds s in vain for: $*"
            return 1
        fi
        pause 0.05
    done
}

# not COMMAND...: succeeds if it fails.
not() {
    ! "$@"
}

# ok TEXT COMMAND...: one assertion. What COMMAND printed is shown if it failed. It runs in this shell, so what it
# sets is set.
ok() {
    local text=$1
    shift
    if "$@" > "$_output" 2>&1; then
        _passed=$((_passed + 1))
        say "ok      $text"
    else
        _failed=$((_failed + 1))
        say "NOT OK  $text ($*)"
        tail -n 30 "$_output" | sed 's/^/            | /'
    fi
}

# same TEXT EXPECTED FOUND: two strings are equal.
same() {
    if [[ $2 == "$3" ]]; then
        _passed=$((_passed + 1))
        say "ok      $1"
    else
        _failed=$((_failed + 1))
        say "NOT OK  $1: expected '$2', found '$3'"
    fi
}

# same_sha TEXT FILE FILE: two files, or the one and a SHA-256, are the same.
same_sha() {
    local a b
    a=$(sha256sum < "$2")
    if [[ -e $3 ]]; then b=$(sha256sum < "$3"); else b="$3  -"; fi
    same "$1" "$a" "$b"
}

# lab_done: the last line of every scenario.
lab_done() {
    echo "$_passed passed, $_failed failed"
    ((_failed == 0 && _passed > 0))
    exit
}
