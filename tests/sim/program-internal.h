/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between the verbs of the program. */

#include "sim/tape.h"

/* How a drive that nothing happens to would end the command: GOOD, or this. */
typedef struct Expect {
        bool check, filemark, ili, eom;
        uint8_t key;
        uint16_t code; /* 0: any */
        bool residue_given;
        int64_t residue;
} Expect;

/* Runs w->cdb and compares. */
bool program_run(Tape *t, const char *what, size_t n_cdb, void *data, uint32_t n_data, const Expect *e);
/* The same for a WRITE, which may end GOOD or with early warning. */
bool program_run_write(Tape *t, const char *what, size_t n_cdb, void *data, uint32_t n_data, const Expect *e);
/* At the end of data, with so much left undone; -1: not said. */
Expect program_end_of_data(const Tape *t, int64_t residue);
void program_goes_to(Tape *t, size_t at, bool object_known, bool file_known);
size_t program_cdb_load(uint8_t *cdb, bool load);
