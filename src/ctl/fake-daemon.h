/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An evertaped that only talks, for test-evertape.c. */

#include <stddef.h>
#include <sys/types.h>

typedef enum FakeMode {
        FAKE_LIBRARY, /* a changer and two drives, of which the first is held */
        FAKE_ALL_HELD,
        FAKE_EMPTY,
        FAKE_HOSTILE,        /* text in other scripts, and text that commands terminals */
        FAKE_UNKNOWN_MODELS, /* the library, and tape.inf(5) has none of it */
        FAKE_LARGE,          /* the largest numbers */
        FAKE_FUTURE,         /* keys and types of a later version beside the known ones */
        FAKE_WRONG_REPLY,    /* List() -> as, Show() -> s */
        FAKE_WRONG_TYPE,     /* Outages is a string */
        FAKE_WRONG_LIST,     /* Links is an array of numbers */
        FAKE_WRONG_VARIANT,  /* the values are no variants */
        FAKE_WRONG_PATHS,    /* Commands of a path is a string */
        FAKE_NAMELESS,
        FAKE_LARGE_LIBRARY,   /* eight drives in all states, 400 slots */
        FAKE_HOSTILE_LIBRARY, /* names and labels that are markup */
        FAKE_DENIES,     /* every call */
        FAKE_CHALLENGES, /* wants somebody to authenticate, if the caller lets it ask */
        FAKE_DIES,       /* without an answer, on the first call */
} FakeMode;

/* A message bus of the test's own, as a child; sets EVERTAPE_BUS, too. -errno where there is no dbus-daemon.
 */
pid_t fake_bus_start(char *address, size_t n_address);

/* Starts it as a child, which has its name on the bus when this returns. Each List and Show writes a byte to
 * calls_fd when it has been answered, errors excepted. */
pid_t fake_daemon_start(const char *address, FakeMode mode, int calls_fd);
void fake_daemon_stop(pid_t pid);
