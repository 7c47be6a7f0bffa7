/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape release: gives devices back to the kernel's own drivers. */

#include "ctl/ctl-change.h"
#include "ctl/ctl.h"

static bool is_held(const Device *d)
{
        return d->number[FIELD_HELD];
}

static int say_released(sd_bus *bus, const char *name)
{
        printf("%s: released\n", name);
        return 0;
}

int verb_release(int argc, char **argv)
{
        static const Change release = {
                .method = "Release",
                .already_error = "org.evertape1.Error.NotHeld",
                .already = "not held",
                .nothing = "no device is held",
                .applies = is_held,
                .say = say_released,
        };

        return change_run(&release, argc, argv);
}
