/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which libraries are asked for their bays, and when: one that has come or come back, and all of them when a
 * drive comes, since that one may be in another bay, or be a new one. */

#include <errno.h>
#include <string.h>

#include "daemon/inventories.h"
#include "daemon/naming-internal.h"
#include "scsi/smc.h"
#include "util/log.h"

#define RETRY_FIRST (500 * USEC_PER_MSEC)
#define RETRY_MOST  (10 * USEC_PER_SEC)

/* ---- asking ---- */

static void try_later(Library *l)
{
        l->retry_after = l->retry_after == 0 ? RETRY_FIRST : usec_min(2 * l->retry_after, RETRY_MOST);
        l->retry_at = naming_now() + l->retry_after;
}

static void on_report(void *userdata, int error, const uint8_t *data, size_t n_data, const char *text)
{
        Library *l = userdata;
        Naming *n = l->naming;

        if (error == -EAGAIN) {
                log_debug("%s: is asked again for its bays: %s", l->name, text);
                try_later(l);
        } else {
                l->wanted = l->again;
                l->again = false;
                l->retry_after = 0;
                if (error < 0)
                        naming_complain(l, text[0] ? text : strerror(-error));
                else
                        naming_take_report(n, l, data, n_data);
                inventories_want(manager_inventories(n->manager), l->id);
        }
        l->reader = element_reader_free(l->reader);
        naming_go_on(n);
}

/* ---- which are to be asked ---- */

static Library *find_library(Naming *n, uint32_t id)
{
        for (size_t i = 0; i < n->n_libraries; i++)
                if (n->libraries[i].id == id)
                        return &n->libraries[i];
        return NULL;
}

static void want(Library *l, usec_t not_before)
{
        l->retry_at = l->wanted ? usec_min(l->retry_at, not_before) : not_before;
        if (!l->wanted)
                l->wanted_since = naming_now();
        l->wanted = true;
        l->again = l->reader != NULL;
}

/* Of what is kept of a library that is gone nothing is missed. */
static Library *find_room(Naming *n)
{
        if (n->n_libraries < LIBRARIES_MAX)
                return &n->libraries[n->n_libraries++];
        for (size_t i = 0; i < n->n_libraries; i++)
                if (!n->libraries[i].present && n->libraries[i].node[0] == '\0')
                        return &n->libraries[i];
        return NULL;
}

static Library *note_library(Naming *n, const RegistryDevice *d)
{
        Library *l = find_library(n, d->id);

        if (!l) {
                l = find_room(n);
                if (!l) {
                        log_warning("%s: is not asked for its bays: more than %d libraries are there",
                                    d->name, LIBRARIES_MAX);
                        return NULL;
                }
                *l = (Library){.naming = n, .id = d->id};
        }
        memcpy(l->name, d->name, sizeof(l->name));
        l->present = true;
        return l;
}

/* It has come, or come back. */
void naming_check_library(Naming *n, const RegistryDevice *d)
{
        Library *l = note_library(n, d);

        if (!l)
                return;
        manager_find_askable(n->manager, d, l->node, sizeof(l->node));
        if (l->node[0] != '\0' && strcmp(l->node, l->asked_node) != 0)
                want(l, 0);
}

void naming_drop_absent(Naming *n)
{
        for (size_t i = 0; i < n->n_libraries; i++) {
                Library *l = &n->libraries[i];

                if (l->present && l->node[0] != '\0')
                        continue;
                l->reader = element_reader_free(l->reader);
                l->node[0] = l->asked_node[0] = '\0';
                l->wanted = false;
                inventories_drop(manager_inventories(n->manager), l->id);
        }
}

void naming_drop_library(Naming *n, uint32_t library)
{
        Library *l = find_library(n, library);

        inventories_drop(manager_inventories(n->manager), library);
        if (!l)
                return;
        l->reader = element_reader_free(l->reader);
        l->node[0] = l->asked_node[0] = '\0';
        l->wanted = false;
}

void naming_ask(Naming *n)
{
        const ElementStatusRequest request = {.type = ELEMENT_DRIVE, .count = UINT16_MAX, .device_ids = true};

        for (size_t i = 0; i < n->n_libraries; i++) {
                Library *l = &n->libraries[i];
                int r;

                if (!l->wanted || l->reader || l->retry_at > naming_now())
                        continue;
                memcpy(l->asked_node, l->node, sizeof(l->asked_node));
                r = element_reader_new(manager_event(n->manager), l->node, &request, on_report, l,
                                       &l->reader);
                if (r < 0) {
                        log_debug("%s: /dev/%s: %s", l->name, l->node, strerror(-r));
                        try_later(l);
                }
        }
}

void naming_want_all(Naming *n, usec_t not_before)
{
        for (size_t i = 0; i < n->n_libraries; i++)
                if (n->libraries[i].present && n->libraries[i].node[0] != '\0')
                        want(&n->libraries[i], not_before);
}

bool naming_library_is_pending(const Library *l)
{
        return l->wanted && l->node[0] != '\0' && naming_now() - l->wanted_since < l->naming->patience;
}

usec_t naming_next_look(const Naming *n)
{
        usec_t at = USEC_INFINITY;

        for (size_t i = 0; i < n->n_libraries; i++) {
                const Library *l = &n->libraries[i];

                if (l->wanted && !l->reader && l->node[0] != '\0')
                        at = usec_min(at, l->retry_at);
                if (n->unnamed && naming_library_is_pending(l)) /* it may never answer */
                        at = usec_min(at, l->wanted_since + n->patience);
        }
        return at;
}
