/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A library's drives are named by their bays, and only the library knows those. So a drive that is not known
 * yet waits for its name until all libraries that are there were asked, and for a moment after it has come,
 * since a library may come a moment after its drives. It does not wait for ever for a library that is not
 * ready: after PATIENCE it is called as one that stands alone.
 *
 * A library is asked again when a drive comes: that one may be in another bay, or be a new one. */

#include "daemon/naming.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/element-reader.h"
#include "daemon/events.h"
#include "daemon/inventories.h"
#include "identity/bay.h"
#include "scsi/smc.h"
#include "util/log.h"
#include "util/text.h"

#define LIBRARIES_MAX 64
#define SETTLE        (1 * USEC_PER_SEC)
#define PATIENCE      (120 * USEC_PER_SEC)
#define LATER         (1 * USEC_PER_SEC) /* a drive that is known may be one that programs wait for */
#define RETRY_FIRST   (500 * USEC_PER_MSEC)
#define RETRY_MOST    (10 * USEC_PER_SEC)

typedef struct Library {
        Naming *naming;
        uint32_t id;
        char name[NAME_LENGTH_MAX];
        char node[16]; /* to be asked, "" if it cannot be now */
        char asked_node[16];
        bool wanted;  /* to be asked */
        bool again;   /* a drive has come while it was being asked: it may not know of it yet */
        bool present; /* seen by this update */
        usec_t wanted_since, retry_at, retry_after;
        bool complained;
        ElementReader *reader;
} Library;

struct Naming {
        Manager *manager;
        sd_event_source *timer;
        Library libraries[LIBRARIES_MAX];
        size_t n_libraries;
        usec_t newest;     /* when a device that is not known came */
        bool started;      /* what is there from the start came long ago */
        bool unnamed;      /* one waits */
        uint32_t kept[16]; /* devices that BAY_KEPT was said of */
        size_t n_kept;
};

static usec_t now(void)
{
        return usec_now(CLOCK_MONOTONIC);
}

static uint64_t seconds_now(void)
{
        return usec_now(CLOCK_REALTIME) / USEC_PER_SEC;
}

static bool is_drive(const DevicePath *p)
{
        return !p->held_lun && p->identity.type == DEVICE_TAPE;
}

/* ---- what a library said ---- */

/* Each drive once, whatever paths it has. Two that claim one identity are told apart by their addresses,
 * which a library does not know: they are not among them. */
static size_t list_drives(const DevicePath *paths, size_t n_paths, Identity *drives)
{
        size_t n = 0;

        for (size_t i = 0; i < n_paths; i++) {
                bool known =
                        !is_drive(&paths[i]) || paths[i].apart || paths[i].identity.rank == IDENTITY_ADDRESS;

                for (size_t k = 0; k < n && !known; k++)
                        known = identity_claims_equal(&drives[k], &paths[i].identity);
                if (!known)
                        drives[n++] = paths[i].identity;
        }
        return n;
}

static bool was_said(Naming *n, uint32_t device)
{
        for (size_t i = 0; i < n->n_kept; i++)
                if (n->kept[i] == device)
                        return true;
        if (n->n_kept < ELEMENTSOF(n->kept))
                n->kept[n->n_kept++] = device;
        return false;
}

static void say_if_unknown(Naming *n, const RegistryDevice *d)
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

static void tell(Naming *n, const BayChange *c)
{
        static const char *const names[] = {
                [BAY_NAMED] = "arrived", [BAY_FOUND] = "bay", [BAY_REPLACED] = "replaced",
                [BAY_MOVED] = "moved",   [BAY_LEFT] = "left", [BAY_KEPT] = "kept",
        };

        if (c->event == BAY_KEPT && was_said(n, c->device.id))
                return;
        manager_add_event(n->manager, c->device.id, names[c->event], c->text);
        if (c->event == BAY_NAMED || c->event == BAY_REPLACED)
                say_if_unknown(n, &c->device);
        manager_name_changed(n->manager, &c->device, &c->before);
}

static int update_bays(Naming *n, const Library *l, const Bay *bays, size_t n_bays, const Identity *drives)
{
        _cleanup_free_ BayDrive *readings = calloc(n_bays + 1, sizeof(*readings));
        _cleanup_free_ BayChange *changes = NULL;
        uint32_t ids[LIBRARIES_MAX];
        LibrariesThere there = {.ids = ids};
        size_t n_changes = 0;
        int r;

        if (!readings)
                return -ENOMEM;
        for (size_t i = 0; i < n_bays; i++)
                readings[i] = (BayDrive){.element = bays[i].element,
                                         .ordinal = (unsigned) i + 1,
                                         .drive = bays[i].drive < 0 ? NULL : &drives[bays[i].drive]};
        for (size_t i = 0; i < n->n_libraries; i++)
                if (n->libraries[i].present)
                        ids[there.n_ids++] = n->libraries[i].id;
        r = registry_update_bays(manager_registry(n->manager), l->id, readings, n_bays, &there,
                                 manager_follow(n->manager), seconds_now(), &changes, &n_changes);
        for (size_t i = 0; i < n_changes && r >= 0; i++)
                tell(n, &changes[i]);
        return r;
}

static void complain(Library *l, const char *text)
{
        if (!l->complained)
                log_info("%s: drives cannot be named by their bays: %s", l->name, text);
        l->complained = true;
}

static void take_report(Naming *n, Library *l, const uint8_t *data, size_t n_data)
{
        const DevicePath *paths;
        size_t n_paths = manager_paths(n->manager, &paths);
        _cleanup_free_ Identity *drives = calloc(n_paths + 1, sizeof(*drives));
        _cleanup_free_ Bay *bays = calloc(BAYS_MAX, sizeof(*bays));
        BayReport report;
        int r;

        if (!drives || !bays)
                return;
        r = bays_match(data, n_data, drives, list_drives(paths, n_paths, drives), bays, BAYS_MAX, &report);
        if (r < 0) {
                complain(l, r == -EMSGSIZE ? "its element status is cut off"
                                           : "its element status is not understood");
                return;
        }
        if (report.n_bays > 0 && report.n_identified == 0)
                complain(l, "it does not say which drives it has");
        if (report.n_ambiguous > 0)
                log_warning(
                        "%s: %u of its bays have drives that cannot be told apart by their serial numbers",
                        l->name, report.n_ambiguous);
        r = update_bays(n, l, bays, report.n_bays, drives);
        if (r < 0)
                event_log_daemon("registry-failed", "%s: its bays could not be noted: %s", l->name,
                                 registry_explain(r));
}

static void try_later(Library *l)
{
        l->retry_after = l->retry_after == 0 ? RETRY_FIRST : usec_min(2 * l->retry_after, RETRY_MOST);
        l->retry_at = now() + l->retry_after;
}

static void go_on(Naming *n);

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
                        complain(l, text[0] ? text : strerror(-error));
                else
                        take_report(n, l, data, n_data);
                inventories_want(manager_inventories(n->manager), l->id);
        }
        l->reader = element_reader_free(l->reader);
        go_on(n);
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
                l->wanted_since = now();
        l->wanted = true;
        l->again = l->reader != NULL;
}

static Library *note_library(Naming *n, const RegistryDevice *d)
{
        Library *l = find_library(n, d->id);

        if (!l && n->n_libraries >= LIBRARIES_MAX)
                return NULL;
        if (!l) {
                l = &n->libraries[n->n_libraries++];
                *l = (Library){.naming = n, .id = d->id};
        }
        memcpy(l->name, d->name, sizeof(l->name));
        l->present = true;
        return l;
}

/* It has come, or come back. */
static void check_library(Naming *n, const RegistryDevice *d)
{
        Library *l = note_library(n, d);

        if (!l)
                return;
        manager_find_askable(n->manager, d, l->node, sizeof(l->node));
        if (l->node[0] != '\0' && strcmp(l->node, l->asked_node) != 0)
                want(l, 0);
}

static void drop_absent_libraries(Naming *n)
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

static void ask(Naming *n)
{
        const ElementStatusRequest request = {.type = ELEMENT_DRIVE, .count = UINT16_MAX, .device_ids = true};

        for (size_t i = 0; i < n->n_libraries; i++) {
                Library *l = &n->libraries[i];
                int r;

                if (!l->wanted || l->reader || l->retry_at > now())
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

/* ---- names ---- */

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

        r = (p->apart ? registry_add_apart : registry_add)(registry, &p->identity, seconds_now(), &d);
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
        say_if_unknown(n, &d);
        manager_name_changed(n->manager, &d, NULL);
}

static bool library_is_pending(const Library *l)
{
        return l->wanted && l->node[0] != '\0' && now() - l->wanted_since < PATIENCE;
}

static bool must_wait(const Naming *n)
{
        if (now() < n->newest + SETTLE)
                return true;
        for (size_t i = 0; i < n->n_libraries; i++)
                if (library_is_pending(&n->libraries[i]))
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
                drive_came |= is_new && is_drive(p);
                known = registry_find(manager_registry(n->manager), &p->identity, &d) >= 0;
                new_came |= !known && is_new && is_drive(p);
                if (!known && is_new && is_drive(p) && n->started)
                        n->newest = now();
                if ((is_new && (known || !is_drive(p))) ||
                    (p->apart && known && d.identity.address[0] == '\0'))
                        name_it(n, p);
                if (!is_drive(p) && registry_find(manager_registry(n->manager), &p->identity, &d) >= 0)
                        check_library(n, &d);
        }
        for (size_t i = 0; i < n->n_libraries && drive_came; i++)
                if (n->libraries[i].present && n->libraries[i].node[0] != '\0')
                        want(&n->libraries[i], new_came ? 0 : now() + LATER);
}

static void name_the_rest(Naming *n)
{
        const DevicePath *paths;
        size_t n_paths = manager_paths(n->manager, &paths);
        RegistryDevice d;

        n->unnamed = false;
        for (size_t i = 0; i < n_paths; i++) {
                if (!is_drive(&paths[i]) ||
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
        usec_t at = USEC_INFINITY;

        for (size_t i = 0; i < n->n_libraries; i++)
                if (n->libraries[i].wanted && !n->libraries[i].reader && n->libraries[i].node[0] != '\0')
                        at = usec_min(at, n->libraries[i].retry_at);
        if (n->unnamed && now() < n->newest + SETTLE)
                at = usec_min(at, n->newest + SETTLE);
        if (at == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(n->timer, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(n->timer, at);
        (void) sd_event_source_set_enabled(n->timer, SD_EVENT_ONESHOT);
}

static void go_on(Naming *n)
{
        ask(n);
        name_the_rest(n);
        set_timer(n);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        go_on(userdata);
        return 0;
}

void naming_update(Naming *n, const DevicePath *old, size_t n_old)
{
        for (size_t i = 0; i < n->n_libraries; i++)
                n->libraries[i].present = false;
        look_at_arrivals(n, old, n_old);
        drop_absent_libraries(n);
        go_on(n);
        n->started = true;
}

bool naming_is_pending(const Naming *n)
{
        bool pending = n->unnamed;

        for (size_t i = 0; i < n->n_libraries; i++)
                pending |= library_is_pending(&n->libraries[i]);
        return pending;
}

int naming_new(Manager *m, Naming **ret)
{
        _cleanup_(naming_freep) Naming *n = calloc(1, sizeof(*n));
        int r;

        if (!n)
                return -ENOMEM;
        n->manager = m;
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
