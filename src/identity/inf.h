/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An INF file as Windows has it for tape drives and media changers, and which devices it names. Pure: bytes
 * in, entries and problems out. man/tape.inf.5.scd says what of the format is understood. */

#include <stdint.h>

#include "identity/hwid.h"
#include "identity/inf-problem.h"
#include "identity/profile.h"
#include "util/arena.h"

#define INF_ENTRIES_MAX 4096

/* One id in one line of a models section. Texts belong to the InfFile. */
typedef struct InfEntry {
        const char *id;               /* as written, %names% replaced */
        const char *vendor, *product; /* from [AlternateDriverSearch], else NULL: then id counts */
        unsigned line, column;        /* of the id, or of the line in [AlternateDriverSearch] */
        unsigned position;            /* in its line: 0 the hardware id, from 1 on compatible ids */
        const char *manufacturer, *description, *install, *service; /* "" for what there is not */
        ProfileFacts facts;
} InfEntry;

typedef struct InfFile {
        const char *name;             /* as it was given */
        const char *encoding, *class; /* "" for what there is not */
        InfEntry *entries;
        size_t n_entries;
        InfProblems problems;
        Arena arena;
} InfFile;

/* name is for the reader of the answer. What is broken is a problem of the file, which has no entries if
 * nothing of it can be read; so the only errors are -ENOMEM and -EFBIG (INF_FILE_MAX, identity/inf-decode.h).
 */
int inf_parse(const char *name, const uint8_t *data, size_t n_data, InfFile **ret);
InfFile *inf_free(InfFile *f);
DEFINE_CLEANUP(InfFile *, inf_free)
