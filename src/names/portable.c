/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The text form of the registry: sections and Key=Value, a line each, as in evertape.conf. Nothing in it
 * needs quoting, since names and keys are made of safe characters and the words of devices have lost all
 * others.
 *
 * An import adds and never changes: what the registry knows is what programs use now. */

#include "names/portable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names/portable-read.h"
#include "names/schema.h"
#include "names/statement.h"
#include "util/text.h"

/* ---- export ---- */

static void print_device(FILE *out, const RegistryDevice *d)
{
        const Identity *id = &d->identity;

        fprintf(out, "\n[Device \"%s\"]\nNumber=%u\nType=%s\nRank=%s\nIdentity=%s\n", d->name, d->id,
                id->type == DEVICE_CHANGER ? "changer" : "tape", identity_rank_name(id->rank), id->key);
        fprintf(out, "Vendor=%s\nProduct=%s\nRevision=%s\nSerial=%s\n", id->vendor, id->product, id->revision,
                id->serial);
        if (id->address[0] != '\0')
                fprintf(out, "Address=%s\n", id->address);
        fprintf(out, "Hold=%s\nFirstSeen=%llu\nLastSeen=%llu\n", d->hold ? "yes" : "no",
                (unsigned long long) d->first_seen, (unsigned long long) d->last_seen);
}

static int print_bays(Registry *r, FILE *out)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code, error;

        error = registry_prepare(r,
                                 "SELECT l.name, b.element, b.ordinal, d.name FROM bay b"
                                 " JOIN device l ON l.id = b.library LEFT JOIN device d ON d.id = b.device"
                                 " ORDER BY b.library, b.element",
                                 &statement);
        if (error < 0)
                return error;
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                const char *drive = (const char *) sqlite3_column_text(statement, 3);

                fprintf(out, "\n[Bay]\nLibrary=%s\nElement=%d\nNumber=%d\nDrive=%s\n",
                        (const char *) sqlite3_column_text(statement, 0), sqlite3_column_int(statement, 1),
                        sqlite3_column_int(statement, 2), drive ? drive : "");
        }
        return schema_error(code);
}

static int print_reserved(Registry *r, FILE *out)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code, error;

        error = registry_prepare(r,
                                 "SELECT u.name, u.device FROM used_name u WHERE NOT EXISTS"
                                 " (SELECT 1 FROM device d WHERE d.name = u.name) ORDER BY u.name",
                                 &statement);
        if (error < 0)
                return error;
        while ((code = sqlite3_step(statement)) == SQLITE_ROW)
                fprintf(out, "\n[Reserved \"%s\"]\nNumber=%lld\n",
                        (const char *) sqlite3_column_text(statement, 0),
                        (long long) sqlite3_column_int64(statement, 1));
        return schema_error(code);
}

int portable_export(Registry *r, FILE *out)
{
        _cleanup_free_ RegistryDevice *devices = NULL;
        size_t n;
        int error;

        error = registry_list(r, &devices, &n);
        if (error < 0)
                return error;
        fprintf(out, PORTABLE_HEADER "\n");
        for (size_t i = 0; i < n; i++)
                print_device(out, &devices[i]);
        error = print_bays(r, out);
        if (error >= 0)
                error = print_reserved(r, out);
        return error < 0 ? error : ferror(out) ? -EIO : 0;
}

/* ---- adding ---- */

_printf_(3, 4) static void conflict(Import *im, const Item *item, const char *format, ...)
{
        va_list ap;

        fprintf(im->report, "%s: refused: ", item->device.name[0] ? item->device.name : item->library);
        va_start(ap, format);
        vfprintf(im->report, format, ap);
        va_end(ap);
        fputc('\n', im->report);
        im->n_conflicts++;
}

static bool is_same(const RegistryDevice *d, const Identity *id)
{
        return d->identity.type == id->type &&
               (d->identity.rank == IDENTITY_NONE ? id->rank == IDENTITY_NONE
                                                  : identity_equal(&d->identity, id));
}

/* 1: to be added; 0: it is there, or refused. */
static int plan_device(Registry *r, Import *im, const Item *item)
{
        const Identity *id = &item->device.identity;
        RegistryDevice d;
        uint32_t owner;
        int error;

        error = registry_find_name(r, item->device.name, &d);
        if (error >= 0 && is_same(&d, id)) {
                fprintf(im->report, "%s: is there\n", item->device.name);
                return 0;
        }
        if (error >= 0) {
                conflict(im, item,
                         "it is the name of serial number %s here, and of %s in the file; forget, rename or "
                         "replace it first",
                         d.identity.serial, id->serial);
                return 0;
        }
        if (error != -ENOENT)
                return error;
        error = registry_find(r, id, &d);
        if (error >= 0 || error == -ENOTUNIQ) {
                conflict(im, item, "serial number %s is called %s here; rename or forget it first",
                         id->serial, error >= 0 ? d.name : "something else");
                return 0;
        }
        if (error != -ENOENT)
                return error;
        error = registry_find_owner(r, item->device.name, &owner);
        if (error >= 0) {
                conflict(im, item, "the name is reserved here for a device that had it; forget it first");
                return 0;
        }
        return error == -ENOENT ? 1 : error;
}

static int add_device(Registry *r, Import *im, Item *item)
{
        RegistryDevice other;
        int error;

        error = registry_find_id(r, item->device.id, &other);
        if (error >= 0)
                item->device.id = 0; /* the number is another's; only a held LUN would need this one */
        if (error < 0 && error != -ENOENT)
                return error;
        error = device_insert(r, &item->device, "");
        if (error < 0)
                return error;
        fprintf(im->report, "%s: added, serial number %s\n", item->device.name, item->device.identity.serial);
        im->n_added++;
        return 0;
}

static int add_reserved(Registry *r, Import *im, const Item *item)
{
        int given = name_is_given(r, item->device.name), error;

        if (given != 0)
                return given < 0 ? given : 0;
        error = registry_run(r, "INSERT INTO used_name (device, name) VALUES (?1, ?3)", item->device.id, 0,
                             item->device.name);
        if (error < 0)
                return error;
        fprintf(im->report, "%s: reserved\n", item->device.name);
        im->n_added++;
        return 0;
}

static int add_bay(Registry *r, Import *im, const Item *item)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        RegistryDevice library, drive = {0};
        int error;

        error = registry_find_name(r, item->library, &library);
        if (error == -ENOENT || (error >= 0 && library.identity.type != DEVICE_CHANGER)) {
                conflict(im, item, "there is no library %s for its bay %u", item->library,
                         item->device.element);
                return 0;
        }
        if (error >= 0 && item->device.name[0] != '\0')
                error = registry_find_name(r, item->device.name, &drive);
        if (error == -ENOENT) {
                conflict(im, item, "bay %u of %s names it, and there is no such device", item->device.element,
                         item->library);
                return 0;
        }
        if (error >= 0)
                error = registry_prepare(r,
                                         "INSERT INTO bay (library, element, ordinal, device)"
                                         " VALUES (?1, ?2, ?3, nullif(?4, 0)) ON CONFLICT DO NOTHING",
                                         &statement);
        if (error < 0)
                return error;
        (void) sqlite3_bind_int64(statement, 1, library.id);
        (void) sqlite3_bind_int(statement, 2, item->device.element);
        (void) sqlite3_bind_int64(statement, 3, item->ordinal);
        (void) sqlite3_bind_int64(statement, 4, drive.id);
        error = statement_step_once(statement);
        im->n_added += error >= 0 && sqlite3_changes(r->db) > 0;
        return error;
}

static int add_all(Registry *r, Import *im, ItemKind kind)
{
        int error = 0;

        for (size_t i = 0; i < im->n_items && error >= 0; i++) {
                Item *item = &im->items[i];

                if (item->kind != kind)
                        continue;
                if (kind == ITEM_DEVICE) {
                        error = plan_device(r, im, item);
                        if (error > 0)
                                error = add_device(r, im, item);
                } else {
                        error = kind == ITEM_BAY ? add_bay(r, im, item) : add_reserved(r, im, item);
                }
        }
        return error;
}

/* -ECANCELED undoes what a dry run has done. */
typedef struct Run {
        Import *import;
        bool dry;
} Run;

static int import_items(Registry *r, void *userdata)
{
        const Run *run = userdata;
        Import *im = run->import;
        int error;

        error = add_all(r, im, ITEM_DEVICE);
        if (error >= 0)
                error = add_all(r, im, ITEM_BAY);
        if (error >= 0)
                error = add_all(r, im, ITEM_RESERVED);
        if (error < 0)
                return error;
        return im->n_conflicts > 0 ? -EEXIST : run->dry ? -ECANCELED : 0;
}

int portable_import(Registry *r, const char *text, size_t n_text, bool dry_run, FILE *report)
{
        Import im = {.report = report};
        Run run = {.import = &im, .dry = dry_run};
        int error;

        if (n_text > PORTABLE_SIZE_MAX)
                return -E2BIG;
        error = portable_read(&im, text, n_text);
        if (error >= 0)
                error = registry_transaction(r, import_items, &run);
        free(im.items);
        if (error < 0 && error != -ECANCELED)
                return error;
        return im.n_added > 0;
}
