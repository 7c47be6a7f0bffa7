/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* backstore -> open the ring, serve it -> nexus -> nodes are there; and remove on the way back. A ring that a
 * predecessor left is blocked, read (was his last answer taken?), reset, so that every outstanding command is
 * delivered again, and unblocked when we serve it. */

#include "daemon/held-lun.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/held-path.h"
#include "daemon/manager.h"
#include "tcmu/lun.h"
#include "util/log.h"

#define LUN_PROGRAM EVERTAPE_LIBEXECDIR "/evertape-lun"

#define LUN_PATIENCE (60 * USEC_PER_SEC)

static const char *lun_program(void)
{
        const char *other = getenv("EVERTAPE_LUN_PROGRAM");

        return other ? other : LUN_PROGRAM;
}

/* It waits in the kernel, for this device's ring or for another user of configfs. That is no reason to let
 * the watchdog end evertaped, which other devices need. */
static void on_slow(void *userdata)
{
        const Held *h = userdata;
        char text[160];

        snprintf(text, sizeof(text),
                 "evertape-lun has been at work for %d s: look into the kernel's log, and at "
                 "/proc/PID/stack of evertape-lun",
                 (int) (LUN_PATIENCE / USEC_PER_SEC));
        manager_add_event(h->manager, h->device.id, "lun-slow", text);
}

static int run_lun(Held *h, const char *verb, bool with_type, JobDone done)
{
        char unit[16];
        const char *argv[] = {lun_program(), verb, unit, NULL, NULL};
        int r;

        snprintf(unit, sizeof(unit), "%u", h->device.id);
        if (with_type)
                argv[3] = h->device.identity.type == DEVICE_CHANGER ? "changer" : "tape";
        r = job_start(manager_event(h->manager), argv, done, h, &h->job);
        if (r >= 0)
                (void) job_watch(h->job, LUN_PATIENCE, on_slow);
        return r;
}

static void make_failed(Held *h, const char *why)
{
        snprintf(h->reason, sizeof(h->reason), "%s", why[0] ? why : "evertape-lun failed");
        manager_add_event(h->manager, h->device.id, "hold-failed", h->reason);
        h->stage = HELD_BROKEN;
        manager_hold_failed(h->manager, h);
}

static void on_nexus(void *userdata, int status, const char *output, const char *error)
{
        Held *h = userdata;
        char text[16];

        h->job = NULL;
        if (status != 0) {
                make_failed(h, error);
                return;
        }
        (void) job_value(output, "sg", h->node_sg, sizeof(h->node_sg));
        (void) job_value(output, "tape", h->node_tape, sizeof(h->node_tape));
        (void) job_value(output, "changer", h->node_changer, sizeof(h->node_changer));
        if (job_value(output, "host", text, sizeof(text)))
                h->host = (unsigned) atoi(text);
        if (job_value(output, "target", text, sizeof(text)))
                h->target = (unsigned) atoi(text);
        h->stage = HELD_SERVING;
        log_info("%s: held as /dev/%s", h->device.name, h->node_tape[0] ? h->node_tape : h->node_sg);
        manager_hold_done(h->manager, h);
}

int held_take_over_ring(Held *h)
{
        int root = manager_root(h->manager), r;

        r = lun_block(root, h->device.id, true);
        if (r < 0)
                return r;
        if (tcmu_ring_init(&h->ring, h->map, h->n_map) == 0)
                unit_take_over(h->unit, tcmu_ring_tail(&h->ring));
        return lun_reset_ring(root, h->device.id, 1);
}

static void on_backstore(void *userdata, int status, const char *output, const char *error)
{
        Held *h = userdata;
        char uio[16], size[24], existed[4];
        int r;

        h->job = NULL;
        if (status != 0) {
                make_failed(h, error);
                return;
        }
        if (!job_value(output, "uio", uio, sizeof(uio)) || !job_value(output, "size", size, sizeof(size)) ||
            !job_value(output, "existed", existed, sizeof(existed))) {
                make_failed(h, "evertape-lun did not say where the ring is");
                return;
        }
        h->stage = HELD_NEXUS;
        h->found_lun = existed[0] == '1';
        r = held_open_ring(h, (unsigned) strtoul(uio, NULL, 10), strtoull(size, NULL, 10), existed[0] == '1');
        if (r >= 0)
                r = lun_block(manager_root(h->manager), h->device.id, false);
        if (r >= 0)
                r = run_lun(h, "nexus", true, on_nexus);
        if (r < 0)
                make_failed(h, r == -EBUSY ? "another process serves its ring already" : strerror(-r));
}

void held_make_lun(Held *h)
{
        int r;

        h->stage = HELD_BACKSTORE;
        r = run_lun(h, "backstore", false, on_backstore);
        if (r < 0)
                make_failed(h, strerror(-r));
}

static void on_removed(void *userdata, int status, const char *output, const char *error)
{
        Held *h = userdata;

        h->job = NULL;
        if (status != 0) {
                manager_add_event(h->manager, h->device.id, "release-failed", error);
                snprintf(h->reason, sizeof(h->reason), "%s", error);
                h->stage = HELD_SERVING;
                h->remove_failed = h->leaving;
                manager_release_failed(h->manager, h);
                return;
        }
        h->uio_source = sd_event_source_disable_unref(h->uio_source);
        h->ending = true;
        unit_leave(h->unit, manager_now(h->manager));
        held_run(h);
}

static int on_ended(sd_event_source *source, void *userdata)
{
        Held *h = userdata;

        memory_discard(h->device.id, &h->memory);
        manager_released(h->manager, h);
        return 0;
}

/* What a program left in the drive is written, and what was set for it is set back. In a turn of its own:
 * whoever has called still has a use for h. */
void held_check_end(Held *h)
{
        if (!h->ending || h->end_source || !unit_stopped(h->unit))
                return;
        if (sd_event_add_defer(manager_event(h->manager), &h->end_source, on_ended, h) < 0)
                log_error("%s: out of memory", h->device.name);
}

int held_remove(Held *h)
{
        if (h->job)
                return -EBUSY;
        h->stage = HELD_REMOVING;
        return run_lun(h, "remove", false, on_removed);
}
