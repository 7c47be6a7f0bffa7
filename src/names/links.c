/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of links, for the udev helper that has them made and for whoever shows them. */

#include "names/links.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

#define LINK_DIR "tape/by-name"

typedef struct LinkRule {
        DeviceType type;
        const char *node; /* before its number */
        const char *suffix;
} LinkRule;

/* The plain name is the rewinding tape, as in /dev/tape/by-id. */
static const LinkRule rules[] = {
        {DEVICE_TAPE, "st", ""},         {DEVICE_TAPE, "nst", "-nst"},
        {DEVICE_TAPE, "sg", "-sg"},      {DEVICE_CHANGER, "sg", "-changer"},
        {DEVICE_CHANGER, "sch", "-sch"},
};

int links_format(char *dst, DeviceType type, const char *node, const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(rules); i++) {
                const LinkRule *rule = &rules[i];
                const char *number = node + strlen(rule->node);

                if (rule->type != type || strncmp(node, rule->node, strlen(rule->node)) != 0 ||
                    *number == '\0' || number[strspn(number, "0123456789")] != '\0')
                        continue;
                snprintf(dst, LINK_LENGTH_MAX, LINK_DIR "/%s%s", name, rule->suffix);
                return 0;
        }
        return -ENOENT;
}

const char *links_suffix_of(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(rules); i++) {
                size_t n = strlen(name), n_suffix = strlen(rules[i].suffix);

                if (n_suffix > 0 && n >= n_suffix && strcmp(name + n - n_suffix, rules[i].suffix) == 0)
                        return rules[i].suffix;
        }
        return NULL;
}
