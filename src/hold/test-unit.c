/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The fake device and program: carries out the engine's actions as the daemon does, one after the other, and
 * remembers them for the test. The order is exact because the engine's safety lies in the order. */

#include "hold/test-unit.h"

#include <stdio.h>

#include "scsi/cdb.h"
#include "util/hex.h"

/* ---- life ---- */

static int start(Fake *f)
{
        int r;

        r = unit_init(&f->unit, &f->config, &f->memory, f->now, NULL);
        if (r < 0)
                return r;
        f->submitted = false;
        return 0;
}

static int setup(void **state, DeviceType type)
{
        Fake *f = calloc(1, sizeof(*f));

        if (!f)
                return -1;
        f->config = (UnitConfig){.type = type, .serial = FAKE_SERIAL, .timeout = FAKE_TIMEOUT};
        f->now = 1000 * USEC_PER_SEC;
        f->memory = (UnitMemory){
                .state = calloc(1, sizeof(UnitState)),
                .n_state = sizeof(UnitState),
                .ring = calloc(1, FAKE_RING),
                .n_ring = FAKE_RING,
                .scratch = calloc(1, HOLD_SCRATCH_SIZE),
                .n_scratch = HOLD_SCRATCH_SIZE,
                .secrets = calloc(1, sizeof(UnitSecrets)),
        };
        *state = f;
        return start(f);
}

int fake_setup_tape(void **state)
{
        return setup(state, DEVICE_TAPE);
}

int fake_setup_changer(void **state)
{
        return setup(state, DEVICE_CHANGER);
}

int fake_teardown(void **state)
{
        Fake *f = *state;

        free(f->memory.state);
        free(f->memory.ring);
        free(f->memory.scratch);
        free(f->memory.secrets);
        free(f);
        return 0;
}

static void probe(Fake *f)
{
        static const uint8_t pages[] = {0, 0, 0, 2, 0x00, 0x80};

        fake_path_up(f);
        expect_identity(f);
        expect(f, CDB_PAGE_LIST, DATA(pages, sizeof(pages)));
        expect(f, CDB_SERIAL, serial_reply(FAKE_SERIAL));
        expect_ready(f);
}

int fake_setup_held(void **state)
{
        Fake *f;

        if (fake_setup_tape(state) < 0)
                return -1;
        f = *state;
        probe(f);
        expect(f, CDB_MODE_SENSE, mode_reply(0));
        expect(f, CDB_MEDIUM, medium_reply("MEDIUM-1"));
        expect(f, CDB_POSITION, position_reply(0));
        fake_forget_events(f);
        return f->unit.phase == UNIT_HELD ? 0 : -1;
}

int fake_setup_held_changer(void **state)
{
        Fake *f;

        if (fake_setup_changer(state) < 0)
                return -1;
        f = *state;
        probe(f);
        fake_forget_events(f);
        return f->unit.phase == UNIT_HELD ? 0 : -1;
}

/* ---- the engine's actions ---- */

static void complete(Fake *f, const HoldAction *a)
{
        assert_true(f->n_answers < FAKE_ANSWERS);
        f->answers[f->n_answers++] = *a;
        if (!a->ordered) {
                f->tail++;
                return;
        }
        if (!f->notes_nothing)
                unit_note_answer(&f->unit, f->tail);
        if (f->keeps_answers)
                return;
        fake_answered(f);
}

void fake_answered(Fake *f)
{
        f->tail++;
        unit_answered(&f->unit, f->now);
}

static void note_event(Fake *f, const HoldAction *a)
{
        FakeEvent *e = &f->events[f->n_events % ELEMENTSOF(f->events)];

        f->n_events++;
        e->name = a->event;
        snprintf(e->text, sizeof(e->text), "%s", a->text);
}

static void take_actions(Fake *f)
{
        HoldAction a;

        while (unit_next_action(&f->unit, &a)) {
                if (a.type == HOLD_COMPLETE) {
                        complete(f, &a);
                } else if (a.type == HOLD_SUBMIT) {
                        assert_false(f->submitted); /* one at a time */
                        f->command = a.command;
                        f->submitted = true;
                } else if (a.type == HOLD_CLOSE_PATH) {
                        assert_false(f->submitted);
                        snprintf(f->closed, sizeof(f->closed), "%s", a.text);
                } else if (a.type == HOLD_EVENT) {
                        note_event(f, &a);
                } else if (a.type == HOLD_NOTE_LENGTH) {
                        f->noted_length = a.length;
                        if (a.length > 0 && !f->cannot_note)
                                unit_length_noted(&f->unit, a.length);
                }
        }
}

void fake_restart(Fake *f)
{
        memset(&f->unit, 0xa5, sizeof(f->unit));
        memset(f->memory.scratch, 0xa5, HOLD_SCRATCH_SIZE);
        f->n_answers = 0;
        assert_int_equal(start(f), 0);
        unit_take_over(&f->unit, f->tail);
        take_actions(f);
}

void fake_path_up(Fake *f)
{
        f->closed[0] = '\0';
        unit_path_up(&f->unit, f->now);
        take_actions(f);
}

void fake_path_down(Fake *f)
{
        unit_path_down(&f->unit, f->now);
        take_actions(f);
}

void fake_tick(Fake *f)
{
        usec_t deadline = unit_deadline(&f->unit);

        assert_true(deadline != USEC_INFINITY);
        f->now = deadline > f->now ? deadline : f->now;
        unit_tick(&f->unit, f->now);
        take_actions(f);
}

uint32_t fake_command(Fake *f, const char *hex, void *data, uint32_t n_data)
{
        uint8_t cdb[SCSI_CDB_MAX];
        HoldCommand c = {.tag = ++f->last_tag, .cdb = cdb, .data = data, .n_data = n_data};

        assert_int_equal(hex_parse(hex, strlen(hex), cdb, sizeof(cdb), &c.n_cdb), 0);
        unit_command(&f->unit, &c, f->now);
        take_actions(f);
        return c.tag;
}

void fake_abort(Fake *f, uint32_t tag)
{
        unit_abort(&f->unit, tag, f->now);
        take_actions(f);
}

/* ---- the device ---- */

static void check_cdb(const Fake *f, const char *hex, const char *file, int line)
{
        uint8_t cdb[SCSI_CDB_MAX] = {};
        char got[3 * SCSI_CDB_MAX + 1] = "";
        size_t n;

        assert_int_equal(hex_parse(hex, strlen(hex), cdb, sizeof(cdb), &n), 0);
        for (size_t i = 0; i < f->command.n_cdb; i++)
                snprintf(got + 3 * i, 4, "%02x ", f->command.cdb[i]);
        if (f->submitted && n == f->command.n_cdb && memcmp(cdb, f->command.cdb, sizeof(cdb)) == 0)
                return;
        print_error("%s:%d: expected %s, the engine sends %s (%s; %s)\n", file, line, hex,
                    f->submitted ? got : "nothing", unit_phase_name(f->unit.phase), f->unit.record.reason);
        _fail(file, line);
}

static uint32_t fill_data(Fake *f, const Answer *a)
{
        uint32_t n = a->data && a->n_data < f->command.n_data ? a->n_data : f->command.n_data;

        if (f->command.direction == SCSI_NO_DATA || (a->status != SCSI_GOOD && !a->data))
                return 0;
        if (f->command.direction == SCSI_DATA_IN && a->data && n > 0)
                memcpy(f->command.data, a->data, n);
        return n;
}

void fake_answer(Fake *f, Answer a)
{
        ScsiResult r = {
                .delivery = a.delivery, .path_gone = a.path_gone, .status = a.status, .error = a.error};

        assert_true(f->submitted);
        if (a.delivery == SCSI_ANSWERED)
                r.n_transferred = fill_data(f, &a);
        if (a.status == SCSI_CHECK_CONDITION && !a.no_sense)
                r.n_sense = (uint8_t) sense_build(&a.sense, r.sense, sizeof(r.sense));
        f->submitted = false;
        unit_result(&f->unit, &r, f->now);
        take_actions(f);
}

void fake_expect(Fake *f, const char *cdb, const void *data_out, size_t n_data_out, Answer a,
                 const char *file, int line)
{
        f->now += USEC_PER_MSEC;
        check_cdb(f, cdb, file, line);
        if (data_out) {
                _assert_int_equal(f->command.direction, SCSI_DATA_OUT, file, line);
                _assert_int_equal(f->command.n_data, n_data_out, file, line);
                _assert_memory_equal(f->command.data, data_out, n_data_out, file, line);
        }
        fake_answer(f, a);
}

/* ---- what came of it ---- */

HoldAction fake_assert_answered(Fake *f, uint32_t tag, uint8_t status, const char *file, int line)
{
        HoldAction a;

        if (f->n_answers == 0) {
                print_error("%s:%d: command %u is not answered (%s; %s)\n", file, line, tag,
                            unit_phase_name(f->unit.phase), f->unit.record.reason);
                _fail(file, line);
        }
        a = f->answers[0];
        _assert_int_equal(a.tag, tag, file, line);
        _assert_int_equal(a.status, status, file, line);
        f->n_answers--;
        memmove(f->answers, f->answers + 1, f->n_answers * sizeof(a));
        return a;
}

Sense fake_assert_error(Fake *f, uint32_t tag, uint8_t key, uint16_t code, const char *file, int line)
{
        HoldAction a = fake_assert_answered(f, tag, SCSI_CHECK_CONDITION, file, line);
        Sense sense = {};

        _assert_int_equal(sense_parse(a.sense, a.n_sense, &sense), 0, file, line);
        _assert_int_equal(sense.key, key, file, line);
        _assert_int_equal(sense.code, code, file, line);
        return sense;
}

static const FakeEvent *find_event(const Fake *f, const char *name)
{
        for (size_t i = 0; i < f->n_events && i < ELEMENTSOF(f->events); i++)
                if (strcmp(f->events[i].name, name) == 0)
                        return &f->events[i];
        return NULL;
}

void fake_assert_event(Fake *f, const char *name, const char *text, const char *file, int line)
{
        const FakeEvent *e = find_event(f, name);

        if (e && strstr(e->text, text))
                return;
        print_error("%s:%d: event %s is \"%s\"\n", file, line, name, e ? e->text : "(did not happen)");
        _fail(file, line);
}

bool fake_has_event(const Fake *f, const char *name)
{
        return find_event(f, name) != NULL;
}

void fake_forget_events(Fake *f)
{
        f->n_events = 0;
}

/* ---- parts of a resume ---- */

void expect_identity(Fake *f)
{
        expect(f, CDB_INQUIRY, inquiry_reply(f->config.type));
        expect(f, CDB_SERIAL, serial_reply(FAKE_SERIAL));
}

void expect_ready(Fake *f)
{
        for (int i = 0; i < 3; i++)
                expect(f, CDB_READY, GOOD);
}

void expect_return(Fake *f)
{
        fake_path_up(f);
        expect_identity(f);
        expect_ready(f);
}

void lose_and_return(Fake *f, bool reset)
{
        fake_path_down(f);
        fake_path_up(f);
        expect_identity(f);
        if (reset)
                expect(f, CDB_READY, CHECK(SENSE_UNIT_ATTENTION, ASC_POWER_ON_RESET));
        expect_ready(f);
}

void expect_return_at(Fake *f, const char *medium, uint64_t object)
{
        expect_return(f);
        expect(f, CDB_MODE_SENSE, mode_reply(f->unit.record.block_length));
        expect(f, CDB_MEDIUM, medium_reply(medium));
        expect(f, CDB_POSITION, position_reply(object));
}

void expect_length(Fake *f, uint32_t before, uint32_t length)
{
        expect(f, CDB_MODE_SENSE, mode_reply(before));
        expect_out(f, CDB_MODE_SELECT, mode_list(length), 12, GOOD);
        expect(f, CDB_MODE_SENSE, mode_reply(length));
}

/* ---- writing ---- */

uint8_t *block(uint64_t number, uint32_t n)
{
        static uint8_t data[SCSI_TRANSFER_MAX];

        for (uint32_t i = 0; i < n; i++)
                data[i] = (uint8_t) (number * 31 + i * 7 + (i >> 8));
        return data;
}

void answer_position(Fake *f)
{
        if (f->submitted && f->command.cdb[0] == OP_READ_POSITION && f->command.cdb[1] == READ_POSITION_LONG)
                expect(f, CDB_POSITION, position_reply(f->object));
}

void write_block(Fake *f, uint32_t n)
{
        char cdb[32];
        uint32_t tag;

        snprintf(cdb, sizeof(cdb), "0a 00 %02x %02x %02x 00", n >> 16, n >> 8 & 0xff, n & 0xff);
        tag = fake_command(f, cdb, block(f->object, n), n);
        answer_position(f);
        expect_out(f, cdb, block(f->object, n), n, GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        f->object++;
}

void write_filemark(Fake *f)
{
        uint32_t tag = fake_command(f, "10 00 00 00 01 00", NULL, 0);

        answer_position(f);
        expect(f, "10 00 00 00 01 00", GOOD);
        assert_answered(f, tag, SCSI_GOOD);
        f->object++;
}

void expect_write(Fake *f, uint64_t number, uint32_t n, Answer a)
{
        char cdb[32];

        snprintf(cdb, sizeof(cdb), "0a 00 %02x %02x %02x 00", n >> 16, n >> 8 & 0xff, n & 0xff);
        expect_out(f, cdb, block(number, n), n, a);
}

void fake_set(Fake *f, const char *cdb, void *data, uint32_t n_data, const char *file, int line)
{
        uint32_t tag = fake_command(f, cdb, data, n_data);

        answer_position(f);
        fake_expect(f, cdb, n_data > 0 ? data : NULL, n_data, GOOD, file, line);
        fake_assert_answered(f, tag, SCSI_GOOD, file, line);
}

uint32_t fake_n_modes(const Fake *f)
{
        const UnitModes *m = unit_state_modes(f->unit.state, &f->unit.record);

        return m ? m->n : 0;
}

/* ---- given up ---- */

static void assert_stopped(Fake *f, const char *reason, const char *file, int line)
{
        _assert_int_equal(f->submitted, false, file, line);
        _assert_int_equal(f->unit.phase, UNIT_FAILED, file, line);
        fake_assert_event(f, "failed", reason, file, line);
        _assert_true(strstr(f->unit.record.reason, reason) != NULL, reason, file, line);
}

/* READ fails; REWIND as well, if blocks are lost of which the program was told that they are written. */
static void assert_fails_until_rewind(Fake *f, const char *file, int line)
{
        bool lost = f->unit.record.loss_unreported;
        uint32_t tag = fake_command(f, "08 00 00 00 64 00", block(0, 100), 100);

        fake_assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR, file, line);
        tag = fake_command(f, CDB_REWIND, NULL, 0);
        if (lost) {
                fake_assert_error(f, tag, SENSE_MEDIUM_ERROR, ASC_SEQUENTIAL_POSITIONING_ERROR, file, line);
                tag = fake_command(f, CDB_REWIND, NULL, 0);
        }
        fake_expect(f, CDB_REWIND, NULL, 0, GOOD, file, line);
        fake_assert_answered(f, tag, SCSI_GOOD, file, line);
        _assert_int_equal(f->unit.phase, UNIT_HELD, file, line);
}

void fake_assert_given_up(Fake *f, const char *reason, const char *file, int line)
{
        assert_stopped(f, reason, file, line);
        assert_fails_until_rewind(f, file, line);
}

void fake_take_medium_attention(Fake *f, const char *file, int line)
{
        uint32_t tag = fake_command(f, CDB_READY, NULL, 0);

        if (f->submitted)
                fake_expect(f, CDB_MEDIUM, NULL, 0, medium_reply("MEDIUM-2"), file, line);
        fake_assert_error(f, tag, SENSE_UNIT_ATTENTION, ASC_MEDIUM_MAY_HAVE_CHANGED, file, line);
}

void fake_assert_medium_given_up(Fake *f, const char *reason, const char *file, int line)
{
        assert_stopped(f, reason, file, line);
        fake_take_medium_attention(f, file, line);
        assert_fails_until_rewind(f, file, line);
}
