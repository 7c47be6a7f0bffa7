/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* CHAP names and secrets: lines of "TARGET USER SECRET [TARGET-USER TARGET-SECRET]" in a file that only root
 * can read. TARGET may be '*'. The last two are what the target has to prove itself with (mutual CHAP). */

#include <stddef.h>

#include "util/iscsi-url.h"

#define ISCSI_SECRET_MAX 128

typedef struct IscsiSecrets {
        char user[ISCSI_USER_MAX], secret[ISCSI_SECRET_MAX];
        char target_user[ISCSI_USER_MAX], target_secret[ISCSI_SECRET_MAX]; /* empty: it need not */
} IscsiSecrets;

/* The first line for target and user (empty: any user). 1; 0: there is none, or no file; -EPERM: somebody
 * other than root may read or change the file; -EINVAL: a line is not understood, *ret_line says which;
 * -errno. What was read is wiped from memory, but for *ret: wipe that with iscsi_secrets_wipe(). */
int iscsi_secrets_read(const char *path, const char *target, const char *user, IscsiSecrets *ret,
                       unsigned *ret_line);
/* The same of text, n bytes, which is taken apart in place. */
int iscsi_secrets_find(char *text, size_t n, const char *target, const char *user, IscsiSecrets *ret,
                       unsigned *ret_line);
void iscsi_secrets_wipe(IscsiSecrets *secrets);
