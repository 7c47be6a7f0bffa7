/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape hold: from now on these devices never go away. */

#include "ctl/ctl-change.h"
#include "ctl/ctl-links.h"
#include "ctl/ctl.h"
#include "util/text.h"

/* A device that is not there cannot be held yet; --all does not try. */
static bool can_be_held(const Device *d)
{
        return !d->number[FIELD_HELD] && text_equal(device_text(d, FIELD_STATE), "present");
}

/* When its links are there, so that a program can be started. */
static int say_held(sd_bus *bus, const char *name)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(device_freep) Device *d = NULL;
        int r = 0;

        if (bus_show(bus, name, &d, &error) >= 0 && d->text[FIELD_NODE]) {
                r = links_wait(d, USEC_INFINITY);
                printf("%s: held, programs open %s\n", device_text(d, FIELD_NAME), d->text[FIELD_NODE]);
        } else {
                printf("%s: held\n", name);
        }
        return r;
}

int verb_hold(int argc, char **argv)
{
        static const Change hold = {
                .method = "Hold",
                .already_error = "org.evertape1.Error.AlreadyHeld",
                .already = "already held",
                .nothing = "no device is there that is not held already",
                .applies = can_be_held,
                .say = say_held,
        };

        return change_run(&hold, argc, argv);
}
