/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The layout is that of Linux 6.1: class entries are links into devices/, and each class device links back to
 * its SCSI device by "device". */

#include "identity/test-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "util/bytes.h"
#include "util/cleanup.h"
#include "util/root.h"

TestTree *tree_new(void)
{
        TestTree *t = calloc(1, sizeof(*t));

        assert_non_null(t);
        strcpy(t->path, "/tmp/evertape-test-XXXXXX");
        assert_non_null(mkdtemp(t->path));
        t->root = root_open(t->path);
        assert_true(t->root >= 0);
        return t;
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
        return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

TestTree *tree_free(TestTree *t)
{
        assert_int_equal(nftw(t->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
        close(t->root);
        free(t);
        return NULL;
}

static void make_parents(TestTree *t, const char *path)
{
        char parent[512];

        for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
                snprintf(parent, sizeof(parent), "%.*s", (int) (p - path), path);
                assert_true(mkdirat(t->root, parent, 0755) == 0 || errno == EEXIST);
        }
}

void tree_write(TestTree *t, const char *path, const void *data, size_t n)
{
        int fd;

        make_parents(t, path);
        fd = openat(t->root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, data, n), n);
        close(fd);
}

void tree_text(TestTree *t, const char *path, const char *text)
{
        tree_write(t, path, text, strlen(text));
}

void tree_link(TestTree *t, const char *path, const char *target)
{
        make_parents(t, path);
        assert_int_equal(symlinkat(target, t->root, path), 0);
}

void tree_unlink(TestTree *t, const char *path)
{
        assert_int_equal(unlinkat(t->root, path, 0), 0);
}

void tree_remove(TestTree *t, const char *path)
{
        char whole[512];

        snprintf(whole, sizeof(whole), "%s/%s", t->path, path);
        assert_int_equal(nftw(whole, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static char *device_dir(char *dst, size_t n_dst, const TestDevice *d)
{
        snprintf(dst, n_dst, "sys/devices/host%u/target%u:%u:%u/%u:%u:%u:%u", d->host, d->host, d->channel,
                 d->target, d->host, d->channel, d->target, d->lun);
        return dst;
}

char *tree_device_path(char *dst, const TestDevice *d, const char *file)
{
        char dir[120];

        snprintf(dst, 160, "%s%s", device_dir(dir, sizeof(dir), d), file);
        return dst;
}

static void add_pages(TestTree *t, const TestDevice *d)
{
        uint8_t inquiry[36] = {d->type, 0x80, 5, 2, 31}, vpd80[260] = {d->type, 0x80},
                vpd83[16] = {d->type, 0x83, 0, 12, 1, 3, 0, 8};
        char path[160];

        memcpy(inquiry + 8, d->inquiry, 28);
        tree_write(t, tree_device_path(path, d, "/inquiry"), inquiry, sizeof(inquiry));
        if (d->serial) {
                vpd80[3] = (uint8_t) strlen(d->serial);
                memcpy(vpd80 + 4, d->serial, vpd80[3]);
                tree_write(t, tree_device_path(path, d, "/vpd_pg80"), vpd80, 4u + vpd80[3]);
        }
        if (d->naa) {
                memcpy(vpd83 + 8, d->naa, 8);
                tree_write(t, tree_device_path(path, d, "/vpd_pg83"), vpd83, sizeof(vpd83));
        }
        tree_text(t, tree_device_path(path, d, "/state"), "running\n");
}

/* One class device: its number, its link back, and its entry in class/. */
static void add_node(TestTree *t, const TestDevice *d, const char *class, const char *name, const char *dev)
{
        char file[64], path[160], target[200], entry[100];

        snprintf(file, sizeof(file), "/%s/%s/dev", class, name);
        tree_text(t, tree_device_path(path, d, file), dev);
        snprintf(file, sizeof(file), "/%s/%s/device", class, name);
        snprintf(target, sizeof(target), "../../../%u:%u:%u:%u", d->host, d->channel, d->target, d->lun);
        tree_link(t, tree_device_path(path, d, file), target);
        snprintf(file, sizeof(file), "/%s/%s", class, name);
        snprintf(target, sizeof(target), "../../../%s", tree_device_path(path, d, file));
        snprintf(entry, sizeof(entry), "sys/class/%s/%s", class, name);
        tree_link(t, entry, target);
}

static void add_tape_nodes(TestTree *t, const TestDevice *d)
{
        static const char modes[][2] = {"", "l", "m", "a"};

        for (unsigned i = 0; i < 8; i++) {
                char name[32], dev[32];

                snprintf(name, sizeof(name), "%s%s%s", i >= 4 ? "n" : "", d->node, modes[i % 4]);
                snprintf(dev, sizeof(dev), "9:%u\n", d->sg + 32 * i);
                add_node(t, d, "scsi_tape", name, dev);
        }
}

void tree_add_device(TestTree *t, const TestDevice *d)
{
        char path[160], name[64], text[64];

        add_pages(t, d);
        if (d->driver) {
                snprintf(text, sizeof(text), "../../../../bus/scsi/drivers/%s", d->driver);
                tree_link(t, tree_device_path(path, d, "/driver"), text);
        }
        if (d->node && d->type == 1)
                add_tape_nodes(t, d);
        else if (d->node)
                add_node(t, d, "scsi_changer", d->node, "86:0\n");
        snprintf(name, sizeof(name), "%u:%u:%u:%u", d->host, d->channel, d->target, d->lun);
        add_node(t, d, "bsg", name, "250:3\n");
        snprintf(path, sizeof(path), "sys/class/scsi_host/host%u/proc_name", d->host);
        tree_text(t, path, d->proc_name ? d->proc_name : "iscsi_tcp");
        snprintf(name, sizeof(name), "sg%u", d->sg);
        snprintf(text, sizeof(text), "21:%u\n", d->sg);
        add_node(t, d, "scsi_generic", name, text);
}

void tree_add_loopback(TestTree *t, const char *wwn, const char *address)
{
        char path[160];

        snprintf(path, sizeof(path), "sys/kernel/config/target/loopback/%s/tpgt_1/address", wwn);
        tree_text(t, path, address);
}
