/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What becomes of a request: decided before anything is asked of evertaped. Pure. */

#include <stdbool.h>
#include <stddef.h>

typedef enum Page {
        PAGE_NONE,
        PAGE_INDEX,   /* / */
        PAGE_PARTS,   /* /parts: what changes in it */
        PAGE_STYLE,   /* /style.css */
        PAGE_SCRIPT,  /* /page.js */
        PAGE_MAP,     /* /map.svg */
        PAGE_STATUS,  /* /status.json */
        PAGE_METRICS, /* /metrics */
        _PAGE_MAX,
} Page;

typedef struct Decision {
        unsigned status; /* of HTTP; 200: page is to be made */
        Page page;
        const char *text; /* of an error, for a person */
} Decision;

typedef struct HostRule {
        bool any; /* a UNIX socket: no browser can be led to it */
        char *const *names;
        size_t n_names; /* beside localhost and the addresses of loopback */
} HostRule;

/* host: the Host header, NULL if there was none. */
Decision request_decide(const char *method, const char *path, const char *host, const HostRule *rule);

/* Type of a page's content, and what a browser may do with it. */
const char *page_content_type(Page page);
const char *page_policy(Page page);
