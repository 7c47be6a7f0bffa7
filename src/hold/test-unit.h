/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A unit under test between a fake program and a fake device. The device has no state: a test says which CDB
 * must come next, byte by byte, and what it gets for an answer. Anything else fails the test at its line. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hold/unit.h"
#include "scsi/opcode.h"
#include "scsi/sense.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define FAKE_SERIAL  "FAKE0001"
#define FAKE_RING    (UINT64_C(4) << 20)
#define FAKE_TIMEOUT (900 * USEC_PER_SEC)
#define FAKE_ANSWERS 160

/* What the engine itself sends. */
#define CDB_READY          "00 00 00 00 00 00"
#define CDB_REWIND         "01 00 00 00 00 00"
#define CDB_INQUIRY        "12 00 00 00 ff 00"
#define CDB_SERIAL         "12 01 80 00 ff 00"
#define CDB_PAGE_LIST      "12 01 00 00 ff 00"
#define CDB_MODE_SENSE     "1a 00 00 00 0c 00"
#define CDB_MODE_SELECT    "15 10 00 00 0c 00"
#define CDB_MEDIUM         "8c 00 00 00 00 00 00 00 04 01 00 00 04 00 00 00"
#define CDB_POSITION       "34 06 00 00 00 00 00 00 00 00"
#define CDB_SHORT_POSITION "34 00 00 00 00 00 00 00 00 00"
#define CDB_COMMIT         "10 00 00 00 00 00"
#define CDB_ELEMENTS       "b8 10 00 00 ff ff 00 08 00 00 00 00"

typedef struct Answer {
        ScsiDelivery delivery;
        bool path_gone;
        uint8_t status;
        int error;        /* of the transport */
        Sense sense;      /* with CHECK CONDITION */
        bool no_sense;    /* it has none */
        const void *data; /* data-in; NULL: as much as was asked for, unchanged */
        uint32_t n_data;
} Answer;

#define GOOD               ((Answer){})
#define DATA(d, n)         ((Answer){.data = (d), .n_data = (n)})
#define STATUS(s)          ((Answer){.status = (s)})
#define CHECK(k, c)        ((Answer){.status = SCSI_CHECK_CONDITION, .sense = {.key = (k), .code = (c)}})
#define CHECK_IN_FULL(...) ((Answer){.status = SCSI_CHECK_CONDITION, .sense = {__VA_ARGS__}})
#define LOST               ((Answer){.delivery = SCSI_IN_DOUBT, .path_gone = true})
#define IN_DOUBT           ((Answer){.delivery = SCSI_IN_DOUBT})
#define NOT_SENT           ((Answer){.delivery = SCSI_NOT_SENT, .path_gone = true})
#define NOT_SENT_NOW       ((Answer){.delivery = SCSI_NOT_SENT})
#define CHECK_BARE         ((Answer){.status = SCSI_CHECK_CONDITION, .no_sense = true})

typedef struct FakeEvent {
        const char *name;
        char text[160];
} FakeEvent;

typedef struct Fake {
        Unit unit;
        UnitConfig config;
        UnitMemory memory;
        usec_t now;
        uint32_t tail; /* of the command ring: how many answers the kernel has */
        uint32_t last_tag;
        bool keeps_answers;    /* does not tell the engine that an ordered answer was given */
        bool notes_nothing;    /* nor where the ring stood before it */
        uint32_t noted_length; /* HOLD_NOTE_LENGTH */
        bool cannot_note;      /* nor does it become so */
        bool submitted;
        ScsiCommand command;
        HoldAction answers[FAKE_ANSWERS]; /* oldest first */
        size_t n_answers;
        FakeEvent events[32];
        size_t n_events;
        char closed[160]; /* text of the last HOLD_CLOSE_PATH, empty: none */
        uint64_t object;  /* on the medium, as write_block() counts */
} Fake;

/* cmocka setups and their teardown; *state is the Fake. */
int fake_setup_tape(void **state);
int fake_setup_changer(void **state);
/* A tape drive that is held, its medium MEDIUM-1 at the beginning, variable blocks. */
int fake_setup_held(void **state);
int fake_setup_held_changer(void **state);
int fake_teardown(void **state);

/* kill -9 and a new daemon; nothing is delivered again by itself. */
void fake_restart(Fake *f);
void fake_path_up(Fake *f);
void fake_path_down(Fake *f);
/* To the engine's deadline, which there must be. */
void fake_tick(Fake *f);
/* Its tag. cdb in hex; data stay in place. */
uint32_t fake_command(Fake *f, const char *cdb, void *data, uint32_t n_data);
void fake_abort(Fake *f, uint32_t tag);
/* An answer that keeps_answers has kept is delivered. */
void fake_answered(Fake *f);

/* The engine's next command is this one, in hex, and is answered so. */
#define expect(f, cdb, answer) fake_expect(f, cdb, NULL, 0, answer, __FILE__, __LINE__)
/* Whatever it is. */
void fake_answer(Fake *f, Answer answer);
/* As expect(), and these are its data-out. */
#define expect_out(f, cdb, data, n, answer) fake_expect(f, cdb, data, n, answer, __FILE__, __LINE__)
void fake_expect(Fake *f, const char *cdb, const void *data_out, size_t n_data_out, Answer answer,
                 const char *file, int line);
/* Takes the oldest answer to the program; it is this tag's. */
#define assert_answered(f, tag, status) fake_assert_answered(f, tag, status, __FILE__, __LINE__)
#define assert_error(f, tag, key, code) fake_assert_error(f, tag, key, code, __FILE__, __LINE__)
HoldAction fake_assert_answered(Fake *f, uint32_t tag, uint8_t status, const char *file, int line);
Sense fake_assert_error(Fake *f, uint32_t tag, uint8_t key, uint16_t code, const char *file, int line);
#define assert_nothing_answered(f) assert_int_equal((f)->n_answers, 0)
#define assert_nothing_sent(f)     assert_false((f)->submitted)
/* An event of this name has happened, its text contains this. */
#define assert_event(f, name, text) fake_assert_event(f, name, text, __FILE__, __LINE__)
void fake_assert_event(Fake *f, const char *name, const char *text, const char *file, int line);
bool fake_has_event(const Fake *f, const char *name);
void fake_forget_events(Fake *f);

/* Replies; each lives until the next call of the same function. */
Answer inquiry_reply(DeviceType type);
Answer serial_reply(const char *serial);
Answer medium_reply(const char *serial);
Answer position_reply(uint64_t object);
Answer mode_reply(uint32_t block_length);
/* The same as a parameter list of MODE SELECT(6), 12 bytes. */
const uint8_t *mode_list(uint32_t block_length);

/* The engine gives the drive, which has had the block length `before`, another one (hold/group.c). */
void expect_length(Fake *f, uint32_t before, uint32_t length);
/* Parts of a resume that many tests go through. */
void expect_identity(Fake *f);
void expect_ready(Fake *f);
/* Path up, identity, ready. */
void expect_return(Fake *f);
/* The same after a loss of the path; reset: the device says that it was. */
void lose_and_return(Fake *f, bool reset);
/* As expect_return(), and MODE SENSE, READ ATTRIBUTE and READ POSITION with these answers. */
void expect_return_at(Fake *f, const char *medium, uint64_t object);

/* What a test writes as block `number`: n bytes. */
uint8_t *block(uint64_t number, uint32_t n);
/* Until the drive's READ POSITION is believed, it comes first: with f->object. */
void answer_position(Fake *f);
/* The program writes block f->object, of n bytes, and the device says GOOD. */
void write_block(Fake *f, uint32_t n);
void write_filemark(Fake *f);
/* The same of a write that the engine itself makes again. */
void expect_write(Fake *f, uint64_t number, uint32_t n, Answer answer);
/* The program sends this command and the device says GOOD. */
#define do_set(f, cdb, data, n) fake_set(f, cdb, data, n, __FILE__, __LINE__)
/* Mode parameters that are kept. */
uint32_t fake_n_modes(const Fake *f);
void fake_set(Fake *f, const char *cdb, void *data, uint32_t n_data, const char *file, int line);

/* The engine has stopped for this reason: what depends on the position fails, and REWIND ends that. */
#define assert_given_up(f, reason) fake_assert_given_up(f, reason, __FILE__, __LINE__)
void fake_assert_given_up(Fake *f, const char *reason, const char *file, int line);
/* The same because of the medium: first the program is told, by a unit attention, that it may be another one.
 */
#define assert_medium_given_up(f, reason) fake_assert_medium_given_up(f, reason, __FILE__, __LINE__)
void fake_assert_medium_given_up(Fake *f, const char *reason, const char *file, int line);
#define take_medium_attention(f) fake_take_medium_attention(f, __FILE__, __LINE__)
void fake_take_medium_attention(Fake *f, const char *file, int line);
