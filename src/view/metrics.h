/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A site in numbers: docs/MONITORING.md. */

#include "view/site.h"

#include <stdio.h>

/* site NULL: evertaped does not answer, which is all that is told. */
void metrics_print(const Site *site, FILE *f);
