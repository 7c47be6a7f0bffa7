# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A held drive answers as the drive itself: each step is done on a drive of the model that is held and on one that is
# not, and both must print the same and end the same. Then on the held one through a cut.

hold_model "--drives 2 --capacity 40M --buffer 16" MDLDRV01 || lab_done
held=$(held_by_serial MDLDRV01 nst) direct=$(by_serial MDLDRV02 nst)
mtx -f "$(by_serial MDLLIB01 sg)" load 2 1
mt -f "$direct" status > /dev/null 2>&1
head -c 4M /dev/urandom > /tmp/data
head -c 1M /dev/urandom > /tmp/block

# alike TEXT COMMAND...: with "$nst" in it for the drive. Prints and status must be equal, and as in "$wanted" if that
# is set.
alike() {
    local text=$1 nst status
    shift
    : > /tmp/alike
    for nst in "$direct" "$held"; do
        nst=$nst bash -c "$*" > "/tmp/alike.$nst_name" 2>&1
    done
}
