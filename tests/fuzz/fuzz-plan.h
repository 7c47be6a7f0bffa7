/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Any text as the configuration of a backup program: all bytes of it stay but those that edits replace, and
 * the edits fit into it. It includes itself under any name. */

#include <errno.h>
#include <string.h>

#include "configure/plan.h"
#include "fuzz.h"

typedef struct PlanInput {
        const uint8_t *data;
        size_t n;
} PlanInput;

static int load_input(void *userdata, const char *path, char **ret, size_t *ret_n)
{
        const PlanInput *input = userdata;
        char *text = malloc(input->n + 1);

        if (!text)
                return -ENOMEM;
        if (input->n > 0)
                memcpy(text, input->data, input->n);
        text[input->n] = '\0';
        *ret = text;
        *ret_n = input->n;
        return 0;
}

static int resolve_input(void *userdata, const char *path, char **ret)
{
        if (strlen(path) % 5 == 4)
                return -ENOENT;
        *ret = strdup(path);
        return *ret ? 0 : -ENOMEM;
}

static void check_plan(const uint8_t *data, size_t n_data,
                       int (*make)(const PlanWorld *, const char *, Plan **))
{
        static const TapeFact items[] = {
                {.name = "lib1",
                 .changer = true,
                 .serial = "LIB0001",
                 .node = "/dev/sg3",
                 .generic = "/dev/sg3",
                 .sch = "",
                 .real = "",
                 .library = "",
                 .bay = BAY_NONE},
                {.name = "lib1-drive1",
                 .serial = "DRV0001",
                 .node = "/dev/nst0",
                 .generic = "/dev/sg1",
                 .sch = "",
                 .real = "",
                 .library = "lib1",
                 .bay = 256},
                {.name = "lib1-drive2",
                 .serial = "DRV0002",
                 .node = "/dev/nst1",
                 .generic = "/dev/sg2",
                 .sch = "",
                 .real = "",
                 .library = "lib1",
                 .bay = 257},
        };
        const TapeFacts facts = {items, ELEMENTSOF(items)};
        PlanInput input = {data, n_data};
        PlanWorld w = {.load = load_input, .resolve = resolve_input, .userdata = &input, .facts = &facts};
        _cleanup_(plan_freep) Plan *p = NULL;
        int r = make(&w, "/main", &p);

        if (r < 0) {
                fuzz_check(r == -ELOOP);
                return;
        }
        for (size_t i = 0; i < p->conf->n_files; i++) {
                _cleanup_free_ char *new = NULL;
                const ConfFile *f = &p->conf->files[i];
                size_t n = 0;

                fuzz_check(edit_apply(&f->edits, f->text, f->n_text, &new, &n) == 0);
        }
}
