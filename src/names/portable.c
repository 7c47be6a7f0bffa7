/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The text form of the registry: sections and Key=Value, a line each, as in evertape.conf. Nothing in it
 * needs quoting, since names and keys are made of safe characters and the words of devices have lost all
 * others. It is read as what a stranger wrote: every length, name and number is checked before anything is
 * believed.
 *
 * An import adds and never changes: what the registry knows is what programs use now. */

#include "names/portable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names/name.h"
#include "names/schema.h"
#include "names/statement.h"
#include "util/text.h"

#define HEADER      "# evertape names, version 1"
#define N_LINE_MAX  512
#define N_ITEMS_MAX 100000

typedef enum ItemKind {
        ITEM_DEVICE,
        ITEM_BAY,
        ITEM_RESERVED,
} ItemKind;

typedef struct Item {
        ItemKind kind;
        unsigned line;
        RegistryDevice device; /* of a bay: the name of its drive, or "" */
        char library[NAME_LENGTH_MAX];
        unsigned ordinal;
        bool add;
} Item;

typedef struct Import {
        FILE *report;
        Item *items;
        size_t n_items;
        unsigned line;
        bool has_header;
        unsigned n_conflicts, n_added;
} Import;

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
        fprintf(out, HEADER "\n");
        for (size_t i = 0; i < n; i++)
                print_device(out, &devices[i]);
        error = print_bays(r, out);
        if (error >= 0)
                error = print_reserved(r, out);
        return error < 0 ? error : ferror(out) ? -EIO : 0;
}

/* ---- reading ---- */

static int bad_line(Import *im, const char *why)
{
        fprintf(im->report, "line %u: %s\n", im->line, why);
        return -EBADMSG;
}

static bool parse_number(const char *text, uint64_t max, uint64_t *ret)
{
        char *end;

        if (*text < '0' || *text > '9')
                return false;
        errno = 0;
        *ret = strtoull(text, &end, 10);
        return errno == 0 && *end == '\0' && *ret <= max;
}

static bool is_printable(const char *text)
{
        for (; *text != '\0'; text++)
                if (*text < ' ' || *text > '~')
                        return false;
        return true;
}

/* What key.h says a key is made of. */
static bool is_key(const char *text)
{
        return is_printable(text) && !strpbrk(text, " /");
}

/* A text that must fit. */
static bool take_text(char *dst, size_t n_dst, const char *value, bool key)
{
        if (strlen(value) >= n_dst || !(key ? is_key(value) : is_printable(value)))
                return false;
        memcpy(dst, value, strlen(value) + 1);
        return true;
}

static bool take_rank(Item *item, const char *value)
{
        for (unsigned rank = 0; rank <= IDENTITY_NONE; rank++)
                if (text_equal(identity_rank_name(rank), value)) {
                        item->device.identity.rank = rank;
                        return true;
                }
        return false;
}

static bool take_type(Item *item, const char *value)
{
        item->device.identity.type = text_equal(value, "tape") ? DEVICE_TAPE : DEVICE_CHANGER;
        return text_equal(value, "tape") || text_equal(value, "changer");
}

static bool take_name(char *dst, const char *value, bool may_be_empty)
{
        return (may_be_empty && *value == '\0' ? true : name_is_valid(value)) &&
               take_text(dst, NAME_LENGTH_MAX, value, true);
}

static bool take_device_number(RegistryDevice *d, const char *key, const char *value, bool *ret_known)
{
        bool is_id = text_equal(key, "Number"), is_first = text_equal(key, "FirstSeen");
        uint64_t number;

        *ret_known = is_id || is_first || text_equal(key, "LastSeen");
        if (!*ret_known || !parse_number(value, is_id ? INT32_MAX : INT64_MAX, &number))
                return false;
        if (is_id)
                d->id = (uint32_t) number;
        else
                *(is_first ? &d->first_seen : &d->last_seen) = number;
        return !is_id || number > 0;
}

static bool take_device_key(Item *item, const char *key, const char *value, bool *ret_known)
{
        RegistryDevice *d = &item->device;
        Identity *id = &d->identity;
        const struct {
                const char *key;
                char *dst;
                size_t n_dst;
                bool is_key;
        } texts[] = {
                {"Identity", id->key, sizeof(id->key), true},
                {"Vendor", id->vendor, sizeof(id->vendor), false},
                {"Product", id->product, sizeof(id->product), false},
                {"Revision", id->revision, sizeof(id->revision), false},
                {"Serial", id->serial, sizeof(id->serial), false},
                {"Address", id->address, sizeof(id->address), true},
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (text_equal(key, texts[i].key))
                        return take_text(texts[i].dst, texts[i].n_dst, value, texts[i].is_key);
        if (text_equal(key, "Type"))
                return take_type(item, value);
        if (text_equal(key, "Rank"))
                return take_rank(item, value);
        if (text_equal(key, "Hold")) {
                d->hold = text_equal(value, "yes");
                return d->hold || text_equal(value, "no");
        }
        return take_device_number(d, key, value, ret_known);
}

static bool take_bay_key(Item *item, const char *key, const char *value, bool *ret_known)
{
        uint64_t number;

        if (text_equal(key, "Library"))
                return take_name(item->library, value, false);
        if (text_equal(key, "Drive"))
                return take_name(item->device.name, value, true);
        *ret_known = text_equal(key, "Element") || text_equal(key, "Number");
        if (!*ret_known || !parse_number(value, UINT16_MAX, &number))
                return false;
        if (*key == 'E')
                item->device.element = (uint16_t) number;
        else
                item->ordinal = (unsigned) number;
        return true;
}

static int take_key(Import *im, char *line)
{
        char *value = strchr(line, '=');
        bool known = true, good;
        Item *item;

        if (!value)
                return bad_line(im, "neither a section nor Key=Value");
        if (im->n_items == 0)
                return bad_line(im, "outside of a section");
        *value++ = '\0';
        item = &im->items[im->n_items - 1];
        if (item->kind == ITEM_RESERVED && !text_equal(line, "Number"))
                return bad_line(im, "unknown key");
        good = item->kind == ITEM_BAY ? take_bay_key(item, line, value, &known)
                                      : take_device_key(item, line, value, &known);
        if (good)
                return 0;
        return bad_line(im, known ? "this value cannot be" : "unknown key");
}

static int take_section(Import *im, char *line)
{
        static const struct {
                const char *begin;
                ItemKind kind;
        } kinds[] = {{"[Device \"", ITEM_DEVICE}, {"[Reserved \"", ITEM_RESERVED}};
        Item item = {.kind = ITEM_BAY, .line = im->line, .device.identity.rank = IDENTITY_NONE};
        bool known = text_equal(line, "[Bay]");
        Item *grown;

        for (size_t i = 0; i < ELEMENTSOF(kinds) && !known; i++) {
                size_t n = strlen(kinds[i].begin), n_line = strlen(line);

                if (strncmp(line, kinds[i].begin, n) != 0 || n_line < n + 3 ||
                    strcmp(line + n_line - 2, "\"]") != 0)
                        continue;
                line[n_line - 2] = '\0';
                item.kind = kinds[i].kind;
                known = take_name(item.device.name, line + n, false);
                if (!known)
                        return bad_line(im, "this is no name");
        }
        if (!known)
                return bad_line(im, "unknown section");
        if (im->n_items >= N_ITEMS_MAX)
                return bad_line(im, "too many sections");
        grown = reallocarray(im->items, im->n_items + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        im->items = grown;
        im->items[im->n_items++] = item;
        return 0;
}

static int take_line(Import *im, const char *begin, size_t n)
{
        char line[N_LINE_MAX];

        if (n > 0 && begin[n - 1] == '\r')
                n--;
        if (n >= sizeof(line) || memchr(begin, '\0', n))
                return bad_line(im, "too long, or not text");
        memcpy(line, begin, n);
        line[n] = '\0';
        if (im->line == 1) {
                im->has_header = text_equal(line, HEADER);
                return im->has_header
                               ? 0
                               : bad_line(im, "this is no export of evertape's names, or of a newer one");
        }
        if (line[0] == '\0' || line[0] == '#')
                return 0;
        return line[0] == '[' ? take_section(im, line) : take_key(im, line);
}

static int check_item(Import *im, const Item *item)
{
        const Identity *id = &item->device.identity;

        im->line = item->line;
        if (item->kind == ITEM_DEVICE && id->type != DEVICE_TAPE && id->type != DEVICE_CHANGER)
                return bad_line(im, "Type= is missing");
        if (item->kind == ITEM_DEVICE && (id->rank == IDENTITY_NONE) != (id->key[0] == '\0'))
                return bad_line(im, "Rank= and Identity= do not fit");
        if (item->kind != ITEM_BAY && item->device.id == 0)
                return bad_line(im, "Number= is missing");
        if (item->kind == ITEM_BAY && item->library[0] == '\0')
                return bad_line(im, "Library= is missing");
        return 0;
}

static int parse(Import *im, const char *text, size_t n_text)
{
        int r = 0;

        for (size_t at = 0; at < n_text && r >= 0;) {
                const char *end = memchr(text + at, '\n', n_text - at);
                size_t n = end ? (size_t) (end - text) - at : n_text - at;

                im->line++;
                r = take_line(im, text + at, n);
                at += n + 1;
        }
        if (r >= 0 && !im->has_header)
                r = bad_line(im, "empty");
        for (size_t i = 0; i < im->n_items && r >= 0; i++)
                r = check_item(im, &im->items[i]);
        return r;
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
        error = parse(&im, text, n_text);
        if (error >= 0)
                error = registry_transaction(r, import_items, &run);
        free(im.items);
        if (error < 0 && error != -ECANCELED)
                return error;
        return im.n_added > 0;
}
