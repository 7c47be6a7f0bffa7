/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The daemon's answer is believed in nothing but its meaning: types are compared, unknown keys are skipped (a
 * newer daemon), and text loses its control characters before it can reach a terminal. Tables, `show` and
 * JSON all walk the same table, so they can never disagree about what a device has. */

#include "ctl/ctl-device.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "util/text.h"

/* clang-format off */
static const Field fields[_FIELD_MAX] = {
        [FIELD_NAME]        = {"NAME",        "Name",         "Name",         FIELD_TYPE_TEXT,  "name, which never changes"},
        [FIELD_KIND]        = {"KIND",        "Kind",         "Kind",         FIELD_TYPE_TEXT,  "tape or changer"},
        [FIELD_STATE]       = {"STATE",       "State",        "State",        FIELD_TYPE_TEXT,  "present, absent; if held: away, probing, held, resuming, failed"},
        [FIELD_REASON]      = {"REASON",      "Reason",       "Reason",       FIELD_TYPE_TEXT,  "why it is in that state"},
        [FIELD_HELD]        = {"HELD",        "Held",         "Held",         FIELD_TYPE_BOOL,  "whether evertape holds it"},
        [FIELD_VENDOR]      = {"VENDOR",      "Vendor",       "Vendor",       FIELD_TYPE_TEXT,  "vendor identification"},
        [FIELD_PRODUCT]     = {"PRODUCT",     "Product",      "Product",      FIELD_TYPE_TEXT,  "product identification"},
        [FIELD_REVISION]    = {"REVISION",    "Revision",     "Revision",     FIELD_TYPE_TEXT,  "product revision level"},
        [FIELD_SERIAL]      = {"SERIAL",      "Serial number","Serial",       FIELD_TYPE_TEXT,  "unit serial number"},
        [FIELD_IDENTITY]    = {"IDENTITY",    "Identity",     "Identity",     FIELD_TYPE_TEXT,  "what it is recognised by"},
        [FIELD_LIBRARY]     = {"LIBRARY",     "Library",      "Library",      FIELD_TYPE_TEXT,  "library whose bay the name belongs to"},
        [FIELD_BAY]         = {"BAY",         "Bay",          "Bay",          FIELD_TYPE_TEXT,  "element address of the bay"},
        [FIELD_NOTE]        = {"NOTE",        "Note",         "Note",         FIELD_TYPE_TEXT,  "what is odd about its identity: a duplicate, none"},
        [FIELD_PROFILE]     = {"PROFILE",     "Profile",      "Profile",      FIELD_TYPE_TEXT,  "how it is treated: lto, generic"},
        [FIELD_PROFILE_FROM]= {"PROFILE-FROM","Profile from", "ProfileFrom",  FIELD_TYPE_TEXT,  "entry of tape.inf that says so"},
        [FIELD_NODE]        = {"NODE",        "Node",         "Node",         FIELD_TYPE_TEXT,  "node that programs open"},
        [FIELD_GENERIC]     = {"GENERIC",     "Generic node", "GenericNode",  FIELD_TYPE_TEXT,  "sg node belonging to it"},
        [FIELD_CHANGER]     = {"CHANGER",     "Changer node", "ChangerNode",  FIELD_TYPE_TEXT,  "sch node, changers only"},
        [FIELD_REAL]        = {"REAL",        "Real node",    "RealNode",     FIELD_TYPE_TEXT,  "sg node of the real device"},
        [FIELD_PATHS]       = {"PATH-COUNT",  "Path count",   "PathCount",    FIELD_TYPE_COUNT, "paths to it that there are now"},
        [FIELD_LINKS]       = {"LINKS",       "Links",        "Links",        FIELD_TYPE_LIST,  "links by name"},
        [FIELD_SINCE]       = {"SINCE",       "Since",        "Since",        FIELD_TYPE_TIME,  "when the state last changed"},
        [FIELD_OUTAGES]     = {"OUTAGES",     "Outages",      "Outages",      FIELD_TYPE_COUNT, "outages survived"},
        [FIELD_LAST_OUTAGE] = {"LAST-OUTAGE", "Last outage",  "LastOutage",   FIELD_TYPE_SPAN,  "how long the last one took"},
        [FIELD_TIMEOUT]     = {"TIMEOUT",     "Timeout",      "Timeout",      FIELD_TYPE_SPAN,  "how long a command may wait"},
        [FIELD_COMMANDS]    = {"COMMANDS",    "Commands",     "Commands",     FIELD_TYPE_COUNT, "commands completed to programs"},
        [FIELD_WRITTEN]     = {"WRITTEN",     "Written",      "BytesWritten", FIELD_TYPE_BYTES, "bytes written"},
        [FIELD_READ]        = {"READ",        "Read",         "BytesRead",    FIELD_TYPE_BYTES, "bytes read"},
        [FIELD_POSITION]    = {"POSITION",    "Position",     "Position",     FIELD_TYPE_TEXT,  "where the tape is"},
        [FIELD_PROGRAM]     = {"PROGRAM",     "Program",      "User",         FIELD_TYPE_TEXT,  "program that has it open"},
        [FIELD_PID]         = {"PID",         "Process",      "UserPid",      FIELD_TYPE_PID,   "its process id"},
        [FIELD_CARTRIDGE]   = {"CARTRIDGE",   "Cartridge",    "Cartridge",    FIELD_TYPE_TEXT,  "barcode of the cartridge in it, else its serial number"},
        [FIELD_MEDIUM_SERIAL]={"MEDIUM-SERIAL","Medium serial","MediumSerial",FIELD_TYPE_TEXT,  "serial number of the cartridge"},
        [FIELD_RATE]        = {"RATE",        "Rate",         "Rate",         FIELD_TYPE_RATE,  "bytes a second, over the last seconds"},
        [FIELD_WAITING]     = {"WAITING",     "Waiting",      "Waiting",      FIELD_TYPE_TALLY, "commands of programs that have no answer yet"},
        [FIELD_JOURNAL]     = {"JOURNAL",     "Journal",      "JournalFill",  FIELD_TYPE_BYTES, "written, and not known to be on the tape"},
        [FIELD_JOURNAL_SIZE]= {"JOURNAL-SIZE","Journal size", "JournalSize",  FIELD_TYPE_BYTES, "room for it"},
        [FIELD_OUTAGE_BEGAN]= {"OUTAGE-BEGAN","Outage began", "OutageBegan",  FIELD_TYPE_TIME,  "when the present or the last outage began"},
        [FIELD_OUTAGE_CAUSE]= {"OUTAGE-CAUSE","Outage cause", "OutageCause",  FIELD_TYPE_TEXT,  "what it began with"},
        [FIELD_OUTAGE_TOTAL]= {"OUTAGE-TOTAL","Outage total", "OutageTotal",  FIELD_TYPE_SPAN,  "how long all took since evertaped was started"},
        [FIELD_REPLAYED]    = {"REPLAYED",    "Written again","Replayed",     FIELD_TYPE_TALLY, "blocks and filemarks written again"},
        [FIELD_COMPARED]    = {"COMPARED",    "Compared",     "Compared",     FIELD_TYPE_TALLY, "blocks and filemarks read back and found right"},
        [FIELD_SETTLED]     = {"SETTLED",     "Settled",      "Settled",      FIELD_TYPE_TALLY, "commands whose lost answer was found"},
        [FIELD_RESETS]      = {"RESETS",      "Resets",       "Resets",       FIELD_TYPE_TALLY, "resets since evertaped was started"},
        [FIELD_FAILURES]    = {"FAILURES",    "Failures",     "Failures",     FIELD_TYPE_TALLY, "failures since evertaped was started"},
        [FIELD_LOADS]       = {"LOADS",       "Loads",        "Cartridges",   FIELD_TYPE_TALLY, "cartridges put in since evertaped was started"},
        [FIELD_MOTION]      = {"MOTION",      "Motion",       "Motion",       FIELD_TYPE_TEXT,  "what takes its time: rewind, locate, space, erase, resume ..."},
        [FIELD_STEP]        = {"STEP",        "Step",         "MotionDetail", FIELD_TYPE_TEXT,  "the step of a resume"},
        [FIELD_MOTION_SINCE]= {"MOTION-SINCE","Motion since", "MotionSince",  FIELD_TYPE_TIME,  "when that began"},
        [FIELD_PROGRESS]    = {"PROGRESS",    "Progress",     "Progress",     FIELD_TYPE_TEXT,  "of it, if the drive or the journal tells"},
        [FIELD_DOING]       = {"DOING",       "Doing",        "",             FIELD_TYPE_TEXT,  "that in one: what, for how long, how far"},
};

static const char *const bus_type[_FIELD_TYPE_MAX] = {
        [FIELD_TYPE_TEXT] = "s",  [FIELD_TYPE_LIST] = "as",  [FIELD_TYPE_BOOL] = "b", [FIELD_TYPE_COUNT] = "t",
        [FIELD_TYPE_TALLY] = "t", [FIELD_TYPE_RATE] = "t",
        [FIELD_TYPE_PID] = "u",   [FIELD_TYPE_BYTES] = "t",  [FIELD_TYPE_SPAN] = "t", [FIELD_TYPE_TIME] = "t",
};
/* clang-format on */

const Field *field_get(FieldId id)
{
        return &fields[id];
}

FieldId field_find(const char *name, size_t n)
{
        for (FieldId id = 0; id < _FIELD_MAX; id++)
                if (strlen(fields[id].column) == n && strncasecmp(fields[id].column, name, n) == 0)
                        return id;
        return _FIELD_INVALID;
}

static FieldId field_find_key(const char *key)
{
        for (FieldId id = 0; id < _FIELD_MAX; id++)
                if (fields[id].key[0] && text_equal(fields[id].key, key))
                        return id;
        return _FIELD_INVALID;
}

/* C0, DEL and, in UTF-8, C1. */
static size_t control_length(const unsigned char *p)
{
        if (*p < 0x20 || *p == 0x7f)
                return 1;
        return p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0 ? 2 : 0;
}

int text_append_line(char **text, const char *src)
{
        size_t old = *text ? strlen(*text) : 0;
        char *grown = realloc(*text, old + strlen(src) + 2);
        char *dst;

        if (!grown)
                return -ENOMEM;
        *text = grown;
        dst = grown + old;
        if (old > 0)
                *dst++ = '\n';
        while (*src) {
                size_t n = control_length((const unsigned char *) src);

                *dst++ = n > 0 ? '?' : *src;
                src += n > 0 ? n : 1;
        }
        *dst = '\0';
        return 0;
}

static int read_text(sd_bus_message *m, char **text)
{
        const char *s;
        int r = sd_bus_message_read_basic(m, 's', &s);

        if (r <= 0)
                return r < 0 ? r : -EBADMSG;
        return *s ? text_append_line(text, s) : 0;
}

static int read_list(sd_bus_message *m, char **text)
{
        const char *s;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read_basic(m, 's', &s)) > 0) {
                r = text_append_line(text, s);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_number(sd_bus_message *m, char type, uint64_t *ret)
{
        uint32_t u = 0;
        int b = 0, r;

        if (type == 't')
                return sd_bus_message_read_basic(m, 't', ret);
        r = sd_bus_message_read_basic(m, type, type == 'b' ? (void *) &b : (void *) &u);
        *ret = type == 'b' ? (uint64_t) !!b : u;
        return r;
}

static int read_value(sd_bus_message *m, Device *d, FieldId id)
{
        switch (fields[id].type) {
        case FIELD_TYPE_TEXT:
                return read_text(m, &d->text[id]);
        case FIELD_TYPE_LIST:
                return read_list(m, &d->text[id]);
        case FIELD_TYPE_BOOL:
        case FIELD_TYPE_COUNT:
        case FIELD_TYPE_PID:
        case FIELD_TYPE_TALLY:
        case FIELD_TYPE_BYTES:
        case FIELD_TYPE_RATE:
        case FIELD_TYPE_SPAN:
        case FIELD_TYPE_TIME:
        case _FIELD_TYPE_MAX:
                break;
        }
        return read_number(m, bus_type[fields[id].type][0], &d->number[id]);
}

/* One entry {sv} of the dictionary, already entered. */
static int read_entry(sd_bus_message *m, Device *d)
{
        const char *key, *contents;
        FieldId id;
        char type;
        int r;

        r = sd_bus_message_read_basic(m, 's', &key);
        if (r < 0)
                return r;
        id = field_find_key(key);
        if (id < 0)
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r < 0)
                return r;
        if (r == 0 || type != 'v' || !text_equal(contents, bus_type[fields[id].type]))
                return -EBADMSG;
        free(TAKE_PTR(d->text[id])); /* a key that comes twice */
        r = sd_bus_message_enter_container(m, 'v', contents);
        if (r < 0)
                return r;
        r = read_value(m, d, id);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int device_read_entries(sd_bus_message *m, Device *d)
{
        int r;

        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_entry(m, d);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

/* "resume 1min 3s, 42 %, compare" */
static int describe_doing(Device *d)
{
        usec_t now = usec_now(CLOCK_REALTIME), since = d->number[FIELD_MOTION_SINCE];
        const char *progress = device_text(d, FIELD_PROGRESS), *step = device_text(d, FIELD_STEP);
        char span[40] = "";

        free(TAKE_PTR(d->text[FIELD_DOING]));
        if (!d->text[FIELD_MOTION])
                return 0;
        if (since > 0 && since + USEC_PER_SEC <= now)
                text_format_span(span, sizeof(span), (now - since) / USEC_PER_SEC * USEC_PER_SEC);
        if (asprintf(&d->text[FIELD_DOING], "%s%s%s%s%s%s%s", d->text[FIELD_MOTION], span[0] ? " " : "", span,
                     progress[0] ? ", " : "", progress, step[0] ? ", " : "", step) < 0) {
                d->text[FIELD_DOING] = NULL;
                return -ENOMEM;
        }
        return 0;
}

/* 1: read; 0: the enclosing array has ended. sd-bus says -ENXIO where a type is another than asked for. */
static int device_read_next(sd_bus_message *m, Device **ret)
{
        _cleanup_(device_freep) Device *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return -ENOMEM;
        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r <= 0)
                return r == -ENXIO ? -EBADMSG : r;
        r = device_read_entries(m, d);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r == -ENXIO ? -EBADMSG : r;
        if (!d->text[FIELD_NAME])
                return -EBADMSG;
        r = describe_doing(d);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(d);
        return 1;
}

int device_read(sd_bus_message *m, Device **ret)
{
        int r = device_read_next(m, ret);

        if (r < 0)
                return r;
        return r > 0 ? 0 : -EBADMSG;
}

Device *device_free(Device *d)
{
        if (!d)
                return NULL;
        for (FieldId id = 0; id < _FIELD_MAX; id++)
                free(d->text[id]);
        free(d);
        return NULL;
}

static int compare_names(const void *a, const void *b)
{
        const Device *const *x = a, *const *y = b;

        return strverscmp(device_text(*x, FIELD_NAME), device_text(*y, FIELD_NAME));
}

static int device_list_append(DeviceList *l, Device *d)
{
        Device **grown = realloc(l->items, (l->n_items + 1) * sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        l->items = grown;
        l->items[l->n_items++] = d;
        return 0;
}

static int device_list_fill(sd_bus_message *m, DeviceList *l)
{
        int r;

        for (;;) {
                _cleanup_(device_freep) Device *d = NULL;

                r = device_read_next(m, &d);
                if (r <= 0)
                        return r;
                r = device_list_append(l, d);
                if (r < 0)
                        return r;
                TAKE_PTR(d);
        }
}

int device_list_read(sd_bus_message *m, DeviceList *ret)
{
        _cleanup_(device_list_deinit) DeviceList l = {0};
        int r;

        r = sd_bus_message_enter_container(m, 'a', "a{sv}");
        if (r <= 0)
                return r == -ENXIO || r == 0 ? -EBADMSG : r;
        r = device_list_fill(m, &l);
        if (r < 0)
                return r;
        if (l.n_items > 0)
                qsort(l.items, l.n_items, sizeof(*l.items), compare_names);
        *ret = TAKE_GENERIC(l, DeviceList, (DeviceList){0});
        return 0;
}

void device_list_deinit(DeviceList *l)
{
        for (size_t i = 0; i < l->n_items; i++)
                device_free(l->items[i]);
        free(l->items);
        *l = (DeviceList){0};
}

const char *device_text(const Device *d, FieldId id)
{
        return d->text[id] ? d->text[id] : "";
}
