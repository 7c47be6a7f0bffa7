/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tables: what evertaped says of a device under a key, and what that is called as a metric. A key that it
 * does not say makes no sample. What is counted of a held device is told of held ones only: nobody counts for
 * others. */

#include "view/metrics.h"

#include <string.h>

#include "util/text.h"
#include "util/time.h"
#include "view/openmetrics.h"

typedef struct Row {
        const char *key;
        MetricFamily family;
        uint64_t scale;
        bool held;      /* of held devices only */
        const char *at; /* key of when it was told; 0: never, and nobody knows it. NULL: it is known */
} Row;

/* clang-format off */
static const Row device_rows[] = {
        {"Held",         {"evertape_device_held",                   METRIC_GAUGE,   NULL,      "Whether evertape holds it."}, 1, false},
        {"PathCount",    {"evertape_device_paths",                  METRIC_GAUGE,   NULL,      "Paths to the real device that there are now."}, 1, false},
        {"Since",        {"evertape_device_state_timestamp_seconds",METRIC_GAUGE,   "seconds", "When its state changed last."}, USEC_PER_SEC, true},
        {"Outages",      {"evertape_device_outages",                METRIC_COUNTER, NULL,      "Outages survived."}, 1, true},
        {"LastOutage",   {"evertape_device_last_outage_seconds",    METRIC_GAUGE,   "seconds", "How long the last outage took."}, USEC_PER_SEC, true},
        {"OutageTotal",  {"evertape_device_outage_seconds",         METRIC_COUNTER, "seconds", "How long all outages took that are over, since evertaped was started."}, USEC_PER_SEC, true},
        {"Commands",     {"evertape_device_commands",               METRIC_COUNTER, NULL,      "Commands of programs."}, 1, true},
        {"Waiting",      {"evertape_device_waiting_commands",       METRIC_GAUGE,   NULL,      "Commands of programs that have no answer yet."}, 1, true},
        {"BytesWritten", {"evertape_device_written_bytes",          METRIC_COUNTER, "bytes",   "Written by programs."}, 1, true},
        {"BytesRead",    {"evertape_device_read_bytes",             METRIC_COUNTER, "bytes",   "Read by programs."}, 1, true},
        {"Replayed",     {"evertape_device_replayed_objects",       METRIC_COUNTER, NULL,      "Blocks and filemarks written again after outages."}, 1, true},
        {"Compared",     {"evertape_device_compared_objects",       METRIC_COUNTER, NULL,      "Blocks and filemarks read back after outages and found as they should be."}, 1, true},
        {"Settled",      {"evertape_device_settled_commands",       METRIC_COUNTER, NULL,      "Commands whose answer was lost and whose outcome was found."}, 1, true},
        {"Resets",       {"evertape_device_resets",                 METRIC_COUNTER, NULL,      "Resets of the device."}, 1, true},
        {"Failures",     {"evertape_device_failures",               METRIC_COUNTER, NULL,      "How often programs got an error since it could not be gone on."}, 1, true},
        {"Cartridges",   {"evertape_device_cartridges",             METRIC_COUNTER, NULL,      "Cartridges loaded."}, 1, true},
        {"JournalFill",  {"evertape_device_journal_fill_bytes",     METRIC_GAUGE,   "bytes",   "Written and not known to be on the tape yet."}, 1, true},
        {"JournalSize",  {"evertape_device_journal_size_bytes",     METRIC_GAUGE,   "bytes",   "Room for that."}, 1, true},
        {"Timeout",      {"evertape_device_timeout_seconds",        METRIC_GAUGE,   "seconds", "How long a command may wait for the device."}, USEC_PER_SEC, true},
        {"TapeAlertAt",  {"evertape_device_tapealert_timestamp_seconds", METRIC_GAUGE, "seconds", "When a program last read the drive's TapeAlert flags."}, USEC_PER_SEC, true, "TapeAlertAt"},
        {"WriteErrorsCorrected",   {"evertape_device_write_errors_corrected",   METRIC_GAUGE, NULL, "Log page 02h as a program last read it: errors corrected while writing."}, 1, true, "WriteErrorsAt"},
        {"WriteErrorsUncorrected", {"evertape_device_write_errors_uncorrected", METRIC_GAUGE, NULL, "Log page 02h as a program last read it: errors not corrected while writing."}, 1, true, "WriteErrorsAt"},
        {"ReadErrorsCorrected",    {"evertape_device_read_errors_corrected",    METRIC_GAUGE, NULL, "Log page 03h as a program last read it: errors corrected while reading."}, 1, true, "ReadErrorsAt"},
        {"ReadErrorsUncorrected",  {"evertape_device_read_errors_uncorrected",  METRIC_GAUGE, NULL, "Log page 03h as a program last read it: errors not corrected while reading."}, 1, true, "ReadErrorsAt"},
};

static const Row path_rows[] = {
        {"Commands", {"evertape_path_commands", METRIC_COUNTER, NULL,    "Commands that the device answered over this path."}, 1, true},
        {"Bytes",    {"evertape_path_bytes",    METRIC_COUNTER, "bytes", "Bytes of them."}, 1, true},
        {"Outages",  {"evertape_path_outages",  METRIC_COUNTER, NULL,    "How often the path failed in service."}, 1, true},
};

static const MetricFamily
        up = {"evertape_up", METRIC_GAUGE, NULL, "Whether evertaped answers."},
        build = {"evertape_build", METRIC_INFO, NULL, "Version of evertaped."},
        device_info = {"evertape_device", METRIC_INFO, NULL, "Who a device is."},
        device_state = {"evertape_device_state", METRIC_STATESET, NULL, "State of a device."},
        tapealert = {"evertape_device_tapealert", METRIC_GAUGE, NULL, "TapeAlert flags that were set when a program last read them."},
        path_state = {"evertape_path_state", METRIC_STATESET, NULL, "State of a path to a held device."},
        elements = {"evertape_library_elements", METRIC_GAUGE, NULL, "Places for cartridges, by kind."},
        full = {"evertape_library_elements_full", METRIC_GAUGE, NULL, "Of them those with a cartridge."},
        abnormal = {"evertape_library_elements_abnormal", METRIC_GAUGE, NULL, "Of them those that the library reports a problem with."},
        read_at = {"evertape_library_read_timestamp_seconds", METRIC_GAUGE, "seconds", "When the library last said what is where; 0 if never."},
        current = {"evertape_library_current", METRIC_GAUGE, NULL, "Whether what is known of where cartridges are is so now."};

static const char *const device_states[] = {"present", "absent", "away", "probing", "held", "resuming", "failed"};
static const char *const path_states[] = {"active", "standby", "failed", "flapping"};
static const struct { uint8_t type; const char *name; } kinds[] = {
        {SITE_SLOT, "slot"}, {SITE_MAIL, "mail-slot"}, {SITE_BAY, "bay"}, {SITE_PICKER, "picker"},
};
/* clang-format on */

/* ---- devices ---- */

static void print_row(const Site *s, const Row *r, FILE *f)
{
        bool begun = false;

        for (size_t i = 0; i < s->n_devices; i++) {
                const Facts *facts = &s->devices[i].facts;
                const MetricLabel label = {"device", site_name(&s->devices[i])};

                if (!facts_has_number(facts, r->key) || (r->held && !facts_number(facts, "Held")) ||
                    facts_number(facts, r->key) == USEC_INFINITY || /* Timeout=infinity */
                    (r->at && facts_number(facts, r->at) == 0))
                        continue;
                if (!begun)
                        metric_family(&r->family, f);
                begun = true;
                metric_sample(&r->family, &label, 1, facts_number(facts, r->key), r->scale, f);
        }
}

static void print_states(const MetricFamily *m, MetricLabel *labels, size_t n_labels,
                         const char *const *states, size_t n_states, const char *state, FILE *f)
{
        for (size_t i = 0; i < n_states; i++) {
                labels[n_labels - 1] = (MetricLabel){m->name, states[i]};
                metric_sample(m, labels, n_labels, text_equal(states[i], state), 1, f);
        }
}

static void print_infos(const Site *s, FILE *f)
{
        static const struct {
                const char *key, *label;
        } rows[] = {{"Name", "device"},     {"Kind", "kind"},         {"Vendor", "vendor"},
                    {"Product", "product"}, {"Revision", "revision"}, {"Serial", "serial"},
                    {"Library", "library"}, {"Bay", "bay"},           {"Profile", "profile"}};
        MetricLabel labels[ELEMENTSOF(rows)];

        metric_family(&device_info, f);
        for (size_t i = 0; i < s->n_devices; i++) {
                for (size_t k = 0; k < ELEMENTSOF(rows); k++)
                        labels[k] =
                                (MetricLabel){rows[k].label, facts_text(&s->devices[i].facts, rows[k].key)};
                metric_sample(&device_info, labels, ELEMENTSOF(rows), 1, 1, f);
        }
        metric_family(&device_state, f);
        for (size_t i = 0; i < s->n_devices; i++) {
                labels[0] = (MetricLabel){"device", site_name(&s->devices[i])};
                print_states(&device_state, labels, 2, device_states, ELEMENTSOF(device_states),
                             facts_text(&s->devices[i].facts, "State"), f);
        }
}

/* Flag 1 is bit 63, as the drive sends them (SSC-5, TapeAlert Response log page). */
static void print_tapealert(const Site *s, FILE *f)
{
        bool begun = false;
        char number[4];

        for (size_t i = 0; i < s->n_devices; i++)
                for (unsigned flag = 1; flag <= 64; flag++) {
                        const MetricLabel labels[] = {{"device", site_name(&s->devices[i])},
                                                      {"flag", number}};

                        if (!(facts_number(&s->devices[i].facts, "TapeAlert") >> (64 - flag) & 1))
                                continue;
                        if (!begun)
                                metric_family(&tapealert, f);
                        begun = true;
                        snprintf(number, sizeof(number), "%u", flag);
                        metric_sample(&tapealert, labels, ELEMENTSOF(labels), 1, 1, f);
                }
}

/* ---- paths ---- */

static bool is_repeated(const SiteDevice *d, size_t i)
{
        for (size_t k = 0; k < i; k++)
                if (text_equal(facts_text(&d->paths[k], "Address"), facts_text(&d->paths[i], "Address")) &&
                    text_equal(facts_text(&d->paths[k], "Transport"), facts_text(&d->paths[i], "Transport")))
                        return true;
        return false;
}

/* row NULL: the states. */
static void print_path_family(const Site *s, const Row *row, FILE *f)
{
        bool begun = false;

        for (size_t i = 0; i < s->n_devices; i++) {
                const SiteDevice *d = &s->devices[i];

                for (size_t k = 0; k < d->n_paths && facts_number(&d->facts, "Held"); k++) {
                        const Facts *p = &d->paths[k];
                        MetricLabel labels[] = {{"device", site_name(d)},
                                                {"address", facts_text(p, "Address")},
                                                {"transport", facts_text(p, "Transport")},
                                                {}};

                        if (is_repeated(d, k) || (row && !facts_has_number(p, row->key)))
                                continue;
                        if (!begun)
                                metric_family(row ? &row->family : &path_state, f);
                        begun = true;
                        if (row)
                                metric_sample(&row->family, labels, 3, facts_number(p, row->key), row->scale,
                                              f);
                        else
                                print_states(&path_state, labels, 4, path_states, ELEMENTSOF(path_states),
                                             facts_text(p, "State"), f);
                }
        }
}

/* ---- libraries ---- */

static unsigned count_abnormal(const SiteLibrary *l, uint8_t type)
{
        unsigned n = 0;

        for (size_t i = 0; i < l->n_elements; i++)
                n += l->elements[i].type == type && l->elements[i].flags & SITE_EXCEPT;
        return n;
}

static void print_elements(const Site *s, const MetricFamily *m, FILE *f)
{
        metric_family(m, f);
        for (size_t i = 0; i < s->n_libraries; i++)
                for (size_t k = 0; k < ELEMENTSOF(kinds); k++) {
                        const SiteLibrary *l = &s->libraries[i];
                        const MetricLabel labels[] = {{"library", site_library_name(l)},
                                                      {"kind", kinds[k].name}};
                        SiteCount count = site_count(l, kinds[k].type);
                        unsigned value = m == &full ? count.n_full : count.n;

                        if (m == &abnormal)
                                value = count_abnormal(l, kinds[k].type);
                        if (count.n > 0)
                                metric_sample(m, labels, ELEMENTSOF(labels), value, 1, f);
                }
}

static void print_library_number(const Site *s, const MetricFamily *m, FILE *f)
{
        metric_family(m, f);
        for (size_t i = 0; i < s->n_libraries; i++) {
                const SiteLibrary *l = &s->libraries[i];
                const MetricLabel label = {"library", site_library_name(l)};

                metric_sample(m, &label, 1, m == &read_at ? l->read_at : l->followed,
                              m == &read_at ? USEC_PER_SEC : 1, f);
        }
}

static void print_libraries(const Site *s, FILE *f)
{
        if (s->n_libraries == 0)
                return;
        print_elements(s, &elements, f);
        print_elements(s, &full, f);
        print_elements(s, &abnormal, f);
        print_library_number(s, &read_at, f);
        print_library_number(s, &current, f);
}

void metrics_print(const Site *s, FILE *f)
{
        const MetricLabel version = {"version", s && s->version ? s->version : ""};

        metric_family(&up, f);
        metric_sample(&up, NULL, 0, s != NULL, 1, f);
        if (s) {
                metric_family(&build, f);
                metric_sample(&build, &version, 1, 1, 1, f);
                print_infos(s, f);
                for (size_t i = 0; i < ELEMENTSOF(device_rows); i++)
                        print_row(s, &device_rows[i], f);
                print_tapealert(s, f);
                print_path_family(s, NULL, f);
                for (size_t i = 0; i < ELEMENTSOF(path_rows); i++)
                        print_path_family(s, &path_rows[i], f);
                print_libraries(s, f);
        }
        metric_end(f);
}
