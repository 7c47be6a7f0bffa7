/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* H:C:T:L count what the kernel has found since it was booted. The transport classes hang the port at the
 * other end on a component of the device's place in sysfs (drivers/scsi/scsi_transport_{fc,sas,iscsi}.c), and
 * that one is called the same after the next boot. */

#include "identity/address.h"

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

static bool read_port(int root, const AddressRow *row, const char *component, size_t n, char *dst,
                      size_t n_dst)
{
        char path[160];

        if (n > 64)
                return false;
        snprintf(path, sizeof(path), "sys/class/%s/%.*s/%s", row->class, (int) n, component, row->attribute);
        return root_read_text(root, path, dst, n_dst) >= 0 && dst[0] != '\0';
}

static const AddressRow *find_port(int root, const char *syspath, char *dst, size_t n_dst)
{
        for (const char *p = syspath; *p != '\0';) {
                size_t n = strcspn(p, "/");

                for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                        if (row_applies(&rows[i], p, n) && read_port(root, &rows[i], p, n, dst, n_dst))
                                return &rows[i];
                p += n + (p[n] == '/');
        }
        return NULL;
}

void address_read(int root, const char *syspath, const ScsiAddress *address, char *dst)
{
        char port[256], text[64];
        const AddressRow *row = find_port(root, syspath, port, sizeof(port));
        KeyWriter w;

        if (row) {
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
