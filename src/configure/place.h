/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a path in a configuration stands for, and what should stand there. */

#include "configure/facts.h"

typedef enum PlaceRole {
        ROLE_DRIVE,         /* the node that does not rewind */
        ROLE_DRIVE_GENERIC, /* a drive's sg node */
        ROLE_CHANGER,       /* a changer's sg node */
        _PLACE_ROLE_MAX,
} PlaceRole;

typedef enum PlaceKind {
        PLACE_NAMED,    /* the link by name that it should be */
        PLACE_FORM,     /* a link by name, of another node of the device */
        PLACE_IDENTITY, /* by-id: stable, until the drive is replaced */
        PLACE_NODE,     /* a kernel's node, or another link that leads to one: today this device */
        PLACE_MISSING,  /* leads nowhere now */
        PLACE_UNKNOWN,  /* a tape device that evertape does not know */
        PLACE_OTHER,    /* no tape device: a folder, a file, /dev/null */
        _PLACE_KIND_MAX,
} PlaceKind;

typedef struct Place {
        PlaceKind kind;
        const TapeFact *device; /* NULL if not known */
} Place;

/* Where a path leads: absolute and without links; free() it. -errno, -ENOENT if it leads nowhere. */
typedef int (*PlaceResolve)(void *userdata, const char *path, char **ret);

#define PLACE_LENGTH_MAX 256

/* -ENOMEM, or 0. */
int place_judge(const TapeFacts *facts, const char *path, PlaceRole role, PlaceResolve resolve,
                void *userdata, Place *ret);

/* /dev/tape/by-name/... of a device; dst has PLACE_LENGTH_MAX bytes. Returns dst. */
char *place_name(char *dst, const TapeFact *device, PlaceRole role);
