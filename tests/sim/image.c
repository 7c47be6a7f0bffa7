/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What must be on the cartridges, object by object, by what the program was told. */

#include <string.h>

#include "sim/tape.h"

/* ---- objects ---- */

/* Some are nothing but zeros, and so alike, as backups have them. */
#define ZEROS_EACH 4 /* so manieth block */

void object_fill(const Object *o, uint8_t *dst)
{
        uint64_t word = o->id * UINT64_C(0x9e3779b97f4a7c15);

        if (o->id % ZEROS_EACH == 0) {
                memset(dst, 0, o->n_data);
                return;
        }
        for (uint32_t i = 0; i < o->n_data; i += 8, word = word * 5 + i)
                memcpy(dst + i, &word, o->n_data - i < 8 ? o->n_data - i : 8);
}

static bool object_is(const Object *o, const uint8_t *data, uint32_t n_data, bool thorough)
{
        uint8_t expected[TAPE_BLOCK_MAX];
        Object head = *o;

        if (n_data != o->n_data || (data == NULL) != (o->n_data == 0))
                return false;
        if (!thorough && head.n_data > 32)
                head.n_data = 32;
        object_fill(&head, expected);
        return n_data == 0 || memcmp(data, expected, head.n_data) == 0;
}

/* Object i of a track's medium is o. */
static bool stands_at(const Tape *t, size_t cartridge, size_t partition, size_t i, const Object *o,
                      bool thorough)
{
        const ModelMedium *m = t->cartridges[cartridge].medium;
        const uint8_t *data;
        uint32_t n;

        if (i >= model_medium_count_in(m, partition))
                return false;
        model_medium_object_in(m, partition, i, &data, &n);
        return object_is(o, data, n, thorough);
}

/* ---- what is told ---- */

/* Where only content proves what is there, no two blocks are equal. */
static uint64_t next_id(Tape *t)
{
        t->next_id++;
        if (t->kind->optimistic_report && t->next_id % ZEROS_EACH == 0)
                t->next_id++;
        return t->next_id;
}

void tape_attempt(Tape *t, uint32_t n_data)
{
        if (t->n_attempt < ATTEMPT_MAX)
                t->attempt[t->n_attempt++] = (Object){.n_data = n_data, .id = n_data > 0 ? next_id(t) : 0};
}

/* Whatever is written takes everything behind it away. */
static void begin_to_write(Tape *t)
{
        Track *k = tape_track(t);

        if (!k->dirty) {
                k->n_old = t->at < k->n_told ? k->n_told : 0;
                memcpy(k->old, k->told, k->n_old * sizeof(Object));
                k->dirty = true;
                /* at a place that nobody knows nobody knows what it takes away either */
                t->anchored = t->anchored && tape_place_known(t) && t->anchor_partition == t->partition &&
                              t->anchor < t->at;
        }
        k->n_told = t->at;
        if (k->n_proven > k->n_told)
                k->n_proven = k->n_told;
}

void tape_told(Tape *t, size_t n)
{
        Track *k = tape_track(t);

        if (n > 0)
                begin_to_write(t);
        for (size_t i = 0; i < n && k->n_told < OBJECTS_MAX; i++)
                k->told[k->n_told++] = t->attempt[i];
        t->at += n;
        t->n_attempt = 0;
}

void tape_proven(Tape *t)
{
        Track *k = tape_track(t);

        for (size_t i = k->n_told; i > k->n_proven && tape_place_known(t); i--)
                if (k->told[i - 1].n_data > 0) {
                        t->anchored = true;
                        t->anchor_partition = t->partition;
                        t->anchor = i - 1;
                        break;
                }
        k->n_proven = k->n_told;
        k->n_old = 0;
        k->dirty = false;
}

void tape_erased(Tape *t)
{
        begin_to_write(t);
        tape_proven(t);
        t->anchored = t->anchored && t->anchor < t->at;
}

void tape_formatted(Tape *t, size_t n_partitions)
{
        t->n_partitions = n_partitions;
        memset(t->cartridges[t->loaded].tracks, 0, sizeof(t->cartridges[t->loaded].tracks));
        t->anchored = false;
}

uint64_t tape_capacity(const Tape *t)
{
        return t->cartridges[t->loaded].capacity / t->n_partitions;
}

uint64_t tape_bytes_before(Tape *t)
{
        const Track *k = tape_track(t);
        uint64_t n = 0;

        for (size_t i = 0; i < t->at; i++)
                n += k->told[i].n_data;
        return n;
}

/* ---- the oracle ---- */

static void fail_at(Tape *t, const Track *k, size_t cartridge, size_t partition, size_t i, bool thorough)
{
        Failure failure = FAIL_MISPLACED;

        if (i > 0 && k->told[i].n_data > 0 &&
            stands_at(t, cartridge, partition, i, &k->told[i - 1], thorough))
                failure = FAIL_DUPLICATED;
        else if (i + 1 < k->n_told && stands_at(t, cartridge, partition, i, &k->told[i + 1], thorough))
                failure = FAIL_LOST;
        world_fail(&t->world, failure,
                   "object %zu of cartridge %zu, partition %zu, is not what was written there", i, cartridge,
                   partition);
}

static void check_track(Tape *t, size_t cartridge, size_t partition, bool thorough)
{
        const Track *k = &t->cartridges[cartridge].tracks[partition];
        size_t n = model_medium_count_in(t->cartridges[cartridge].medium, partition);

        for (size_t i = 0; i < n && i < k->n_told; i++)
                if (!stands_at(t, cartridge, partition, i, &k->told[i], thorough)) {
                        fail_at(t, k, cartridge, partition, i, thorough);
                        return;
                }
        if (n < k->n_told)
                world_fail(&t->world, FAIL_NOT_ON_TAPE,
                           "%zu objects on cartridge %zu, partition %zu, %zu told", n, cartridge, partition,
                           k->n_told);
        else if (n > k->n_told)
                world_fail(&t->world, FAIL_DUPLICATED,
                           "%zu objects on cartridge %zu, partition %zu, %zu told", n, cartridge, partition,
                           k->n_told);
}

static void check_stranger(Tape *t)
{
        if (model_medium_count(t->stranger) != 1)
                world_fail(&t->world, FAIL_UNPROVEN, "something was written to the wrong cartridge");
}

void tape_check(Tape *t, bool thorough)
{
        if (t->world.config.pipeline > 0)
                world_settle(&t->world);
        if (t->excuses & EXCUSE_DEFERRED)
                return; /* the program has not been told yet */
        for (size_t i = 0; i < t->n_cartridges; i++)
                for (size_t p = 0; p < TRACKS_MAX; p++)
                        check_track(t, i, p, thorough);
        check_stranger(t);
}

/* How many objects at the beginning are those that were wanted. */
static size_t count_wanted(const Tape *t, const Object *wanted, size_t n_wanted)
{
        size_t n = 0;

        while (n < n_wanted && stands_at(t, t->loaded, t->partition, n, &wanted[n], true))
                n++;
        return n;
}

/* What was wanted as far as it goes, and nothing behind it, or all of what was there before. *ret: that. */
static bool is_allowed(Tape *t, const Object *wanted, size_t n_wanted, size_t n_proven, Track *ret)
{
        const Track *k = tape_track(t);
        size_t n = model_medium_count_in(t->cartridges[t->loaded].medium, t->partition);
        size_t same = count_wanted(t, wanted, n_wanted);

        if (same < n_proven)
                return false;
        *ret = (Track){.n_told = n, .n_proven = n};
        memcpy(ret->told, wanted, same * sizeof(Object));
        for (size_t i = same; i < n; i++) {
                if (n != k->n_old || !stands_at(t, t->loaded, t->partition, i, &k->old[i], true))
                        return false;
                ret->told[i] = k->old[i];
        }
        return true;
}

/* As told, or as told and attempted. */
static bool find_image(Tape *t, Track *ret)
{
        const Track *k = tape_track(t);
        Object wanted[OBJECTS_MAX + ATTEMPT_MAX];
        size_t n_wanted = t->at, n_proven = k->n_proven < t->at ? k->n_proven : t->at;

        if (is_allowed(t, k->told, k->n_told, k->n_proven, ret))
                return true;
        if (t->n_attempt == 0 && !t->erasing)
                return false;
        memcpy(wanted, k->told, n_wanted * sizeof(Object));
        memcpy(wanted + n_wanted, t->attempt, t->n_attempt * sizeof(Object));
        return is_allowed(t, wanted, n_wanted + t->n_attempt, n_proven, ret);
}

/* Objects of the command in flight may stand before what an overwritten place had. */
static bool find_image_over_told(Tape *t, Track *ret)
{
        Track *k = tape_track(t);

        if (k->dirty || t->n_attempt == 0)
                return false;
        memcpy(k->old, k->told, k->n_told * sizeof(Object));
        k->n_old = k->n_told;
        return find_image(t, ret);
}

void tape_check_after_error(Tape *t, bool adopt)
{
        Track found = {};
        const ModelMedium *m = t->cartridges[t->loaded].medium;

        check_stranger(t);
        for (size_t i = 0; i < t->n_cartridges; i++)
                for (size_t p = 0; p < TRACKS_MAX; p++)
                        if ((i != t->loaded || p != t->partition) && !t->formatting)
                                check_track(t, i, p, true);
        if (t->formatting && model_medium_count_in(m, 0) + model_medium_count_in(m, 1) == 0)
                found = (Track){};
        else if (!find_image(t, &found) && !find_image_over_told(t, &found))
                world_fail(&t->world, FAIL_NOT_ON_TAPE,
                           "after an error, cartridge %zu does not hold what was promised", t->loaded);
        if (!adopt)
                return;
        if (t->formatting)
                tape_formatted(t, model_medium_partitions(m));
        *tape_track(t) = found;
        t->n_attempt = 0;
        t->erasing = t->formatting = false;
}

bool tape_anchor_stands(const Tape *t)
{
        const Track *k = &t->cartridges[t->loaded].tracks[t->anchor_partition];

        /* it has to be before what is being written, as in begin_to_write() */
        if (t->n_attempt > 0 && (t->anchor_partition != t->partition || t->anchor >= t->at))
                return false;
        return t->anchored && t->anchor < k->n_told &&
               stands_at(t, t->loaded, t->anchor_partition, t->anchor, &k->told[t->anchor], true);
}

/* A block that was told or attempted since the last proof, and everything before it, is there. */
bool tape_survives(Tape *t)
{
        const Track *k = tape_track(t);
        Object wanted[OBJECTS_MAX + ATTEMPT_MAX];
        size_t from = k->n_proven, n = k->n_told;

        if (t->n_attempt > 0) {
                n = t->at;
                from = from < n ? from : n;
        }
        memcpy(wanted, k->told, n * sizeof(Object));
        memcpy(wanted + n, t->attempt, t->n_attempt * sizeof(Object));
        for (size_t i = from;
             i < n + t->n_attempt && stands_at(t, t->loaded, t->partition, i, &wanted[i], true); i++)
                if (wanted[i].n_data > 0)
                        return true;
        return false;
}
