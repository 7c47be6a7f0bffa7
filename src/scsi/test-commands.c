/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* docs/COMMANDS.md is the table of opcode.c for readers. "test-commands FILE" fails where the two differ;
 * without FILE the table is printed as it should be. */

#include <stdio.h>
#include <string.h>

#include "scsi/opcode.h"
#include "util/cleanup.h"

static const char *const settle_names[] = {
        [SETTLE_REPEAT] = "`SETTLE_REPEAT`",
        [SETTLE_READ] = "`SETTLE_READ`",
        [SETTLE_WRITE] = "`SETTLE_WRITE`",
        [SETTLE_ABSOLUTE] = "`SETTLE_ABSOLUTE`",
        [SETTLE_RELATIVE] = "`SETTLE_RELATIVE`",
        [SETTLE_STATE] = "`SETTLE_STATE`",
        [SETTLE_MOVE_MEDIUM] = "`SETTLE_MOVE_MEDIUM`",
        [SETTLE_NEVER_REPEAT] = "`SETTLE_NEVER_REPEAT`",
};

static const char *const effect_names[] = {
        [POSITION_KEPT] = "stays",
        [POSITION_READ] = "after what was read",
        [POSITION_WRITTEN] = "after what was written",
        [POSITION_BEGINNING] = "beginning",
        [POSITION_LOADED] = "beginning, or no medium",
        [POSITION_LOCATED] = "as the CDB says",
        [POSITION_SPACED] = "on or back by a count, or end of data",
        [POSITION_LOST] = "asked for",
};

_Static_assert(ELEMENTSOF(settle_names) == _SETTLE_CLASS_MAX, "a class without a name");
_Static_assert(ELEMENTSOF(effect_names) == _POSITION_EFFECT_MAX, "an effect without a name");

static void print_row(FILE *f, const ScsiOpcode *row)
{
        bool tape = row->device_types & 1U << DEVICE_TAPE, changer = row->device_types & 1U << DEVICE_CHANGER;

        fprintf(f, "| %02X", row->opcode);
        if (row->service_action != SERVICE_ACTION_ANY)
                fprintf(f, "/%02X", row->service_action);
        fprintf(f, " | %s | %s%s%s | %s | %s | %u min |\n", row->name, tape ? "tape" : "",
                tape && changer ? ", " : "", changer ? "changer" : "", settle_names[row->settle],
                tape ? effect_names[row->effect] : "", row->timeout_s / 60);
}

static void print_table(FILE *f)
{
        const ScsiOpcode *rows;
        size_t n;

        fprintf(f,
                "| opcode | command | device | if its answer is lost | position afterwards | time limit |\n"
                "|---|---|---|---|---|---|\n");
        rows = scsi_opcode_table(&n);
        for (size_t i = 0; i < n; i++)
                print_row(f, &rows[i]);
}

/* The lines of the file that belong to a table must be those, in order; the rest is text. */
static int compare(FILE *file, char *table)
{
        char line[512], *wanted = strtok(table, "\n");
        unsigned n_failed = 0, n_lines = 0;

        while (fgets(line, sizeof(line), file)) {
                line[strcspn(line, "\n")] = '\0';
                if (line[0] != '|')
                        continue;
                n_lines++;
                if (!wanted || strcmp(line, wanted) != 0) {
                        printf("has:     %s\nshould:  %s\n", line, wanted ? wanted : "(nothing)");
                        n_failed++;
                }
                wanted = wanted ? strtok(NULL, "\n") : NULL;
        }
        if (wanted) {
                printf("missing: %s\n", wanted);
                n_failed++;
        }
        printf("%u passed, %u failed\n", n_failed == 0 && n_lines > 0, n_failed);
        return n_failed > 0 || n_lines == 0;
}

int main(int argc, char **argv)
{
        _cleanup_free_ char *table = NULL;
        _cleanup_fclose_ FILE *file = NULL, *memory = NULL;
        size_t n;

        if (argc < 2) {
                print_table(stdout);
                return EXIT_SUCCESS;
        }
        memory = open_memstream(&table, &n);
        file = fopen(argv[1], "re");
        if (!memory || !file) {
                perror(argv[1]);
                return EXIT_FAILURE;
        }
        print_table(memory);
        if (fflush(memory) == EOF)
                return EXIT_FAILURE;
        return compare(file, table);
}
