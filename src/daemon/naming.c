/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A library's drives are named by their bays, and only the library knows those. So a drive that is not known
 * yet waits for its name until all libraries that are there were asked, and for a moment after it has come,
 * since a library may come a moment after its drives. It does not wait for ever for a library that is not
 * ready: after PATIENCE it is called as one that stands alone. */

#include "daemon/naming.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/events.h"
#include "daemon/naming-internal.h"
#include "util/log.h"
#include "util/text.h"

#define SETTLE   (1 * USEC_PER_SEC)
#define PATIENCE (120 * USEC_PER_SEC)
#define LATER    (1 * USEC_PER_SEC) /* a drive that is known may be one that programs wait for */

usec_t naming_now(void)
{
        return usec_now(CLOCK_MONOTONIC);
}

uint64_t naming_seconds_now(void)
{
        return usec_now(CLOCK_REALTIME) / USEC_PER_SEC;
}

bool naming_is_drive(const DevicePath *p)
{
        return !p->held_lun && p->identity.type == DEVICE_TAPE;
}

void naming_say_if_unknown(Naming *n, const RegistryDevice *d)
{
        char text[200];

        if (manager_match(n->manager, &d->identity).entry)
                return;
        snprintf(text, sizeof(text),
                 "no entry of tape.inf names it, so it works by the generic profile; "
                 "`evertape inf match %s` shows how to add one",
                 d->name);
        manager_add_event(n->manager, d->id, "profile", text);
}

static bool is_new_since(const DevicePath *p, const DevicePath *old, size_t n_old)
{
        for (size_t i = 0; i < n_old; i++)
                if (device_path_same(&old[i], p) && identity_claims_equal(&old[i].identity, &p->identity))
                        return false;
        return true;
}

static void note_firmware(Naming *n, const RegistryDevice *before, const DevicePath *p)
{
        char text[64];

        if (before->identity.revision[0] == '\0' ||
            text_equal(before->identity.revision, p->identity.revision))
                return;
        snprintf(text, sizeof(text), "revision %s, before %s", p->identity.revision,
                 before->identity.revision);
        manager_add_event(n->manager, before->id, "firmware", text);
}

static void say_nameless(const DevicePath *p, int error)
{
        char path_name[DEVICE_PATH_NAME_MAX];

        (void) device_path_name(p, path_name);
        if (error == -ENODATA || error == -ENOTUNIQ)
                log_debug("%s (%s %s) has no name: it has no identity", path_name, p->identity.vendor,
                          p->identity.product);
        else
                event_log_daemon("registry-failed", "%s (%s %s, serial number %.64s) gets no name: %s",
                                 path_name, p->identity.vendor, p->identity.product, p->identity.serial,
                                 registry_explain(error));
}

static void name_it(Naming *n, const DevicePath *p)
{
        char path_name[DEVICE_PATH_NAME_MAX];
        Registry *registry = manager_registry(n->manager);
        RegistryDevice before, d;
        bool known = registry_find(registry, &p->identity, &before) >= 0;
        char text[240];
        int r;

        r = (p->apart ? registry_add_apart : registry_add)(registry, &p->identity, naming_seconds_now(), &d);
        if (r < 0) {
                if (!known)
                        say_nameless(p, r);
                return;
        }
        if (known && d.id == before.id) {
                note_firmware(n, &before, p);
                return;
        }
        snprintf(text, sizeof(text), "%s %s, revision %s, serial number %.64s, %s%s", p->identity.vendor,
                 p->identity.product, p->identity.revision, p->identity.serial,
                 device_path_name(p, path_name),
                 p->apart ? "; it claims to be another one that is there too" : "");
        manager_add_event(n->manager, d.id, "arrived", text);
        naming_say_if_unknown(n, &d);
        manager_name_changed(n->manager, &d, NULL);
}

static bool must_wait(const Naming *n)
{
        if (naming_now() < n->newest + n->settle)
                return true;
        for (size_t i = 0; i < n->n_libraries; i++)
                if (naming_library_is_pending(&n->libraries[i]))
                        return true;
        return false;
}

/* What has come is noted; changers are named at once. */
static void look_at_arrivals(Naming *n, const DevicePath *old, size_t n_old)
{
        const DevicePath *paths;
        size_t n_paths = manager_paths(n->manager, &paths);
        bool drive_came = false, new_came = false;
        RegistryDevice d;

        for (size_t i = 0; i < n_paths; i++) {
                const DevicePath *p = &paths[i];
                bool is_new = !p->held_lun && is_new_since(p, old, n_old), known;

                if (p->held_lun || (!is_new && !p->apart && p->identity.type != DEVICE_CHANGER))
                        continue;
                drive_came |= is_new && naming_is_drive(p);
                known = registry_find(manager_registry(n->manager), &p->identity, &d) >= 0;
                new_came |= !known && is_new && naming_is_drive(p);
                if (!known && is_new && naming_is_drive(p) && n->started)
                        n->newest = naming_now();
                if ((is_new && (known || !naming_is_drive(p))) ||
                    (p->apart && known && d.identity.address[0] == '\0'))
                        name_it(n, p);
                if (!naming_is_drive(p) && registry_find(manager_registry(n->manager), &p->identity, &d) >= 0)
                        naming_check_library(n, &d);
        }
        if (drive_came)
                naming_want_all(n, new_came ? 0 : naming_now() + LATER);
}

static void name_the_rest(Naming *n)
{
        const DevicePath *paths;
        size_t n_paths = manager_paths(n->manager, &paths);
        RegistryDevice d;

        n->unnamed = false;
        for (size_t i = 0; i < n_paths; i++) {
                if (!naming_is_drive(&paths[i]) ||
                    registry_find(manager_registry(n->manager), &paths[i].identity, &d) >= 0)
                        continue;
                if (must_wait(n))
                        n->unnamed = true;
                else
                        name_it(n, &paths[i]);
        }
}

/* ---- the next look ---- */

static void set_timer(Naming *n)
{
        usec_t at = naming_next_look(n);

        if (n->unnamed && naming_now() < n->newest + n->settle)
                at = usec_min(at, n->newest + n->settle);
        if (at == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(n->timer, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(n->timer, at);
        (void) sd_event_source_set_enabled(n->timer, SD_EVENT_ONESHOT);
}

void naming_go_on(Naming *n)
{
        naming_ask(n);
        name_the_rest(n);
        set_timer(n);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        naming_go_on(userdata);
        return 0;
}

void naming_update(Naming *n, const DevicePath *old, size_t n_old)
{
        for (size_t i = 0; i < n->n_libraries; i++)
                n->libraries[i].present = false;
        look_at_arrivals(n, old, n_old);
        naming_drop_absent(n);
        naming_go_on(n);
        n->started = true;
}

bool naming_is_pending(const Naming *n)
{
        bool pending = n->unnamed;

        for (size_t i = 0; i < n->n_libraries; i++)
                pending |= naming_library_is_pending(&n->libraries[i]);
        return pending;
}

int naming_new(Manager *m, Naming **ret)
{
        _cleanup_(naming_freep) Naming *n = calloc(1, sizeof(*n));
        int r;

        if (!n)
                return -ENOMEM;
        n->manager = m;
        n->settle = SETTLE;
        n->patience = PATIENCE;
        r = sd_event_add_time(manager_event(m), &n->timer, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC, on_timer,
                              n);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(n->timer, SD_EVENT_OFF);
        *ret = TAKE_PTR(n);
        return 0;
}

Naming *naming_free(Naming *n)
{
        if (!n)
                return NULL;
        for (size_t i = 0; i < n->n_libraries; i++)
                element_reader_free(n->libraries[i].reader);
        n->timer = sd_event_source_disable_unref(n->timer);
        free(n);
        return NULL;
}
