# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# lab: -m 768M -t 240
# What evertaped knows of a library: read when it comes, followed without a command through moves of a program, moves
# that end after an outage, and asked for again after what leaves doubt. Metrics. With -s also evertape-web, as it is
# installed: started by a connection, sandboxed, and looked at with Chromium if that is installed.

hold_model "--drives 2 --slots 6 --tapes 4 --capacity 60M --buffer 16" MDLLIB01 MDLDRV01 || lab_done
lib=$(held_by_serial MDLLIB01 sg)

# said EXPRESSION [ARGUMENT...]: of what `evertape map --json` says of lib1, l, with arguments in a.
said() {
    evertape map --json lib1 | python3 -c '
import json, sys
l, a = json.load(sys.stdin)["libraries"][0], sys.argv[2:]
print(eval(sys.argv[1]))' "$@"
}
# is_told ADDRESS LABEL: "-" is an empty element
is_told() {
    [[ $(said '[e["label"] or "-?"[e["full"]] for e in l["elements"] if e["address"] == int(a[0])][0]' "$1") == "$2" ]]
}
is_current() {
    [[ $(said 'l["followed"]') == True ]]
}
is_doubted() {
    [[ $(said 'l["doubt-since"] > 0 and not l["followed"]') == True ]]
}
read_at() {
    said 'l["read-at"]'
}
# Element addresses of the model: slots from 1024, drives from 256.
say "read when it was held"
ok "up to date" wait_until 30 is_current
ok "a cartridge in the drive" is_told 256 T00001L7
ok "its slot is empty" is_told 1024 -
ok "another one in its slot" is_told 1025 T00002L7
evertape map

say "moves of a program are followed"
before=$(read_at)
# no READ ELEMENT STATUS, as mtx sends one before each move
move() {
    sg_raw "$lib" a5 00 00 00 "${@}" 00 00 00 00 > /tmp/moved 2>&1 || { cat /tmp/moved; return 1; }
}
ok "MOVE MEDIUM" move 01 00 04 00
ok "the drive is empty" is_told 256 -
ok "the slot has it" is_told 1024 T00001L7
ok "mtx transfers" mtx -f "$lib" transfer 2 6
ok "it has gone" is_told 1025 -
ok "and come" is_told 1029 T00002L7
same "and the library was not asked" "$before" "$(read_at)"

say "a move that ends after an outage"
model hold changer a5 > /dev/null
move 04 00 01 00 & moving=$!
ok "it is on its way" wait_until 10 in_flight changer
ok "away" model pull changer executed
ok "doubt is said" wait_until 10 is_doubted
ok "return" model return changer
ok "it was carried out" wait $moving
ok "known" wait_until 30 is_told 256 T00001L7
ok "and up to date" wait_until 30 is_current

say "what leaves doubt is followed by a reading"
before=$(read_at)
ok "INITIALIZE ELEMENT STATUS" sg_raw "$lib" 07 00 00 00 00 00
ok "doubt" is_doubted
ok "read again" wait_until 30 is_current
ok "anew" not [ "$before" = "$(read_at)" ]
before=$(read_at)
ok "--refresh" evertape map --refresh
ok "asks" not [ "$before" = "$(read_at)" ]

say "metrics"
evertape metrics > "$LAB_OUT/metrics.txt"
ok "OpenMetrics" python3 -c '
import sys; sys.path.insert(0, sys.argv[1])
import openmetrics
text = open(sys.argv[2]).read(); wrong = openmetrics.problems(text); print(*wrong, sep="\n"); sys.exit(bool(wrong))' \
    "$LAB_TOP/tests/view" "$LAB_OUT/metrics.txt"
ok "an outage is counted" grep -q 'evertape_device_outages_total{device="lib1"} 1' "$LAB_OUT/metrics.txt"
ok "a cartridge in a bay" grep -q 'evertape_library_elements_full{library="lib1",kind="bay"} 1' "$LAB_OUT/metrics.txt"

# The page as Chromium has it, while a cartridge moves and a drive is held; pictures of it. Says "N passed, M failed" itself.
seen_by_chromium() {
    "$LAB_TOP/tests/view/test-browser" --patience 120 --pictures "$LAB_OUT" --url http://127.0.0.1:9837/ \
        --run "mtx -f $lib transfer 6 2" --expect $'2\nT00002L7' --run "evertape hold MDLDRV02" --expect 'lib1-drive2: present → held'
}

if [[ $LAB_MODE == systemd ]]; then
    say "evertape-web"
    ip link set lo up
    ok "its user" systemd-sysusers evertape-web.conf
    ok "the socket" systemctl start evertape-web.socket
    ok "nothing runs yet" not systemctl -q is-active evertape-web.service
    ok "a connection starts it" wait_until 20 curl -sf -o "$LAB_OUT/web-metrics.txt" http://127.0.0.1:9837/metrics
    ok "it has evertaped's numbers" grep -q '^evertape_up 1' "$LAB_OUT/web-metrics.txt"
    ok "the page" prints T00001L7 curl -sf http://127.0.0.1:9837/
    ok "the picture, over the UNIX socket" prints T00001L7 curl -sf --unix-socket /run/evertape-web.socket http://any/map.svg
    ok "it is nobody else" [ "$(stat -c %U "/proc/$(systemctl show -P MainPID evertape-web)")" = evertape-web ]
    ok "a foreign name is refused" prints 421 curl -s -o /dev/null -w '%{http_code}' -H 'Host: evil.example' http://127.0.0.1:9837/
    if command -v chromium > /dev/null; then
        ok "Chromium shows it, to eyes and ears, by the keyboard alone, and what is new" seen_by_chromium
    else
        say "chromium is not installed (tools/install-deps lab): nobody has looked at the page"
    fi
    ok "evertaped stops" systemctl stop evertaped
    ok "that is told" wait_until 10 prints '^evertape_up 0' curl -sf http://127.0.0.1:9837/metrics
    journalctl --no-pager > "$LAB_OUT/journal"
fi
lab_done
