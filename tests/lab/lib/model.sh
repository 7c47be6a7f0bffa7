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
