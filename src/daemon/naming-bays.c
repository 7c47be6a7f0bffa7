/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a library said of its bays becomes names. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/events.h"
#include "daemon/naming-internal.h"
#include "identity/bay.h"
#include "util/log.h"

/* Each drive once, whatever paths it has. Two that claim one identity are told apart by their addresses,
 * which a library does not know: they are not among them. */
static size_t list_drives(const DevicePath *paths, size_t n_paths, Identity *drives)
{
        size_t n = 0;

        for (size_t i = 0; i < n_paths; i++) {
                bool known = !naming_is_drive(&paths[i]) || paths[i].apart ||
                             paths[i].identity.rank == IDENTITY_ADDRESS;

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
                naming_say_if_unknown(n, &c->device);
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
                                 manager_follow(n->manager), naming_seconds_now(), &changes, &n_changes);
        for (size_t i = 0; i < n_changes && r >= 0; i++)
                tell(n, &changes[i]);
        return r;
}

void naming_complain(Library *l, const char *text)
{
        if (!l->complained)
                log_info("%s: drives cannot be named by their bays: %s", l->name, text);
        l->complained = true;
}

void naming_take_report(Naming *n, Library *l, const uint8_t *data, size_t n_data)
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
                naming_complain(l, r == -EMSGSIZE ? "its element status is cut off"
                                                  : "its element status is not understood");
                return;
        }
        if (report.n_bays > 0 && report.n_identified == 0)
                naming_complain(l, "it does not say which drives it has");
        if (report.n_ambiguous > 0)
                log_warning(
                        "%s: %u of its bays have drives that cannot be told apart by their serial numbers",
                        l->name, report.n_ambiguous);
        r = update_bays(n, l, bays, report.n_bays, drives);
        if (r < 0)
                event_log_daemon("registry-failed", "%s: its bays could not be noted: %s", l->name,
                                 registry_explain(r));
}
