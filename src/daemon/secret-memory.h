/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Memory for encryption keys: locked, in no core dump, in no child, wiped when it is given back. */

#include <stdbool.h>
#include <stddef.h>

typedef struct SecretMemory {
        void *map; /* zeroed, or as a predecessor left it; NULL: there is none */
        size_t n;
        int fd;    /* of a memfd_secret(), or negative: it ends with the process */
        bool kept; /* somebody else has the descriptor: it is not wiped when it is closed */
} SecretMemory;

/* saved: a predecessor's descriptor, which is taken, or negative. store: whether a new one can be kept
 * anywhere. Negative errno, and *ret is empty, if no memory can be locked. */
int secret_memory_open(size_t n, int saved, bool store, SecretMemory *ret);
void secret_memory_wipe(SecretMemory *s);
void secret_memory_close(SecretMemory *s);
