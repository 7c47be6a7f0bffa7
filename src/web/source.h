/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What evertaped knows, asked for at most every two seconds, whoever looks. */

#include "view/site.h"

typedef struct Source Source;

int source_new(Source **ret);
Source *source_free(Source *s);
DEFINE_CLEANUP(Source *, source_free)

/* The site, lent until the next call; NULL: evertaped does not answer, and *ret_problem says so for a person.
 */
const Site *source_get(Source *s, const char **ret_problem);
