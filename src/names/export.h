/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

/* Where the names are: the database, and the last export of it or NULL, which counts where the database cannot be
 * read. */
typedef struct ExportSource {
        const char *registry;
        const char *text;
} ExportSource;

/* Writes the udev properties of one device node, "KEY=value" lines, as udev(7) IMPORT{program} takes them:
 *
 *  EVERTAPE_IDENTITY, EVERTAPE_SERIAL  who the device is, as far as it says so
 *  EVERTAPE_NAME                       if the registry knows it
 *  EVERTAPE_HELD=1                     it is one of our held LUNs
 *  EVERTAPE_REAL_OF_HELD=1             it is a real device that is held: programs are to use the LUN
 *  EVERTAPE_NAME_UNKNOWN=1             the registry cannot be read: what was said of the node before counts
 *  EVERTAPE_LINK                       the node's link below /dev, if it is to have one
 *
 * root: see util/root.h. syspath: the node's directory ("/sys/devices/.../scsi_tape/nst0"). Without a
 * registry there is no name; what is wrong with it goes into ret_registry. -EINVAL when syspath is no such path, -ENODEV when the device is
 * going or is neither tape nor changer, -errno. */
int export_properties(int root, const char *syspath, const ExportSource *source, FILE *out, int *ret_registry);
