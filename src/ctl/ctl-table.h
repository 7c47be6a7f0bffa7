/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tables of devices by libsmartcols, with the options that lsblk has. */

#include <getopt.h>
#include <stdbool.h>

#include "ctl/ctl-device.h"

#define TABLE_COLUMNS_MAX (2 * _FIELD_MAX)

typedef struct Table {
        FieldId columns[TABLE_COLUMNS_MAX];
        size_t n_columns;
        bool json;
        bool raw;
        bool bytes;
        bool no_headings;
} Table;

/* For getopt_long(3): the options that every table has, and their letters. */
#define TABLE_LONG_OPTIONS                                                                                   \
        {"output", required_argument, NULL, 'o'}, {"json", no_argument, NULL, 'J'},                          \
                {"raw", no_argument, NULL, 'r'}, {"bytes", no_argument, NULL, 'b'},                          \
        {                                                                                                    \
                "noheadings", no_argument, NULL, 'n'                                                         \
        }
#define TABLE_SHORT_OPTIONS "o:Jrbn"
#define TABLE_OPTIONS_HELP                                                                                   \
        "  -o, --output COLUMNS  columns to show; +COLUMNS adds to the default ones\n"                       \
        "  -J, --json            JSON\n"                                                                     \
        "  -r, --raw             one blank between columns, unusual characters escaped\n"                    \
        "  -b, --bytes           sizes in bytes\n"                                                           \
        "  -n, --noheadings      no line of headings\n"

/* Whether c is one of these options; then it has been taken, with optarg for -o. A wrong -o is complained
 * about and *ret_status set to the exit status. */
bool table_take_option(Table *t, int c, const char *command, int *ret_status);

/* Prints to stdout. Complains. */
int table_print(const Table *t, const DeviceList *devices);

/* As a text for a terminal of this width. Complains. Caller frees. */
int table_format(const Table *t, const DeviceList *devices, size_t width, char **ret);
