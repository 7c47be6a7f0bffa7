/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* modprobe is asked and not finit_module(2): it knows aliases, dependencies, compression and the site's own
 * options. It is not asked for what is there, so that a kernel without modules, or a container without
 * modprobe, will do. */

#include "tcmu/host.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/root.h"
#include "util/text.h"

#define CONFIGFS_DIR   "sys/kernel/config"
#define CONFIGFS_MAGIC 0x62656570 /* fs/configfs/mount.c */

/* initstate is missing for what is built in. */
static bool is_module_ready(int root, const char *module)
{
        char path[128], text[16];
        struct stat st;

        snprintf(path, sizeof(path), "sys/module/%s", module);
        if (fstatat(root, path, &st, 0) < 0)
                return false;
        snprintf(path, sizeof(path), "sys/module/%s/initstate", module);
        return root_read_text(root, path, text, sizeof(text)) < 0 || text_equal(text, "live");
}

static int run(char *const *argv)
{
        extern char **environ;
        pid_t pid;
        int r, status;

        r = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
        if (r != 0)
                return -r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EOPNOTSUPP;
}

int host_load_module(int root, const char *module, const char *option)
{
        const char *argv[] = {"modprobe", "-q", module, option, NULL};

        if (is_module_ready(root, module))
                return 0;
        return run((char *const *) argv);
}

int host_mount_configfs(int root)
{
        _cleanup_close_ int fd = openat(root, CONFIGFS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct statfs fs;
        char path[64];

        if (fd < 0)
                return errno == ENOENT ? -EOPNOTSUPP : -errno;
        if (fstatfs(fd, &fs) < 0)
                return -errno;
        if (fs.f_type == CONFIGFS_MAGIC)
                return 0;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (mount("configfs", path, "configfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
                return errno == EBUSY ? 0 : -errno;
        return 0;
}

/* ch makes a library take its inventory whenever it binds, unless it was loaded with init=0, which cannot be
 * changed afterwards (drivers/scsi/ch.c: 0444): then the library does it once more. */
int host_load_driver(int root, DeviceType type)
{
        return type == DEVICE_TAPE ? host_load_module(root, "st", NULL) : host_load_module(root, "ch", "init=0");
}
