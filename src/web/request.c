/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A page of another site can have its own name resolve to 127.0.0.1 and read what is served there (DNS
 * rebinding): the browser then sends that name as Host, so only names that are meant are answered (RFC
 * 9110 7.4, 421). */

#include "web/request.h"

#include <string.h>
#include <strings.h>

#include "util/cleanup.h"
#include "util/text.h"
#include "view/openmetrics.h"

#define POLICY "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static const struct {
        const char *path, *type, *policy;
} pages[_PAGE_MAX] = {
        [PAGE_INDEX] = {"/", "text/html; charset=utf-8",
                        POLICY "; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"},
        [PAGE_PARTS] = {"/parts", "text/html; charset=utf-8", POLICY},
        [PAGE_STYLE] = {"/style.css", "text/css; charset=utf-8", POLICY},
        [PAGE_SCRIPT] = {"/page.js", "text/javascript; charset=utf-8", POLICY},
        /* its colours are in the picture itself, so that it may be saved */
        [PAGE_MAP] = {"/map.svg", "image/svg+xml; charset=utf-8", POLICY "; style-src 'unsafe-inline'"},
        [PAGE_STATUS] = {"/status.json", "application/json", POLICY},
        [PAGE_METRICS] = {"/metrics", OPENMETRICS_CONTENT_TYPE, POLICY},
};

/* Without the port. */
static size_t host_length(const char *host)
{
        const char *end = host[0] == '[' ? strchr(host, ']') : NULL;

        return end ? (size_t) (end + 1 - host) : strcspn(host, ":");
}

static bool is_named(const char *host, size_t n, const char *name)
{
        return strlen(name) == n && strncasecmp(host, name, n) == 0;
}

static bool port_is_one(const char *text)
{
        return text[0] == '\0' || (text[0] == ':' && strspn(text + 1, "0123456789") == strlen(text + 1));
}

static bool is_meant(const char *host, const HostRule *rule)
{
        static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};
        size_t n;

        if (rule->any)
                return true;
        if (!host)
                return false;
        n = host_length(host);
        if (!port_is_one(host + n))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(loopback); i++)
                if (is_named(host, n, loopback[i]))
                        return true;
        for (size_t i = 0; i < rule->n_names; i++)
                if (is_named(host, n, rule->names[i]))
                        return true;
        return false;
}

Decision request_decide(const char *method, const char *path, const char *host, const HostRule *rule)
{
        if (!is_meant(host, rule))
                return (Decision){.status = 421,
                                  .text = "This is not a name of this server. To allow it: evertape-web "
                                          "--allow-host, see evertape-web(8).\n"};
        if (!text_equal(method, "GET") && !text_equal(method, "HEAD"))
                return (Decision){.status = 405, .text = "Nothing can be changed here: GET and HEAD only.\n"};
        for (Page p = 0; p < _PAGE_MAX; p++)
                if (pages[p].path && text_equal(pages[p].path, path))
                        return (Decision){.status = 200, .page = p};
        return (Decision){.status = 404,
                          .text = "There is no such page. There are: / /map.svg /status.json /metrics\n"};
}

const char *page_content_type(Page page)
{
        return pages[page].type ? pages[page].type : "text/plain; charset=utf-8";
}

const char *page_policy(Page page)
{
        return pages[page].policy ? pages[page].policy : POLICY;
}
