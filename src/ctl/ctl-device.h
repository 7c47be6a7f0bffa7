/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A device as the daemon describes it (a{sv}, man/org.evertape1.5.scd), and the one table of what a device
 * has: its D-Bus key, its column, its label and how it is shown. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <systemd/sd-bus.h>

#include "ctl/ctl-path.h"
#include "util/cleanup.h"

typedef enum FieldId {
        FIELD_NAME,
        FIELD_KIND,
        FIELD_STATE,
        FIELD_REASON,
        FIELD_HELD,
        FIELD_VENDOR,
        FIELD_PRODUCT,
        FIELD_REVISION,
        FIELD_SERIAL,
        FIELD_IDENTITY,
        FIELD_LIBRARY,
        FIELD_BAY,
        FIELD_NOTE,
        FIELD_PROFILE,
        FIELD_PROFILE_FROM,
        FIELD_NODE,
        FIELD_GENERIC,
        FIELD_CHANGER,
        FIELD_REAL,
        FIELD_PATHS,
        FIELD_LINKS,
        FIELD_SINCE,
        FIELD_OUTAGES,
        FIELD_LAST_OUTAGE,
        FIELD_TIMEOUT,
        FIELD_COMMANDS,
        FIELD_WRITTEN,
        FIELD_READ,
        FIELD_POSITION,
        FIELD_PROGRAM,
        FIELD_PID,
        FIELD_CARTRIDGE,
        FIELD_MEDIUM_SERIAL,
        FIELD_RATE,
        FIELD_WAITING,
        FIELD_JOURNAL,
        FIELD_JOURNAL_SIZE,
        FIELD_OUTAGE_BEGAN,
        FIELD_OUTAGE_CAUSE,
        FIELD_OUTAGE_TOTAL,
        FIELD_REPLAYED,
        FIELD_COMPARED,
        FIELD_SETTLED,
        FIELD_RESETS,
        FIELD_FAILURES,
        FIELD_LOADS,
        FIELD_MOTION,
        FIELD_STEP,
        FIELD_MOTION_SINCE,
        FIELD_PROGRESS,
        FIELD_DOING,
        _FIELD_MAX,
        _FIELD_INVALID = -EINVAL,
} FieldId;

typedef enum FieldType {
        FIELD_TYPE_TEXT,
        FIELD_TYPE_LIST, /* text; one item a line */
        FIELD_TYPE_BOOL,
        FIELD_TYPE_COUNT,
        FIELD_TYPE_TALLY, /* a count; for people empty if it is 0 */
        FIELD_TYPE_PID,
        FIELD_TYPE_BYTES,
        FIELD_TYPE_RATE, /* bytes a second */
        FIELD_TYPE_SPAN, /* microseconds */
        FIELD_TYPE_TIME, /* microseconds since the epoch */
        _FIELD_TYPE_MAX,
} FieldType;

typedef struct Field {
        const char *column; /* as -o takes it, and in lower case as JSON has it */
        const char *label;  /* as `show` prints it */
        const char *key;    /* in the a{sv}; "": made of others */
        FieldType type;
        const char *help;
} Field;

typedef struct Device {
        char *text[_FIELD_MAX];      /* TEXT and LIST; NULL is empty */
        uint64_t number[_FIELD_MAX]; /* all others */
} Device;

typedef struct DeviceList {
        Device **items;
        size_t n_items;
} DeviceList;

/* How to write a value. */
typedef enum FieldStyle {
        FIELD_STYLE_HUMAN, /* 1.4G, 2min 5s, 2026-11-23 14:01:02; empty for what there is not */
        FIELD_STYLE_PLAIN, /* bytes as a number, the rest as HUMAN */
} FieldStyle;

const Field *field_get(FieldId id);

/* By column name, in any case; name is n bytes long. _FIELD_INVALID if there is none. */
FieldId field_find(const char *name, size_t n);

/* Reads one a{sv}. Keys not known are skipped; a known one of another type, and a device without a name, are
 * -EBADMSG. Control characters become '?', so that no text of a device can command a terminal. */
int device_read(sd_bus_message *m, Device **ret);
Device *device_free(Device *d);
DEFINE_CLEANUP(Device *, device_free)

/* Reads aa{sv}, sorted by name as people count: drive2 before drive10. */
int device_list_read(sd_bus_message *m, DeviceList *ret);
void device_list_deinit(DeviceList *l);

/* Lends the text of a TEXT field, "" if there is none. */
const char *device_text(const Device *d, FieldId id);

/* Any field as text. Caller frees; NULL when out of memory. */
char *device_format(const Device *d, FieldId id, FieldStyle style);

/* A number of this type as text; not of TEXT, LIST. Caller frees; NULL when out of memory. */
char *number_format(uint64_t number, FieldType type, FieldStyle style);

/* One JSON object on one line without a newline. `time` comes first and `paths` last, if not NULL. */
void device_print_json(const Device *d, const char *time, const PathList *paths, FILE *f);

/* The same with these fields alone. */
void device_print_json_fields(const Device *d, const FieldId *fields, size_t n_fields, FILE *f);

/* "column": in lower case, and a text or null. */
void json_print_key(const char *column, FILE *f);
void json_print_text(const char *text, FILE *f);

/* Appends src to what *text already has, a line of its own, without control characters. */
int text_append_line(char **text, const char *src);

/* Microseconds since the epoch as local time, for people or (iso) in ISO 8601. Caller frees. */
char *format_time(uint64_t usec, bool iso);
