/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* H:C:T:L count what the kernel has found since it was booted, and are others after the next cable. What a
 * person can find on the label of a port is the transport's address. The transport classes hang it on a
 * component of the device's place in sysfs: rport-4:0-2, end_device-0:1, session3. */

#include "daemon/path-address.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/root.h"

#define N_ADDRESS_MAX 80

typedef struct AddressRow {
        const char *component; /* beginning of it */
        const char *label;
        const char *class, *attribute;
} AddressRow;

static const AddressRow rows[] = {
        {"rport-", "fc", "fc_remote_ports", "port_name"},
        {"end_device-", "sas", "sas_device", "sas_address"},
        {"session", "", "iscsi_session", "targetname"},
};

static void append(char *dst, size_t n_dst, const char *text)
{
        size_t n = strlen(dst);

        if (text[0])
                snprintf(dst + n, n_dst - n, "%s%.*s", n > 0 ? " " : "", N_ADDRESS_MAX, text);
}

__attribute__((format(printf, 4, 5))) static void append_file(int root, char *dst, size_t n_dst,
                                                              const char *format, ...)
{
        char path[128], text[N_ADDRESS_MAX + 1];
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(path, sizeof(path), format, ap);
        va_end(ap);
        if (n < 0 || (size_t) n >= sizeof(path) || root_read_text(root, path, text, sizeof(text)) < 0)
                return;
        for (char *p = text; *p; p++)
                if ((unsigned char) *p <= 0x20 || (unsigned char) *p >= 0x7f)
                        *p = '?';
        append(dst, n_dst, text);
}

/* The two ends of a path that one name does not tell apart. */
static void append_other_end(int root, const AddressRow *row, const char *component, const DevicePath *path,
                             char *dst, size_t n_dst)
{
        unsigned session;

        if (row == &rows[0])
                append_file(root, dst, n_dst, "sys/class/fc_host/host%u/port_name", path->host);
        else if (row == &rows[2] && sscanf(component, "session%u", &session) == 1)
                append_file(root, dst, n_dst, "sys/class/iscsi_connection/connection%u:0/persistent_address",
                            session);
}

static void describe(int root, const AddressRow *row, const char *component, const DevicePath *path,
                     char *dst, size_t n_dst)
{
        append(dst, n_dst, row->label);
        append_file(root, dst, n_dst, "sys/class/%s/%s/%s", row->class, component, row->attribute);
        append_other_end(root, row, component, path, dst, n_dst);
}

char *path_read_address(int root, const DevicePath *path, char *dst, size_t n_dst)
{
        char node[64], link[PATH_MAX], *rest = link;
        ssize_t n;

        dst[0] = '\0';
        snprintf(node, sizeof(node), "sys/class/scsi_generic/%s", path->sg);
        n = readlinkat(root, node, link, sizeof(link) - 1);
        if (n < 0)
                return dst;
        link[n] = '\0';
        for (const char *component; (component = strsep(&rest, "/"));)
                for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                        if (strncmp(component, rows[i].component, strlen(rows[i].component)) == 0 &&
                            strlen(component) < 40 && dst[0] == '\0')
                                describe(root, &rows[i], component, path, dst, n_dst);
        return dst;
}
