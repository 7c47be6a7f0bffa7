/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of naming share: naming.c (who gets a name, and when), naming-ask.c (which libraries are
 * asked, and when), naming-bays.c (what a library said). */

#include "daemon/element-reader.h"
#include "daemon/naming.h"

#define LIBRARIES_MAX 64

typedef struct Library {
        Naming *naming;
        uint32_t id;
        char name[NAME_LENGTH_MAX];
        char node[16]; /* to be asked, "" if it cannot be now */
        char asked_node[16];
        bool wanted;  /* to be asked */
        bool again;   /* a drive has come while it was being asked: it may not know of it yet */
        bool present; /* seen by this update */
        usec_t wanted_since, retry_at, retry_after;
        bool complained;
        ElementReader *reader;
} Library;

struct Naming {
        Manager *manager;
        sd_event_source *timer;
        Library libraries[LIBRARIES_MAX];
        size_t n_libraries;
        usec_t newest;     /* when a device that is not known came */
        usec_t settle;     /* a library may come so much later than its drives */
        usec_t patience;   /* for a library that is not ready */
        bool started;      /* what is there from the start came long ago */
        bool unnamed;      /* one waits */
        uint32_t kept[16]; /* devices that BAY_KEPT was said of */
        size_t n_kept;
};

usec_t naming_now(void);
uint64_t naming_seconds_now(void); /* since the epoch */

/* A drive as the kernel has it, and no held LUN. */
bool naming_is_drive(const DevicePath *p);
/* That no entry of tape.inf names it. */
void naming_say_if_unknown(Naming *n, const RegistryDevice *d);
/* A library has answered, or time has passed. */
void naming_go_on(Naming *n);

/* ---- naming-ask.c ---- */

/* It is there: to be asked if it has just come, or come back. */
void naming_check_library(Naming *n, const RegistryDevice *d);
/* Those that this update has not seen are not asked any more. */
void naming_drop_absent(Naming *n);
/* All that are there, since a drive came. */
void naming_want_all(Naming *n, usec_t not_before);
void naming_ask(Naming *n);
/* Drives wait for what it says. */
bool naming_library_is_pending(const Library *l);
/* When there is something to do for one of them; USEC_INFINITY: never. */
usec_t naming_next_look(const Naming *n);

/* ---- naming-bays.c ---- */

/* READ ELEMENT STATUS: drives get the names of their bays. */
void naming_take_report(Naming *n, Library *l, const uint8_t *data, size_t n_data);
/* That drives cannot be named by their bays, once. */
void naming_complain(Library *l, const char *text);
