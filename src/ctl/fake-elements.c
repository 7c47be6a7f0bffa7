/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A small library, a large one, and one that wants to be markup. */

#include "ctl/fake-elements.h"

#include <stdbool.h>
#include <stdio.h>

#include "view/site.h"

enum {
        BAYS = 256,
        MAIL = 16,
        SLOTS = 4096
};

static int add(sd_bus_message *m, uint8_t type, unsigned address, uint32_t flags, const char *tag,
               unsigned source, unsigned code)
{
        return sd_bus_message_append(m, "(yqusqq)", type, (int) address, flags, tag, (int) source,
                                     (int) code);
}

/* Which slots are empty: those whose cartridge is in a drive, some alone, and a long run at the end. */
static bool is_empty(unsigned slot, unsigned n_slots, unsigned n_loaded)
{
        return slot < n_loaded || slot % 11 == 9 || (n_slots > 100 && slot >= n_slots - 75);
}

static int add_library(sd_bus_message *m, unsigned n_bays, unsigned n_loaded, unsigned n_mail,
                       unsigned n_slots)
{
        char tag[16];
        int r = add(m, SITE_PICKER, 1, 0, "", 0, 0);

        for (unsigned i = 0; i < n_mail && r >= 0; i++)
                r = add(m, SITE_MAIL, MAIL + i, SITE_ACCESS | (i == 1 ? SITE_FULL : 0),
                        i == 1 ? "CLN001L8" : "", 0, 0);
        for (unsigned i = 0; i < n_bays && r >= 0; i++) {
                bool loaded = i < n_loaded;

                snprintf(tag, sizeof(tag), "E%05uL8", i + 1);
                r = add(m, SITE_BAY, BAYS + i, SITE_ACCESS | (loaded ? SITE_FULL | SITE_SOURCE : 0),
                        loaded ? tag : "", SLOTS + i, 0);
        }
        for (unsigned i = 0; i < n_slots && r >= 0; i++) {
                bool empty = is_empty(i, n_slots, n_loaded), bad = n_slots > 100 && i == 42;

                snprintf(tag, sizeof(tag), "E%05uL8", i + 1);
                r = add(m, SITE_SLOT, SLOTS + i,
                        SITE_ACCESS | (empty ? 0 : SITE_FULL) | (bad ? SITE_EXCEPT : 0),
                        empty || i == 5 ? "" : tag, 0, bad ? 0x8301 : 0);
        }
        return r;
}

static int add_hostile(sd_bus_message *m)
{
        int r = add(m, SITE_SLOT, 1, SITE_FULL, "\033[2J\n<b>", 0, 0);

        if (r >= 0)
                r = add(m, SITE_SLOT, 1, SITE_FULL | SITE_ACCESS, "\"'&]]>", 0, 0);
        if (r >= 0)
                r = add(m, SITE_SLOT, 2, UINT32_MAX, "磁带机磁带机磁带机磁带机", 65535, 65535);
        return r < 0 ? r
                     : add(m, 255, 65535, 0,
                           "\xe2\x80\xae"
                           "right to left",
                           0, 0);
}

int fake_append_facts(sd_bus_message *m)
{
        static const struct {
                const char *key;
                uint64_t number;
        } rows[] = {
                {"OutageTotal", 200000000},
                {"Waiting", 1},
                {"Replayed", 12},
                {"Compared", 40},
                {"Settled", 3},
                {"Resets", 1},
                {"Failures", 0},
                {"Cartridges", 7},
                {"JournalFill", 33554432},
                {"JournalSize", 268435456},
                {"TapeAlert", UINT64_C(1) << 44},
                {"TapeAlertAt", UINT64_C(1795442462000000)},
                {"WriteErrorsAt", 1795442462000000},
                {"ReadErrorsAt", 1795442462000000},
                {"WriteErrorsCorrected", 5},
                {"WriteErrorsUncorrected", 0},
                {"ReadErrorsCorrected", 2},
                {"ReadErrorsUncorrected", 0},
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(rows) && r >= 0; i++)
                r = sd_bus_message_append(m, "{sv}", rows[i].key, "t", rows[i].number);
        return r;
}

int fake_append_elements(sd_bus_message *m, FakeMode mode, uint64_t since)
{
        int r = sd_bus_message_append(
                m, "ttbs", since, mode == FAKE_HOSTILE_LIBRARY ? since + 1 : (uint64_t) 0,
                (int) (mode == FAKE_LARGE_LIBRARY), mode == FAKE_HOSTILE_LIBRARY ? "<&\033" : "");

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(yqusqq)");
        if (r >= 0 && mode == FAKE_HOSTILE_LIBRARY)
                r = add_hostile(m);
        else if (r >= 0 && mode == FAKE_LARGE_LIBRARY)
                r = add_library(m, 8, 5, 10, 400);
        else if (r >= 0)
                r = add_library(m, 2, 1, 1, 24);
        return r < 0 ? r : sd_bus_message_close_container(m);
}
