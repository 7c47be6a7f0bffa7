/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One held device: its engine, the ring of its LUN, and the path to the real device, on the daemon's loop. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/held-paths.h"
#include "daemon/job.h"
#include "daemon/log-watch.h"
#include "daemon/memory.h"
#include "daemon/rate.h"
#include "daemon/resume-clock.h"
#include "daemon/watchdog.h"
#include "hold/unit.h"
#include "monitor/monitor.h"
#include "names/registry.h"
#include "tcmu/ring.h"
#include "transport/transport.h"

typedef struct Manager Manager;

/* How far the LUN is. */
typedef enum HeldStage {
        HELD_LEARNING,  /* waiting for the device: INQUIRY data are not known yet, so no LUN can answer for it
                         */
        HELD_BACKSTORE, /* evertape-lun backstore runs */
        HELD_NEXUS,     /* the ring is served, evertape-lun nexus runs */
        HELD_SERVING,   /* nodes are there */
        HELD_REMOVING,  /* evertape-lun remove runs, the ring is still served */
        HELD_BROKEN,    /* the LUN could not be made; reason says why */
} HeldStage;

/* A command whose data are in several pieces of the ring: gathered here. */
typedef struct Bounce {
        uint16_t id;
        uint32_t n_iov, n_data;
        struct iovec *iov;
        uint8_t *data;
} Bounce;

typedef struct Held {
        Manager *manager;
        RegistryDevice device;
        HeldStage stage;
        bool found_lun; /* a predecessor made it */
        Memory memory;
        Unit *unit;
        bool fresh;                         /* no predecessor's state was found */
        struct LibraryInventory *inventory; /* NULL: this is no library */
        LogWatch log;                       /* of a drive */

        HeldPaths paths;
        Transport *transport; /* the active path's, or NULL */
        sd_event_source *transport_source, *timer;
        usec_t timer_at; /* what it is set to; USEC_INFINITY: it is off */
        int watched_fd;  /* what transport_source is set to */
        uint32_t watched_events;
        bool not_opened;     /* reason is that of a path that could not be opened */
        bool path_lost;      /* the active path, not only what the engine thinks of the device */
        char path_error[96]; /* what the last command that got lost on it ended with */
        char last_path[DEVICE_PATH_NAME_MAX]; /* the path before this one */
        ResumeClock clock;
        Rate rate;      /* of what programs read and write */
        usec_t lost_at; /* when the last path was closed */
        bool stopping, stopped_in_resume;
        bool leaving, remove_failed; /* stopping for good; the LUN cannot be removed */
        bool ending;                 /* the LUN is gone, and the drive is given back */
        sd_event_source *end_source; /* it is */
        bool rehold; /* its name is another device's now: to be removed, and made anew for that one */

        int uio_fd;
        void *map;
        size_t n_map;
        TcmuRing ring;
        sd_event_source *uio_source;
        WatchdogSeen seen;
        bool kick; /* answers are in the ring that the kernel was not told of */
        Bounce bounces[HOLD_COMMANDS_MAX];
        size_t n_bounces;

        Job *job;
        char node_sg[24], node_tape[24], node_changer[24]; /* of the held LUN, without /dev/ */
        unsigned host, channel, target, lun;
        char reason[256];
        uint64_t since;          /* CLOCK_REALTIME, µs */
        sd_bus_message *waiting; /* the Hold or Release call to be answered */
} Held;

/* Starts holding; the rest follows from the loop. */
int held_new(Manager *m, const RegistryDevice *device, Held **ret);
/* Stops serving. The LUN stays, and with it what programs wait for: a successor goes on. */
Held *held_free(Held *h);
DEFINE_CLEANUP(Held *, held_free)

/* The devices there are now, and when the kernel told of what is new (CLOCK_MONOTONIC): takes st and ch off
 * every path to this one, opens one if none is open, drops one that is gone. */
void held_update_paths(Held *h, const DevicePath *found, size_t n_found, usec_t came_at);
/* Whether a look every few seconds may find something that no event tells of. */
bool held_wants_scan(const Held *h);
/* Asks the kernel for the state of those that are not running: no event tells when they are. */
void held_look_at_paths(Held *h);
/* The path in use, or NULL. */
const DevicePath *held_path(const Held *h);

/* Ends the wait of programs, for what waits now (once) or until the device is back. -ENODATA: nothing waits.
 */
int held_fail(Held *h, bool once);

/* The configuration was read again. */
void held_configured(Held *h);

/* Begins no command any more. held_stopped() is true when what was begun has ended and what was written is on
 * the tape, as far as there is a path; held_free() then leaves nothing that a successor would not find. For
 * good: programs get errors, held_stopped() takes the LUN away when that is so, and this Held ends in
 * manager_released(). */
void held_stop(Held *h, bool for_good);
bool held_stopped(Held *h);
/* Being stopped for good: does not wait for what is with the device. */
void held_abandon(Held *h);

/* Takes the LUN away and gives the device back; held_removed() of the manager when it is done. */
int held_remove(Held *h);
/* After each turn: whether the device, of which the LUN is gone, was given back. */
void held_check_end(Held *h);

/* For the watchdog, from time to time: a command is in the ring since the last call and was not taken,
 * although the engine has room for it. Says so. */
bool held_is_stuck(Held *h);

/* "away", "held" ..., with the stage taken into account. */
const char *held_state(const Held *h);
const char *held_reason(const Held *h);
