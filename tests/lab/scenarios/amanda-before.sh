# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 896M -t 300
# amanda-before A|B: what evertape is for. amdump directly on the drives, which are lost in the middle of it and come back:
# as before (A), or with each other's nodes (B). What is asserted is what goes wrong.

lab_udev
model_up --drives 2 --slots 5 --tapes 3 --capacity 200M --buffer 16 || lab_done
mkdir -p /tmp/data
head -c 40M /dev/urandom > /tmp/data/random
chmod -R a+rX /tmp/data
nst=$(by_serial MDLDRV01 nst)
amanda_conf "$nst" "$(by_serial MDLDRV02 nst)" "$(by_serial MDLLIB01 sg)" 200 /tmp/data
amanda amlabel -f LAB T00001L7 slot 1 > "$LAB_OUT/label.log" 2>&1

written() {
    [[ $(model status drive1)$(model status drive2) =~ position=([0-9]{3,}) ]]
}
amanda amdump LAB > "$LAB_OUT/amdump.log" 2>&1 &
dump=$!
ok "it writes" wait_until 60 written
case ${1:-A} in
    A)
        pull MDLDRV01
        pull MDLDRV02
        return_as_before MDLDRV01 MDLDRV02
        ;;
    B)
        return_swapped MDLDRV01 MDLDRV02
        same "the node is the other drive now" "$nst" "$(by_serial MDLDRV02 nst)"
        ;;
esac
ok "amdump failed" not wait $dump
amanda amreport LAB > "$LAB_OUT/report.log" 2>&1
sed -n '/FAILURE/,/STATISTICS/p' "$LAB_OUT/report.log" | head -n 20
ok "the dump is lost" not eval 'amanda amfetchdump -p -a LAB localhost /tmp/data < /dev/null 2> /dev/null | tar -C /tmp/amanda/restored -xf - && diff -r /tmp/data /tmp/amanda/restored'
if [[ ${1:-A} == B ]]; then
    amanda amdump LAB > "$LAB_OUT/amdump2.log" 2>&1
    ok "and so is the next one" test $? -ne 0
    amanda amreport LAB 2>&1 | sed -n '/FAILURE/,/STATISTICS/p' | head -n 20
fi
lab_done
