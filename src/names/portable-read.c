/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names as text are read as what a stranger wrote: every length, name and number is checked before anything
 * is believed, and one line that is not understood refuses all of them. */

#include "names/portable-read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names/name.h"
#include "util/text.h"

#define N_LINE_MAX  512
#define N_ITEMS_MAX 100000

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
                im->has_header = text_equal(line, PORTABLE_HEADER);
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

int portable_read(Import *im, const char *text, size_t n_text)
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
