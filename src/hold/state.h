/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a unit remembers, laid out in memory that outlives the process (a file on tmpfs, mapped). A successor
 * finds it after a crash at any instant: the record that changes with every command is kept twice, each copy
 * with a sequence number and a CRC, and written alternately; journal data and journal records are written
 * before the record that counts them.
 *
 * Native byte order and layout: it never leaves the machine or the boot. UNIT_STATE_VERSION changes with it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hold/position.h"
#include "scsi/command.h"

#define UNIT_STATE_MAGIC   UINT32_C(0x45565450) /* EVTP */
#define UNIT_STATE_VERSION 6

#define UNIT_PAGES_MAX       24
#define UNIT_PAGE_SIZE       256
#define UNIT_MODES_MAX       24
#define UNIT_MODE_SIZE       256
#define UNIT_SECRET_SIZE     1024
#define UNIT_MEDIUM_ID_MAX   40
#define UNIT_JOURNAL_RECORDS 32768

/* An answer to INQUIRY that is given from memory: page < 0 is the standard data. */
typedef struct UnitPage {
        int16_t page;
        uint16_t n_data;
        uint8_t data[UNIT_PAGE_SIZE];
} UnitPage;

/* A parameter list that a program sent by MODE SELECT. */
typedef struct UnitMode {
        uint8_t opcode;
        uint8_t cdb1; /* PF and SP bits */
        uint16_t n_data;
        uint8_t data[UNIT_MODE_SIZE];
} UnitMode;

/* All of them that count, in the order in which they were sent. Kept twice: the record names the one that
 * belongs to it by its number. */
typedef struct UnitModes {
        uint32_t number;
        uint32_t n;
        UnitMode mode[UNIT_MODES_MAX];
        uint32_t crc;
} UnitModes;

/* A SECURITY PROTOCOL OUT that set a key: the command and its parameter list. */
typedef struct UnitSecret {
        uint32_t number; /* 0: empty */
        uint32_t n_list;
        uint8_t cdb[SCSI_CDB_MAX];
        uint8_t n_cdb;
        uint8_t reserved[3];
        uint8_t list[UNIT_SECRET_SIZE];
        uint32_t crc;
} UnitSecret;

/* Memory for keys: no part of UnitState, never written to a file, a swap device or a core dump. The record
 * names the one of them that counts by its number; the other is empty but for a moment. */
typedef struct UnitSecrets {
        UnitSecret secret[2];
} UnitSecrets;

/* A block that is known to be on the medium, to recognise it by: what was last read, or last committed. */
typedef struct UnitAnchor {
        MediumPlace place; /* where it begins */
        uint8_t valid;
        uint8_t fixed;
        uint8_t reserved[2];
        uint32_t length; /* without protection information */
        uint32_t crc;
        uint32_t reserved2;
} UnitAnchor;

/* Objects written since the last commit. offset counts bytes ever written to the data ring. */
typedef struct JournalRecord {
        uint64_t offset;
        union {
                struct {
                        uint32_t n_objects; /* filemarks, or blocks of `length` bytes */
                        uint32_t crc;       /* of all its data */
                };
                uint64_t n_objects_and_crc; /* changed in one: who dies between the two would leave neither */
        };
        uint32_t length; /* 0: filemarks */
        uint8_t fixed;   /* written with FIXED = 1 */
        uint8_t reserved[3];
} JournalRecord;

typedef struct JournalIndex {
        uint64_t first, sent,
                end; /* record numbers, monotonic; the device has answered for those below sent */
        uint64_t data_begin, data_end; /* ring offsets, monotonic */
        uint64_t claimed; /* the drive has said of those below that they are on the medium, and nothing else
                             says so of what was before `first`; not above first: that is proven */
} JournalIndex;

typedef enum InFlightPhase {
        IN_FLIGHT_NONE,
        IN_FLIGHT_SENT,    /* may have been executed */
        IN_FLIGHT_SETTLED, /* its outcome is known, the program may not have got it */
} InFlightPhase;

typedef enum MoveOutlook {
        MOVE_UNSEEN,
        MOVE_POSSIBLE,   /* source full, destination empty */
        MOVE_IMPOSSIBLE, /* the library will refuse it */
        MOVE_UNKNOWN,    /* the library did not tell */
} MoveOutlook;

/* What the elements of a MOVE MEDIUM or EXCHANGE MEDIUM held before it was sent. */
typedef struct MoveBefore {
        uint32_t tag;       /* CRC-32C of the volume tag in the source, 0: none */
        uint32_t other_tag; /* of that in the first destination, which EXCHANGE moves too */
        uint8_t outlook;    /* MoveOutlook */
        uint8_t reserved[3];
} MoveBefore;

/* The one command that may change the medium or the device and is not yet answered. */
typedef struct InFlight {
        uint8_t phase;
        uint8_t n_cdb;
        uint8_t status;
        uint8_t n_sense;
        uint32_t n_data;
        uint32_t crc;         /* of its data-out, unless that is a secret */
        uint32_t answer_tail; /* cmd_tail of the ring just before it was answered */
        uint8_t answer_noted; /* answer_tail is valid */
        uint8_t journalled;   /* its objects are the last record of the journal */
        uint8_t refused;      /* answered without the device */
        uint8_t reserved;
        MoveBefore move;
        uint64_t action_key; /* of a PERSISTENT RESERVE OUT */
        MediumPlace before;  /* where it began */
        uint8_t cdb[SCSI_CDB_MAX];
        uint8_t sense[SCSI_SENSE_MAX];
} InFlight;

typedef enum PositionForm {
        POSITION_FORM_UNTRIED,
        POSITION_FORM_LONG,
        POSITION_FORM_SHORT,
        POSITION_FORM_NONE,
} PositionForm;

typedef enum MediumPresence {
        MEDIUM_UNKNOWN,
        MEDIUM_ABSENT,
        MEDIUM_PRESENT,
} MediumPresence;

/* What depends on the position fails until the program goes to a place of its own. */
typedef enum PlaceLoss {
        PLACE_SOUND,
        PLACE_LOST,
        PLACE_ON_ANOTHER_MEDIUM, /* or opens the device anew: nothing that was written is missing */
} PlaceLoss;

/* Set by the program, lost by a reset, and of a kind that cannot be set again. */
typedef enum HoldUnrestorable {
        UNRESTORABLE_RESERVATION = 1 << 0, /* registrations of other initiators */
        UNRESTORABLE_ENCRYPTION = 1 << 1,  /* SECURITY PROTOCOL OUT of which no copy could be kept */
        UNRESTORABLE_MODE = 1 << 2,        /* a MODE SELECT too long or too many to be kept */
} HoldUnrestorable;

/* What the program holds by PERSISTENT RESERVE OUT. */
typedef struct HeldReservation {
        uint64_t key; /* it is registered with */
        uint8_t registered;
        uint8_t held;       /* the reservation is its own, of this scope and type: */
        uint8_t scope_type; /* as in the CDB */
        uint8_t flags;      /* APTPL, ALL_TG_PT: byte 20 of the parameter list */
        uint8_t unsure;     /* held or not: after a PREEMPT */
        uint8_t taken;      /* by another host: unit attention 2A/03 or 2A/05 */
        uint8_t reserved[2];
} HeldReservation;

/* The key that is kept in UnitSecrets, and what can be known of it without it. */
typedef struct HeldKey {
        uint32_t number; /* of the UnitSecret; 0: there is none */
        uint8_t encryption, decryption, algorithm;
        uint8_t clear_on_demount; /* the drive forgets it with the cartridge */
        uint8_t clear_on_release; /* or with the reservation */
        uint8_t lost;             /* it could not be set again: nothing is written until a program sets one */
        uint8_t reserved[2];
} HeldKey;

/* Changes with every command. */
typedef struct UnitRecord {
        uint64_t sequence;
        MediumPlace position; /* where the program believes to be, without the command in flight */
        MediumPlace commit;   /* everything before it is proven to be on the medium */
        UnitAnchor anchor;    /* somewhere before `commit` */
        JournalIndex journal;
        InFlight in_flight;
        HeldReservation persistent;
        HeldKey key;
        uint32_t modes; /* number of the UnitModes; 0: there are none */
        uint8_t medium_id[UNIT_MEDIUM_ID_MAX];
        uint8_t n_medium_id;
        uint8_t medium;           /* MediumPresence */
        uint8_t position_used;    /* a program relied on the position since it was last known */
        uint8_t loss_unreported;  /* acknowledged objects are gone and no program was told so yet */
        uint8_t unjournalled;     /* acknowledged since the last commit, from a place that nobody knew */
        uint8_t introduced;       /* was ready once: it is resumed and no longer probed */
        uint8_t position_lost;    /* PlaceLoss */
        uint8_t prevent;          /* PREVENT field as last set */
        uint8_t reserved;         /* RESERVE(6) or (10) is in force */
        uint8_t position_form;    /* PositionForm */
        uint8_t position_trusted; /* READ POSITION agreed with our own count at a place other than 0 */
        uint8_t no_locate;
        uint8_t locates;      /* LOCATE is known to work */
        uint8_t locate_asked; /* whether it does */
        uint8_t no_mam;
        uint8_t unrestorable;         /* HoldUnrestorable bits */
        uint8_t block_fixed;          /* block length != 0 */
        uint8_t n_protection_written; /* bytes of protection information that end a block as it is written */
        uint8_t n_protection_read;    /* and as it is read */
        uint8_t buffered;             /* GOOD of the drive's own means in its buffer, SSC-4 8.3.2 */
        uint8_t partitioning;         /* one of the mode parameters says how FORMAT MEDIUM is to partition */
        uint8_t reset_seen;           /* unit attention 29h since the last resume */
        uint8_t medium_changed;       /* unit attention 28h since the last resume */
        uint8_t strayed;     /* a resume has moved the medium: where it is tells nothing of what was lost */
        uint8_t answer_lost; /* an answer was, which may have been such a unit attention */
        uint16_t attention;  /* ASC and ASCQ of a unit attention that the program has to be told, or 0 */
        uint8_t no_groups;   /* the drive does not take groups of blocks, or not their block length */
        uint32_t block_length;
        uint32_t group_length; /* block length that the drive has, or may have, for a group; 0: the program's
                                */
        uint32_t suspect_length; /* as unit_suspect_length() was told, until the drive has been asked */
        uint64_t n_commands, n_outages, n_replayed, n_settled;
        uint64_t n_bytes_written, n_bytes_read;
        char reason[96];
        uint32_t crc;
} UnitRecord;

typedef struct UnitState {
        uint32_t magic, version;
        uint32_t n_size;
        uint32_t n_pages;
        UnitPage pages[UNIT_PAGES_MAX];
        uint32_t pages_crc;
        UnitRecord copies[2];
        UnitModes modes[2];
        JournalRecord records[UNIT_JOURNAL_RECORDS];
} UnitState;

void unit_state_init(UnitState *s);

/* The newest valid copy into *ret; 0, -ENODATA for memory that holds no state of this version (new or from
 * another one), -EBADMSG when neither copy is whole. */
int unit_state_load(const UnitState *s, size_t n_state, UnitRecord *ret);

/* False, and the pages are empty now, if they were not whole: they can be learned again, the rest cannot. */
bool unit_state_check_pages(UnitState *s);

/* Writes r as the newest copy; increments its sequence. */
void unit_state_store(UnitState *s, UnitRecord *r);

/* The mode parameters that belong to r; NULL: there are none, or they are not whole. */
const UnitModes *unit_state_modes(const UnitState *s, const UnitRecord *r);
/* *m is that of r from now on, and in memory as soon as r is stored, which has to come before the next one.
 */
void unit_state_put_modes(UnitState *s, UnitRecord *r, UnitModes *m);

/* Seals the pages after they were changed. */
void unit_state_seal_pages(UnitState *s);

const UnitPage *unit_state_page(const UnitState *s, int page);
/* 0, -ENOSPC when there is no room, -E2BIG when the page is too long to be kept. */
int unit_state_set_page(UnitState *s, int page, const uint8_t *data, size_t n_data);
