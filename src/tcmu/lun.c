/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Directories and attributes of drivers/target/target_core_configfs.c, target_core_user.c and
 * loopback/tcm_loop.c, in the order they want. One tcm_loop host for each unit, because error handling stops
 * a whole host, and one LUN on it, because a second would make the target core queue unit attentions of its
 * own. Nothing is remembered: every step looks at what is there, so that it may be repeated after a crash. */

#include "tcmu/lun.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scsi/command.h"
#include "util/cleanup.h"
#include "util/dir.h"
#include "util/root.h"
#include "util/text.h"
#include "util/wwn.h"

#define TARGET_DIR   "sys/kernel/config/target"
#define LOOPBACK_DIR TARGET_DIR "/loopback"
#define HBA          "user_3700"
#define HBA_DIR      TARGET_DIR "/core/" HBA
#define HBA_NUMBER   "3700"
#define LUN_LINK     "/tpgt_1/lun/lun_0/evertape"

typedef struct LunPath {
        char text[192];
} LunPath;

static LunPath core_path(uint32_t unit, const char *below)
{
        LunPath p;

        snprintf(p.text, sizeof(p.text), HBA_DIR "/evertape-%" PRIu32 "%s", unit, below);
        return p;
}

static LunPath loop_path(uint32_t unit, const char *below)
{
        LunPath p;

        snprintf(p.text, sizeof(p.text), LOOPBACK_DIR "/" LUN_WWN_PREFIX "%08" PRIx32 "%s", 2 * unit, below);
        return p;
}

static int check_unit(uint32_t unit)
{
        return unit == 0 || unit > LUN_UNIT_MAX ? -EINVAL : 0;
}

static int make_dir(int root, const char *path)
{
        return mkdirat(root, path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* A directory whose name the kernel refuses when a module is not there. */
static int make_module_dir(int root, const char *path)
{
        int r = make_dir(root, path);

        return r == -ENOENT || r == -EINVAL || r == -ENODEV ? -EOPNOTSUPP : r;
}

/* The HBA is shared by all units, and lun_remove takes it away with the last: then it is made again. */
static int make_backstore_dir(int root, uint32_t unit)
{
        int r = -ENOENT;

        for (int attempt = 0; r == -ENOENT && attempt < 16; attempt++) {
                r = make_module_dir(root, HBA_DIR);
                if (r < 0)
                        return r;
                r = make_dir(root, core_path(unit, "").text);
        }
        return r;
}

static bool is_enabled(int root, uint32_t unit)
{
        char text[16];

        return root_read_text(root, core_path(unit, "/enable").text, text, sizeof(text)) == 0 &&
               text_equal(text, "1");
}

/* With blocks of the size of the largest command every command is one contiguous piece of the data area.
 * Kernels before 5.13 do not know the last two options; those that refuse them do without. */
static int write_control(int root, uint32_t unit)
{
        LunPath control = core_path(unit, "/control");
        long page = sysconf(_SC_PAGESIZE);
        char text[512];
        int n, r;

        n = snprintf(text, sizeof(text),
                     "dev_config=evertape/%" PRIu32 ",dev_size=1048576,hw_block_size=512,hw_max_sectors=2048,"
                     "nl_reply_supported=-1,max_data_area_mb=64",
                     unit);
        snprintf(text + n, sizeof(text) - (size_t) n, ",data_pages_per_blk=%ld,cmd_ring_size_mb=1",
                 page < SCSI_TRANSFER_MAX ? SCSI_TRANSFER_MAX / page : 1);
        r = root_write_text(root, control.text, text);
        if (r == -EINVAL) {
                text[n] = '\0';
                r = root_write_text(root, control.text, text);
        }
        return r;
}

/* A command may be held for hours, so the kernel must not time it out. We want to know of aborts, and to have
 * reservations and target port groups for ourselves; where the kernel cannot, it is without them. */
static int write_attributes(int root, uint32_t unit)
{
        static const char *const optional[][2] = {
                {"/attrib/tmr_notification", "1"},
                {"/attrib/pgr_support", "0"},
                {"/attrib/alua_support", "0"},
        };
        int r = root_write_text(root, core_path(unit, "/attrib/cmd_time_out").text, "0");

        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(optional); i++)
                (void) root_write_text(root, core_path(unit, optional[i][0]).text, optional[i][1]);
        return 0;
}

int lun_create_backstore(int root, uint32_t unit, bool *ret_existed)
{
        int r = check_unit(unit);

        if (r < 0)
                return r;
        r = make_backstore_dir(root, unit);
        if (r < 0)
                return r;
        if (is_enabled(root, unit)) {
                *ret_existed = true;
                return 0;
        }
        r = write_control(root, unit);
        if (r < 0)
                return r;
        r = write_attributes(root, unit);
        if (r < 0)
                return r;
        r = root_write_text(root, core_path(unit, "/enable").text, "1");
        if (r < 0)
                return r;
        *ret_existed = false;
        return 0;
}

static int uio_of_name(const char *name, unsigned *ret)
{
        int n = 0;

        return sscanf(name, "uio%u%n", ret, &n) == 1 && name[n] == '\0' ? 0 : -EINVAL;
}

static int read_uio_size(int root, unsigned uio, uint64_t *ret)
{
        char path[64], text[32];
        int r, n = 0;

        snprintf(path, sizeof(path), "sys/class/uio/uio%u/maps/map0/size", uio);
        r = root_read_text(root, path, text, sizeof(text));
        if (r < 0)
                return r;
        return sscanf(text, "0x%" SCNx64 "%n", ret, &n) == 1 && text[n] == '\0' ? 0 : -EBADMSG;
}

int lun_find_uio(int root, uint32_t unit, unsigned *ret_uio, uint64_t *ret_size)
{
        _cleanup_closedir_ DIR *dir = NULL;
        char wanted[80], path[300], name[128];
        const struct dirent *d;
        uint64_t size;
        unsigned uio;
        int r;

        r = root_opendir(root, "sys/class/uio", &dir);
        if (r < 0)
                return r;
        snprintf(wanted, sizeof(wanted), "tcm-user/" HBA_NUMBER "/evertape-%" PRIu32 "/evertape/%" PRIu32,
                 unit, unit);
        while ((d = dir_next(dir))) {
                snprintf(path, sizeof(path), "sys/class/uio/%s/name", d->d_name);
                if (uio_of_name(d->d_name, &uio) < 0 || root_read_text(root, path, name, sizeof(name)) < 0 ||
                    !text_equal(name, wanted))
                        continue;
                r = read_uio_size(root, uio, &size);
                if (r < 0)
                        return r;
                *ret_uio = uio;
                *ret_size = size;
                return 0;
        }
        return -ENOENT;
}

int lun_create_nexus(int root, uint32_t unit, LunAddress *ret)
{
        char nexus[sizeof(LUN_WWN_PREFIX) + 8], target[sizeof(LunPath) + 1];
        int r = check_unit(unit);

        if (r < 0)
                return r;
        r = make_module_dir(root, LOOPBACK_DIR);
        if (r < 0)
                return r;
        r = make_dir(root, loop_path(unit, "").text);
        if (r < 0)
                return r;
        r = make_dir(root, loop_path(unit, "/tpgt_1").text);
        if (r < 0)
                return r;
        snprintf(nexus, sizeof(nexus), LUN_WWN_PREFIX "%08" PRIx32, 2 * unit + 1);
        r = root_write_text(root, loop_path(unit, "/tpgt_1/nexus").text, nexus);
        if (r < 0 && r != -EEXIST)
                return r;
        r = make_dir(root, loop_path(unit, "/tpgt_1/lun/lun_0").text);
        if (r < 0)
                return r;
        snprintf(target, sizeof(target), "/%s", core_path(unit, "").text);
        if (symlinkat(target, root, loop_path(unit, LUN_LINK).text) < 0 && errno != EEXIST)
                return -errno;
        return lun_address(root, unit, ret);
}

/* What has gone, or never was, is no error; nor is the HBA that other units still use. */
static int take_away(int root, const char *path, int flags)
{
        if (unlinkat(root, path, flags) == 0 || errno == ENOENT)
                return 0;
        return -errno;
}

int lun_remove(int root, uint32_t unit)
{
        static const char *const loop_dirs[] = {"/tpgt_1/lun/lun_0", "/tpgt_1", ""};
        int r = check_unit(unit);

        if (r < 0)
                return r;
        r = take_away(root, loop_path(unit, LUN_LINK).text, 0);
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(loop_dirs); i++)
                r = take_away(root, loop_path(unit, loop_dirs[i]).text, AT_REMOVEDIR);
        if (r == 0)
                r = take_away(root, core_path(unit, "").text, AT_REMOVEDIR);
        if (r < 0)
                return r;
        r = take_away(root, HBA_DIR, AT_REMOVEDIR);
        return r == -ENOTEMPTY || r == -EBUSY ? 0 : r;
}

int lun_parse_address(const char *text, LunAddress *ret)
{
        LunAddress a = {};
        int n = 0;

        if (strspn(text, "0123456789:") != strlen(text) ||
            sscanf(text, "%9u:%9u:%9u%n", &a.host, &a.channel, &a.target, &n) != 3 || text[n] != '\0')
                return -EBADMSG;
        *ret = a;
        return 0;
}

int lun_address(int root, uint32_t unit, LunAddress *ret)
{
        char text[64];
        int r = check_unit(unit);

        if (r < 0)
                return r;
        if (readlinkat(root, loop_path(unit, LUN_LINK).text, text, sizeof(text)) < 0)
                return -errno;
        r = root_read_text(root, loop_path(unit, "/tpgt_1/address").text, text, sizeof(text));
        if (r < 0)
                return r;
        return lun_parse_address(text, ret);
}

int lun_block(int root, uint32_t unit, bool block)
{
        return root_write_text(root, core_path(unit, "/action/block_dev").text, block ? "1" : "0");
}

int lun_reset_ring(int root, uint32_t unit, unsigned how)
{
        if (how != 1 && how != 2)
                return -EINVAL;
        return root_write_text(root, core_path(unit, "/action/reset_ring").text, how == 1 ? "1" : "2");
}

/* The uio device can be opened once at a time, so having it open proves that there is no owner. */
int lun_abandon(int root, uint32_t unit)
{
        _cleanup_close_ int fd = -EBADF;
        char path[32];
        uint64_t size;
        unsigned uio;
        int r;

        r = lun_find_uio(root, unit, &uio, &size);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        snprintf(path, sizeof(path), "dev/uio%u", uio);
        fd = openat(root, path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = lun_block(root, unit, true);
        if (r < 0)
                return r;
        return lun_reset_ring(root, unit, 2);
}
