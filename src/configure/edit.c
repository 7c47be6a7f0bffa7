/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Kept sorted by place, so that applying them is one pass over the old text. */

#include "configure/edit.h"

#include <string.h>

int edit_add(EditList *l, Span span, const char *text)
{
        Edit *grown = reallocarray(l->items, l->n_items + 1, sizeof(*grown));
        size_t i = l->n_items;
        char *copy;

        if (!grown)
                return -ENOMEM;
        l->items = grown;
        copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        for (; i > 0 && l->items[i - 1].span.at > span.at; i--)
                l->items[i] = l->items[i - 1];
        l->items[i] = (Edit){.span = span, .text = copy};
        l->n_items++;
        return 0;
}

void edit_list_deinit(EditList *l)
{
        for (size_t i = 0; i < l->n_items; i++)
                free(l->items[i].text);
        free(l->items);
        *l = (EditList){0};
}

/* Copies n bytes to where *to is, and moves it on. */
static void put(char *dst, size_t *to, const char *src, size_t n)
{
        if (n > 0)
                memcpy(dst + *to, src, n);
        *to += n;
}

/* -EINVAL: two overlap, or one lies outside. */
static int new_length(const EditList *l, size_t n, size_t *ret)
{
        size_t from = 0, n_new = n;

        for (size_t i = 0; i < l->n_items; i++) {
                const Edit *e = &l->items[i];

                if (e->span.at < from || e->span.at > n || e->span.n > n - e->span.at)
                        return -EINVAL;
                from = e->span.at + e->span.n;
                n_new += strlen(e->text) - e->span.n;
        }
        *ret = n_new;
        return 0;
}

int edit_apply(const EditList *l, const char *text, size_t n, char **ret, size_t *ret_n)
{
        size_t from = 0, n_new, to = 0;
        char *new;
        int r = new_length(l, n, &n_new);

        if (r < 0)
                return r;
        new = malloc(n_new + 1);
        if (!new)
                return -ENOMEM;
        for (size_t i = 0; i < l->n_items; i++) {
                const Edit *e = &l->items[i];

                put(new, &to, text + from, e->span.at - from);
                put(new, &to, e->text, strlen(e->text));
                from = e->span.at + e->span.n;
        }
        put(new, &to, text + from, n - from);
        new[to] = '\0';
        *ret = new;
        *ret_n = to;
        return 0;
}
