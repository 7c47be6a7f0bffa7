/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A path is known by where it leads; by-name links by their text, since a link of a device that is away leads
 * nowhere and is right all the same; by-id links that lead nowhere by the serial number that is in them. */

#include "configure/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

#define BY_NAME "/dev/tape/by-name/"
#define BY_ID   "/dev/tape/by-id/"

static const char *const suffixes[_PLACE_ROLE_MAX] = {
        [ROLE_DRIVE] = "-nst",
        [ROLE_DRIVE_GENERIC] = "-sg",
        [ROLE_CHANGER] = "-changer",
};

/* What else a link by name may end with (src/names/links.c). */
static const char *const forms[] = {"-nst", "-sg", "-changer", "-sch", ""};

/* How names of the kernel's nodes begin. */
static const char *const nodes[] = {"nst", "st", "sg", "sch"};

char *place_name(char *dst, const TapeFact *device, PlaceRole role)
{
        snprintf(dst, PLACE_LENGTH_MAX, BY_NAME "%s%s", device->name, suffixes[role]);
        return dst;
}

static bool begins(const char *text, const char *with)
{
        return strncmp(text, with, strlen(with)) == 0;
}

/* name and suffix together are text. */
static bool is_composed(const char *text, const char *name, const char *suffix)
{
        size_t n = strlen(name);

        return strncmp(text, name, n) == 0 && text_equal(text + n, suffix);
}

static Place judge_named(const TapeFacts *facts, const char *link, PlaceRole role)
{
        for (size_t i = 0; i < facts->n_items; i++) {
                const TapeFact *d = &facts->items[i];

                if (d->changer == (role == ROLE_CHANGER) && is_composed(link, d->name, suffixes[role]))
                        return (Place){PLACE_NAMED, d};
        }
        for (size_t i = 0; i < facts->n_items; i++)
                for (size_t k = 0; k < ELEMENTSOF(forms); k++)
                        if (is_composed(link, facts->items[i].name, forms[k]))
                                return (Place){PLACE_FORM, &facts->items[i]};
        return (Place){PLACE_MISSING, NULL};
}

/* "nst" of "nst0a": the kernel has four of each, for four settings. */
static bool is_tape_node(const char *node, const char *like)
{
        size_t n = strlen(like);

        if (node[0] == 'n')
                node++;
        if (like[0] == 'n') {
                like++;
                n--;
        }
        return begins(like, "st") && strncmp(node, like, n) == 0 &&
               (node[n] == '\0' || (strchr("alm", node[n]) && node[n + 1] == '\0'));
}

static bool is_node_of(const TapeFact *d, const char *path)
{
        if (!path[0])
                return false;
        if (text_equal(path, d->node) || text_equal(path, d->generic) || text_equal(path, d->sch) ||
            text_equal(path, d->real))
                return true;
        return begins(path, "/dev/") && begins(d->node, "/dev/") && is_tape_node(path + 5, d->node + 5);
}

static bool looks_like_tape(const char *path)
{
        const char *node = path + 5;

        if (!begins(path, "/dev/"))
                return false;
        if (begins(path, "/dev/tape/"))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(nodes); i++)
                if (begins(node, nodes[i]) && strspn(node + strlen(nodes[i]), "0123456789") > 0)
                        return true;
        return false;
}

/* By the serial number in a by-id link: the only device of which it contains it. */
static const TapeFact *find_by_serial(const TapeFacts *facts, const char *link, bool changer)
{
        const TapeFact *found = NULL;

        for (size_t i = 0; i < facts->n_items; i++) {
                const TapeFact *d = &facts->items[i];

                if (d->changer != changer || strlen(d->serial) < 4 || !strstr(link, d->serial))
                        continue;
                if (found)
                        return NULL;
                found = d;
        }
        return found;
}

static Place judge_lost(const TapeFacts *facts, const char *path, PlaceRole role)
{
        const TapeFact *d = NULL;

        if (!begins(path, "/dev/"))
                return (Place){PLACE_OTHER, NULL};
        if (begins(path, BY_ID))
                d = find_by_serial(facts, path + strlen(BY_ID), role == ROLE_CHANGER);
        return (Place){d ? PLACE_IDENTITY : PLACE_MISSING, d};
}

int place_judge(const TapeFacts *facts, const char *path, PlaceRole role, PlaceResolve resolve,
                void *userdata, Place *ret)
{
        _cleanup_free_ char *node = NULL;
        int r;

        if (begins(path, BY_NAME)) {
                *ret = judge_named(facts, path + strlen(BY_NAME), role);
                return 0;
        }
        r = resolve(userdata, path, &node);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                *ret = judge_lost(facts, path, role);
                return 0;
        }
        for (size_t i = 0; i < facts->n_items; i++)
                if (is_node_of(&facts->items[i], node)) {
                        *ret = (Place){begins(path, BY_ID) ? PLACE_IDENTITY : PLACE_NODE, &facts->items[i]};
                        return 0;
                }
        *ret = (Place){looks_like_tape(node) ? PLACE_UNKNOWN : PLACE_OTHER, NULL};
        return 0;
}
