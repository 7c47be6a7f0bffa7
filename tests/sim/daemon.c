/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The process around the engine, which may die. It dies at a command, around an answer, or where the engine
 * writes its state: the linker puts the functions below between the engine and state.c (--wrap), so that
 * there is no such place that a test could forget. A process that is killed in there never returns: longjmp
 * leaves the engine where it is, and what remains is the memory that it was lent. */

#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

#define RING_SIZE (UINT64_C(4) << 20)

void __real_unit_state_store(UnitState *s, UnitRecord *r);
void __wrap_unit_state_store(UnitState *s, UnitRecord *r);
int __real_unit_state_set_page(UnitState *s, int page, const uint8_t *data, size_t n_data);
int __wrap_unit_state_set_page(UnitState *s, int page, const uint8_t *data, size_t n_data);
void __real_unit_state_put_modes(UnitState *s, UnitRecord *r, UnitModes *m);
void __wrap_unit_state_put_modes(UnitState *s, UnitRecord *r, UnitModes *m);

static World *living;

/* ---- where it may die ---- */

static Fault fault_at_store(void)
{
        World *w = living;
        Cut cut;

        if (!w || !w->mortal || w->failed)
                return FAULT_NONE;
        cut = world_choose(w, AT_STORE, ++w->n_stores);
        world_count(w, cut.fault);
        return cut.fault;
}

static void die(Fault fault)
{
        World *w = living;

        world_trace(w, "  store %u: %s", w->n_stores, fault_rows[fault].name);
        w->at_answer = fault;
        longjmp(w->death, 1);
}

/* Half of the copy is new. */
static void store_half(UnitState *s, UnitRecord *r)
{
        UnitRecord *copy = &s->copies[(r->sequence + 1) % 2], old = *copy;
        size_t half = sizeof(old) / 2;

        __real_unit_state_store(s, r);
        memcpy((uint8_t *) copy + half, (uint8_t *) &old + half, sizeof(old) - half);
}

void __wrap_unit_state_store(UnitState *s, UnitRecord *r)
{
        Fault fault = fault_at_store();

        if (fault == FAULT_KILL_BEFORE_STORE)
                die(fault);
        if (fault == FAULT_KILL_IN_STORE) {
                store_half(s, r);
                die(fault);
        }
        __real_unit_state_store(s, r);
        if (fault == FAULT_KILL_AFTER_STORE)
                die(fault);
}

/* In the middle: the page is there, the seal is not. */
int __wrap_unit_state_set_page(UnitState *s, int page, const uint8_t *data, size_t n_data)
{
        uint32_t crc = s->pages_crc;
        Fault fault = fault_at_store();
        int r;

        if (fault == FAULT_KILL_BEFORE_STORE)
                die(fault);
        r = __real_unit_state_set_page(s, page, data, n_data);
        if (fault == FAULT_KILL_IN_STORE)
                s->pages_crc = crc;
        if (fault != FAULT_NONE)
                die(fault);
        return r;
}

/* In the middle: the copy is another one's by half. */
void __wrap_unit_state_put_modes(UnitState *s, UnitRecord *r, UnitModes *m)
{
        UnitModes *copy = &s->modes[(r->modes + 1) % 2];
        Fault fault = fault_at_store();

        if (fault == FAULT_KILL_BEFORE_STORE)
                die(fault);
        __real_unit_state_put_modes(s, r, m);
        if (fault == FAULT_KILL_IN_STORE)
                memset((uint8_t *) copy + sizeof(*copy) / 2, 0xa5, sizeof(*copy) / 2);
        if (fault != FAULT_NONE)
                die(fault);
}

/* ---- its life ---- */

void daemon_start(World *w)
{
        UnitMemory memory = {
                .state = w->state,
                .n_state = sizeof(*w->state),
                .ring = w->ring,
                .n_ring = RING_SIZE,
                .scratch = w->scratch,
                .n_scratch = HOLD_SCRATCH_SIZE,
        };
        bool fresh;

        world_lose_path(w);
        w->submitted = false;
        w->delivered = false; /* what is outstanding comes back as BUSY and is delivered again */
        w->stopping = FAULT_NONE;
        if (unit_init(w->unit, &w->config, &memory, w->now, &fresh) < 0)
                world_fail(w, FAIL_OTHER, "the unit does not start");
        if (fresh && w->noted_length > 0)
                unit_suspect_length(w->unit, w->noted_length);
        if (fresh && w->served)
                unit_state_is_lost(w->unit);
        unit_take_over(w->unit, w->tail);
}

void daemon_kill(World *w, Fault fault)
{
        w->n_kills++;
        w->at_answer = FAULT_NONE;
        world_trace(w, "KILL");
        memset(w->unit, 0xa5, sizeof(*w->unit));
        memset(w->scratch, 0xa5, 4096);
        if (fault == FAULT_STATE_LOST)
                w->state->magic = 0;
        world_notice(w, fault);
        daemon_start(w);
}

bool daemon_end_stop(World *w)
{
        Fault how = w->stopping;

        if (how == FAULT_NONE || w->submitted || !unit_stopped(w->unit))
                return false;
        world_trace(w, "STOPPED");
        world_notice(w, how);
        memset(w->unit, 0xa5, sizeof(*w->unit));
        if (how == FAULT_STOP_JOURNAL_LOST)
                memset(w->ring, 0x5a, RING_SIZE);
        daemon_start(w);
        return true;
}

/* The same for every run: to get it anew took longer than many a run. */
static void lend_memory(World *w)
{
        static UnitState *state;
        static uint8_t *ring, *scratch;
        static Unit *unit;

        if (!state) {
                state = calloc(1, sizeof(*state));
                ring = calloc(1, RING_SIZE);
                scratch = calloc(1, HOLD_SCRATCH_SIZE);
                unit = calloc(1, sizeof(*unit));
        }
        if (!state || !ring || !scratch || !unit)
                abort();
        state->magic = 0;
        w->state = state;
        w->ring = ring;
        w->scratch = scratch;
        w->unit = unit;
}

void world_init(World *w, const Device *device, void *userdata, const char *serial, uint64_t seed)
{
        w->device = device;
        w->userdata = userdata;
        w->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
        w->config = (UnitConfig){.type = device->type, .timeout = USEC_INFINITY};
        strncpy(w->config.serial, serial, sizeof(w->config.serial) - 1);
        lend_memory(w);
        w->now = USEC_PER_SEC;
        w->slowness = 2;
        living = w;
        daemon_start(w);
}

void world_deinit(World *w)
{
        living = NULL;
}
