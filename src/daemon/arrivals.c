/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* That a device which is not held came back or went. Of one that is held the engine tells more. What has no
 * name yet gets one, and is told of then. */

#include "daemon/arrivals.h"

#include <stdio.h>

#include "daemon/manager.h"

/* Paths have addresses of their own, which tell devices apart only where they claim to be one. */
static bool is_same(const DevicePath *p, const DevicePath *q)
{
        return (p->apart || q->apart ? identity_equal : identity_claims_equal)(&p->identity, &q->identity);
}

static bool has_path_to(const DevicePath *paths, size_t n, const DevicePath *p, bool held_lun)
{
        for (size_t i = 0; i < n; i++)
                if (paths[i].held_lun == held_lun && is_same(&paths[i], p))
                        return true;
        return false;
}

/* Those of `these` that are not among `others`, each device once. */
static void tell_missing(Manager *m, const DevicePath *these, size_t n_these, const DevicePath *others,
                         size_t n_others, const char *event)
{
        RegistryDevice device;
        char name[DEVICE_PATH_NAME_MAX];

        for (size_t i = 0; i < n_these; i++) {
                const DevicePath *p = &these[i];

                if (p->held_lun || has_path_to(these, i, p, false) ||
                    has_path_to(others, n_others, p, false) || has_path_to(these, n_these, p, true) ||
                    has_path_to(others, n_others, p, true))
                        continue;
                if (registry_find(manager_registry(m), &p->identity, &device) >= 0 && !device.hold)
                        manager_add_event(m, device.id, event, device_path_name(p, name));
        }
}

void arrivals_tell(Manager *m, const DevicePath *old, size_t n_old)
{
        const DevicePath *now;
        size_t n_now = manager_paths(m, &now);

        tell_missing(m, old, n_old, now, n_now, "gone");
        tell_missing(m, now, n_now, old, n_old, "returned");
}
