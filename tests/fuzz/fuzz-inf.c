/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An INF file, and INQUIRY data: whatever they are, entries are whole, problems are lines of text, ids have
 * the characters that ids have, and an id that is formed from the INQUIRY data finds the device again. */

#include <string.h>

#include "fuzz.h"
#include "identity/inf-table.h"

/* Behind this the input goes on with INQUIRY data. */
#define SEPARATOR "\n;INQUIRY\n"

static void check_problems(const InfProblems *p)
{
        fuzz_check(p->n_items <= INF_PROBLEMS_MAX && p->n_items <= p->n_errors + p->n_warnings);
        for (size_t i = 0; i < p->n_items; i++) {
                const InfProblem *item = &p->items[i];

                fuzz_check(memchr(item->text, '\0', sizeof(item->text)) != NULL);
                for (const char *c = item->text; *c; c++)
                        fuzz_check((unsigned char) *c >= 0x20 && *c != 0x7f);
                fuzz_check(i == 0 || p->items[i - 1].line <= item->line);
        }
}

static void check_entry(const InfEntry *e)
{
        fuzz_check(e->line > 0 && e->column > 0);
        fuzz_check(e->id && e->manufacturer && e->description && e->install && e->service);
        fuzz_check((e->vendor == NULL) == (e->product == NULL));
        fuzz_check(!e->vendor ||
                   (strlen(e->vendor) <= HWID_VENDOR && e->vendor[0] && strlen(e->product) <= HWID_PRODUCT));
        fuzz_check((unsigned) e->facts.profile < _PROFILE_MAX);
}

static void check_ids(const HwidInquiry *inquiry)
{
        HwidSet set;

        hwid_set_init(&set, inquiry);
        for (HwidKind kind = 0; kind < _HWID_KIND_MAX; kind++) {
                const char *id = set.ids[kind];
                InfEntry entry = {.id = id};
                HwidKind found = 0;

                fuzz_check(memchr(id, '\0', HWID_MAX) != NULL);
                for (const char *c = id; *c; c++)
                        fuzz_check(*c > 0x20 && *c < 0x7f && *c != ',');
                if (id[0] != '\0')
                        fuzz_check(inf_entry_rank(&entry, &set, &found) != SIZE_MAX && found <= kind);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        const uint8_t *end = memmem(data, n_data, SEPARATOR, strlen(SEPARATOR));
        HwidInquiry inquiry;
        InfTable table = {};
        InfFile *f = NULL;
        InfMatch match;
        size_t n_inquiry = 0;

        hwid_inquiry_from_texts(DEVICE_TAPE, "HP", "Ultrium 3-SCSI", "G24W", &inquiry);
        if (end) {
                n_inquiry = n_data - (size_t) (end - data) - strlen(SEPARATOR);
                n_data = (size_t) (end - data);
        }
        if (n_inquiry > 0 && hwid_inquiry_from_bytes(end + strlen(SEPARATOR), n_inquiry, &inquiry) == 0)
                check_ids(&inquiry);
        if (inf_parse("fuzz", data, n_data, &f) < 0)
                return 0;
        check_problems(&f->problems);
        for (size_t i = 0; i < f->n_entries; i++)
                check_entry(&f->entries[i]);
        if (inf_table_add(&table, f) < 0)
                return 0;
        match = inf_table_match(&table, &inquiry);
        fuzz_check((match.file == NULL) == (match.entry == NULL));
        inf_table_deinit(&table);
        return 0;
}
