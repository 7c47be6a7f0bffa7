/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the object of a library has: which devices have the names of its bays. */

#include "daemon/bus-objects.h"

typedef struct LibraryView {
        const DeviceView *changer;
        const DeviceView *devices; /* all there are */
        size_t n_devices;
} LibraryView;

typedef struct LibraryProperty {
        const char *name, *type;
        bool is_const;
        int (*append)(sd_bus_message *m, const LibraryView *v);
        uint64_t (*digest)(const LibraryView *v); /* equal values have equal ones; NULL if is_const */
} LibraryProperty;

extern const LibraryProperty library_properties[];
extern const size_t n_library_properties;

const LibraryProperty *library_property_find(const char *name);
