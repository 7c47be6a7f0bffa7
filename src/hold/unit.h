/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One held device: the engine between a program's commands and a real drive or changer that may vanish at any
 * time. Pure: events and `now` go in, actions come out; no descriptor, clock, thread or allocation. The
 * states and what a program sees in each are in docs/HOLDING.md.
 *
 *      unit_command()          a program's command arrived            -> HOLD_COMPLETE, HOLD_SUBMIT
 *      unit_path_up()          a path to a device that looks right    -> HOLD_SUBMIT (identity, resume ...)
 *      unit_path_down()        the path is gone                       -> the command in flight is in doubt
 *      unit_result()           what became of the last HOLD_SUBMIT    -> ...
 *      unit_tick()             unit_deadline() has passed
 *
 * After every call the caller takes actions with unit_next_action() until there is none. At most one
 * HOLD_SUBMIT is outstanding; its data are the program's own buffer or the engine's memory and stay in place
 * until unit_result(). The caller delivers that result also when the path went down meanwhile: the engine
 * starts no recovery while a command may still be on its way to the device. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hold/journal.h"
#include "hold/state.h"
#include "scsi/command.h"
#include "scsi/opcode.h"
#include "scsi/sense.h"
#include "scsi/smc.h"
#include "util/time.h"

#define HOLD_COMMANDS_MAX    128
#define HOLD_ACTIONS_MAX     (HOLD_COMMANDS_MAX + 32)
#define HOLD_SCRATCH_SIZE    (SCSI_TRANSFER_MAX + 4096)
#define UNIT_BARCODE_MAX     32
#define UNIT_GROUP_AFTER     8 /* a good group_after */
#define UNIT_JOURNAL_RESERVE 8 /* such a part of the journal is a good journal_reserve */

typedef enum UnitPhase {
        UNIT_AWAY,     /* set by init and by a lost or wrong path; left by unit_path_up */
        UNIT_PROBING,  /* a path is up for the first time: learning who it is; left to HELD or AWAY */
        UNIT_HELD,     /* commands flow */
        UNIT_RESUMING, /* a path is up again or the device was reset: proving, restoring; left to HELD or AWAY
                        */
        UNIT_FAILED, /* as HELD or AWAY, but position-dependent commands fail until the program repositions */
        _UNIT_PHASE_MAX,
} UnitPhase;

const char *unit_phase_name(UnitPhase phase);

typedef struct UnitConfig {
        DeviceType type;
        char serial[64];   /* unit serial number, trimmed; what must be equal before any command is trusted */
        usec_t timeout;    /* how long a command may wait for the device; USEC_INFINITY: for ever */
        uint32_t pipeline; /* bytes: of WRITEs that are answered before the device has them, and of blocks
                              that are read before they are asked for; 0: none */
        unsigned group_after; /* so many times in a row several WRITEs of one length have to wait before they
                                 are sent as one; 0: never */
        uint64_t journal_reserve; /* bytes: so much stays in the journal of what the drive says to be on the
                                     medium, which it is asked when there are four times as many; 0: never */
} UnitConfig;

/* Lent to the unit until it is gone. state and ring outlive the process; secrets may. */
typedef struct UnitMemory {
        UnitState *state;
        size_t n_state;
        uint8_t *ring;
        uint64_t n_ring; /* Journal=; at least 4 MiB */
        uint8_t *scratch;
        uint32_t n_scratch;   /* at least HOLD_SCRATCH_SIZE, page aligned */
        UnitSecrets *secrets; /* for encryption keys, which are written nowhere else; NULL: none are kept */
} UnitMemory;

typedef struct HoldCommand {
        uint32_t tag; /* the caller's, given back with HOLD_COMPLETE */
        const uint8_t *cdb;
        size_t n_cdb;
        void *data; /* one contiguous piece, lent until HOLD_COMPLETE */
        uint32_t n_data;
} HoldCommand;

typedef enum HoldActionType {
        HOLD_COMPLETE,    /* answer the program */
        HOLD_SUBMIT,      /* send to the device */
        HOLD_CLOSE_PATH,  /* this path is dead, or not our device: close it, look for another */
        HOLD_CHANGED,     /* the phase changed: tell whoever watches */
        HOLD_EVENT,       /* for the history */
        HOLD_NOTE_LENGTH, /* write `length` down where it outlives the machine's restart, 0: nothing; for
                             another than 0 then call unit_length_noted() */
} HoldActionType;

typedef struct HoldAction {
        HoldActionType type;
        uint32_t tag;
        uint8_t status;
        uint8_t n_sense;
        uint32_t n_read; /* HOLD_COMPLETE: valid bytes of data-in */
        uint32_t length; /* HOLD_NOTE_LENGTH: a block length that the drive may have now and no program has
                            set */
        bool ordered;    /* HOLD_COMPLETE: call unit_note_answer before and unit_answered after answering */
        uint8_t sense[SCSI_SENSE_MAX];
        ScsiCommand command; /* HOLD_SUBMIT */
        const char *event;   /* HOLD_EVENT: "away", "resumed", "failed", "reset", "wrong-device",
                                "medium-changed", "medium-removed" */
        char text[160];      /* HOLD_CLOSE_PATH, HOLD_EVENT: what happened, for a person */
} HoldAction;

typedef struct UnitCommand {
        uint32_t tag;
        uint8_t n_cdb;
        uint8_t cdb[SCSI_CDB_MAX];
        void *data;
        uint32_t n_data;
        usec_t since;
        const ScsiOpcode *opcode;
        unsigned n_sent;
        bool executing; /* the head: sent to the device, or to be settled by a resume */
        bool aborted;   /* to be answered as soon as the device does not fill its buffer any more */
        bool answered;  /* aborted while executing; only its outcome is awaited */
} UnitCommand;

typedef enum UnitSubmitted {
        SUBMITTED_NOTHING,
        SUBMITTED_PROGRAM, /* the head of the queue */
        SUBMITTED_BEHIND,  /* a WRITE that was answered already, from the journal */
        SUBMITTED_AHEAD,   /* a READ that nobody has asked for yet */
        SUBMITTED_STEP,    /* a step of the engine's own */
} UnitSubmitted;

#define UNIT_AHEAD_MAX 64

/* What the medium can still take, as the drive has said. */
typedef struct UnitRoom {
        uint64_t remaining; /* bytes; 0: not known */
        uint64_t written;   /* since then */
        bool asked;
} UnitRoom;

/* WRITEs that are sent as one: group.c. */
typedef struct UnitGrouping {
        uint32_t limit;  /* bytes */
        unsigned streak; /* WRITEs, one after the other, behind which more of the same length waited */
        unsigned n_records;
        uint32_t n_data;  /* in the one that is with the device */
        uint32_t wanted;  /* the block length to be set; 0: the program's */
        unsigned n_tries; /* to set it */
} UnitGrouping;

/* The answer to a READ that nobody has asked for yet. */
typedef struct UnitRead {
        uint32_t n_transferred;
        uint8_t status;
        uint8_t n_sense;
        uint8_t sense[SCSI_SENSE_MAX];
} UnitRead;

/* A program reads block after block, and the drive is n answers further than it. */
typedef struct UnitAhead {
        unsigned streak; /* equal READs, one after the other, that gave a block */
        uint8_t cdb[6];  /* which READ that is */
        uint32_t n_data;
        bool ended;       /* nothing more is to be read now */
        bool strayed;     /* the drive is not n answers further, but somewhere */
        unsigned waited;  /* blocks, one after the other, for which the program waited */
        unsigned n_asked; /* blocks of the READ that is with the device */
        unsigned n_slots; /* for so many blocks there is room */
        unsigned next, n; /* of read, as a ring */
        UnitRead read[UNIT_AHEAD_MAX];
} UnitAhead;

/* When the drive was last asked how far it has written. */
typedef struct UnitWritten {
        uint64_t data_end, end; /* of the journal */
        bool silent;            /* it cannot say */
} UnitWritten;

/* What a resume has learned so far. */
typedef struct UnitResume {
        int step;
        unsigned n_ready; /* equal TEST UNIT READY answers in a row */
        unsigned n_attentions;
        bool ready_no_medium; /* what those answers were */
        bool medium_proven;
        unsigned n_aborted; /* steps that ended with ABORTED COMMAND, one after the other */
        bool restart;       /* what the plan was made for is gone: begin again when the step has ended */
        bool early_warning;
        unsigned mode;         /* next of the mode parameters to restore */
        unsigned n_registered; /* ways of registering that were tried */
        bool conflict;         /* reserved, by another path of ours perhaps, when asked whether it is ready */
        bool conflict_over;    /* what can be done about that was done */
        bool preempted;        /* the PREEMPT in flight was executed */
        bool key_registered;   /* the program's key was, before it was registered again */
        bool holder;           /* the reservation there is has the program's key */
        bool reserved;         /* it was reserved again: to be checked */
        bool key_proven;       /* the drive encrypts as the program has set it */
        unsigned page;         /* next page to learn */
        uint8_t n_pages, pages[UNIT_PAGES_MAX];
        MediumPlace target; /* where a LOCATE goes */
        MoveMedium finish;  /* one cartridge of a MOVE or EXCHANGE MEDIUM, from where it was found */
        unsigned n_finish;
        uint64_t space_left; /* of the SPACE commands that stand in for it */
        bool space_short;    /* this drive cannot SPACE to the end of data: the last block is read over */
        int after_locate;    /* the step that follows it */
        bool reported;       /* READ POSITION, trusted, has answered: */
        uint64_t reported_object;
        uint8_t reported_partition;
        uint64_t compare;        /* journal record being compared or written */
        uint32_t compare_object; /* object within it */
        uint64_t n_rewritten;
        unsigned n_compared; /* objects that were read back and are as they should be */
        bool block_found;    /* one of them is a block */
        bool anchor_found;
} UnitResume;

/* What has happened since unit_init(). What has to outlive the process is counted in the record. */
typedef struct UnitTally {
        uint64_t n_resets;     /* unit attentions 29h */
        uint64_t n_cartridges; /* that were put in */
        uint64_t n_failures;   /* "failed" events */
        uint64_t n_compared;   /* objects that resumes have read back and found as they should be */
        usec_t outages;        /* all that are over, together */
        usec_t last_began;     /* the last one that is over, as `now` counts; 0: there was none */
        char last_cause[96];
} UnitTally;

typedef struct Unit {
        UnitConfig config;
        UnitPhase phase;
        UnitState *state;
        UnitRecord record;
        Journal journal;
        uint8_t *scratch;
        uint32_t n_scratch;
        UnitSecrets *secrets;
        bool probed;          /* pages are known, INQUIRY can be answered */
        bool path_open;       /* as the caller told us */
        bool path_condemned;  /* close it as soon as nothing is in flight */
        bool timed_out;       /* gave up waiting during this outage */
        bool device_gone;     /* it was not there during this outage */
        bool refuse_now;      /* unit_fail(once): what depends on the position does not wait either */
        bool stopping;        /* unit_stop() */
        bool leaving;         /* unit_leave() */
        bool telling_loss;    /* an answer that is not carried out yet tells of a loss */
        bool awaiting_answer; /* the last ordered command's HOLD_COMPLETE is not carried out yet */
        bool redelivery;      /* record.in_flight is a predecessor's: the kernel will deliver it again */
        UnitSubmitted submitted;
        uint32_t n_streaming; /* the device takes WRITEs of up to so many bytes now; 0: no stream */
        UnitRoom room;
        UnitWritten written;
        UnitGrouping grouping;
        uint32_t noted_length, asked_length; /* HOLD_NOTE_LENGTH: of which it is done, and was asked for */
        UnitAhead ahead;
        UnitResume resume;
        bool want_position; /* READ POSITION before the next command */
        bool want_medium;   /* READ ATTRIBUTE before the next command */
        bool want_room;     /* READ ATTRIBUTE for the remaining capacity before the next command */
        bool want_locate;   /* REPORT SUPPORTED OPERATION CODES before the next command */
        MoveBefore looked;  /* of the head of the queue */
        bool want_look;     /* READ ELEMENT STATUS before the next command, a MOVE MEDIUM */
        bool want_commit;   /* WRITE FILEMARKS(0) before the next command */
        usec_t wake;        /* end of a pause between two tries, or USEC_INFINITY */
        usec_t outage_since;
        usec_t last_outage;
        bool in_trouble; /* an outage has begun that is not over: */
        usec_t trouble_since;
        char trouble[96];
        UnitTally tally;
        uint32_t progress;    /* of what makes the drive not ready, in 65536ths, plus 1; 0: unknown */
        bool failed_unproven; /* at the last "failed": unit_is_unproven() */
        char barcode[UNIT_BARCODE_MAX + 1]; /* of the cartridge, as far as its memory says */
        char cartridge[96];                 /* the one that was told of last, until it is taken out; "" */
        UnitCommand queue[HOLD_COMMANDS_MAX];
        size_t n_queue;
        HoldAction actions[HOLD_ACTIONS_MAX];
        size_t action_first, n_actions;
} Unit;

/* Takes over what a predecessor left in memory.state if it is whole and of this version; starts anew
 * otherwise
 * (*ret_fresh, when not NULL, says which). -EINVAL for memory that is too small. */
int unit_init(Unit *u, const UnitConfig *config, const UnitMemory *memory, usec_t now, bool *ret_fresh);

/* Whether another command can be taken; otherwise leave it in the ring. */
static inline bool unit_has_room(const Unit *u)
{
        return u->n_queue + u->n_actions < HOLD_COMMANDS_MAX;
}

void unit_command(Unit *u, const HoldCommand *command, usec_t now);
/* Task management: the program's side gave up on it. Answers it at once unless the device is filling its
 * buffer. */
void unit_abort(Unit *u, uint32_t tag, usec_t now);
void unit_path_up(Unit *u, usec_t now);
void unit_path_down(Unit *u, usec_t now);
void unit_result(Unit *u, const ScsiResult *result, usec_t now);
void unit_tick(Unit *u, usec_t now);

/* Whether a program waits for the device: not for its answer, but for the device itself. */
bool unit_waits(const Unit *u);
/* Were the drive gone for good, what a program has written would not be on its cartridge as the program means
 * it: something is not proven to be there, or was lost and nobody was told so yet, or a command that writes
 * has no answer. */
bool unit_is_unproven(const Unit *u);
/* Ends the wait now: every command that waits gets its error, as if Timeout= were over. So does what comes
 * until the device is back; or (once) only what depends on a position that is lost by this, and all else
 * waits again. -ENODATA: nothing waits. */
int unit_fail(Unit *u, bool once, usec_t now);
void unit_set_pipeline(Unit *u, uint32_t n);
/* Another group_after. */
void unit_set_grouping(Unit *u, unsigned group_after);
/* Another Timeout=, which counts for what waits already, too, from the next unit_tick() on. */
void unit_set_timeout(Unit *u, usec_t timeout);
/* Before the process ends: no program's command is begun any more. The one that is with the device is
 * answered, and what is in the journal is committed, as far as there is a path. True when that is done. */
void unit_stop(Unit *u, usec_t now);
/* The same, and no successor goes on: what waits, and everything that comes but INQUIRY, gets ABORTED COMMAND
 * 08/01, and PREVENT MEDIUM REMOVAL is taken back. */
void unit_leave(Unit *u, usec_t now);
/* After unit_leave(), for a device that does not come to an end: what is with it is answered too. The caller
 * closes the path and delivers no unit_result() any more. */
void unit_abandon(Unit *u);
bool unit_stopped(const Unit *u);
usec_t unit_deadline(const Unit *u);

/* The next action into *ret, or false. */
bool unit_next_action(Unit *u, HoldAction *ret);

/* Around the answer to an `ordered` command: where the ring's tail stands before it, and that it is done. */
void unit_note_answer(Unit *u, uint32_t tail);
void unit_answered(Unit *u, usec_t now);
/* Once, by a successor, before the ring is reset: where its tail stands. */
void unit_take_over(Unit *u, uint32_t tail);
/* HOLD_NOTE_LENGTH is done: whatever happens now, the next one will know. */
void unit_length_noted(Unit *u, uint32_t length);
/* Once, just after unit_init(), by one that found no state: what was noted last. A drive that has this block
 * length has it from a predecessor, whose machine stopped at once, and not from a program: it is set to
 * variable blocks. */
void unit_suspect_length(Unit *u, uint32_t length);
/* Once, when the LUN is new: its first user is told of the cartridge that is loaded, as a drive would. */
void unit_announce_medium(Unit *u);
/* Once, by a successor that found a served LUN and no state of it: nothing is known of what programs did. */
void unit_state_is_lost(Unit *u);

/* ---- look.c: for whoever watches ---- */

/* INQUIRY data as the device gave it: page < 0 the standard data. NULL if not known. */
const UnitPage *unit_page(const Unit *u, int page);

/* "block 1234, file 2", "beginning of medium", "unknown"; returns dst. */
char *unit_format_position(const Unit *u, char *dst, size_t n_dst);

/* The serial number of the cartridge as its memory has it, or "" if it is not known or there is none. */
char *unit_format_medium(const Unit *u, char *dst, size_t n_dst);

/* The program's command that is with the device now, or NULL. */
const UnitCommand *unit_at_device(const Unit *u);

/* The step of a resume or of the engine's own that is on its way, or NULL. */
const char *unit_step(const Unit *u);

/* True while a resume compares or writes again: how many of the journal's records it is through with. */
bool unit_resume_progress(const Unit *u, uint64_t *ret_done, uint64_t *ret_total);
