# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab: -m 896M -t 300
# [PIPELINE]: a Bacula job that fills cartridges to their end and goes on with the next: what was told to be written and
# then did not fit would be missing here. Restored byte for byte.

evertape_config '[Hold]' 'Journal=64M' "Pipeline=${LAB_ARGS[0]:-16M}"
bacula_held "--slots 6 --tapes 4 --capacity 24M --buffer 16" 40 4 || lab_done
bacula 'run job=Save yes' > /tmp/run
ok "the job ended OK" bacula_ends_ok 1
ok "on several cartridges" test "$(bacula_volumes 1)" -gt 1
ok "and is restored byte for byte" bacula_restores 1
bacula_held_done
