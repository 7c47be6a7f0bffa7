/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a device has on the bus: the one table behind List and Show, the signal Changed, and the properties of
 * the device's object. */

#include <systemd/sd-bus.h>

#include "daemon/manager.h"

#define PROPERTY_TEXT_MAX 4352

/* By the property's type: a text is in `text`, a list of texts too, one after the other, each with its NUL,
 * and an empty one behind the last; all others are the number. */
typedef struct PropertyValue {
        uint64_t number;
        char text[PROPERTY_TEXT_MAX];
} PropertyValue;

typedef enum PropertyNews {
        PROPERTY_TOLD,    /* PropertiesChanged has it */
        PROPERTY_CONST,   /* never changes */
        PROPERTY_COUNTED, /* changes with commands of programs: to be asked for */
        PROPERTY_LOOKED,  /* costs a look through /proc: not in signals at all, empty there */
        _PROPERTY_NEWS_MAX,
} PropertyNews;

typedef struct DeviceProperty {
        const char *name;
        const char *type; /* s, as, b, u, t */
        PropertyNews news;
        void (*get)(const DeviceView *v, PropertyValue *ret); /* ret is 0 and "" before */
} DeviceProperty;

extern const DeviceProperty device_properties[];
extern const size_t n_device_properties;

/* -ENOENT: no property is called so. */
int device_property_find(const char *name, const DeviceProperty **ret);

/* Appends the value alone, of the property's type. */
int device_property_append(sd_bus_message *m, const DeviceProperty *p, const DeviceView *v);
/* Equal values have equal digests. */
uint64_t device_property_digest(const DeviceProperty *p, const DeviceView *v);

/* Appends all of them as a{sv}. look: somebody asked, so that /proc is looked through. */
int device_properties_append(sd_bus_message *m, const DeviceView *v, bool look);
