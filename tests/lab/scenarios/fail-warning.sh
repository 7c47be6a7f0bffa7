# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -x 120
# The runner itself: a scenario in which everything is well but the kernel warned must fail.

echo "WARNING: CPU: 0 PID: 1 at drivers/lab/made_up.c:1 fail_warning+0x1/0x2" > /dev/kmsg
ok "the scenario is content" true
lab_done
