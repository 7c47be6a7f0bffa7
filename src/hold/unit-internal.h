/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between the files of hold/; nobody else includes it. */

#include <errno.h>

#include "hold/unit.h"

typedef struct StepResult {
        const ScsiResult *result;
        const Sense *sense; /* NULL unless CHECK CONDITION with sense */
        bool good;
} StepResult;

/* ---- unit.c: the queue of program commands, the path ---- */

void unit_store(Unit *u);
void unit_set_phase(Unit *u, UnitPhase phase);
HoldAction *unit_push_action(Unit *u, HoldActionType type);
void unit_push_event(Unit *u, const char *event, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* "failed", for the reason that the record has. */
void unit_push_failed(Unit *u);
/* An outage begins, unless it has already. */
void unit_note_trouble(Unit *u, usec_t now, const char *why);
/* It is over. */
void unit_end_trouble(Unit *u, usec_t now);
/* Closes the path; only while nothing is in flight. */
void unit_lose_path(Unit *u, usec_t now, const char *why);
void unit_queue_pop(Unit *u);
/* Commands whose outcome matters to what follows; the others may be sent twice. */
bool unit_is_ordered(const ScsiOpcode *opcode);
/* path.c. What was in flight stays in doubt until the program goes to a place that it knows. */
void unit_lose_what_waits(Unit *u);
/* Every command that waits gets its error. */
void unit_fail_queue(Unit *u);
/* stop.c: the last that a unit does, in place of the queue's next command. */
void unit_pump_stop(Unit *u, usec_t now);
/* Goes on with the head of the queue, if everything is as it should be. */
void unit_pump(Unit *u, usec_t now);
/* The recovery is over: the head is answered if it was settled, or sent again. */
void unit_resume_queue(Unit *u, usec_t now);

/* ---- takeover.c: a predecessor's command ---- */

/* The kernel has delivered it again: the same CDB and the same data. */
bool unit_is_redelivered(const Unit *u, const UnitCommand *c);
/* The head is it: it has the answer that is in the record. */
void unit_answer_settled(Unit *u);
/* It becomes the head. */
void unit_bring_redelivered(Unit *u);

/* ---- begin.c: a command begins ---- */

/* The command is on its way, or answered: what a successor has to know of it. */
void unit_note_in_flight(Unit *u, const UnitCommand *c);
/* Sends the head, or answers it, or wants something of the engine's own first. */
void unit_start_head(Unit *u);

/* ---- behind.c: write-behind ---- */

/* After the device has answered a command of the program: whether it is in the middle of a stream. */
void unit_note_stream(Unit *u, const UnitCommand *c, const ScsiResult *result);
/* Answers the head, a WRITE, before the device has it. False if that must not be. */
bool unit_take_behind(Unit *u);
/* There is a WRITE that was answered and not sent. */
bool unit_is_behind(const Unit *u);
void unit_send_behind(Unit *u);
void unit_behind_result(Unit *u, const ScsiResult *result, usec_t now);

/* ---- group.c: several of them at once ---- */

typedef struct UnitGroup {
        unsigned n_records;
        uint32_t n_objects, n_data;
} UnitGroup;

/* The next WRITE that is to be sent, and what goes with it as the drive is set now. */
UnitGroup unit_next_group(const Unit *u);
/* Behind it waits another one that could. */
bool unit_more_wait(const Unit *u);
/* Before they can be: their length has to be noted. */
void unit_ask_to_note_behind(Unit *u);
void unit_ask_to_note_ahead(Unit *u);
void unit_note_own_length(Unit *u, uint32_t length);
/* The drive has said that it has it: it has to be set back. */
bool unit_finds_suspect_length(Unit *u);
/* The drive has answered it with this: it takes no groups, if that says so. */
void unit_note_refused_group(Unit *u, const Sense *sense);
/* Before c (NULL: the end) is sent the drive has to have the program's block length again: STEP_UNGROUP. */
bool unit_must_ungroup(const Unit *u, const UnitCommand *c);

/* ---- room.c: how much the medium can still take ---- */

/* How much may be on its way, and whether so much more may be written. */
uint64_t unit_room_limit(const Unit *u);
bool unit_has_medium_room(const Unit *u, uint32_t n_data);
void unit_note_written(Unit *u, uint32_t n_data);
/* The program does something else than to write on. */
void unit_end_stream(Unit *u);

/* ---- written.c: how far the drive has written ---- */

/* The journal fills up: STEP_LEARN_WRITTEN. */
bool unit_must_ask_written(const Unit *u);

/* ---- ahead.c: read-ahead ---- */

/* After a command of the program was answered: whether it reads block after block. */
void unit_note_reading(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense);
/* Sends the next READ, if there is one to be expected. */
bool unit_send_ahead(Unit *u, usec_t now);
/* The head is a READ that will be one of several. */
bool unit_waits_for_ahead(const Unit *u);
void unit_ahead_result(Unit *u, const ScsiResult *result, usec_t now);
/* Answers the head, a READ, with what was read already. False if there is nothing for it. */
bool unit_take_ahead(Unit *u);
/* Whether the drive has to be where the program is before c (NULL: the end) is sent: STEP_RETURN. */
bool unit_must_return(const Unit *u, const UnitCommand *c);
/* What was read will not be asked for any more, or the drive is somewhere else now. */
void unit_drop_ahead(Unit *u);

/* ---- program.c: the device's answer ---- */

#define UNIT_RETRY_AFTER    (50 * USEC_PER_MSEC)  /* BUSY, or the kernel is short of memory */
#define UNIT_READY_INTERVAL (500 * USEC_PER_MSEC) /* between two questions whether it is */

/* A unit attention that is no program's. */
void unit_take_attention(Unit *u, const Sense *sense, usec_t now);
/* NULL: there is none. */
const Sense *unit_parse_sense(const ScsiResult *result, Sense *ret);
/* The head has this answer. */
void unit_finish_head(Unit *u, const ScsiResult *result, const Sense *sense);
/* After a command that no program waits for: a resume looks at the device, and at what is on the medium. */
void unit_recover(Unit *u, const ScsiResult *result, const Sense *sense, usec_t now);

/* The head was aborted while it was executing; its outcome is known or does not matter any more. */
void unit_drop_abandoned(Unit *u);

/* NOT READY that passes by itself; not 04/02 and 04/03, which wait for a LOAD or for somebody. */
static inline bool unit_becomes_ready(const Sense *s)
{
        return s && s->key == SENSE_NOT_READY && sense_asc(s) == 0x04 && s->code != 0x0402 &&
               s->code != 0x0403;
}

/* A write(2) to the sg driver that will not do better the next time: too large for the adapter. */
static inline bool unit_cannot_be_sent(const ScsiResult *result)
{
        return result->error == EINVAL || result->error == E2BIG || result->error == EOPNOTSUPP;
}

/* What the drive says of how far it is, SPC-4 4.5.2.4.4; NULL: it has answered with something else. */
static inline void unit_note_progress(Unit *u, const Sense *s)
{
        u->progress = s && s->progress_valid ? (uint32_t) s->progress + 1 : 0;
}

/* ---- answer.c: what the program is told without asking the device ---- */

/* INQUIRY, and what can be said while the device is away. True if it was answered. */
bool unit_answer_from_memory(Unit *u, const UnitCommand *c);
/* Answers c. ordered: its outcome is in record.in_flight. */
void unit_complete(Unit *u, const UnitCommand *c, uint8_t status, const uint8_t *sense, size_t n_sense,
                   uint32_t n_read, bool ordered);
/* Answers c with CHECK CONDITION; nothing of it was executed. */
void unit_complete_error(Unit *u, const UnitCommand *c, uint8_t key, uint16_t code);
/* The sense for it: INFORMATION is what was asked for, since nothing was moved. Returns its length. */
size_t unit_build_error(const Unit *u, const uint8_t *cdb, uint8_t key, uint16_t code, uint8_t *sense);
/* Mends what the device answered before the program sees it: the largest block that fits through. */
void unit_filter_answer(const UnitCommand *c, const ScsiResult *result);

/* ---- effect.c: what a finished command did ---- */

/* One WRITE, READ or WRITE FILEMARKS as objects; -EINVAL when its CDB contradicts its data. */
typedef struct Transfer {
        uint32_t n_objects;
        uint32_t length; /* bytes of each; 0: filemarks */
        bool fixed;
        bool immed;     /* WRITE FILEMARKS */
        uint32_t count; /* as in the CDB */
} Transfer;
int unit_decode_transfer(const Unit *u, const uint8_t *cdb, uint32_t n_data, Transfer *ret);

bool unit_session_open(const Unit *u);
/* What was written, or where, is not what the program was told: the state is `failed`. */
static inline bool unit_has_lost(const Unit *u)
{
        return u->record.position_lost == PLACE_LOST;
}
/* Acknowledged, and not known to be on the medium. */
static inline bool unit_has_unproven(const Unit *u)
{
        return !journal_is_empty(&u->journal) || u->record.unjournalled;
}
/* Between the loss of the device and the end of its resume. */
static inline bool unit_is_resuming(const Unit *u)
{
        return u->phase != UNIT_HELD && u->phase != UNIT_FAILED;
}
bool unit_depends_on_position(const ScsiOpcode *opcode, const uint8_t *cdb);
bool unit_repositions(const ScsiOpcode *opcode, const uint8_t *cdb);
/* The error of this command tells that something was lost. */
bool unit_reports_loss(const Unit *u, const ScsiOpcode *opcode);
/* The same, and the record says that it was told, or that it will be by a successor. */
void unit_report_loss(Unit *u, const ScsiOpcode *opcode);
/* Updates the record after the device has answered; data: the program's buffer. */
void unit_apply_effect(Unit *u, const UnitCommand *c, const ScsiResult *result, const Sense *sense);
/* ---- medium.c: the medium, and what is proven of it ---- */

/* The medium went away, or another one came. */
void unit_forget_medium(Unit *u, MediumPresence now_known);
/* Everything written is on the medium. */
void unit_commit(Unit *u);
/* The anchor is certainly before the position: what is written there leaves it alone. */
bool unit_anchor_is_before(const Unit *u);
/* Whatever is written at the present position takes everything behind it away. */
void unit_overwrite_anchor(Unit *u);
/* The last block of a transfer that ends at `end`, each block with n_protection bytes of protection
 * information. */
void unit_remember_anchor(Unit *u, const Transfer *t, const void *data, uint32_t n_protection,
                          const MediumPlace *end);
/* The last block in the journal before this record is the anchor. */
void unit_anchor_from_journal(Unit *u, uint64_t until);

/* ---- restore.c: what the program set and a reset undoes ---- */

/* A command of class SETTLE_STATE has ended GOOD. */
void unit_remember_setting(Unit *u, const UnitCommand *c);
/* What cannot be set again is gone: nothing is written in the clear that would have been encrypted. */
void unit_lose_unrestorable(Unit *u);

/* ---- cartridge.c: what whoever watches is told of it ---- */

/* The drive has answered READ ATTRIBUTE with this serial number (n_id 0: with none); r is NULL if it cannot
 * be asked. known: it is the one that was known to be there. */
void unit_note_cartridge(Unit *u, const StepResult *r, size_t n_id, const uint8_t *id, bool known);
void unit_note_no_cartridge(Unit *u);

/* ---- modes.c: mode parameters ---- */

void unit_remember_mode(Unit *u, const UnitCommand *c);
/* The partitioning that FORMAT MEDIUM was to do is done, or will not be. */
void unit_forget_partitioning(Unit *u);
/* Learns block length and buffered mode from a MODE SENSE(6) reply. */
void unit_learn_header(Unit *u, const uint8_t *data, size_t n_data);
/* Learns from a MODE SENSE(10) reply how many bytes of a block are protection information. */
void unit_learn_protection(Unit *u, const uint8_t *data, size_t n_data);

/* ---- reserve.c: the persistent reservation ---- */

void unit_remember_reservation(Unit *u, const UnitCommand *c);

/* ---- secret.c: the encryption key ---- */

void unit_remember_key(Unit *u, const UnitCommand *c);
/* Its data must be in no record, not even as a checksum. */
bool unit_is_secret(const Unit *u, const ScsiOpcode *opcode);
/* At the beginning: whether a predecessor's key is still there. */
void unit_find_secret(Unit *u);
/* After the record was stored: those that it does not count. */
void unit_wipe_old_secrets(Unit *u);
/* What the drive has now is not known, or of no kind that can be kept. */
void unit_key_unknown(Unit *u);
/* The cartridge has left the drive, certainly or perhaps: a key may have gone with it. */
void unit_key_demounted(Unit *u, bool certain);
/* So with a reservation. */
void unit_key_released(Unit *u);

/* ---- resume.c: the steps ---- */

typedef enum Step {
        STEP_NONE,
        /* who is it */
        STEP_INQUIRY,
        STEP_SERIAL,
        STEP_PAGE_LIST,
        STEP_PAGE,
        /* is it ready */
        STEP_READY,
        /* what the program had set */
        STEP_PREVENT,
        STEP_RESERVE,
        STEP_KEYS,
        STEP_REGISTER,
        STEP_HOLDER,
        STEP_HOLD,
        STEP_PREEMPT,
        STEP_MODE,
        STEP_ENCRYPT,
        STEP_ENCRYPTION,
        STEP_GROUP, /* also between two commands */
        STEP_UNGROUP,
        STEP_GROUP_SENSE,
        STEP_GROUP_SELECT,
        STEP_PROTECTION,
        STEP_MODE_SENSE,
        /* which medium, where */
        STEP_MEDIUM,
        STEP_POSITION,
        STEP_PLAN,
        STEP_LOCATE,
        STEP_REWIND,
        STEP_SPACE_FILES,
        STEP_SPACE_BLOCKS,
        STEP_READ_OVER,
        STEP_CHECK_POSITION,
        STEP_ANCHOR,
        STEP_COMPARE,
        STEP_REWRITE,
        STEP_PROVE,
        /* changer */
        STEP_ELEMENTS,
        STEP_FINISH_MOVE,
        STEP_DONE,
        /* between two commands of the program */
        STEP_COMMIT,
        STEP_LEARN_MEDIUM,
        STEP_LEARN_POSITION,
        STEP_LOOK,
        STEP_LEARN_LOCATE,
        STEP_LEARN_ROOM,
        STEP_LEARN_WRITTEN,
        STEP_RETURN,
        STEP_RETURNED,
        STEP_ALLOW,
        _STEP_MAX,
} Step;

const char *unit_step_name(int step);

void unit_start_recovery(Unit *u, Step step, usec_t now);
void unit_goto_step(Unit *u, Step step, usec_t now);
void unit_step_result(Unit *u, const ScsiResult *result, usec_t now);
/* A unit attention that is not for the program. */
void unit_note_attention(Unit *u, const Sense *sense);
/* Sends a command of the engine's own. */
void unit_submit_step(Unit *u, const uint8_t *cdb, size_t n_cdb, ScsiDirection direction, void *data,
                      uint32_t n_data);
/* Data-in to the scratch buffer, which is zeroed so far. */
void unit_submit_in(Unit *u, const uint8_t *cdb, size_t n_cdb, uint32_t n_data);
void unit_submit_bare(Unit *u, const uint8_t *cdb, size_t n_cdb);
/* Continuing cannot be proven safe: see docs/HOLDING.md. The recovery ends here. */
void unit_give_up_position(Unit *u, usec_t now, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* The outcome of the command in flight is known. */
void unit_settle(Unit *u, uint8_t status, const uint8_t *sense, size_t n_sense);

typedef struct StepRow {
        const char *name;
        void (*start)(Unit *u, usec_t now);
        void (*done)(Unit *u, const StepResult *r, usec_t now);
} StepRow;

/* ---- ready.c: is it ready, has it written ---- */
void step_ready_start(Unit *u, usec_t now);
void step_ready_done(Unit *u, const StepResult *r, usec_t now);
void step_commit_start(Unit *u, usec_t now);
void step_commit_done(Unit *u, const StepResult *r, usec_t now);
/* Once more, after a pause. */
void unit_ask_again(Unit *u, usec_t now, usec_t pause);

/* ---- identify.c: who is it ---- */
void step_inquiry_start(Unit *u, usec_t now);
void step_inquiry_done(Unit *u, const StepResult *r, usec_t now);
void step_serial_start(Unit *u, usec_t now);
void step_serial_done(Unit *u, const StepResult *r, usec_t now);
void step_page_list_start(Unit *u, usec_t now);
void step_page_list_done(Unit *u, const StepResult *r, usec_t now);
void step_page_start(Unit *u, usec_t now);
void step_page_done(Unit *u, const StepResult *r, usec_t now);

/* ---- restore.c: what the program had set, which medium ---- */
void step_prevent_start(Unit *u, usec_t now);
void step_prevent_done(Unit *u, const StepResult *r, usec_t now);
void step_reserve_start(Unit *u, usec_t now);
void step_reserve_done(Unit *u, const StepResult *r, usec_t now);
void step_mode_start(Unit *u, usec_t now);
void step_mode_done(Unit *u, const StepResult *r, usec_t now);
void step_protection_start(Unit *u, usec_t now);
void step_protection_done(Unit *u, const StepResult *r, usec_t now);
void step_mode_sense_start(Unit *u, usec_t now);
void step_mode_sense_done(Unit *u, const StepResult *r, usec_t now);
void step_medium_start(Unit *u, usec_t now);
void step_medium_done(Unit *u, const StepResult *r, usec_t now);
void step_learn_medium_start(Unit *u, usec_t now);
void step_learn_medium_done(Unit *u, const StepResult *r, usec_t now);

/* Nobody is using the medium. Whether it is another one now is for the program to know. */
void unit_note_new_medium(Unit *u);
/* ---- reserve.c ---- */
void step_keys_start(Unit *u, usec_t now);
void step_keys_done(Unit *u, const StepResult *r, usec_t now);
void step_register_start(Unit *u, usec_t now);
void step_register_done(Unit *u, const StepResult *r, usec_t now);
void step_holder_start(Unit *u, usec_t now);
void step_holder_done(Unit *u, const StepResult *r, usec_t now);
void step_hold_start(Unit *u, usec_t now);
void step_hold_done(Unit *u, const StepResult *r, usec_t now);
void step_preempt_start(Unit *u, usec_t now);
void step_preempt_done(Unit *u, const StepResult *r, usec_t now);

/* ---- secret.c ---- */
void step_encrypt_start(Unit *u, usec_t now);
void step_encrypt_done(Unit *u, const StepResult *r, usec_t now);
void step_encryption_start(Unit *u, usec_t now);
void step_encryption_done(Unit *u, const StepResult *r, usec_t now);

/* ---- plan.c: where the medium stands, and what is to be done ---- */
void unit_pass_objects(MediumPlace *p, const JournalRecord *r, uint64_t n);
/* Where a record of the journal begins. */
MediumPlace unit_place_of_record(const Unit *u, uint64_t number);
/* Of the journal's object now under comparison. */
MediumPlace unit_place_of_compare(const Unit *u);
/* A WRITE or WRITE FILEMARKS, of which the journal has the objects. */
bool unit_write_in_flight(const Unit *u);
/* Goes to the commit point, by way of a block that is known if the medium has yet to be proven. */
void unit_plan_return(Unit *u, usec_t now);
void step_plan_start(Unit *u, usec_t now);

/* ---- compare.c: prove the medium, find what is on it ---- */
void step_anchor_start(Unit *u, usec_t now);
void step_anchor_done(Unit *u, const StepResult *r, usec_t now);
void step_compare_start(Unit *u, usec_t now);
void step_compare_done(Unit *u, const StepResult *r, usec_t now);

/* ---- rewrite.c: write the rest again ---- */
void step_rewrite_start(Unit *u, usec_t now);
void step_rewrite_done(Unit *u, const StepResult *r, usec_t now);
void step_prove_start(Unit *u, usec_t now);
void step_prove_done(Unit *u, const StepResult *r, usec_t now);

/* ---- locate.c: where it is, as far as the drive can be trusted, and going to a place ---- */
/* LOCATE, or what stands in for it; then goes on with `then`. */
void unit_go_to(Unit *u, const MediumPlace *target, Step then, usec_t now);
/* False if the medium may end before its anchor, which what is in flight may have overwritten. */
bool unit_anchor_must_be_there(const Unit *u);
/* The anchor is not there and need not be: what is in flight may be found in its place. */
void unit_go_without_anchor(Unit *u, usec_t now);
void unit_place_not_reached(Unit *u, const StepResult *r, usec_t now);
void step_locate_start(Unit *u, usec_t now);
void step_locate_done(Unit *u, const StepResult *r, usec_t now);
void step_rewind_start(Unit *u, usec_t now);
void step_rewind_done(Unit *u, const StepResult *r, usec_t now);
void step_space_files_start(Unit *u, usec_t now);
void step_space_files_done(Unit *u, const StepResult *r, usec_t now);
void step_space_blocks_start(Unit *u, usec_t now);
void step_space_blocks_done(Unit *u, const StepResult *r, usec_t now);
void step_read_over_start(Unit *u, usec_t now);
void step_read_over_done(Unit *u, const StepResult *r, usec_t now);
void step_check_position_start(Unit *u, usec_t now);
void step_check_position_done(Unit *u, const StepResult *r, usec_t now);
void step_position_start(Unit *u, usec_t now);
void step_position_done(Unit *u, const StepResult *r, usec_t now);
void step_learn_position_done(Unit *u, const StepResult *r, usec_t now);

/* READ POSITION as it was answered: the drive is there. */
void unit_submit_read_position(Unit *u);
bool unit_reports_place(Unit *u, const StepResult *r, const MediumPlace *place);

/* ---- room.c ---- */
void step_learn_room_start(Unit *u, usec_t now);
void step_learn_room_done(Unit *u, const StepResult *r, usec_t now);
void step_learn_written_start(Unit *u, usec_t now);
void step_learn_written_done(Unit *u, const StepResult *r, usec_t now);

/* ---- group.c ---- */
/* What has to be done before the next WRITE behind is sent; STEP_NONE: nothing. */
Step unit_step_before_behind(const Unit *u);
/* The same, and the next READ ahead. */
Step unit_step_before_ahead(const Unit *u);
void step_group_start(Unit *u, usec_t now);
void step_ungroup_start(Unit *u, usec_t now);
void step_group_sense_start(Unit *u, usec_t now);
void step_group_sense_done(Unit *u, const StepResult *r, usec_t now);
void step_group_select_start(Unit *u, usec_t now);
void step_group_select_done(Unit *u, const StepResult *r, usec_t now);

/* ---- ahead.c: whether the drive can go back, and going back to where the program is ---- */
void step_learn_locate_start(Unit *u, usec_t now);
void step_learn_locate_done(Unit *u, const StepResult *r, usec_t now);
void step_return_start(Unit *u, usec_t now);
void step_return_done(Unit *u, const StepResult *r, usec_t now);
void step_returned_start(Unit *u, usec_t now);
void step_returned_done(Unit *u, const StepResult *r, usec_t now);

/* ---- stop.c: the last that is sent ---- */
void step_allow_start(Unit *u, usec_t now);
void step_allow_done(Unit *u, const StepResult *r, usec_t now);

/* ---- changer.c: where the cartridge is ---- */
bool unit_move_in_flight(const Unit *u);
void step_elements_start(Unit *u, usec_t now);
void step_elements_done(Unit *u, const StepResult *r, usec_t now);
void step_look_done(Unit *u, const StepResult *r, usec_t now);
void step_finish_move_start(Unit *u, usec_t now);
void step_finish_move_done(Unit *u, const StepResult *r, usec_t now);
