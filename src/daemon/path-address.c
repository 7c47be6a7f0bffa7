/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* H:C:T:L are others after the next cable (identity/address.c). What a person can find on the label of a port
 * is the transport's address, and of a path both ends of it. */

#include "daemon/path-address.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "identity/address.h"
#include "util/root.h"
#include "util/text.h"

#define N_ADDRESS_MAX 80

/* What is longer is left out, what no terminal should see replaced. */
static void append(char *dst, size_t n_dst, char *text)
{
        size_t n = strlen(dst);

        if (text[0] == '\0' || strlen(text) > N_ADDRESS_MAX)
                return;
        for (char *p = text; *p; p++)
                if ((unsigned char) *p <= 0x20 || (unsigned char) *p >= 0x7f)
                        *p = '?';
        snprintf(dst + n, n_dst - n, "%s%s", n > 0 ? " " : "", text);
}

/* The two ends of a path that one name does not tell apart. */
static void append_other_end(int root, const AddressPort *port, const DevicePath *path, char *dst,
                             size_t n_dst)
{
        char file[128], text[256];
        unsigned session;

        if (text_equal(port->transport, "fc"))
                snprintf(file, sizeof(file), "sys/class/fc_host/host%u/port_name", path->host);
        else if (sscanf(port->component, "session%u", &session) == 1)
                snprintf(file, sizeof(file), "sys/class/iscsi_connection/connection%u:0/persistent_address",
                         session);
        else
                return;
        if (root_read_text(root, file, text, sizeof(text)) >= 0)
                append(dst, n_dst, text);
}

char *path_read_address(int root, const DevicePath *path, char *dst, size_t n_dst)
{
        char node[64], link[PATH_MAX];
        AddressPort port;
        ssize_t n;

        dst[0] = '\0';
        if (device_path_is_iscsi(path)) {
                snprintf(dst, n_dst, "%s %s", path->iscsi_target, path->portal);
                return dst;
        }
        snprintf(node, sizeof(node), "sys/class/scsi_generic/%s", path->sg);
        n = readlinkat(root, node, link, sizeof(link) - 1);
        if (n < 0)
                return dst;
        link[n] = '\0';
        if (address_find_port(root, link, &port) == 0)
                return dst;
        /* an iSCSI target's name says what it is */
        if (!text_equal(port.transport, "iscsi"))
                snprintf(dst, n_dst, "%s", port.transport);
        append(dst, n_dst, port.port);
        append_other_end(root, &port, path, dst, n_dst);
        return dst;
}
