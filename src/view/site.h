/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* All that evertaped knows at one moment: what pictures, pages and metrics are made of. */

#include "util/cleanup.h"
#include "view/facts.h"

#define SITE_TAG_MAX 40

/* As Elements() has them, man/org.evertape1.5.scd. */
enum {
        SITE_PICKER = 1,
        SITE_SLOT = 2,
        SITE_MAIL = 3,
        SITE_BAY = 4,
};

enum {
        SITE_FULL = 1 << 0,
        SITE_ACCESS = 1 << 1,
        SITE_EXCEPT = 1 << 2,
        SITE_SOURCE = 1 << 3,
};

typedef struct SiteElement {
        uint8_t type;
        uint16_t address, source, code;
        uint32_t flags;
        unsigned number; /* of a slot as mtx, Bacula and Amanda count: storage elements from 1 by address, and
                            import/export elements after them; 0: it is neither */
        char tag[SITE_TAG_MAX]; /* made safe */
} SiteElement;

typedef struct SiteDevice {
        Facts facts;
        Facts *paths;
        size_t n_paths;
} SiteDevice;

typedef struct SiteLibrary {
        const SiteDevice *device; /* the changer */
        uint64_t read_at, doubt_since;
        bool followed;
        char *problem; /* why its elements are not known, or "" */
        SiteElement *elements;
        size_t n_elements;
} SiteLibrary;

typedef struct Site {
        SiteDevice *devices; /* by name */
        size_t n_devices;
        SiteLibrary *libraries;
        size_t n_libraries;
        char *version; /* evertaped's */
        uint64_t at;   /* µs since the epoch */
} Site;

void site_deinit(Site *s);

/* The drive in a bay of this library, or NULL. */
const SiteDevice *site_drive(const Site *s, const SiteLibrary *l, uint16_t address);
/* Whether it is a drive, and in no bay of a library that is drawn. */
bool site_stands_alone(const Site *s, const SiteDevice *d);

const char *site_name(const SiteDevice *d);
const char *site_library_name(const SiteLibrary *l);

/* Sorts the elements of a library by address, and numbers them. */
void site_sort_elements(SiteLibrary *l);

typedef struct SiteCount {
        unsigned n, n_full;
} SiteCount;

/* Elements of one type. */
SiteCount site_count(const SiteLibrary *l, uint8_t type);

/* How old what is known of a library is, in a sentence for a person. Returns dst. */
char *site_describe_age(const SiteLibrary *l, char *dst, size_t n_dst);

/* Local time, "2026-11-23 14:01:02". Returns dst. */
char *site_format_time(uint64_t usec, char *dst, size_t n_dst);
