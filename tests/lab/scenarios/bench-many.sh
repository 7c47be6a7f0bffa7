# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 3G -t 1500
# bench-many [N]: what many held drives cost that nobody uses, 1, 8 and N (64) of them: wake-ups, processor time, memory; how
# long evertaped takes to serve them all again; how long a program waits after its drive is back; and how long after
# the kernel has told of a device its links are there. Numbers go to $LAB_OUT/many.tsv: what, how many, value, unit.

n=${1:-64}
lab_udev
lab_dbus
lab_target
serials=()
for ((i = 0; i * 15 < n; i++)); do
    mkdir -p "/run/lab-model$i"
    ((drives = n - i * 15 < 15 ? n - i * 15 : 15))
    "$LAB_BUILD/tests/model/evertape-model" --dir "/run/lab-model$i" --instance "$i" --serial-prefix "M$i" --drives "$drives" \
        --tapes 1 --capacity 100M --daemonize >> "$LAB_OUT/model.log" 2>&1 || { say "no model $i"; lab_done; }
    for ((d = 1; d <= drives; d++)); do
        serials+=("$(printf 'M%dDRV%02d' "$i" "$d")")
    done
done
udevadm settle --timeout=120
mtx -f "$(by_serial M0LIB01 sg)" load 1 0 > /dev/null
# Without systemd a journal is on /run and taken at once: 64 of 64 MiB do not fit, and that is not what is measured.
evertape_config '[Hold]' 'Journal=4M'
ok "evertaped starts" evertaped_start
pid=$(evertaped_pid)

note() {
    printf '%s\t%s\t%s\t%s\n' "$@" | tee -a "$LAB_OUT/many.tsv"
}
# counters: sets switches, ticks and kib (memory that is evertaped's own, the ring's pages counted once).
counters() {
    local key value stat
    while read -r key value _; do
        [[ $key == voluntary_ctxt_switches: ]] && switches=$value
    done < "/proc/$pid/status"
    read -r stat < "/proc/$pid/stat"
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    ticks=$((${12} + ${13}))
    kib=$(awk '/^Private|^Shared_Dirty/ { n += $2 } END { print n }' "/proc/$pid/smaps_rollup")
}
machine_kib() {
    awk '/^MemAvailable/ { print $2 }' /proc/meminfo
}
# idle COUNT
idle() {
    local s t
    counters
    s=$switches t=$ticks
    pause 5
    counters
    note wake-ups "$1" $((switches - s)) "in 5 s"
    note processor "$1" $(((ticks - t) * 10)) "ms in 5 s"
    ok "$1 held, nobody uses them: no wake-up, no processor time" test $((switches - s + ticks - t)) = 0
}
counters
none=$kib before=$(machine_kib)
held=0
for count in 1 8 "$n"; do
    ((count > held)) || continue
    ok "hold $((count - held)) more" evertape hold "${serials[@]:held:count-held}"
    # shellcheck disable=SC2154
    ((_failed)) && lab_done # else the numbers would be of fewer
    udevadm settle --timeout=120
    held=$count
    idle "$count"
done
note memory "$n" $(((kib - none) / n)) "KiB each, evertaped"
note memory "$n" $(((before - $(machine_kib)) / n)) "KiB each, all of the machine, with 4 MiB of journal and the LUNs in the kernel"
ok "less than 4 MiB each" test $(((kib - none) / n)) -lt 4096

nst=$(held_by_serial "${serials[0]}" nst)
"$LAB_BUILD/tests/bench/bench-tape" write 262144 60 "$nst" > /dev/null
counters
note memory 1 $((kib - none)) "KiB, $n held and one in use with a journal of 4 MiB"

all_held() {
    [[ $(evertape status --raw --noheadings -o STATE | grep -c '^held$') == "$n" ]]
}
begun=${EPOCHREALTIME/./}
evertaped_stop
stopped=${EPOCHREALTIME/./}
ok "evertaped again" evertaped_start
ready=${EPOCHREALTIME/./}
ok "all are held" wait_until 240 all_held
note start "$n" $(((ready - stopped) / 1000)) "ms until evertaped says that it is ready"
note start "$n" $(((${EPOCHREALTIME/./} - stopped) / 1000)) "ms until all are held"
note stop "$n" $(((stopped - begun) / 1000)) ms

for i in 1 2 3 4 5; do
    "$LAB_BUILD/tests/bench/bench-tape" write 65536 600 "$nst" > /dev/null &
    writer=$!
    "$LAB_BUILD/tests/model/evertape-model" --ctl /run/lab-model0 pull drive1 > /dev/null
    pause 0.5
    "$LAB_BUILD/tests/model/evertape-model" --ctl /run/lab-model0 return drive1 > /dev/null
    ok "a program whose drive was away goes on" wait $writer
done
# of evertaped's log: how long the program waited after the drive was back, and how much of that was the drive's
name=$(field NAME "${serials[0]}")
grep "^$name: programs go on" "$LAB_OUT/evertaped.log" | tail -n 5 > /tmp/resumes
while read -r line; do
    note resume 1 "${line#*programs go on }" ""
done < /tmp/resumes
same "resumes that the log has" 5 "$(wc -l < /tmp/resumes)"

# From the kernel's event for a device that comes to udev's, when all its links are there: of a changer that is not held.
udevadm monitor --kernel --udev --subsystem-match=scsi_generic > /tmp/monitor &
monitor=$!
ok "udev is listened to" wait_until 10 grep -q 'the kernel uevent' /tmp/monitor
for i in 1 2 3 4 5; do
    "$LAB_BUILD/tests/model/evertape-model" --ctl /run/lab-model0 pull changer > /dev/null
    udevadm settle --timeout=60
    "$LAB_BUILD/tests/model/evertape-model" --ctl /run/lab-model0 return changer > /dev/null
    udevadm settle --timeout=60
done
ok "the link is there" test -e /dev/tape/by-name/lib1-changer
kill "$monitor"
wait "$monitor" 2> /dev/null # what it has said is in the file then
tr '[]' '  ' < /tmp/monitor | awk '$1 == "KERNEL" && $3 == "add" { from[$4] = $2 }
    $1 == "UDEV" && $3 == "add" && ($4 in from) { printf "%d\n", ($2 - from[$4]) * 1000; delete from[$4] }' > /tmp/links
while read -r ms; do
    note links "$n" "$ms" "ms from the kernel's event to udev's, with all links"
done < /tmp/links
same "devices that came" 5 "$(wc -l < /tmp/links)"
lab_done
