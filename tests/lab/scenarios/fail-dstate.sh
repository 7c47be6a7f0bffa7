# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -x 121
# The runner itself: a process that nobody answers must fail the scenario. Here it scans a LUN whose commands no
# program serves.

lab_target
core=/sys/kernel/config/target/core/user_0/nobody loop=/sys/kernel/config/target/loopback/naa.5001405000000001
mkdir -p $core $loop/tpgt_1
printf 'dev_config=lab/nobody,dev_size=1048576,nl_reply_supported=-1' > $core/control
echo 0 > $core/attrib/cmd_time_out
echo 1 > $core/enable
echo naa.5001405000000002 > $loop/tpgt_1/nexus
mkdir $loop/tpgt_1/lun/lun_0
ln -s $core $loop/tpgt_1/lun/lun_0/x &

waits() {
    [[ $(ps -o state= -p "$1") == D ]]
}
ok "a process waits for ever" wait_until 5 waits $!
lab_done
