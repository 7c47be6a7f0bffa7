/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel keeps the INQUIRY data of every SCSI device it has found (drivers/scsi/scsi_sysfs.c). */

#include "identity/node.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/root.h"

#define N_NODE_MAX 32

static const struct {
        const char *name, *class;
} drivers[] = {
        {"nst", "scsi_tape"},
        {"st", "scsi_tape"},
        {"sg", "scsi_generic"},
        {"sch", "scsi_changer"},
};

/* A number behind the driver's name, and for tapes the letter of a mode (drivers/scsi/st.c). */
static bool is_node(const char *node, const char *driver)
{
        size_t n = strlen(driver), n_digits;

        if (strncmp(node, driver, n) != 0 || strlen(node) >= N_NODE_MAX)
                return false;
        n_digits = strspn(node + n, "0123456789");
        n += n_digits;
        return n_digits > 0 && (node[n] == '\0' || (strchr("lma", node[n]) && node[n + 1] == '\0'));
}

int node_inquiry(int root, const char *node, HwidInquiry *ret)
{
        uint8_t inquiry[256];
        char path[128];
        ssize_t n;

        for (size_t i = 0; i < ELEMENTSOF(drivers); i++) {
                if (!is_node(node, drivers[i].name))
                        continue;
                snprintf(path, sizeof(path), "sys/class/%s/%s/device/inquiry", drivers[i].class, node);
                n = root_read(root, path, inquiry, sizeof(inquiry));
                return n < 0 ? (int) n : hwid_inquiry_from_bytes(inquiry, (size_t) n, ret);
        }
        return -EINVAL;
}
