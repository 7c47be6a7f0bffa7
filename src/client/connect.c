/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bus that evertaped is on: the system's, or a test's. */

#include <errno.h>
#include <stdlib.h>

#include "client/client.h"
#include "util/cleanup.h"
#include "util/text.h"

static int open_address(const char *address, sd_bus **ret)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

const char *client_where(void)
{
        const char *where = getenv("EVERTAPE_BUS");

        return where ? where : "system";
}

int client_connect(sd_bus **ret)
{
        const char *where = client_where();

        if (text_equal(where, "system"))
                return sd_bus_open_system(ret);
        if (text_equal(where, "user"))
                return sd_bus_open_user(ret);
        return open_address(where, ret);
}

bool client_error_is_absent(const sd_bus_error *error)
{
        return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER);
}
