/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One way for both kinds of device: what the kernel has of one that is not held becomes a HeldPath that has
 * carried nothing. */

#include "daemon/bus-paths.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/path-address.h"

typedef struct PathView {
        const HeldPath *path;
        const char *state;
        usec_t since; /* CLOCK_REALTIME, or 0 */
} PathView;

static int add_text(sd_bus_message *m, const char *key, const char *value)
{
        return sd_bus_message_append(m, "{sv}", key, "s", value);
}

static int add_texts(sd_bus_message *m, const PathView *v)
{
        const DevicePath *d = &v->path->device;
        char node[32], address[64];
        int r;

        snprintf(node, sizeof(node), "/dev/%s", d->sg);
        if (device_path_is_iscsi(d))
                snprintf(address, sizeof(address), "LUN %u", d->lun);
        else
                snprintf(address, sizeof(address), "%u:%u:%u:%u", d->host, d->channel, d->target, d->lun);
        r = add_text(m, "Node", v->path->present && !device_path_is_iscsi(d) ? node : "");
        if (r >= 0)
                r = add_text(m, "Address", address);
        if (r >= 0)
                r = add_text(m, "State", v->state);
        if (r >= 0)
                r = add_text(m, "Transport", v->path->transport);
        return r < 0 ? r : add_text(m, "LastError", v->path->last_error);
}

static int append_path(sd_bus_message *m, const PathView *v)
{
        const struct {
                const char *key;
                uint64_t value;
        } numbers[] = {
                {"Since", v->since},
                {"Commands", v->path->n_commands},
                {"Bytes", v->path->n_bytes},
                {"Outages", v->path->n_outages},
        };
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = add_texts(m, v);
        for (size_t i = 0; i < ELEMENTSOF(numbers) && r >= 0; i++)
                r = sd_bus_message_append(m, "{sv}", numbers[i].key, "t", numbers[i].value);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static usec_t to_realtime(usec_t at)
{
        usec_t ago = usec_now(CLOCK_MONOTONIC) - at;

        return at == 0 ? 0 : usec_now(CLOCK_REALTIME) - ago;
}

static int append_held(sd_bus_message *m, const HeldPaths *paths)
{
        usec_t now = usec_now(CLOCK_MONOTONIC);
        int r = 0;

        for (size_t i = 0; i < paths->n_items && r >= 0; i++) {
                const HeldPath *p = &paths->items[i];
                PathView v = {
                        .path = p,
                        .state = path_state_name(path_state(paths, p, now)),
                        .since = to_realtime(p->since),
                };

                r = append_path(m, &v);
        }
        return r;
}

static int append_found(sd_bus_message *m, Manager *manager, const Identity *identity)
{
        const DevicePath *found;
        size_t n = manager_paths(manager, &found);
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++) {
                HeldPath p = {.device = found[i], .present = true};
                PathView v = {.path = &p, .state = found[i].state[0] ? found[i].state : "running"};

                if (found[i].held_lun || !identity_equal(&found[i].identity, identity))
                        continue;
                path_read_address(manager_root(manager), &found[i], p.transport, sizeof(p.transport));
                r = append_path(m, &v);
        }
        return r;
}

int bus_append_paths(sd_bus_message *m, Manager *manager, const DeviceView *view)
{
        int r;

        if (view->held)
                held_look_at_paths(view->held);
        r = sd_bus_message_open_container(m, 'a', "a{sv}");
        if (r >= 0)
                r = view->held ? append_held(m, &view->held->paths)
                               : append_found(m, manager, &view->device.identity);
        return r < 0 ? r : sd_bus_message_close_container(m);
}
