/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel keeps INQUIRY data and VPD pages from the time it found the device (drivers/scsi/scsi_sysfs.c):
 * a drive that is busy with a backup, or gone silent, is not asked. */

#include "identity/sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/dir.h"
#include "util/root.h"
#include "util/text.h"
#include "util/wwn.h"

#define LOOPBACK_DIR "sys/kernel/config/target/loopback"
#define N_PAGE_MAX   4096

int scsi_address_parse(const char *text, ScsiAddress *ret)
{
        unsigned long long number[4];

        for (size_t i = 0; i < ELEMENTSOF(number); i++) {
                char *end;

                if (*text < '0' || *text > '9')
                        return -EINVAL;
                number[i] = strtoull(text, &end, 10);
                if (number[i] > UINT32_MAX || *end != (i < 3 ? ':' : '\0'))
                        return -EINVAL;
                text = end + 1;
        }
        *ret = (ScsiAddress){
                .host = (unsigned) number[0],
                .channel = (unsigned) number[1],
                .target = (unsigned) number[2],
                .lun = (unsigned) number[3],
        };
        return 0;
}

/* A page that the device does not have has no file. */
static size_t read_page(int device, const char *name, uint8_t *page)
{
        ssize_t n = root_read(device, name, page, N_PAGE_MAX);

        return n < 0 ? 0 : (size_t) n;
}

int identity_from_sysfs(int device, char *state, size_t n_state, Identity *ret)
{
        uint8_t inquiry[N_PAGE_MAX], vpd80[N_PAGE_MAX], vpd83[N_PAGE_MAX];
        ssize_t n_inquiry = root_read(device, "inquiry", inquiry, sizeof(inquiry));
        size_t n_vpd80 = read_page(device, "vpd_pg80", vpd80);
        size_t n_vpd83 = read_page(device, "vpd_pg83", vpd83);
        char text[32];
        int r;

        if (n_inquiry < 0)
                return (int) n_inquiry;
        /* The state is asked last. When a device is removed its pages go before this file or while it says
         * so, and a page that is missing for that reason would give the device another, lower ranked
         * identity. */
        r = root_read_text(device, "state", text, sizeof(text));
        if (r == -ENOENT || (r == 0 && (text_equal(text, "cancel") || text_equal(text, "deleted"))))
                return -ENODEV;
        if (r < 0)
                return r;
        r = identity_from_bytes(inquiry, (size_t) n_inquiry, vpd80, n_vpd80, vpd83, n_vpd83, ret);
        if (r < 0)
                return r;
        snprintf(state, n_state, "%s", text);
        return 0;
}

/* Only drivers/target/loopback has hosts of this name; asked first, it spares every real device the search.
 */
static bool host_is_loopback(int root, unsigned host)
{
        char path[64], name[32];

        snprintf(path, sizeof(path), "sys/class/scsi_host/host%u/proc_name", host);
        return root_read_text(root, path, name, sizeof(name)) == 0 && text_equal(name, "tcm_loopback");
}

bool scsi_address_is_held_lun(int root, const ScsiAddress *address)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        char wanted[40];

        if (!host_is_loopback(root, address->host) || root_opendir(root, LOOPBACK_DIR, &dir) < 0)
                return false;
        snprintf(wanted, sizeof(wanted), "%u:%u:%u", address->host, address->channel, address->target);
        while ((entry = dir_next(dir))) {
                char path[sizeof(LOOPBACK_DIR) + sizeof(entry->d_name) + 32], text[40];

                if (strncmp(entry->d_name, LUN_WWN_PREFIX, strlen(LUN_WWN_PREFIX)) != 0)
                        continue;
                snprintf(path, sizeof(path), LOOPBACK_DIR "/%s/tpgt_1/address", entry->d_name);
                if (root_read_text(root, path, text, sizeof(text)) == 0 && text_equal(text, wanted))
                        return true;
        }
        return false;
}
