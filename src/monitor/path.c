/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What two ways to a device are called, and whether they are one. */

#include <stdio.h>

#include "monitor/monitor.h"
#include "util/text.h"

bool device_path_same(const DevicePath *a, const DevicePath *b)
{
        return text_equal(a->sg, b->sg) && text_equal(a->portal, b->portal) &&
               text_equal(a->iscsi_target, b->iscsi_target) && (!device_path_is_iscsi(a) || a->lun == b->lun);
}

char *device_path_name(const DevicePath *p, char *dst)
{
        if (device_path_is_iscsi(p))
                snprintf(dst, DEVICE_PATH_NAME_MAX, "iscsi %s lun %u", p->portal, p->lun);
        else
                snprintf(dst, DEVICE_PATH_NAME_MAX, "%s", p->sg);
        return dst;
}
