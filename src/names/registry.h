/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who is called what, remembered for ever: SQLite, by default /var/lib/evertape/evertape.db. docs/NAMES.md
 * has the rules. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity/identity.h"
#include "util/cleanup.h"

#define NAME_LENGTH_MAX 64

typedef struct Registry Registry;

typedef struct RegistryDevice {
        uint32_t id; /* 1.., never used again; also the number of its held LUN */
        char name[NAME_LENGTH_MAX];
        Identity identity;              /* IDENTITY_NONE: the name waits for a drive in its bay */
        bool hold;                      /* to be held, also after a restart */
        uint64_t first_seen, last_seen; /* seconds since the epoch; last_seen is exact to a minute */
        uint32_t library;               /* id of the changer whose bay the name belongs to; 0: none */
        uint16_t element;               /* address of the bay, if library is not 0 */
} RegistryDevice;

typedef struct RegistryEvent {
        uint32_t device;
        uint64_t at;    /* seconds since the epoch */
        char event[32]; /* both cut if longer */
        char detail[256];
} RegistryEvent;

/* All functions return -errno; -EBUSY when another process kept the file locked for seconds, -EUCLEAN when it
 * is damaged. */

/* Opens or creates; migrates an older schema. -EUCLEAN when the file is no registry, -EPROTO when a newer
 * evertape has made it. */
int registry_open(const char *path, Registry **ret);
/* For readers that must not disturb a writer (the udev helper), and that may have no right to write: -ENOENT
 * when there is none. */
int registry_open_readonly(const char *path, Registry **ret);
Registry *registry_close(Registry *r);
DEFINE_CLEANUP(Registry *, registry_close)

/* The names are those of the last export, and cannot be changed (start.h). */
bool registry_is_spare(const Registry *r);

/* What is wrong with a registry that could not be opened, for a person, and what to do about it. */
const char *registry_explain(int error);

/* By identity or name; -ENOENT. -ENOTUNIQ when several devices share this key and the serial number that
 * would tell which one it is is missing. */
int registry_find(Registry *r, const Identity *identity, RegistryDevice *ret);
int registry_find_name(Registry *r, const char *name, RegistryDevice *ret);
int registry_find_id(Registry *r, uint32_t id, RegistryDevice *ret);

/* The device of this identity, given a name if it has none: "lib1".. for changers, "drive1".. for drives, the
 * lowest number never given before. Notes that it was seen now. -ENODATA for a device without any identifier,
 * which cannot be known again; -ENOTUNIQ as above. */
int registry_add(Registry *r, const Identity *identity, uint64_t now, RegistryDevice *ret);

/* The same for a device that is proven not to be the only one with this identity: its address, which must be
 * given, becomes a part of it. A name that was given before the other one showed itself stays with the device
 * that is where the first was last seen. */
int registry_add_apart(Registry *r, const Identity *identity, uint64_t now, RegistryDevice *ret);

/* -ENOENT when there is no such device. */
int registry_set_hold(Registry *r, uint32_t id, bool hold);

/* All devices by name in natural order (drive2 before drive10); free() the array. */
int registry_list(Registry *r, RegistryDevice **ret, size_t *ret_n);

/* Gives a device another name. Its old one stays reserved for it. -EINVAL: no name may look so (name.h);
 * -EEXIST: it was given before, to another device; 1: it is called so already. */
int registry_rename(Registry *r, uint32_t id, const char *name);

/* The name of device id goes to the device `with`, which was known by another one that is reserved from then
 * on; what the registry knew of the former owner is gone but for its history. -EINVAL if they are of
 * different types. */
int registry_replace(Registry *r, uint32_t id, uint32_t with);

/* Forgets a device, or a name that is only reserved: the name may be given again. -ENOENT. */
int registry_forget(Registry *r, const char *name);

/* The id of the device that a name was given to, also if it has another one now or is gone; -ENOENT. */
int registry_find_owner(Registry *r, const char *name, uint32_t *ret);

/* The name that a device had last; empty if it was forgotten. */
int registry_last_name(Registry *r, uint32_t id, char *name, size_t n_name);

/* The biography: what happened to a device and when. Of each device the last 2000 events of each kind are
 * kept, and the last 100000 of all. */
int registry_add_event(Registry *r, uint32_t id, uint64_t now, const char *event, const char *detail);
/* Events of device id, or of all (0), from `since` on, oldest first, the last 10000 of them: everybody may ask
 * for them, of a daemon that has a tape to feed. free() the array. */
int registry_list_events(Registry *r, uint32_t id, uint64_t since, RegistryEvent **ret, size_t *ret_n);
