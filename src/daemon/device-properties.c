/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One row a property; its value is plain data, so that it can be compared with what was told before. */

#include "daemon/device-properties.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/held-facts.h"
#include "names/links.h"
#include "util/text.h"

/* ---- small ---- */

static void set_text(PropertyValue *ret, const char *text)
{
        snprintf(ret->text, sizeof(ret->text), "%s", text);
}

static void set_node(PropertyValue *ret, const char *node)
{
        snprintf(ret->text, sizeof(ret->text), "%s%s", node[0] ? "/dev/" : "", node);
}

/* The nodes a program uses: of the held LUN, or of the device itself. */
static const DevicePath *view_nodes(const DeviceView *v)
{
        return v->held ? v->held_lun : v->real;
}

/* ---- who it is ---- */

#define TEXT(function, expression)                                                                           \
        static void function(const DeviceView *v, PropertyValue *ret)                                        \
        {                                                                                                    \
                set_text(ret, expression);                                                                   \
        }
#define NUMBER(function, expression)                                                                         \
        static void function(const DeviceView *v, PropertyValue *ret)                                        \
        {                                                                                                    \
                ret->number = (expression);                                                                  \
        }

NUMBER(get_number, v->device.id)
TEXT(get_name, v->device.name)
TEXT(get_kind, v->device.identity.type == DEVICE_CHANGER ? "changer" : "tape")
TEXT(get_state, v->held ? held_state(v->held) : v->real ? "present" : "absent")
TEXT(get_reason, v->held ? held_reason(v->held) : "")
NUMBER(get_held, v->held != NULL)
TEXT(get_vendor, v->device.identity.vendor)
TEXT(get_product, v->device.identity.product)
TEXT(get_revision, v->device.identity.revision)
TEXT(get_serial, v->device.identity.serial)
TEXT(get_identity, v->device.identity.key)
TEXT(get_library, v->library)
TEXT(get_note, v->note)

static void get_bay(const DeviceView *v, PropertyValue *ret)
{
        if (v->library[0] != '\0')
                snprintf(ret->text, sizeof(ret->text), "%u", v->device.element);
}

static void get_profile(const DeviceView *v, PropertyValue *ret)
{
        InfMatch match = manager_match(v->manager, &v->device.identity);

        set_text(ret, profile_name(match.entry ? match.entry->facts.profile : PROFILE_GENERIC));
}

/* "FILE:LINE", or "" when no entry is the device's. */
static void get_profile_from(const DeviceView *v, PropertyValue *ret)
{
        InfMatch match = manager_match(v->manager, &v->device.identity);

        if (match.entry)
                snprintf(ret->text, sizeof(ret->text), "%s:%u", match.file->name, match.entry->line);
}

/* ---- where it is ---- */

static void get_node(const DeviceView *v, PropertyValue *ret)
{
        const DevicePath *nodes = view_nodes(v);

        if (nodes)
                set_node(ret, v->device.identity.type == DEVICE_CHANGER ? nodes->sg : nodes->tape);
}

static void get_generic_node(const DeviceView *v, PropertyValue *ret)
{
        set_node(ret, view_nodes(v) ? view_nodes(v)->sg : "");
}

static void get_changer_node(const DeviceView *v, PropertyValue *ret)
{
        set_node(ret, view_nodes(v) ? view_nodes(v)->changer : "");
}

static void get_real_node(const DeviceView *v, PropertyValue *ret)
{
        set_node(ret, v->real ? v->real->sg : "");
}

NUMBER(get_path_count, v->n_real)

static void get_links(const DeviceView *v, PropertyValue *ret)
{
        static const DevicePath none;
        const DevicePath *nodes = view_nodes(v) ? view_nodes(v) : &none;
        const char *kernel_names[] = {nodes->tape, nodes->tape[0] ? nodes->tape + 1 : "", nodes->sg,
                                      nodes->changer};
        char link[LINK_LENGTH_MAX];
        size_t at = 0;

        _Static_assert(ELEMENTSOF(kernel_names) * (LINK_LENGTH_MAX + 8) < PROPERTY_TEXT_MAX, "room for all");
        for (size_t i = 0; i < ELEMENTSOF(kernel_names); i++)
                if (kernel_names[i][0] &&
                    links_format(link, v->device.identity.type, kernel_names[i], v->device.name) >= 0)
                        at += (size_t) snprintf(ret->text + at, sizeof(ret->text) - at, "/dev/%s", link) + 1;
        ret->text[at] = '\0';
}

/* ---- what it has done ---- */

static HeldFacts facts(const DeviceView *v)
{
        HeldFacts f = {.progress = -1};

        if (v->held)
                held_facts(v->held, usec_now(CLOCK_MONOTONIC), &f);
        return f;
}

NUMBER(get_since, v->held ? v->held->since : 0)
NUMBER(get_outages, facts(v).n_outages)
NUMBER(get_last_outage, facts(v).last_outage)
NUMBER(get_outage_began, facts(v).outage_began)
NUMBER(get_outage_total, facts(v).outages)
TEXT(get_outage_cause, facts(v).outage_cause)
NUMBER(get_commands, facts(v).n_commands)
NUMBER(get_waiting, facts(v).n_waiting)
NUMBER(get_written, facts(v).n_bytes_written)
NUMBER(get_read, facts(v).n_bytes_read)
NUMBER(get_rate, facts(v).rate)
NUMBER(get_replayed, facts(v).n_replayed)
NUMBER(get_settled, facts(v).n_settled)
NUMBER(get_compared, facts(v).n_compared)
NUMBER(get_resets, facts(v).n_resets)
NUMBER(get_failures, facts(v).n_failures)
NUMBER(get_cartridges, facts(v).n_cartridges)
NUMBER(get_journal_fill, facts(v).journal_fill)
NUMBER(get_journal_size, facts(v).journal_size)
TEXT(get_position, facts(v).position)
TEXT(get_cartridge, facts(v).cartridge)
TEXT(get_barcode, facts(v).barcode)
TEXT(get_medium_serial, facts(v).medium_serial)
TEXT(get_motion, facts(v).motion)
TEXT(get_motion_detail, facts(v).motion_detail)
NUMBER(get_motion_since, facts(v).motion_since)
NUMBER(get_tapealert, v->held ? v->held->log.log.tapealert : 0)
NUMBER(get_tapealert_at, v->held ? v->held->log.tapealert_at : 0)
NUMBER(get_write_corrected, v->held ? v->held->log.log.write_corrected : 0)
NUMBER(get_write_uncorrected, v->held ? v->held->log.log.write_uncorrected : 0)
NUMBER(get_write_errors_at, v->held ? v->held->log.write_at : 0)
NUMBER(get_read_corrected, v->held ? v->held->log.log.read_corrected : 0)
NUMBER(get_read_uncorrected, v->held ? v->held->log.log.read_uncorrected : 0)
NUMBER(get_read_errors_at, v->held ? v->held->log.read_at : 0)
NUMBER(get_timeout, v->held ? v->held->unit->config.timeout : 0)

static void get_progress(const DeviceView *v, PropertyValue *ret)
{
        int progress = facts(v).progress;

        if (progress >= 0)
                snprintf(ret->text, sizeof(ret->text), "%d %%", progress);
}

static void get_user(const DeviceView *v, PropertyValue *ret)
{
        DeviceUser user;

        if (manager_find_user(v, &user))
                set_text(ret, user.command);
}

static void get_user_pid(const DeviceView *v, PropertyValue *ret)
{
        DeviceUser user;

        if (manager_find_user(v, &user))
                ret->number = (uint64_t) user.pid;
}

/* clang-format off */
const DeviceProperty device_properties[] = {
        {"Number",       "u",  PROPERTY_CONST,   get_number},
        {"Name",         "s",  PROPERTY_TOLD,    get_name},
        {"Kind",         "s",  PROPERTY_CONST,   get_kind},
        {"State",        "s",  PROPERTY_TOLD,    get_state},
        {"Reason",       "s",  PROPERTY_TOLD,    get_reason},
        {"Held",         "b",  PROPERTY_TOLD,    get_held},
        {"Vendor",       "s",  PROPERTY_TOLD,    get_vendor},
        {"Product",      "s",  PROPERTY_TOLD,    get_product},
        {"Revision",     "s",  PROPERTY_TOLD,    get_revision},
        {"Serial",       "s",  PROPERTY_TOLD,    get_serial},
        {"Identity",     "s",  PROPERTY_TOLD,    get_identity},
        {"Library",      "s",  PROPERTY_TOLD,    get_library},
        {"Bay",          "s",  PROPERTY_TOLD,    get_bay},
        {"Note",         "s",  PROPERTY_TOLD,    get_note},
        {"Profile",      "s",  PROPERTY_TOLD,    get_profile},
        {"ProfileFrom",  "s",  PROPERTY_TOLD,    get_profile_from},
        {"Node",         "s",  PROPERTY_TOLD,    get_node},
        {"GenericNode",  "s",  PROPERTY_TOLD,    get_generic_node},
        {"ChangerNode",  "s",  PROPERTY_TOLD,    get_changer_node},
        {"RealNode",     "s",  PROPERTY_TOLD,    get_real_node},
        {"PathCount",    "t",  PROPERTY_TOLD,    get_path_count},
        {"Links",        "as", PROPERTY_TOLD,    get_links},
        {"Since",        "t",  PROPERTY_TOLD,    get_since},
        {"Outages",      "t",  PROPERTY_TOLD,    get_outages},
        {"LastOutage",   "t",  PROPERTY_TOLD,    get_last_outage},
        {"OutageBegan",  "t",  PROPERTY_TOLD,    get_outage_began},
        {"OutageCause",  "s",  PROPERTY_TOLD,    get_outage_cause},
        {"OutageTotal",  "t",  PROPERTY_TOLD,    get_outage_total},
        {"Commands",     "t",  PROPERTY_COUNTED, get_commands},
        {"Waiting",      "t",  PROPERTY_COUNTED, get_waiting},
        {"BytesWritten", "t",  PROPERTY_COUNTED, get_written},
        {"BytesRead",    "t",  PROPERTY_COUNTED, get_read},
        {"Rate",         "t",  PROPERTY_COUNTED, get_rate},
        {"Replayed",     "t",  PROPERTY_TOLD,    get_replayed},
        {"Settled",      "t",  PROPERTY_TOLD,    get_settled},
        {"Compared",     "t",  PROPERTY_TOLD,    get_compared},
        {"Resets",       "t",  PROPERTY_TOLD,    get_resets},
        {"Failures",     "t",  PROPERTY_TOLD,    get_failures},
        {"Cartridges",   "t",  PROPERTY_TOLD,    get_cartridges},
        {"JournalFill",  "t",  PROPERTY_COUNTED, get_journal_fill},
        {"JournalSize",  "t",  PROPERTY_COUNTED, get_journal_size},
        {"Position",     "s",  PROPERTY_COUNTED, get_position},
        {"Cartridge",    "s",  PROPERTY_COUNTED, get_cartridge},
        {"Barcode",      "s",  PROPERTY_COUNTED, get_barcode},
        {"MediumSerial", "s",  PROPERTY_COUNTED, get_medium_serial},
        {"Motion",       "s",  PROPERTY_COUNTED, get_motion},
        {"MotionDetail", "s",  PROPERTY_COUNTED, get_motion_detail},
        {"MotionSince",  "t",  PROPERTY_COUNTED, get_motion_since},
        {"Progress",     "s",  PROPERTY_COUNTED, get_progress},
        {"TapeAlert",    "t",  PROPERTY_COUNTED, get_tapealert},
        {"TapeAlertAt",  "t",  PROPERTY_COUNTED, get_tapealert_at},
        {"WriteErrorsCorrected",   "t", PROPERTY_COUNTED, get_write_corrected},
        {"WriteErrorsUncorrected", "t", PROPERTY_COUNTED, get_write_uncorrected},
        {"WriteErrorsAt", "t", PROPERTY_COUNTED, get_write_errors_at},
        {"ReadErrorsCorrected",    "t", PROPERTY_COUNTED, get_read_corrected},
        {"ReadErrorsUncorrected",  "t", PROPERTY_COUNTED, get_read_uncorrected},
        {"ReadErrorsAt",  "t", PROPERTY_COUNTED, get_read_errors_at},
        {"Timeout",      "t",  PROPERTY_TOLD,    get_timeout},
        {"User",         "s",  PROPERTY_LOOKED,  get_user},
        {"UserPid",      "u",  PROPERTY_LOOKED,  get_user_pid},
};
/* clang-format on */
const size_t n_device_properties = ELEMENTSOF(device_properties);

/* ---- the table at work ---- */

int device_property_find(const char *name, const DeviceProperty **ret)
{
        for (size_t i = 0; i < ELEMENTSOF(device_properties); i++)
                if (text_equal(device_properties[i].name, name)) {
                        *ret = &device_properties[i];
                        return 0;
                }
        return -ENOENT;
}

/* The text is large, and not cleared as a whole: a List has thousands of values. */
static void get_value(const DeviceProperty *p, const DeviceView *v, PropertyValue *ret)
{
        ret->number = 0;
        ret->text[0] = ret->text[1] = '\0'; /* the end of a list, too */
        p->get(v, ret);
}

static int append_texts(sd_bus_message *m, const char *texts)
{
        int r = sd_bus_message_open_container(m, 'a', "s");

        for (; *texts && r >= 0; texts += strlen(texts) + 1)
                r = sd_bus_message_append_basic(m, 's', texts);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_value(sd_bus_message *m, const char *type, const PropertyValue *value)
{
        switch (type[0]) {
        case 'a':
                return append_texts(m, value->text);
        case 's':
                return sd_bus_message_append_basic(m, 's', value->text);
        case 't':
                return sd_bus_message_append_basic(m, 't', &value->number);
        default: /* a bool is an int to sd-bus, and as wide as 'u' */
                return sd_bus_message_append_basic(m, type[0], &(uint32_t){(uint32_t) value->number});
        }
}

int device_property_append(sd_bus_message *m, const DeviceProperty *p, const DeviceView *v)
{
        PropertyValue value;

        get_value(p, v, &value);
        return append_value(m, p->type, &value);
}

/* FNV-1a: a value that changes and is not told has a chance of 1 in 2^64. */
uint64_t device_property_digest(const DeviceProperty *p, const DeviceView *v)
{
        uint64_t digest = UINT64_C(0xcbf29ce484222325);
        PropertyValue value;
        size_t n = 0;

        get_value(p, v, &value);
        do
                n += strlen(value.text + n) + 1;
        while (p->type[0] == 'a' && n < sizeof(value.text) && value.text[n] != '\0');
        for (size_t i = 0; i < n; i++)
                digest = (digest ^ (uint8_t) value.text[i]) * UINT64_C(0x100000001b3);
        return digest ^ value.number;
}

static int append_entry(sd_bus_message *m, const DeviceProperty *p, const DeviceView *v, bool look)
{
        PropertyValue value;
        int r;

        if (look || p->news != PROPERTY_LOOKED)
                get_value(p, v, &value);
        else
                value.number = 0, value.text[0] = value.text[1] = '\0';
        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', p->name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', p->type);
        if (r >= 0)
                r = append_value(m, p->type, &value);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int device_properties_append(sd_bus_message *m, const DeviceView *v, bool look)
{
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        for (size_t i = 0; i < ELEMENTSOF(device_properties) && r >= 0; i++)
                r = append_entry(m, &device_properties[i], v, look);
        return r < 0 ? r : sd_bus_message_close_container(m);
}
