/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tables of what is run: kinds of drives, and what a program does with them. */

#include "sim/tape.h"
#include "util/cleanup.h"

/* clang-format off */
const DriveKind drive_kinds[] = {
        {"buffered",      "LTO: all that the standard has, 16 objects of buffer", .n_buffer = 16},
        {"unbuffered",    "the same without a volatile buffer"},
        {"shows-old",     "after a loss, what was overwritten is there again", .n_buffer = 6, .old_data_visible = true, .no_buffer_report = true},
        {"optimist",      "says too early of half its buffer that it is on the medium, and shows what was overwritten",
                          .n_buffer = 16, .old_data_visible = true, .optimistic_report = true},
        {"no-serial",     "cartridges without a serial number", .n_buffer = 6, .no_mam = true},
        {"no-locate",     "no LOCATE", .n_buffer = 6, .no_locate = true},
        {"zero-position", "READ POSITION says zeros for ever", .n_buffer = 6, .zero_position = true},
        {"old",           "no LOCATE, READ POSITION, serial number; vague at the end of data", .n_buffer = 4,
                          .no_locate = true, .no_read_position = true, .no_mam = true, .vague_end_of_data = true},
        {"old-shows-old", "the same, and what was overwritten is there again", .n_buffer = 4,
                          .no_locate = true, .no_read_position = true, .no_mam = true, .old_data_visible = true},
};

static bool can_locate(const DriveKind *kind)
{
        return !kind->no_locate;
}

/* ERASE leaves the place to READ POSITION. */
static bool is_modern(const DriveKind *kind)
{
        return !kind->no_locate && !kind->no_read_position && !kind->zero_position;
}

const Workload workloads[] = {
        {"backup",     "blocks and filemarks, rewind, read all", NULL, work_backup, 1, 0},
        {"append",     "a backup, and more behind it after the tape was read", NULL, work_append, 1, 0},
        {"fixed",      "several blocks of one size a command, written and read", NULL, work_fixed, 1, 0},
        {"stream",     "runs of blocks of one length, and what comes between them", NULL, work_stream, 1, 0},
        {"overwrite",  "new data in the middle of old ones", NULL, work_overwrite, 1, 0},
        {"long",       "many blocks before the first proof, over older ones", NULL, work_long, 1, 0},
        {"verify",     "reads of all lengths, over filemarks and beyond the end; VERIFY", NULL, work_verify, 1, 0},
        {"space",      "SPACE over blocks and filemarks both ways, each place looked at", NULL, work_space, 1, 0},
        {"locate",     "LOCATE to objects, files and the end, each place looked at", can_locate, work_locate, 1, 0},
        {"volumes",    "one backup over three cartridges, each until it is full", NULL, work_volumes, 3, 12000},
        {"partitions", "two partitions, written and read in turn", can_locate, work_partitions, 1, 0},
        {"erase",      "ERASE in the middle and at the beginning, new data there", is_modern, work_erase, 1, 0},
        {"reload",     "UNLOAD and LOAD between writing and reading", NULL, work_reload, 2, 0},
};
/* clang-format on */

const size_t n_drive_kinds = ELEMENTSOF(drive_kinds);
const size_t n_workloads = ELEMENTSOF(workloads);

bool workload_fits(const Workload *work, const DriveKind *kind)
{
        return !work->fits || work->fits(kind);
}
