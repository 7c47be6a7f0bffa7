/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is where in a library, over the bus: from memory, so that whoever looks disturbs nothing. Only
 * ReadElements asks the library. */

#include "daemon/bus-verbs.h"

#include <errno.h>

#include "daemon/bus.h"
#include "daemon/inventories.h"

static int append_elements(sd_bus_message *answer, const Inventory *inventory)
{
        int r;

        r = sd_bus_message_open_container(answer, 'a', "(yqusqq)");
        for (size_t i = 0; i < inventory->n_items && r >= 0; i++) {
                const InventoryElement *e = &inventory->items[i];

                r = sd_bus_message_append(answer, "(yqusqq)", e->type, e->address, (uint32_t) e->flags,
                                          e->volume_tag, e->source, e->code);
        }
        return r < 0 ? r : sd_bus_message_close_container(answer);
}

static int find_library(const BusCall *c, DeviceView *ret, sd_bus_error *error)
{
        int r = manager_find_or_refuse(c->manager, c->name, ret, error);

        if (r >= 0 && ret->device.identity.type != DEVICE_CHANGER)
                r = manager_refuse(error, BUS_ERROR_NO_SUCH_DEVICE, -ENOENT,
                                   "%s: is no library; only a library has elements", ret->device.name);
        return r;
}

int verb_elements(const BusCall *c, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        InventoryView v;
        DeviceView d;
        int r;

        r = find_library(c, &d, error);
        if (r < 0)
                return r;
        inventories_view(manager_inventories(c->manager), d.device.id, d.held != NULL, &v);
        r = sd_bus_message_new_method_return(c->message, &answer);
        if (r >= 0)
                r = sd_bus_message_append(answer, "ttbs", v.read_at, v.doubt_since, (int) v.followed,
                                          v.problem);
        if (r >= 0)
                r = append_elements(answer, v.inventory);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

int verb_read_elements(const BusCall *c, sd_bus_error *error)
{
        DeviceView d;
        int r;

        r = find_library(c, &d, error);
        if (r >= 0)
                r = inventories_read(manager_inventories(c->manager), &d.device, c->message, error);
        return r;
}
