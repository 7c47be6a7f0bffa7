/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the udev rule needs to know of one node, from sysfs and the registry alone. No daemon is asked, so
 * that names are there when it is not, and nothing is sent to the device. */

#include "names/export.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "identity/address.h"
#include "identity/sysfs.h"
#include "names/links.h"
#include "names/name.h"
#include "names/registry.h"
#include "names/start.h"
#include "util/cleanup.h"
#include "util/root.h"

typedef struct Node {
        char name[32]; /* "nst0" */
        Identity identity;
        bool held_lun;
} Node;

static int read_node(int root, const char *syspath, Node *ret)
{
        _cleanup_close_ int node = -EBADF, device = -EBADF;
        char link[64], state[32];
        const char *name = strrchr(syspath, '/');
        ScsiAddress address;
        Node n = {0};
        int r;

        if (strncmp(syspath, "/sys/", 5) != 0 || strlen(name + 1) >= sizeof(n.name))
                return -EINVAL;
        memcpy(n.name, name + 1, strlen(name + 1) + 1);
        node = openat(root, syspath + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (node < 0)
                return -errno;
        r = root_link_name(node, "device", link, sizeof(link));
        if (r >= 0)
                r = scsi_address_parse(link, &address);
        if (r < 0)
                return r;
        device = openat(node, "device", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (device < 0)
                return -errno;
        r = identity_from_sysfs(device, state, sizeof(state), &n.identity);
        if (r < 0)
                return r;
        n.held_lun = scsi_address_is_held_lun(root, &address);
        if (!n.held_lun) {
                address_read(root, syspath, &address, n.identity.address);
                identity_fall_back(&n.identity);
        }
        *ret = n;
        return 0;
}

/* -ENOENT: there is no name. Anything else, and a registry that has yet to be made a current one: there may
 * be. */
static int find_row(const ExportSource *source, const Identity *identity, RegistryDevice *ret)
{
        _cleanup_(registry_closep) Registry *registry = NULL;
        _cleanup_free_ char *report = NULL;
        int r;

        r = registry_open_readonly(source->registry, &registry);
        if (r == -ENOENT && access(source->registry, F_OK) == 0)
                r = -EAGAIN;
        if (r >= 0)
                r = registry_find(registry, identity, ret);
        if (r < 0 && r != -ENOENT && r != -ENOTUNIQ && source->text) {
                registry = registry_close(registry);
                if (registry_open_text(source->text, &report, &registry) >= 0)
                        r = registry_find(registry, identity, ret);
        }
        if (r >= 0 && !name_is_valid(ret->name))
                return -EUCLEAN;
        return r;
}

static void print_name(const Node *node, const RegistryDevice *row, FILE *out)
{
        char link[LINK_LENGTH_MAX];
        bool is_real_of_held = row->hold && !node->held_lun;

        fprintf(out, "EVERTAPE_NAME=%s\n", row->name);
        if (is_real_of_held)
                fprintf(out, "EVERTAPE_REAL_OF_HELD=1\n");
        else if (links_format(link, node->identity.type, node->name, row->name) >= 0)
                fprintf(out, "EVERTAPE_LINK=%s\n", link);
}

int export_properties(int root, const char *syspath, const ExportSource *source, FILE *out, int *ret_registry)
{
        RegistryDevice row;
        Node node;
        int r;

        r = read_node(root, syspath, &node);
        if (r < 0)
                return r;
        if (node.identity.key[0] != '\0')
                fprintf(out, "EVERTAPE_IDENTITY=%s\n", node.identity.key);
        if (node.identity.serial[0] != '\0')
                fprintf(out, "EVERTAPE_SERIAL=%s\n", node.identity.serial);
        if (node.held_lun)
                fprintf(out, "EVERTAPE_HELD=1\n");
        r = find_row(source, &node.identity, &row);
        if (r >= 0)
                print_name(&node, &row, out);
        else if (r != -ENOENT && r != -ENOTUNIQ)
                fprintf(out, "EVERTAPE_NAME_UNKNOWN=1\n");
        if (fflush(out) == EOF)
                return -errno;
        *ret_registry = r;
        return 0;
}
