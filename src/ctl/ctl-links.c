/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ctl/ctl-links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "names/link-wait.h"
#include "util/root.h"
#include "util/text.h"

#define PATIENCE (10 * USEC_PER_SEC)

/* What is on another bus is of paper, or another machine's. */
static bool udev_runs_here(int root)
{
        const char *bus = getenv("EVERTAPE_BUS");

        return (!bus || text_equal(bus, "system")) && faccessat(root, "run/udev/control", F_OK, 0) == 0;
}

static const char *kernel_name(const Device *d, FieldId field)
{
        const char *node = device_text(d, field);

        return node[0] ? strrchr(node, '/') + 1 : "";
}

static int complain_about(const Device *d, const char *link, int r)
{
        complain("%s: %s does not lead to %s%s%s; see `udevadm settle` and `evertape doctor`",
                 device_text(d, FIELD_NAME), link, device_text(d, FIELD_NODE),
                 r == -ETIMEDOUT ? " yet" : ": ", r == -ETIMEDOUT ? "" : strerror(-r));
        return r;
}

int links_wait(const Device *d, usec_t until)
{
        _cleanup_close_ int root = root_open("/");
        _cleanup_free_ char *links = strdup(device_text(d, FIELD_LINKS));
        const char *node = kernel_name(d, FIELD_NODE);
        const char *nodes[] = {node, node[0] ? node + 1 : "" /* of nst7: st7 */,
                               kernel_name(d, FIELD_GENERIC), kernel_name(d, FIELD_CHANGER)};
        char *rest = links;
        int r;

        if (!links)
                return -ENOMEM;
        if (root < 0 || !udev_runs_here(root))
                return 0;
        until = usec_min(until, usec_add(usec_now(CLOCK_MONOTONIC), PATIENCE));
        for (const char *link; (link = strsep(&rest, "\n"));) {
                r = link[0] ? link_wait(root, link, nodes, ELEMENTSOF(nodes), until) : 0;
                if (r < 0)
                        return complain_about(d, link, r);
        }
        return 0;
}
