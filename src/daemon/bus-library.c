/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* As the registry has it, which was told by the library itself (naming.c): nothing is asked of a device here.
 */

#include "daemon/bus-library.h"

#include "util/text.h"

static uint64_t mix(uint64_t digest, const char *text)
{
        do
                digest = (digest ^ (uint8_t) *text) * UINT64_C(0x100000001b3);
        while (*text++);
        return digest;
}

static bool is_in(const LibraryView *v, const DeviceView *d)
{
        return d->device.library == v->changer->device.id;
}

/* A name that waits for a drive in its bay is a device too. */
static bool has_drive(const DeviceView *d)
{
        return d->device.identity.rank != IDENTITY_NONE;
}

static int append_number(sd_bus_message *m, const LibraryView *v)
{
        return sd_bus_message_append(m, "u", v->changer->device.id);
}

static int append_name(sd_bus_message *m, const LibraryView *v)
{
        return sd_bus_message_append(m, "s", v->changer->device.name);
}

static uint64_t digest_name(const LibraryView *v)
{
        return mix(0, v->changer->device.name);
}

static int append_changer(sd_bus_message *m, const LibraryView *v)
{
        char path[BUS_OBJECT_MAX];

        bus_object_format(path, BUS_OBJECT_DEVICE, v->changer->device.id);
        return sd_bus_message_append(m, "o", path);
}

static int append_bays(sd_bus_message *m, const LibraryView *v)
{
        char path[BUS_OBJECT_MAX];
        int r = sd_bus_message_open_container(m, 'a', "(uso)");

        for (size_t i = 0; i < v->n_devices && r >= 0; i++) {
                const RegistryDevice *d = &v->devices[i].device;

                bus_object_format(path, BUS_OBJECT_DEVICE, d->id);
                if (is_in(v, &v->devices[i]))
                        r = sd_bus_message_append(m, "(uso)", (uint32_t) d->element, d->name, path);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_drives(sd_bus_message *m, const LibraryView *v)
{
        char path[BUS_OBJECT_MAX];
        int r = sd_bus_message_open_container(m, 'a', "o");

        for (size_t i = 0; i < v->n_devices && r >= 0; i++) {
                bus_object_format(path, BUS_OBJECT_DEVICE, v->devices[i].device.id);
                if (is_in(v, &v->devices[i]) && has_drive(&v->devices[i]))
                        r = sd_bus_message_append_basic(m, 'o', path);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static uint64_t digest_bays(const LibraryView *v)
{
        uint64_t digest = 0;

        for (size_t i = 0; i < v->n_devices; i++) {
                const RegistryDevice *d = &v->devices[i].device;
                char text[NAME_LENGTH_MAX + 32];

                snprintf(text, sizeof(text), "%u %u %s", d->id, d->element, d->name);
                digest = is_in(v, &v->devices[i]) ? mix(digest, text) : digest;
        }
        return digest;
}

static uint64_t digest_drives(const LibraryView *v)
{
        uint64_t digest = 0;

        for (size_t i = 0; i < v->n_devices; i++) {
                char text[16];

                snprintf(text, sizeof(text), "%u", v->devices[i].device.id);
                digest = is_in(v, &v->devices[i]) && has_drive(&v->devices[i]) ? mix(digest, text) : digest;
        }
        return digest;
}

const LibraryProperty library_properties[] = {
        {"Number", "u", true, append_number, NULL},
        {"Name", "s", false, append_name, digest_name},
        {"Changer", "o", true, append_changer, NULL},
        {"Bays", "a(uso)", false, append_bays, digest_bays},
        {"Drives", "ao", false, append_drives, digest_drives},
};
const size_t n_library_properties = ELEMENTSOF(library_properties);

const LibraryProperty *library_property_find(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(library_properties); i++)
                if (text_equal(library_properties[i].name, name))
                        return &library_properties[i];
        return NULL;
}
