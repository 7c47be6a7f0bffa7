/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The device table: all INF files that count here, and which of their entries is a device's. */

#include "identity/inf.h"

#define INF_SITE_DIRECTORY EVERTAPE_SYSCONFDIR "/inf.d"
#define INF_SHIPPED        EVERTAPE_DATADIR "/tape.inf"

typedef struct InfTable {
        InfFile **files; /* those that win come first */
        size_t n_files;
} InfTable;

typedef struct InfMatch {
        const InfFile *file; /* NULL: nothing matches */
        const InfEntry *entry;
        HwidKind kind; /* by which of the device's ids */
} InfMatch;

/* Reads one file. -errno of the file, -EFBIG, -ENOMEM. */
int inf_load(const char *path, InfFile **ret);

/* Takes the file over, also when it fails with -ENOMEM. */
int inf_table_add(InfTable *t, InfFile *file);

/* Reads DIRECTORY's files *.inf, in the order of their names, and then the shipped file; either may be NULL,
 * and neither needs to be there. A file that cannot be read becomes one without entries that has a problem.
 * -ENOMEM. */
int inf_table_load(InfTable *t, const char *directory, const char *shipped);

void inf_table_deinit(InfTable *t);

/* The best entry, as Windows ranks them: by a hardware id of the device before a compatible one, then by a
 * hardware id of the file before a compatible one, then by the more specific of the device's ids (HwidKind;
 * for prefixes, the longer one), then the earlier file and line. */
InfMatch inf_table_match(const InfTable *t, const HwidInquiry *inquiry);

/* How well an entry matches: lower is better; SIZE_MAX: not at all. */
size_t inf_entry_rank(const InfEntry *entry, const HwidSet *device, HwidKind *ret_kind);
