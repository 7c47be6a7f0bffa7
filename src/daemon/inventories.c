/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One reading is a row of questions, kind of element by kind, in portions that fit the reader: a library that
 * has no mail slots refuses the question for them and answers the others. What was read replaces what was
 * known only when it is whole.
 *
 * After something that leaves doubt a held library is asked again once no program has moved anything for
 * QUIET, or after PATIENCE: the question moves nothing, but a program's next command would wait for its
 * answer. */

#include "daemon/inventories.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/bus.h"
#include "daemon/element-reader.h"
#include "daemon/inventory-watch.h"
#include "util/log.h"

#define LIBRARIES_MAX 64
#define PORTION       500 /* elements a question */
#define QUIET         (5 * USEC_PER_SEC)
#define PATIENCE      (60 * USEC_PER_SEC)
#define RETRY_FIRST   (1 * USEC_PER_SEC)
#define RETRY_MOST    (60 * USEC_PER_SEC)

static const uint8_t types[] = {ELEMENT_TRANSPORT, ELEMENT_STORAGE, ELEMENT_IMPORT_EXPORT, ELEMENT_DRIVE};

struct LibraryInventory {
        Inventories *all;
        uint32_t id;
        Inventory now;
        uint64_t read_at, doubt_since; /* CLOCK_REALTIME */
        bool followed;                 /* it was held when it was read */
        char problem[96];
        InventoryWatch watch;

        bool wanted, again; /* again: something happened while it was read */
        usec_t wanted_since, not_before, retry_after;
        ElementReader *reader;
        Inventory next;
        size_t type; /* of types[], being asked for */
        uint16_t start;
        unsigned n_refused;
        sd_bus_message *waiting;
};

struct Inventories {
        Manager *manager;
        sd_event_source *timer;
        LibraryInventory *items[LIBRARIES_MAX];
        size_t n_items;
};

static usec_t now(void)
{
        return usec_now(CLOCK_MONOTONIC);
}

static LibraryInventory *get(Inventories *all, uint32_t library)
{
        LibraryInventory *l;

        for (size_t i = 0; i < all->n_items; i++)
                if (all->items[i]->id == library)
                        return all->items[i];
        if (all->n_items >= LIBRARIES_MAX)
                return NULL;
        l = calloc(1, sizeof(*l));
        if (!l)
                return NULL;
        l->all = all;
        l->id = library;
        all->items[all->n_items++] = l;
        return l;
}

LibraryInventory *inventories_follow(Inventories *all, uint32_t library)
{
        LibraryInventory *l = get(all, library);

        if (l)
                l->watch.n_items = 0;
        return l;
}

static void doubt(LibraryInventory *l)
{
        if (l->doubt_since == 0)
                l->doubt_since = usec_now(CLOCK_REALTIME);
        l->again = l->again || l->reader;
}

/* ---- reading ---- */

static void reply(LibraryInventory *l, int error)
{
        if (l->waiting && error < 0)
                (void) sd_bus_reply_method_errorf(l->waiting, BUS_ERROR_FAILED,
                                                  "its elements could not be read: %s",
                                                  l->problem[0] ? l->problem : strerror(-error));
        else if (l->waiting)
                (void) sd_bus_reply_method_return(l->waiting, "");
        l->waiting = sd_bus_message_unref(l->waiting);
}

static void stop_reading(LibraryInventory *l)
{
        l->reader = element_reader_free(l->reader);
        inventory_deinit(&l->next);
}

static void go_on(Inventories *all);
static void want_at(LibraryInventory *l, usec_t at);
static int ask(LibraryInventory *l);

static void try_later(LibraryInventory *l)
{
        l->wanted = true;
        l->retry_after = l->retry_after == 0 ? RETRY_FIRST : usec_min(2 * l->retry_after, RETRY_MOST);
        l->not_before = now() + l->retry_after;
}

static void failed(LibraryInventory *l, int error, const char *text)
{
        snprintf(l->problem, sizeof(l->problem), "%s", text[0] ? text : strerror(-error));
        stop_reading(l);
        if (error == -EAGAIN)
                try_later(l);
        reply(l, error);
}

static void finished(LibraryInventory *l)
{
        if (l->n_refused == ELEMENTSOF(types)) {
                failed(l, -EOPNOTSUPP, "it refuses to say what is where");
                return;
        }
        inventory_deinit(&l->now);
        l->now = TAKE_GENERIC(l->next, Inventory, (Inventory){});
        l->read_at = usec_now(CLOCK_REALTIME);
        l->followed = manager_holds(l->all->manager, l->id);
        l->doubt_since = 0;
        l->problem[0] = '\0';
        l->retry_after = 0;
        l->reader = element_reader_free(l->reader);
        if (TAKE_GENERIC(l->again, bool, false)) {
                doubt(l);
                want_at(l, now() + QUIET);
        }
        reply(l, 0);
}

/* False: that was the last one. */
static bool next_question(LibraryInventory *l, const InventoryReport *report)
{
        bool more = report->cut || report->n_elements >= PORTION;

        if (more && report->n_elements > 0 && report->last >= l->start && report->last < UINT16_MAX) {
                l->start = (uint16_t) (report->last + 1);
                return true;
        }
        l->start = 0;
        l->type++;
        return l->type < ELEMENTSOF(types);
}

static void on_report(void *userdata, int error, const uint8_t *data, size_t n_data, const char *text)
{
        LibraryInventory *l = userdata;
        Inventories *all = l->all;
        InventoryReport report = {};

        if (error >= 0) {
                error = inventory_merge(&l->next, data, n_data, &report);
                text = error == -EBADMSG ? "its element status is not understood" : "";
        }
        l->n_refused += error == -EOPNOTSUPP;
        if (error < 0 && error != -EOPNOTSUPP)
                failed(l, error, text);
        else if (!next_question(l, &report))
                finished(l);
        else if ((error = ask(l)) < 0)
                failed(l, -EAGAIN, strerror(-error));
        go_on(all);
}

static int ask(LibraryInventory *l)
{
        const ElementStatusRequest request = {
                .type = types[l->type], .start = l->start, .count = PORTION, .volume_tags = true};
        RegistryDevice device;
        char node[16];
        int r;

        l->reader = element_reader_free(l->reader);
        r = registry_find_id(manager_registry(l->all->manager), l->id, &device);
        if (r < 0)
                return r;
        manager_find_askable(l->all->manager, &device, node, sizeof(node));
        if (node[0] == '\0')
                return -ENODEV;
        return element_reader_new(manager_event(l->all->manager), node, &request, on_report, l, &l->reader);
}

static void begin(LibraryInventory *l)
{
        int r;

        l->wanted = l->again = false;
        l->type = 0;
        l->start = 0;
        l->n_refused = 0;
        inventory_deinit(&l->next);
        r = ask(l);
        if (r == -ENODEV || r == -ENOENT) /* asked when it is back: naming.c sees that */
                failed(l, r, "it is not there now");
        else if (r < 0)
                failed(l, -EAGAIN, strerror(-r));
}

/* ---- when ---- */

static void set_timer(Inventories *all)
{
        usec_t at = USEC_INFINITY;

        for (size_t i = 0; i < all->n_items; i++)
                if (all->items[i]->wanted && !all->items[i]->reader)
                        at = usec_min(at, all->items[i]->not_before);
        if (at == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(all->timer, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(all->timer, at);
        (void) sd_event_source_set_enabled(all->timer, SD_EVENT_ONESHOT);
}

static void go_on(Inventories *all)
{
        for (size_t i = 0; i < all->n_items; i++) {
                LibraryInventory *l = all->items[i];

                if (l->wanted && !l->reader && l->not_before <= now())
                        begin(l);
        }
        set_timer(all);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        go_on(userdata);
        return 0;
}

static void want_at(LibraryInventory *l, usec_t at)
{
        if (!l->wanted)
                l->wanted_since = now();
        l->wanted = true;
        l->not_before = usec_min(at, l->wanted_since + PATIENCE);
        set_timer(l->all);
}

void inventories_want(Inventories *all, uint32_t library)
{
        LibraryInventory *l = get(all, library);

        if (!l)
                return;
        if (l->reader)
                l->again = true;
        else
                want_at(l, now());
}

void inventories_drop(Inventories *all, uint32_t library)
{
        for (size_t i = 0; i < all->n_items; i++) {
                LibraryInventory *l = all->items[i];

                if (l->id != library)
                        continue;
                if (l->reader) {
                        snprintf(l->problem, sizeof(l->problem), "it went away while it was asked");
                        stop_reading(l);
                        reply(l, -ENODEV);
                }
                l->wanted = l->again = false;
                if (l->read_at != 0)
                        doubt(l);
        }
}

int inventories_read(Inventories *all, const RegistryDevice *device, sd_bus_message *call,
                     sd_bus_error *error)
{
        LibraryInventory *l = get(all, device->id);
        char node[16];

        if (!l)
                return -ENOMEM;
        if (l->waiting)
                return manager_refuse(error, BUS_ERROR_FAILED, -EBUSY,
                                      "%s: is being asked already; try again in a moment", device->name);
        manager_find_askable(all->manager, device, node, sizeof(node));
        if (node[0] == '\0')
                return manager_refuse(error, BUS_ERROR_NOT_PRESENT, -ENODEV,
                                      "%s: cannot be asked now; `evertape show %s` says why", device->name,
                                      device->name);
        l->waiting = sd_bus_message_ref(call);
        if (!l->reader)
                begin(l);
        go_on(all);
        return 0;
}

void inventories_view(Inventories *all, uint32_t library, bool held, InventoryView *ret)
{
        static const Inventory none;

        *ret = (InventoryView){.inventory = &none, .problem = ""};
        for (size_t i = 0; i < all->n_items; i++) {
                const LibraryInventory *l = all->items[i];

                if (l->id == library)
                        *ret = (InventoryView){.inventory = &l->now,
                                               .read_at = l->read_at,
                                               .doubt_since = l->doubt_since,
                                               .problem = l->problem,
                                               .followed = held && l->followed && l->doubt_since == 0};
        }
}

/* ---- what programs do ---- */

void inventories_command(LibraryInventory *l, const HoldCommand *c)
{
        inventory_watch_command(&l->watch, c);
}

/* The answers to our own questions come by here too: they are like those to a program's. */
void inventories_answer(LibraryInventory *l, const HoldAction *answer)
{
        switch (inventory_watch_answer(&l->watch, &l->now, answer)) {
        case INVENTORY_AS_BEFORE:
        case INVENTORY_TOLD:
                return;
        case INVENTORY_MOVED:
                l->again = l->again || l->reader;
                if (l->wanted)
                        want_at(l, now() + QUIET);
                return;
        case INVENTORY_DOUBT:
                doubt(l);
                if (!l->reader)
                        want_at(l, now() + QUIET);
                return;
        }
}

/* ---- life ---- */

int inventories_new(Manager *m, Inventories **ret)
{
        _cleanup_(inventories_freep) Inventories *all = calloc(1, sizeof(*all));
        int r;

        if (!all)
                return -ENOMEM;
        all->manager = m;
        r = sd_event_add_time(manager_event(m), &all->timer, CLOCK_MONOTONIC, 0, 100 * USEC_PER_MSEC,
                              on_timer, all);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(all->timer, SD_EVENT_OFF);
        *ret = TAKE_PTR(all);
        return 0;
}

Inventories *inventories_free(Inventories *all)
{
        if (!all)
                return NULL;
        for (size_t i = 0; i < all->n_items; i++) {
                LibraryInventory *l = all->items[i];

                stop_reading(l);
                inventory_deinit(&l->now);
                sd_bus_message_unref(l->waiting);
                free(l);
        }
        all->timer = sd_event_source_disable_unref(all->timer);
        free(all);
        return NULL;
}
