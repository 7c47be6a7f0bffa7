/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A name becomes a file name under /dev, a udev property and a word on command lines, so it holds nothing
 * that any of them would take for something else. */

#include "names/name.h"

#include <stdio.h>
#include <string.h>

#include "names/links.h"
#include "names/registry.h"
#include "util/cleanup.h"

const char *name_prefix(DeviceType type)
{
        return type == DEVICE_CHANGER ? "lib" : "drive";
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "nst0", "sg3": a person who says so means the node. */
static bool is_node(const char *name)
{
        static const char *const nodes[] = {"st", "nst", "sg", "sch", "bsg"};

        for (size_t i = 0; i < ELEMENTSOF(nodes); i++) {
                size_t n = strlen(nodes[i]);

                if (strncmp(name, nodes[i], n) == 0 && is_digit(name[n]) &&
                    name[n + strspn(name + n, "0123456789")] == '\0')
                        return true;
        }
        return false;
}

bool name_is_valid(const char *name)
{
        size_t n = strlen(name);

        if (n == 0 || n >= NAME_LENGTH_MAX || !is_alphanumeric(name[0]))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!is_alphanumeric(name[i]) && name[i] != '.' && name[i] != '_' && name[i] != '-')
                        return false;
        return !links_suffix_of(name) && !is_node(name);
}

/* Length of the digits at p without leading zeros; *p is moved to the first that counts. */
static size_t take_number(const char **p)
{
        size_t n = 0;

        while (**p == '0')
                (*p)++;
        while (is_digit((*p)[n]))
                n++;
        return n;
}

int name_compare(const char *a, const char *b)
{
        const char *p = a, *q = b;

        while (*p != '\0' && *q != '\0') {
                if (is_digit(*p) && is_digit(*q)) {
                        size_t n = take_number(&p), m = take_number(&q);
                        int r = n != m ? (n > m) - (n < m) : strncmp(p, q, n);

                        if (r != 0)
                                return r;
                        p += n;
                        q += m;
                } else if (*p == *q) {
                        p++;
                        q++;
                } else {
                        break;
                }
        }
        if (*p != *q)
                return (unsigned char) *p - (unsigned char) *q;
        return strcmp(a, b); /* "drive01" and "drive1" */
}
