/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device has some forty facts: looking through them costs less than any index. */

#include "view/facts.h"

#include <errno.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"
#include "view/utf8.h"

void facts_deinit(Facts *f)
{
        for (size_t i = 0; i < f->n_items; i++) {
                free(f->items[i].key);
                free(f->items[i].text);
        }
        free(f->items);
        *f = (Facts){};
}

static Fact *find(const Facts *f, const char *key)
{
        for (size_t i = 0; i < f->n_items; i++)
                if (text_equal(f->items[i].key, key))
                        return &f->items[i];
        return NULL;
}

static Fact *find_or_add(Facts *f, const char *key)
{
        Fact *fact = find(f, key), *grown;
        char *copy;

        if (fact)
                return fact;
        grown = realloc(f->items, (f->n_items + 1) * sizeof(*grown));
        if (!grown)
                return NULL;
        f->items = grown;
        copy = strdup(key);
        if (!copy)
                return NULL;
        f->items[f->n_items] = (Fact){.key = copy};
        return &f->items[f->n_items++];
}

int facts_add_text(Facts *f, const char *key, const char *text)
{
        size_t n = 3 * strlen(text) + 16; /* a byte that is no UTF-8 becomes three */
        _cleanup_free_ char *safe = malloc(n);
        Fact *fact = find_or_add(f, key);

        if (!safe || !fact)
                return -ENOMEM;
        utf8_cut(safe, n, text, UINT32_MAX);
        free(fact->text);
        fact->text = TAKE_PTR(safe);
        return 0;
}

int facts_add_number(Facts *f, const char *key, uint64_t number)
{
        Fact *fact = find_or_add(f, key);

        if (!fact)
                return -ENOMEM;
        free(TAKE_PTR(fact->text));
        fact->number = number;
        fact->flag = false;
        return 0;
}

int facts_add_flag(Facts *f, const char *key, bool flag)
{
        int r = facts_add_number(f, key, flag);

        if (r >= 0)
                find(f, key)->flag = true;
        return r;
}

const char *facts_text(const Facts *f, const char *key)
{
        const Fact *fact = find(f, key);

        return fact && fact->text ? fact->text : "";
}

bool facts_has_number(const Facts *f, const char *key)
{
        const Fact *fact = find(f, key);

        return fact && !fact->text;
}

uint64_t facts_number(const Facts *f, const char *key)
{
        const Fact *fact = find(f, key);

        return fact && !fact->text ? fact->number : 0;
}
