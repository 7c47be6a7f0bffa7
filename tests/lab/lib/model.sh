# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The project's own library behind TCMU, tests/model: the judge of tape semantics, and the one that can be reset,
# power-cycled and looked into.

# model_up [OPTIONS...]: drives MDLDRV01.., changer MDLLIB01, cartridges T00001L7.. (evertape-model --help).
model_up() {
    lab_target
    mkdir -p /run/lab-model
    "$LAB_BUILD/tests/model/evertape-model" --dir /run/lab-model --daemonize "$@" > "$LAB_OUT/model.log" 2>&1 || {
        say "evertape-model did not start: $(< "$LAB_OUT/model.log")"
        return 1
    }
    udevadm settle
}

# model COMMAND...: tells it: pull drive1, return drive1, power-cycle drive1 3, dump T00001L7 FILE ... Prints "ok" and
# what it has to say, or "error WHY".
model() {
    "$LAB_BUILD/tests/model/evertape-model" --ctl /run/lab-model "$@"
}

# lio_up TARGET NAME...: the model's devices are taken from this machine's SCSI and given to an iSCSI target of the
# kernel's, which answers at port 3260; the first of them is LUN 0.
lio_up() {
    local core=/sys/kernel/config/target/core/user_3600 wwn lun=0 name
    local tpg=/sys/kernel/config/target/iscsi/$1/tpgt_1
    shift
    for wwn in /sys/kernel/config/target/loopback/naa.6001405*; do
        rm "$wwn/tpgt_1/lun/lun_0/backstore" && rmdir "$wwn/tpgt_1/lun/lun_0" "$wwn/tpgt_1" "$wwn" || return
    done
    modprobe iscsi_target_mod || return
    mkdir -p "$tpg" && mkdir "$tpg/np/127.0.0.1:3260" || return
    for name; do
        mkdir "$tpg/lun/lun_$lun" && ln -s "$core/model-$name" "$tpg/lun/lun_$lun/backstore" || return
        lun=$((lun + 1))
    done
    echo 262144 > "$tpg/param/MaxRecvDataSegmentLength"
    echo 0 > "$tpg/attrib/authentication"
    echo 0 > "$tpg/attrib/demo_mode_write_protect"
    echo 1 > "$tpg/attrib/cache_dynamic_acls"
    echo 1 > "$tpg/attrib/generate_node_acls"
    echo 1 > "$tpg/enable"
}
