/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A command's answer and what is made of it: as expected, or an error, which has to be right. After an error
 * nothing may be written until the program goes to a place of its own; from there it goes by what is on the
 * medium, and does a little more work to see that everything is in order again. */

#include <string.h>

#include "scsi/cdb.h"
#include "sim/program-internal.h"

#define TRIES 60

size_t program_cdb_load(uint8_t *cdb, bool load)
{
        memset(cdb, 0, 6);
        cdb[0] = OP_LOAD_UNLOAD;
        cdb[4] = load;
        return 6;
}

/* ---- after an error ---- */

static bool is_medium_changed(const Sense *s)
{
        return s->key == SENSE_UNIT_ATTENTION && s->code == ASC_MEDIUM_MAY_HAVE_CHANGED;
}

/* Nothing may be written from here. */
static void expect_refusal(Tape *t)
{
        static uint8_t block[] = "after the error";
        World *w = &t->world;

        if (world_run(w, scsi_cdb_write_6(w->cdb, false, sizeof(block)), block, sizeof(block)))
                world_fail(w, FAIL_UNPROVEN, "a WRITE went through after the position was lost");
}

static bool go_to_beginning(Tape *t)
{
        World *w = &t->world;

        if (world_sense(w).code == ASC_MEDIUM_NOT_PRESENT && world_sense(w).key == SENSE_NOT_READY)
                (void) world_run(w, program_cdb_load(w->cdb, true), NULL, 0);
        if (t->n_partitions > 1)
                return world_run(w, scsi_cdb_locate_10(w->cdb, true, 0, 0), NULL, 0);
        return world_run(w, scsi_cdb_rewind(w->cdb, false), NULL, 0);
}

static void start_again(Tape *t)
{
        World *w = &t->world;

        t->prevent = model_drive_prevented(t->drive);
        for (int i = 0; i < TRIES && !w->failed; i++) {
                if (go_to_beginning(t)) {
                        t->lost_position = false;
                        t->anchored = t->serial_known = false;
                        t->excuses = 0;
                        return;
                }
                world_rest(w, 60 * USEC_PER_SEC);
        }
        world_fail(w, FAIL_OTHER, "no REWIND after an error");
}

static void work_on(Tape *t)
{
        t->block_size = 0;
        if (tape_set_block_size(t, 0) && tape_space_end(t) && tape_write(t, 100) &&
            tape_write_filemarks(t, 1, false) && tape_rewind(t))
                tape_check(t, true);
}

/* The command was given up, and nothing depends on where it was given up: the medium is at its beginning. */
static bool is_safe_place(const Tape *t)
{
        return t->excuses & EXCUSE_TIMEOUT && t->at == 0 && t->partition == 0;
}

/* Always false: the workload is over. */
static bool take_error(Tape *t, const char *what)
{
        World *w = &t->world;
        Sense s = world_sense(w);

        if (w->failed)
                return false;
        if (!t->swapped && t->excuses == 0)
                world_fail(w, FAIL_ERROR,
                           "%s: error %x %04x, and nothing had happened that could not be mended", what,
                           s.key, s.code);
        t->over = t->swap_told = true;
        tape_check_after_error(t, false);
        if (!is_medium_changed(&s) && !s.deferred && !is_safe_place(t)) {
                t->lost_position = true;
                expect_refusal(t);
        }
        if (++t->n_errors > 1) {
                tape_check_after_error(t, true);
                return false;
        }
        start_again(t);
        if (!w->failed)
                tape_check_after_error(t, true);
        program_goes_to(t, 0, true, true);
        t->partition = 0;
        if (!t->swapped && !w->failed)
                work_on(t);
        return false;
}

/* ---- one command ---- */

/* A cartridge by which nothing can be known is at its beginning: the program is told that it may be another
 * one, and goes on. */
static bool is_told_to_look(const Tape *t)
{
        Sense s = world_sense(&t->world);

        return is_medium_changed(&s) && !t->swapped && t->excuses & EXCUSE_PROOF && t->at == 0 &&
               t->partition == 0;
}

static bool run(Tape *t, size_t n_cdb, void *data, uint32_t n_data)
{
        bool good;

        tape_late_facts(t);
        do
                good = world_run(&t->world, n_cdb, data, n_data);
        while (!good && is_told_to_look(t));
        return good;
}

static bool is_as_expected(const Sense *s, const Expect *e)
{
        return e->check && !s->deferred && s->key == e->key && (e->code == 0 || s->code == e->code) &&
               s->filemark == e->filemark && s->ili == e->ili && (!e->eom || s->eom) &&
               (!e->residue_given || (s->information_valid && s->information == e->residue));
}

/* Its answer tells nothing of how the drive is. */
static bool may_be_answered_early(const World *w)
{
        return w->config.pipeline > 0 && (w->cdb[0] == OP_WRITE_6 || w->cdb[0] == OP_READ_6);
}

static bool ended(Tape *t, const char *what, bool as_expected)
{
        World *w = &t->world;

        if (w->failed)
                return false;
        if (as_expected) {
                /* one that was settled before the fault says nothing of what came after it */
                if (!may_be_answered_early(w))
                        t->excuses &= t->fresh ? ~0u : EXCUSE_STATE;
                t->fresh = false;
                return true;
        }
        if (w->status == SCSI_GOOD) {
                world_fail(w, t->swapped ? FAIL_UNPROVEN : FAIL_ERROR,
                           "%s was GOOD, which it should not have been", what);
                return false;
        }
        return take_error(t, what);
}

bool program_run(Tape *t, const char *what, size_t n_cdb, void *data, uint32_t n_data, const Expect *e)
{
        bool good = run(t, n_cdb, data, n_data);
        Sense s = world_sense(&t->world);

        return ended(t, what, good ? !e->check : is_as_expected(&s, e));
}

bool program_run_write(Tape *t, const char *what, size_t n_cdb, void *data, uint32_t n_data, const Expect *e)
{
        static const Expect early = {.check = true, .eom = true, .key = SENSE_NO_SENSE};
        bool good = run(t, n_cdb, data, n_data);
        Sense s = world_sense(&t->world);

        if (e->check)
                return ended(t, what, !good && is_as_expected(&s, e));
        return ended(t, what,
                     good || (is_as_expected(&s, &early) && (!s.information_valid || s.information == 0)));
}

Expect program_end_of_data(const Tape *t, int64_t residue)
{
        return (Expect){.check = true,
                        .key = t->kind->vague_end_of_data ? SENSE_NO_SENSE : SENSE_BLANK_CHECK,
                        .code = ASC_END_OF_DATA,
                        .residue_given = residue >= 0,
                        .residue = residue};
}

void program_goes_to(Tape *t, size_t at, bool object_known, bool file_known)
{
        t->at = at;
        t->object_known = object_known;
        t->file_known = file_known;
}

/* ---- the beginning and the end ---- */

/* Every answer that was lost may have been a unit attention, of which the program is told then. */
bool tape_begin(Tape *t)
{
        World *w = &t->world;

        for (int i = 0; i < TRIES && !w->failed; i++) {
                tape_late_facts(t);
                if (world_run(w, scsi_cdb_test_unit_ready(w->cdb), NULL, 0))
                        break;
                world_rest(w, USEC_PER_SEC);
        }
        t->over = t->swap_told = t->swapped; /* before the program has used the drive at all */
        return !t->over && tape_set_prevent(t, true) && tape_rewind(t);
}

/* The program is told of another cartridge, if not before then when it uses it next. */
static void expect_report(Tape *t)
{
        static uint8_t buffer[512];
        World *w = &t->world;

        for (int i = 0; i < TRIES && !w->failed; i++)
                if (world_run(w, scsi_cdb_test_unit_ready(w->cdb), NULL, 0))
                        break;
                else if (world_sense(w).key == SENSE_UNIT_ATTENTION)
                        return;
        if (!world_run(w, scsi_cdb_rewind(w->cdb, false), NULL, 0) ||
            !world_run(w, scsi_cdb_read_6(w->cdb, false, true, sizeof(buffer)), buffer, sizeof(buffer)))
                return;
        world_fail(w, FAIL_UNPROVEN, "the program was not told of another cartridge");
}

void tape_finish(Tape *t)
{
        if (t->world.failed)
                return;
        if (t->swapped && !t->swap_told)
                expect_report(t);
        if (!t->over && !t->swapped)
                (void) (tape_set_prevent(t, false) && tape_rewind(t));
        if (!t->world.failed)
                tape_check(t, true);
}
