/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* H:C:T:L count what the kernel has found since it was booted. The transport classes hang the port at the
 * other end on a component of the device's place in sysfs (drivers/scsi/scsi_transport_{fc,sas,iscsi}.c), and
 * that one is called the same after the next boot. Where there is a port that cannot be read, the device is
 * on its way out, and has no address: another one than before would be worse. */

#include "identity/address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "identity/key.h"
#include "util/cleanup.h"
#include "util/root.h"

typedef struct AddressRow {
        const char *component; /* beginning of it */
        const char *prefix;
        const char *class, *attribute;
} AddressRow;

static const AddressRow rows[] = {
        {"rport-", "fc.", "fc_remote_ports", "port_name"},
        {"end_device-", "sas.", "sas_device", "sas_address"},
        {"session", "iscsi.", "iscsi_session", "targetname"},
};

static bool row_applies(const AddressRow *row, const char *component, size_t n)
{
        size_t n_row = strlen(row->component);

        return n > n_row && strncmp(component, row->component, n_row) == 0 && component[n_row] >= '0' &&
               component[n_row] <= '9';
}

static int read_port(int root, const AddressRow *row, const char *component, size_t n, char *dst,
                     size_t n_dst)
{
        char path[160];

        if (n > 64)
                return -EINVAL;
        snprintf(path, sizeof(path), "sys/class/%s/%.*s/%s", row->class, (int) n, component, row->attribute);
        return root_read_text(root, path, dst, n_dst);
}

/* 1, 0: there is none, -errno: there is one, and it cannot be read. */
static int find_port(int root, const char *syspath, char *dst, size_t n_dst, const AddressRow **ret)
{
        for (const char *p = syspath; *p != '\0';) {
                size_t n = strcspn(p, "/");

                for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                        int r = row_applies(&rows[i], p, n) ? read_port(root, &rows[i], p, n, dst, n_dst) : 1;

                        if (r <= 0) {
                                *ret = &rows[i];
                                return r < 0 ? r : 1;
                        }
                }
                p += n + (p[n] == '/');
        }
        return 0;
}

void address_read(int root, const char *syspath, const ScsiAddress *address, char *dst)
{
        const AddressRow *row = NULL;
        char port[256], text[64];
        KeyWriter w;
        int r = *syspath == '\0' ? -ENOENT : find_port(root, syspath, port, sizeof(port), &row);

        dst[0] = '\0';
        if (r < 0)
                return;
        if (r > 0) {
                key_begin(&w, dst, row->prefix);
                key_add_text(&w, port, strlen(port));
                snprintf(text, sizeof(text), "%u", address->lun);
                key_add_separator(&w);
                key_add_text(&w, text, strlen(text));
        } else {
                snprintf(text, sizeof(text), "scsi.%u:%u:%u:%u", address->host, address->channel,
                         address->target, address->lun);
                key_begin(&w, dst, text);
        }
        key_end(&w);
}
