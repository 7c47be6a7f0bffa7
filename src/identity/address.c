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
        const char *transport;
        const char *class, *attribute;
} AddressRow;

static const AddressRow rows[] = {
        {"rport-", "fc", "fc_remote_ports", "port_name"},
        {"end_device-", "sas", "sas_device", "sas_address"},
        {"session", "iscsi", "iscsi_session", "targetname"},
};

static bool row_applies(const AddressRow *row, const char *component, size_t n)
{
        size_t n_row = strlen(row->component);

        return n > n_row && strncmp(component, row->component, n_row) == 0 && component[n_row] >= '0' &&
               component[n_row] <= '9';
}

static int read_port(int root, const AddressRow *row, const char *component, size_t n, AddressPort *ret)
{
        char path[160];
        int r;

        *ret = (AddressPort){.transport = row->transport};
        if (n >= sizeof(ret->component))
                return -EINVAL;
        memcpy(ret->component, component, n);
        snprintf(path, sizeof(path), "sys/class/%s/%s/%s", row->class, ret->component, row->attribute);
        r = root_read_text(root, path, ret->port, sizeof(ret->port));
        if (r < 0)
                ret->port[0] = '\0';
        return r;
}

int address_find_port(int root, const char *syspath, AddressPort *ret)
{
        for (const char *p = syspath; *p != '\0';) {
                size_t n = strcspn(p, "/");

                for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                        if (row_applies(&rows[i], p, n)) {
                                int r = read_port(root, &rows[i], p, n, ret);

                                return r < 0 ? r : 1;
                        }
                p += n + (p[n] == '/');
        }
        return 0;
}

void address_read(int root, const char *syspath, const ScsiAddress *address, char *dst)
{
        AddressPort port;
        char text[64];
        KeyWriter w;
        int r = *syspath == '\0' ? -ENOENT : address_find_port(root, syspath, &port);

        dst[0] = '\0';
        if (r < 0)
                return;
        if (r > 0) {
                snprintf(text, sizeof(text), "%s.", port.transport);
                key_begin(&w, dst, text);
                key_add_text(&w, port.port, strlen(port.port));
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
