/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What evertaped begins with, whatever has become of the registry. */

#include "names/registry.h"

typedef enum RegistrySource {
        REGISTRY_AS_IT_IS,
        REGISTRY_RESTORED, /* no name was ever given in it: it has those of the text */
        REGISTRY_UNUSABLE, /* there are names in the text, but not all of them could be taken */
        REGISTRY_SPARE,    /* the file is of no use: the text's names in memory, where nothing changes them */
} RegistrySource;

typedef struct RegistryStart {
        Registry *registry;
        RegistrySource source;
        int error;    /* REGISTRY_SPARE: of the file */
        char *report; /* what became of the text; free() it */
} RegistryStart;

/* path: the registry; text: the last export of its names. -errno, with the report of the text if there is
 * one: neither of the two can be used. A file that is damaged or of a newer evertape is not written to. */
int registry_start(const char *path, const char *text, RegistryStart *ret);

/* The names of an export, in memory, where nothing changes them. -ENOENT: there is none; -errno: ret_report says
 * why. free() it in any case. */
int registry_open_text(const char *text, char **ret_report, Registry **ret);
