/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The rule of bays. A reading of a library is compared with what is known. Everything is decided before
 * anything is written: drives that have changed places must not meet each other's names half way, so that all
 * names that change hands are emptied first and filled then. */

#include "names/bay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "names/name.h"
#include "names/schema.h"
#include "names/statement.h"
#include "util/text.h"

/* What becomes of one bay. */
typedef struct Plan {
        BayDrive bay;
        bool known, new_name;
        RegistryDevice owner; /* whose name the bay has; id 0: nobody's */
        RegistryDevice drive; /* what the drive is called now; id 0: nothing yet */
        BayEvent event;
        bool changed;
} Plan;

typedef struct Update {
        uint32_t library;
        const char *library_name;
        const LibrariesThere *there;
        BayFollow follow;
        uint64_t now;
        Plan *plans;
        size_t n_plans;
        BayChange *changes;
        size_t n_changes;
} Update;

int bay_follow_parse(const char *text, BayFollow *ret)
{
        if (text_equal(text, "bay"))
                *ret = FOLLOW_BAY;
        else if (text_equal(text, "drive"))
                *ret = FOLLOW_DRIVE;
        else
                return -EINVAL;
        return 0;
}

/* ---- what is known ---- */

static int find_bay(Registry *r, uint32_t library, Plan *p)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        uint32_t owner;
        int code, error;

        error = registry_prepare(r, "SELECT device, ordinal FROM bay WHERE library = ?1 AND element = ?2",
                                 &statement);
        if (error < 0)
                return error;
        (void) sqlite3_bind_int64(statement, 1, library);
        (void) sqlite3_bind_int(statement, 2, p->bay.element);
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW)
                return schema_error(code);
        p->known = true;
        owner = (uint32_t) sqlite3_column_int64(statement, 0);
        p->bay.ordinal = (unsigned) sqlite3_column_int(statement, 1);
        error = owner == 0 ? -ENOENT : registry_find_id(r, owner, &p->owner);
        return error == -ENOENT ? 0 : error;
}

static int find_drive(Registry *r, Plan *p)
{
        int error;

        if (!p->bay.drive)
                return 0;
        error = registry_find(r, p->bay.drive, &p->drive);
        if (error == -ENOTUNIQ)
                p->bay.drive = NULL;
        return error == -ENOENT || error == -ENOTUNIQ ? 0 : error;
}

/* ---- what is to be done ---- */

static bool is_in_library(const Update *u, uint32_t library)
{
        if (library == u->library)
                return true;
        for (size_t i = 0; library != 0 && i < u->there->n_ids; i++)
                if (u->there->ids[i] == library)
                        return true;
        return false;
}

static void decide(const Update *u, Plan *p)
{
        bool alone = p->drive.id != 0 && !is_in_library(u, p->drive.library);

        if (!p->bay.drive || (p->drive.id != 0 && p->drive.id == p->owner.id))
                return;
        p->changed = true;
        if (p->owner.id == 0 && p->drive.id == 0) {
                p->event = BAY_NAMED;
                p->new_name = true;
        } else if (p->owner.id == 0 && (alone || u->follow == FOLLOW_DRIVE)) {
                p->event = alone ? BAY_FOUND : BAY_MOVED;
        } else if (p->owner.id == 0) {
                p->event = BAY_NAMED;
                p->new_name = true;
        } else if (p->drive.id == 0) {
                p->event = BAY_REPLACED;
        } else if (alone && p->drive.hold) {
                p->event = BAY_KEPT;
        } else {
                p->event = u->follow == FOLLOW_DRIVE && !alone ? BAY_MOVED : BAY_REPLACED;
        }
}

/* FOLLOW_DRIVE: a name whose drive is in another bay of this reading goes there, so what has come to its bay
 * needs a name of its own. */
static void decide_again(Update *u)
{
        for (size_t i = 0; i < u->n_plans; i++)
                for (size_t k = 0; k < u->n_plans; k++)
                        if (i != k && u->plans[k].event == BAY_MOVED && u->plans[k].changed &&
                            u->plans[i].changed && u->plans[i].event == BAY_REPLACED &&
                            u->plans[k].drive.id == u->plans[i].owner.id) {
                                u->plans[i].event = BAY_NAMED;
                                u->plans[i].new_name = true;
                        }
}

/* ---- doing it ---- */

static BayChange *note(Update *u, BayEvent event, const RegistryDevice *device, const Identity *before)
{
        BayChange *c = &u->changes[u->n_changes++];

        *c = (BayChange){.event = event, .device = *device, .before = {.rank = IDENTITY_NONE}};
        if (before)
                c->before = *before;
        return c;
}

static const char *serial_of(const Identity *id)
{
        return id->rank == IDENTITY_NONE ? "none" : id->serial[0] ? id->serial : id->key;
}

static int set_bay(Registry *r, const Update *u, const Plan *p, uint32_t device)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int error;

        if (device != 0) {
                error = registry_run(r, "UPDATE bay SET device = NULL WHERE device = ?1", device, 0, NULL);
                if (error < 0)
                        return error;
        }
        error = registry_prepare(r,
                                 "INSERT INTO bay (library, element, ordinal, device)"
                                 " VALUES (?1, ?2, ?3, nullif(?4, 0))"
                                 " ON CONFLICT (library, element) DO UPDATE SET device = excluded.device",
                                 &statement);
        if (error < 0)
                return error;
        (void) sqlite3_bind_int64(statement, 1, u->library);
        (void) sqlite3_bind_int(statement, 2, p->bay.element);
        (void) sqlite3_bind_int64(statement, 3, p->bay.ordinal);
        (void) sqlite3_bind_int64(statement, 4, device);
        return statement_step_once(statement);
}

static bool name_changes_hands(const Plan *p)
{
        return p->changed && (p->event == BAY_REPLACED || p->event == BAY_NAMED);
}

/* Who takes the name of device id in this update, or NULL. */
static const Plan *find_heir(const Update *u, uint32_t id)
{
        for (size_t i = 0; i < u->n_plans; i++)
                if (u->plans[i].changed && u->plans[i].event == BAY_REPLACED && u->plans[i].owner.id == id)
                        return &u->plans[i];
        return NULL;
}

/* The former names of drives that get another one. That of a stand-alone drive has no place it could wait for
 * another drive, and is only kept from others. */
static int empty_names(Registry *r, Update *u)
{
        int error = 0;

        for (size_t i = 0; i < u->n_plans && error >= 0; i++) {
                Plan *p = &u->plans[i];

                if (!name_changes_hands(p))
                        continue;
                if (p->event == BAY_REPLACED)
                        error = device_vacate(r, p->owner.id);
                if (error < 0 || p->drive.id == 0)
                        continue;
                if (p->drive.library != 0)
                        error = device_vacate(r, p->drive.id);
                else
                        error = registry_run(r, "DELETE FROM device WHERE id = ?1", p->drive.id, 0, NULL);
                if (error >= 0 && !find_heir(u, p->drive.id)) {
                        BayChange *c = note(u, BAY_LEFT, &p->drive, &p->drive.identity);

                        c->device.identity = (Identity){.type = DEVICE_TAPE, .rank = IDENTITY_NONE};
                        snprintf(c->text, sizeof(c->text), "serial number %.64s is in bay %u of %s now",
                                 serial_of(&p->drive.identity), p->bay.element, u->library_name);
                }
        }
        return error;
}

/* By the number of the bay if it is free, else the lowest that is. */
static int choose_name(Registry *r, const Update *u, unsigned ordinal, char *name)
{
        char prefix[NAME_LENGTH_MAX];
        int given;

        snprintf(prefix, sizeof(prefix), "%.40s-drive", u->library_name);
        snprintf(name, NAME_LENGTH_MAX, "%.50s%u", prefix, ordinal);
        given = name_is_given(r, name);
        return given > 0 ? device_find_free_name(r, prefix, name, NAME_LENGTH_MAX) : given;
}

static int give_new_name(Registry *r, Update *u, Plan *p)
{
        RegistryDevice d = {.identity = *p->bay.drive, .first_seen = u->now, .last_seen = u->now};
        BayChange *c;
        int error;

        d.identity.address[0] = '\0';
        error = choose_name(r, u, p->bay.ordinal, d.name);
        if (error >= 0)
                error = device_insert(r, &d, p->bay.drive->address);
        if (error >= 0)
                error = set_bay(r, u, p, d.id);
        if (error < 0)
                return error;
        d.library = u->library;
        d.element = p->bay.element;
        c = note(u, BAY_NAMED, &d, p->drive.id != 0 ? &p->drive.identity : NULL);
        snprintf(c->text, sizeof(c->text), "serial number %.64s in bay %u of %s", serial_of(&d.identity),
                 p->bay.element, u->library_name);
        return 0;
}

static int give_bays_name(Registry *r, Update *u, Plan *p)
{
        RegistryDevice d = p->owner;
        Identity before = p->owner.identity;
        BayChange *c;
        int error;

        error = device_set_identity(r, d.id, p->bay.drive, u->now);
        if (error < 0)
                return error;
        d.identity = *p->bay.drive;
        d.identity.address[0] = '\0';
        d.last_seen = u->now;
        c = note(u, BAY_REPLACED, &d, &before);
        snprintf(c->text, sizeof(c->text), "serial number %.64s, before %.64s", serial_of(&d.identity),
                 serial_of(&before));
        return 0;
}

static int keep_name(Registry *r, Update *u, Plan *p)
{
        RegistryDevice d = p->drive;
        BayChange *c;
        int error;

        if (p->event == BAY_KEPT) {
                c = note(u, BAY_KEPT, &d, NULL);
                snprintf(c->text, sizeof(c->text),
                         "is held, and keeps its name in bay %u of %s, which is that of %.40s",
                         p->bay.element, u->library_name, p->owner.name);
                return 0;
        }
        error = set_bay(r, u, p, d.id);
        if (error < 0)
                return error;
        d.library = u->library;
        d.element = p->bay.element;
        c = note(u, p->event, &d, NULL);
        snprintf(c->text, sizeof(c->text), "in bay %u of %s", p->bay.element, u->library_name);
        return 0;
}

static int carry_out(Registry *r, Update *u, Plan *p)
{
        if (!p->changed)
                return p->known ? 0 : set_bay(r, u, p, p->owner.id);
        if (p->new_name)
                return give_new_name(r, u, p);
        return p->event == BAY_REPLACED ? give_bays_name(r, u, p) : keep_name(r, u, p);
}

static int make_plans(Registry *r, Update *u)
{
        int error = 0;

        for (size_t i = 0; i < u->n_plans && error >= 0; i++) {
                error = find_bay(r, u->library, &u->plans[i]);
                if (error >= 0)
                        error = find_drive(r, &u->plans[i]);
                if (error >= 0)
                        decide(u, &u->plans[i]);
        }
        decide_again(u);
        return error;
}

static bool is_idle(const Update *u)
{
        for (size_t i = 0; i < u->n_plans; i++)
                if (u->plans[i].changed || !u->plans[i].known)
                        return false;
        return true;
}

static int update(Registry *r, void *userdata)
{
        Update *u = userdata;
        int error;

        error = empty_names(r, u);
        for (size_t i = 0; i < u->n_plans && error >= 0; i++)
                error = carry_out(r, u, &u->plans[i]);
        return error;
}

int registry_update_bays(Registry *r, uint32_t library, const BayDrive *bays, size_t n_bays,
                         const LibrariesThere *there, BayFollow follow, uint64_t now, BayChange **ret,
                         size_t *ret_n)
{
        Update u = {.library = library, .there = there, .follow = follow, .now = now, .n_plans = n_bays};
        _cleanup_free_ BayChange *changes = NULL;
        _cleanup_free_ Plan *plans = NULL;
        RegistryDevice changer;
        int error;

        if (n_bays > BAYS_MAX)
                return -E2BIG;
        error = registry_find_id(r, library, &changer);
        if (error < 0)
                return error;
        u.plans = plans = calloc(n_bays + 1, sizeof(*plans));
        u.changes = changes = calloc(2 * n_bays + 1, sizeof(*changes));
        if (!plans || !changes)
                return -ENOMEM;
        u.library_name = changer.name;
        for (size_t i = 0; i < n_bays; i++)
                plans[i].bay = bays[i];
        error = make_plans(r, &u);
        if (error >= 0 && !is_idle(&u))
                error = registry_transaction(r, update, &u);
        if (error < 0)
                return error;
        *ret = TAKE_PTR(changes);
        *ret_n = u.n_changes;
        return 0;
}
