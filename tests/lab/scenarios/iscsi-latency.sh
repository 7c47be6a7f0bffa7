# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What holding gains over iSCSI, with round trips of 0, 1, 5 and 20 ms: the engine above the iscsi transport, against a
# program that uses libiscsi and nothing else, in turn, on the model's drive behind the kernel's target.
# iscsi-latency [ROUNDS].
# lab: -m 1G -t 400

rounds=${1:-1}
lab_udev
model_up --drives 1 --slots 6 --tapes 3 --capacity 64G --buffer 16 --no-data || lab_done
mtx -f "$(by_serial MDLLIB01 sg)" load 1 0 > /dev/null
model swap-serial drive1 DRV0001 > /dev/null
ok "the model is behind the kernel's target" lio_up iqn.2026-11.test:t1 changer drive1

# gains BLOCK DELAY MIB: the median of the ratios in thousandths, in REPLY.
gains() {
    local line
    line=$("$LAB_BUILD/tests/iscsi/iscsi-bench" --port 3260 --block "$1" --delay "$2" --mib "$3" --rounds "$rounds" | tail -n 1)
    say "$line"
    [[ $line =~ \ ([0-9]+)\.([0-9]{3})$ ]] && REPLY=$((10#${BASH_REMATCH[1]}${BASH_REMATCH[2]}))
}
while read -r block delay mib least; do
    REPLY=0
    gains "$block" "$delay" "$mib"
    ok "at least $least thousandths" test "$REPLY" -ge "$least"
done << 'EOF'
65536 0 32 500
65536 1000 32 1000
65536 5000 48 3000
65536 20000 48 2500
262144 5000 64 1000
EOF
lab_done
