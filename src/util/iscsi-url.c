/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Parsed by hand and not by iscsi_parse_full_url(), which takes a password in the URL, a LUN that is no
 * number, and cuts what is too long. */

#include "util/iscsi-url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define SCHEME "iscsi://"

static int refuse(const char **ret_why, const char *why)
{
        *ret_why = why;
        return -EINVAL;
}

/* Decimal digits and nothing else, up to most. */
static int parse_number(const char *text, size_t n, unsigned most, unsigned *ret)
{
        unsigned v = 0;

        if (n == 0 || n > 5)
                return -EINVAL;
        for (size_t i = 0; i < n; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return -EINVAL;
                v = 10 * v + (unsigned) (text[i] - '0');
        }
        if (v > most)
                return -EINVAL;
        *ret = v;
        return 0;
}

static bool is_printable(const char *text, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if ((unsigned char) text[i] <= 0x20 || (unsigned char) text[i] >= 0x7f)
                        return false;
        return true;
}

static int take(char *dst, size_t n_dst, const char *text, size_t n)
{
        if (n == 0 || n >= n_dst || !is_printable(text, n))
                return -EINVAL;
        memcpy(dst, text, n);
        dst[n] = '\0';
        return 0;
}

bool iscsi_host_is_address(const char *host)
{
        uint8_t address[16];

        return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

bool iscsi_name_is_valid(const char *name)
{
        static const char *const kinds[] = {"iqn.", "eui.", "naa."};
        size_t n = strlen(name);

        if (n < 5 || n >= ISCSI_NAME_MAX)
                return false;
        /* lower case after the preparation that 4.2.7.2 asks for; what a target is really called is its
         * affair, so only what would break a URL or a terminal is refused */
        if (!is_printable(name, n) || strpbrk(name, "/\\\"'"))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (strncmp(name, kinds[i], 4) == 0)
                        return true;
        return false;
}

/* text: HOST[:PORT] or [ADDRESS][:PORT], n bytes. */
static int parse_portal(const char *text, size_t n, IscsiUrl *u, const char **ret_why)
{
        const char *host = text, *end = memchr(text, ':', n), *last = text + n;
        unsigned port = ISCSI_PORT;

        if (n > 0 && *text == '[') {
                host = text + 1;
                end = memchr(text, ']', n);
                if (!end)
                        return refuse(ret_why, "the ']' after the IPv6 address is missing");
                last = end + 1;
        } else {
                last = end = end ? end : text + n;
        }
        if (last < text + n && *last != ':')
                return refuse(ret_why, "after the host comes ':' and the port");
        if (take(u->host, sizeof(u->host), host, (size_t) (end - host)) < 0)
                return refuse(ret_why, "the host is missing or no host");
        if (*text == '[' && (!strchr(u->host, ':') || !iscsi_host_is_address(u->host)))
                return refuse(ret_why, "what is in [] is no IPv6 address");
        if (strpbrk(u->host, "/@[],"))
                return refuse(ret_why, "the host is missing or no host");
        if (last < text + n &&
            (parse_number(last + 1, (size_t) (text + n - last - 1), 65535, &port) < 0 || port == 0))
                return refuse(ret_why, "the port is a number from 1 to 65535");
        u->port = (uint16_t) port;
        return 0;
}

int iscsi_portal_parse(const char *text, IscsiUrl *ret, const char **ret_why)
{
        IscsiUrl u = {.lun = ISCSI_ALL_LUNS};
        int r = parse_portal(text, strlen(text), &u, ret_why);

        if (r >= 0)
                *ret = u;
        return r;
}

static int parse_user(const char **text, const char *slash, IscsiUrl *u, const char **ret_why)
{
        const char *at = memchr(*text, '@', (size_t) (slash - *text));

        if (!at)
                return 0;
        if (memchr(*text, '%', (size_t) (at - *text)) || memchr(*text, ':', (size_t) (at - *text)))
                return refuse(ret_why, "no password belongs there: it goes into iscsi.secrets");
        if (take(u->user, sizeof(u->user), *text, (size_t) (at - *text)) < 0)
                return refuse(ret_why, "the user is missing, too long, or not printable");
        *text = at + 1;
        return 0;
}

int iscsi_url_parse(const char *text, IscsiUrl *ret, const char **ret_why)
{
        IscsiUrl u = {.lun = ISCSI_ALL_LUNS};
        const char *slash, *end;
        unsigned lun;
        int r;

        if (strncmp(text, SCHEME, strlen(SCHEME)) != 0)
                return refuse(ret_why, "it begins with iscsi://");
        text += strlen(SCHEME);
        slash = strchr(text, '/');
        if (!slash)
                return refuse(ret_why, "after the host comes '/' and the target's name");
        r = parse_user(&text, slash, &u, ret_why);
        if (r >= 0)
                r = parse_portal(text, (size_t) (slash - text), &u, ret_why);
        if (r < 0)
                return r;
        text = slash + 1;
        end = strchr(text, '/');
        if (take(u.target, sizeof(u.target), text, end ? (size_t) (end - text) : strlen(text)) < 0 ||
            !iscsi_name_is_valid(u.target))
                return refuse(ret_why, "the target's name begins with iqn., eui. or naa.");
        if (end) {
                if (parse_number(end + 1, strlen(end + 1), ISCSI_LUN_MAX, &lun) < 0)
                        return refuse(ret_why, "the LUN is a number from 0 to 32767");
                u.lun = (int) lun;
        }
        *ret = u;
        return 0;
}

char *iscsi_portal_format(const char *host, uint16_t port, char *dst)
{
        bool v6 = strchr(host, ':') != NULL;

        snprintf(dst, ISCSI_PORTAL_MAX, "%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "", port);
        return dst;
}

char *iscsi_url_format(const IscsiUrl *url, char *dst)
{
        char portal[ISCSI_PORTAL_MAX], lun[16] = "";

        if (url->lun != ISCSI_ALL_LUNS)
                snprintf(lun, sizeof(lun), "/%d", url->lun);
        snprintf(dst, ISCSI_URL_MAX, SCHEME "%s%s%s/%s%s", url->user, url->user[0] ? "@" : "",
                 iscsi_portal_format(url->host, url->port, portal), url->target, lun);
        return dst;
}
