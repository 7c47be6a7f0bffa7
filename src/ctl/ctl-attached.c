/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ctl/ctl-attached.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl-bus.h"
#include "util/text.h"

static int read_text(sd_bus_message *m, char *dst, size_t n_dst)
{
        const char *s;
        int r = sd_bus_message_read(m, "v", "s", &s);

        if (r >= 0)
                snprintf(dst, n_dst, "%s", s);
        return r;
}

static int read_entry(sd_bus_message *m, DoctorTarget *t)
{
        const char *key;
        int r = sd_bus_message_read_basic(m, 's', &key);

        if (r < 0)
                return r;
        if (text_equal(key, "Url"))
                return read_text(m, t->url, sizeof(t->url));
        if (text_equal(key, "State"))
                return read_text(m, t->state, sizeof(t->state));
        if (text_equal(key, "Reason"))
                return read_text(m, t->reason, sizeof(t->reason));
        if (text_equal(key, "Since"))
                return sd_bus_message_read(m, "v", "t", &t->since);
        if (text_equal(key, "Devices"))
                return sd_bus_message_read(m, "v", "u", &t->n_devices);
        if (text_equal(key, "Held"))
                return sd_bus_message_read(m, "v", "u", &t->n_held);
        return sd_bus_message_skip(m, "v");
}

static int read_target(sd_bus_message *m, DoctorTarget *t)
{
        int r;

        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_entry(m, t);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

static int read_targets(sd_bus_message *m, DoctorTarget **ret, size_t *ret_n)
{
        _cleanup_free_ DoctorTarget *targets = NULL;
        size_t n = 0;
        int r = sd_bus_message_enter_container(m, 'a', "a{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'a', "{sv}")) > 0) {
                DoctorTarget *grown = reallocarray(targets, n + 1, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                targets = grown;
                targets[n] = (DoctorTarget){};
                r = read_target(m, &targets[n++]);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r < 0)
                return r == -ENXIO ? -EBADMSG : r;
        *ret = TAKE_PTR(targets);
        *ret_n = n;
        return 0;
}

int attached_ask(sd_bus *bus, DoctorTarget **ret, size_t *ret_n, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        int r = bus_ask(bus, "Attached", error, &reply, "");

        return r < 0 ? r : read_targets(reply, ret, ret_n);
}
