/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where an iSCSI device is, as a person writes it: iscsi://[USER@]HOST[:PORT]/TARGET[/LUN]. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ISCSI_NAME_MAX   224 /* RFC 7143 4.2.7.1: 223 bytes */
#define ISCSI_HOST_MAX   254
#define ISCSI_USER_MAX   64
#define ISCSI_PORTAL_MAX (ISCSI_HOST_MAX + 8)
#define ISCSI_URL_MAX    (ISCSI_NAME_MAX + ISCSI_PORTAL_MAX + ISCSI_USER_MAX + 32)
#define ISCSI_PORT       3260
#define ISCSI_ALL_LUNS   (-1)
#define ISCSI_LUN_MAX    0x7fff /* SAM-5 4.7: peripheral addressing, and flat with its bits, as the kernel counts */

typedef struct IscsiUrl {
        char user[ISCSI_USER_MAX];
        char host[ISCSI_HOST_MAX]; /* of IPv6 without the brackets */
        uint16_t port;
        char target[ISCSI_NAME_MAX]; /* empty: of a portal alone */
        int lun;                     /* or ISCSI_ALL_LUNS */
} IscsiUrl;

/* -EINVAL, and *ret_why says what is wrong with it. A password is no part of it: it would be seen in the
 * list of processes. */
int iscsi_url_parse(const char *text, IscsiUrl *ret, const char **ret_why);
/* HOST[:PORT], without the rest. */
int iscsi_portal_parse(const char *text, IscsiUrl *ret, const char **ret_why);

/* The inverse; returns dst[ISCSI_URL_MAX]. */
char *iscsi_url_format(const IscsiUrl *url, char *dst);
/* "10.0.0.1:3260" or "[fe80::1]:3260"; returns dst[ISCSI_PORTAL_MAX]. */
char *iscsi_portal_format(const char *host, uint16_t port, char *dst);

/* An address and no name, which would have to be looked up. */
bool iscsi_host_is_address(const char *host);
/* "iqn.", "eui." or "naa." and what may follow (RFC 7143 4.2.7). */
bool iscsi_name_is_valid(const char *name);
