/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* configfs steps for the model behind TCMU: a real device as far as anybody can see. It shares nothing with
 * src/tcmu/ lun.c, so that the lab's "hardware" works while that does not. The host goes with the LUN, and a
 * new one comes with it: after a return every number is another. */

#include "model/fabric.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/root.h"

#define TARGET "sys/kernel/config/target"
#define HBA    TARGET "/core/user_3600"
#define WWN    TARGET "/loopback/naa.6001405%09x"

#define PATH_LENGTH_MAX 256

_printf_(2, 3) static int make_dir(int root, const char *format, ...)
{
        char path[PATH_LENGTH_MAX];
        va_list ap;

        va_start(ap, format);
        vsnprintf(path, sizeof(path), format, ap);
        va_end(ap);
        return mkdirat(root, path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

_printf_(3, 4) static int remove_path(int root, int flags, const char *format, ...)
{
        char path[PATH_LENGTH_MAX];
        va_list ap;

        va_start(ap, format);
        vsnprintf(path, sizeof(path), format, ap);
        va_end(ap);
        return unlinkat(root, path, flags) < 0 && errno != ENOENT ? -errno : 0;
}

_printf_(3, 4) static int write_path(int root, const char *text, const char *format, ...)
{
        char path[PATH_LENGTH_MAX];
        va_list ap;

        va_start(ap, format);
        vsnprintf(path, sizeof(path), format, ap);
        va_end(ap);
        return root_write_text(root, path, text);
}

int fabric_create_backstore(int root, const char *name)
{
        static const struct {
                const char *attribute, *value;
        } settings[] = {
                {"attrib/cmd_time_out", "0"},
                {"attrib/tmr_notification", "1"},
                {"attrib/pgr_support", "0"},
                {"attrib/alua_support", "0"},
                {"enable", "1"},
        };
        char control[256];
        int r;

        snprintf(control, sizeof(control),
                 "dev_config=model/%s,dev_size=1048576,hw_block_size=512,hw_max_sectors=2048,"
                 "nl_reply_supported=-1,max_data_area_mb=64,data_pages_per_blk=256,cmd_ring_size_mb=1",
                 name);
        r = make_dir(root, HBA);
        if (r == 0)
                r = make_dir(root, HBA "/model-%s", name);
        if (r == 0)
                r = write_path(root, control, HBA "/model-%s/control", name);
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(settings); i++)
                r = write_path(root, settings[i].value, HBA "/model-%s/%s", name, settings[i].attribute);
        return r;
}

int fabric_remove_backstore(int root, const char *name)
{
        int r = remove_path(root, AT_REMOVEDIR, HBA "/model-%s", name);

        (void) remove_path(root, AT_REMOVEDIR, HBA);
        return r;
}

static int read_uio_size(int root, const char *uio, uint64_t *ret)
{
        char path[PATH_LENGTH_MAX], text[32];
        int r;

        snprintf(path, sizeof(path), "sys/class/uio/%s/maps/map0/size", uio);
        r = root_read_text(root, path, text, sizeof(text));
        if (r < 0)
                return r;
        *ret = strtoull(text, NULL, 16);
        return 0;
}

static bool uio_belongs_to(int root, const char *uio, const char *name)
{
        char path[PATH_LENGTH_MAX], text[128], wanted[128];

        snprintf(path, sizeof(path), "sys/class/uio/%s/name", uio);
        snprintf(wanted, sizeof(wanted), "tcm-user/3600/model-%s/", name);
        return root_read_text(root, path, text, sizeof(text)) >= 0 &&
               strncmp(text, wanted, strlen(wanted)) == 0;
}

int fabric_find_uio(int root, const char *name, unsigned *ret_uio, uint64_t *ret_size)
{
        int fd = openat(root, "sys/class/uio", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = -ENOENT;
        DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
        const struct dirent *e;

        if (!dir)
                return -errno;
        while (r == -ENOENT && (e = readdir(dir))) {
                if (e->d_name[0] == '.' || !uio_belongs_to(root, e->d_name, name))
                        continue;
                *ret_uio = (unsigned) strtoul(e->d_name + strlen("uio"), NULL, 10);
                r = read_uio_size(root, e->d_name, ret_size);
        }
        closedir(dir);
        return r;
}

int fabric_link(int root, unsigned number, const char *name)
{
        char nexus[32], path[PATH_LENGTH_MAX], backstore[PATH_LENGTH_MAX];
        int r;

        snprintf(nexus, sizeof(nexus), "naa.6001405%09x", 0x800 + number);
        snprintf(path, sizeof(path), WWN "/tpgt_1/lun/lun_0/backstore", number);
        snprintf(backstore, sizeof(backstore), "/" HBA "/model-%s", name);
        r = make_dir(root, TARGET "/loopback");
        if (r == 0)
                r = make_dir(root, WWN, number);
        if (r == 0)
                r = make_dir(root, WWN "/tpgt_1", number);
        if (r == 0)
                r = write_path(root, nexus, WWN "/tpgt_1/nexus", number);
        if (r == 0)
                r = make_dir(root, WWN "/tpgt_1/lun/lun_0", number);
        if (r == 0 && symlinkat(backstore, root, path) < 0)
                r = -errno;
        return r;
}

int fabric_unlink(int root, unsigned number)
{
        int r = remove_path(root, 0, WWN "/tpgt_1/lun/lun_0/backstore", number);

        if (r == 0)
                r = remove_path(root, AT_REMOVEDIR, WWN "/tpgt_1/lun/lun_0", number);
        if (r == 0)
                r = remove_path(root, AT_REMOVEDIR, WWN "/tpgt_1", number);
        if (r == 0)
                r = remove_path(root, AT_REMOVEDIR, WWN, number);
        return r;
}

int fabric_set_transport(int root, unsigned number, bool online)
{
        return write_path(root, online ? "online" : "offline", WWN "/tpgt_1/transport_status", number);
}
