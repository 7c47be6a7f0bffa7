/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entries go to the journal by its own protocol if stderr is the journal's, so that they have fields and a
 * MESSAGE_ID; else they are lines as all others are. Nothing of a command's data is ever among them.
 *
 * A cable that is loose makes away and resumed every few seconds for a night: the log says so ten times, and
 * then every hour how often. The history has them all. */

#include "daemon/events.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "util/log.h"
#include "util/text.h"

/* clang-format off */
static const EventRow events[] = {
        {"arrived",              LOG_NOTICE,  true,  "50a74cff026f4c84aa8ff5f8d837115f"},
        {"returned",             LOG_INFO,    true,  "c1f5a4b40d4e4b0c8d5d3c0e7a1b92f6"},
        {"gone",                 LOG_NOTICE,  true,  "8e2b6d0f9a5c4f1e9b7a4d3c2e1f0a95"},
        {"firmware",             LOG_NOTICE,  true,  "f11fc8de3eb449c88f8de0e973e1d036"},
        {"replaced",             LOG_WARNING, true,  "2e7abed5658e430d856980bb0977e471"},
        {"bay",                  LOG_NOTICE,  true,  "f99e6ae5c3c74558bad367d4ab3e1d35"},
        {"moved",                LOG_WARNING, true,  "9fddb5fef12147098c1d5c6a1f99f50d"},
        {"left",                 LOG_WARNING, true,  "0dd6a32cc059453497bfc82d73d9c869"},
        {"kept",                 LOG_WARNING, true,  "d9f0b7c0e6f64abf9c86269bdefda9aa"},
        {"renamed",              LOG_NOTICE,  true,  "dd1c84e44fa940d781ace0d9a2729d41"},
        {"forgotten",            LOG_NOTICE,  true,  "0b1f3790be0642fd9aaf6ec4a380626b"},
        {"hold",                 LOG_INFO,    true,  "ea3d9d2048ec40429e19cfdf06744ffa"},
        {"hold-failed",          LOG_ERR,     true,  "2d4579fe90cf4f1da7e3deeab99a14f8"},
        {"release",              LOG_INFO,    true,  "46d1d9af3dd440f3951bc8cc9eddb5e7"},
        {"release-failed",       LOG_ERR,     true,  "539bc950fc1a4092aac307276f67594e"},
        {"stop",                 LOG_INFO,    true,  "5f1bfb255eef4f8dbde54e17c7836f95"},
        {"ring-broken",          LOG_ERR,     true,  "975d8cbac0ba4e79848fdfc9b2829097"},
        {"stuck",                LOG_ERR,     true,  "9d49ef90db47455ea982a131563ed1a1"},
        {"lun-slow",             LOG_WARNING, false, "cf9e4f4204fb485693c70a70c92c2150"},
        {"profile",              LOG_NOTICE,  false, "a3d1165a531a4dec81f03b05c05c6f96"},
        {"away",                 LOG_NOTICE,  true,  "64403c6a70d44907babeab119dfba360"},
        {"path",                 LOG_NOTICE,  true,  "71cc128fb45b49009ede424776790f49"},
        {"path-failed",          LOG_INFO,    false, "704540b76a0144adba29c5c1268ca41b"},
        {"resumed",              LOG_NOTICE,  true,  "0cab9e0c70154b969819e59f32cd0700"},
        {"reset",                LOG_NOTICE,  true,  "e0284275ec9b4fdea99c648c9c1726bc"},
        {"wrong-device",         LOG_WARNING, true,  "32f46174fc864b1ca5196bd0bcde15a0"},
        {"failed",               LOG_WARNING, true,  "1fe52838127f42fdbd21e6ef4db35835"},
        {"medium-changed",       LOG_INFO,    true,  "6744c1d7ac7f4c5f89db0d451ea7b5e5"},
        {"medium-removed",       LOG_INFO,    true,  "ea96e66bd684474ab09acdcde48041e6"},
        {"suppressed",           LOG_INFO,    false, "905ef80cfff34212bcec78c850ab878d"},
        {"ready",                LOG_INFO,    false, "32cfb2b5711d4766a6d0acfdb25fe574"},
        {"stopping",             LOG_INFO,    false, "48ddf357eb7e476697067cc07753a7de"},
        {"stop-incomplete",      LOG_WARNING, false, "2dbf91d304e9424eb2e0536107a74330"},
        {"configuration",        LOG_INFO,    false, "1d69079e502542c2b711a27a12e5cdb4"},
        {"configuration-failed", LOG_ERR,     false, "db23306a405e4d7b8776d5e0fe17db2f"},
        {"attached",             LOG_NOTICE,  false, "e335f9339bb84dfa9100be29c5b355e0"},
        {"detached",             LOG_NOTICE,  false, "faeebea0e67a4d8b8ab32d38c272a634"},
        {"target-lost",          LOG_NOTICE,  false, "5c70823e7cc149c8b0d80ac3e3ac06a0"},
        {"scan-failed",          LOG_WARNING, false, "5a0c8de7e08a4a1f9d0b6ee1c6f2c9d4"},
        {"registry-failed",      LOG_WARNING, false, "456382e35dc643bbb677064083a4a005"},
        {"registry-spare",       LOG_ERR,     false, "234c883bfb3846a0b1229c0689d71319"},
};
/* clang-format on */

const EventRow *event_table(size_t *ret_n)
{
        *ret_n = ELEMENTSOF(events);
        return events;
}

const EventRow *event_find(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(events); i++)
                if (text_equal(events[i].name, name))
                        return &events[i];
        return NULL;
}

/* ---- one message ---- */

static const char *or_empty(const char *text)
{
        return text ? text : "";
}

static void format_message(const HookEvent *e, char *dst, size_t n_dst)
{
        const char *text = or_empty(e->text);

        if (!e->name)
                snprintf(dst, n_dst, "%s", text);
        else
                snprintf(dst, n_dst, "%s: %s%s%s", e->name, e->event, text[0] ? ": " : "", text);
}

static int send_to_journal(const EventRow *row, const HookEvent *e, const char *message)
{
        return sd_journal_send("MESSAGE=%s", message, "PRIORITY=%i", row->level, "MESSAGE_ID=%s", row->id,
                               "EVERTAPE_EVENT=%s", row->name, "EVERTAPE_TEXT=%s", or_empty(e->text),
                               "EVERTAPE_DEVICE=%s", or_empty(e->name), "EVERTAPE_SERIAL=%s",
                               or_empty(e->serial), "EVERTAPE_KIND=%s", or_empty(e->kind), "EVERTAPE_NODE=%s",
                               or_empty(e->node), "EVERTAPE_GENERIC_NODE=%s", or_empty(e->generic_node),
                               "EVERTAPE_LIBRARY=%s", or_empty(e->library), "EVERTAPE_BAY=%s",
                               or_empty(e->bay), NULL);
}

static void write_event(const EventRow *row, const HookEvent *e)
{
        char message[512];

        if (!log_enabled(row->level))
                return;
        format_message(e, message, sizeof(message));
        if (!log_is_journal() || send_to_journal(row, e, message) < 0)
                log_full(row->level, "%s", message);
}

/* ---- not too many of them ---- */

/* The last devices that something happened to; one that falls out begins anew. */
typedef struct Limited {
        const EventRow *row;
        char name[224]; /* of a device; the longest is that of an iSCSI target */
        RateLimit limit;
        usec_t used;
} Limited;

static Limited *find_limited(const EventRow *row, const char *name)
{
        static Limited limited[64];
        Limited *oldest = &limited[0];

        for (size_t i = 0; i < ELEMENTSOF(limited); i++) {
                Limited *l = &limited[i];

                if (l->row == row && text_equal(l->name, name))
                        return l;
                if (l->used < oldest->used)
                        oldest = l;
        }
        *oldest = (Limited){.row = row};
        snprintf(oldest->name, sizeof(oldest->name), "%s", name);
        return oldest;
}

static void write_suppressed(const HookEvent *e, unsigned n)
{
        HookEvent s = *e;
        char text[80];

        snprintf(text, sizeof(text), "%u times %s, of which the log has nothing", n, e->event);
        s.event = "suppressed";
        s.text = text;
        write_event(event_find(s.event), &s);
}

bool event_log(const HookEvent *e, usec_t now)
{
        static const EventRow unknown = {.level = LOG_NOTICE, .id = ""};
        const EventRow *row = event_find(e->event);
        unsigned n_suppressed;
        Limited *l;

        if (!row)
                row = &unknown;
        l = find_limited(row, or_empty(e->name));
        l->used = now;
        if (!rate_limit_pass(&l->limit, EVENT_BURST, EVENT_INTERVAL, now, &n_suppressed))
                return false;
        if (n_suppressed > 0)
                write_suppressed(e, n_suppressed);
        write_event(row, e);
        return true;
}

void event_log_daemon(const char *event, const char *format, ...)
{
        char text[400];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        (void) event_log(&(HookEvent){.event = event, .text = text}, usec_now(CLOCK_MONOTONIC));
}
