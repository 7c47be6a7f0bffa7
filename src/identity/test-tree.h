/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For tests: a root of one's own, in a temporary directory, with SCSI devices as sysfs shows them. Everything
 * asserts. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct TestTree {
        char path[64];
        int root;
} TestTree;

typedef struct TestDevice {
        unsigned host, channel, target, lun;
        unsigned sg;
        uint8_t type;
        const char *inquiry;   /* 28 characters: vendor, product, revision */
        const char *serial;    /* VPD 80h, or NULL */
        const char *naa;       /* 8 bytes for VPD 83h, or NULL */
        const char *node;      /* "st0" or "sch0", or NULL */
        const char *driver;    /* "st" or "ch", or NULL */
        const char *proc_name; /* of the host */
} TestDevice;

TestTree *tree_new(void);
TestTree *tree_free(TestTree *t);

void tree_write(TestTree *t, const char *path, const void *data, size_t n);
void tree_text(TestTree *t, const char *path, const char *text);
void tree_link(TestTree *t, const char *path, const char *target);
void tree_unlink(TestTree *t, const char *path);
void tree_remove(TestTree *t, const char *path); /* with all that is below */

/* dst (160 bytes) = the device's directory below the root, and what follows it ("" or "/state"). Returns dst.
 */
char *tree_device_path(char *dst, const TestDevice *d, const char *file);
void tree_add_device(TestTree *t, const TestDevice *d);
/* A tcm_loop host in configfs: "naa.3e7e7a9e00000001", "7:0:1". */
void tree_add_loopback(TestTree *t, const char *wwn, const char *address);
