/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tape data encryption, security protocol 20h: SSC-4 8.5. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECURITY_PROTOCOL_TAPE_ENCRYPTION 0x20

enum {
        ENCRYPTION_PAGE_SET = 0x0010,    /* of SECURITY PROTOCOL OUT */
        ENCRYPTION_PAGE_STATUS = 0x0020, /* of SECURITY PROTOCOL IN */
};

enum {
        ENCRYPTION_SCOPE_PUBLIC = 0, /* uses what others have set; the rest of the page is ignored */
        ENCRYPTION_SCOPE_LOCAL = 1,
        ENCRYPTION_SCOPE_ALL = 2,
};

/* Set Data Encryption page, SSC-4 8.5.3.2, without the key. */
typedef struct EncryptionSet {
        uint8_t scope;
        bool supplemental;     /* SDK: a key more to decrypt with */
        bool clear_on_demount; /* CKOD */
        bool clear_on_preempt; /* CKORP */
        bool clear_on_release; /* CKORL: when the reservation is lost */
        uint8_t encryption;    /* ENCRYPTION MODE: 0 off, 1 external, 2 encrypt */
        uint8_t decryption;    /* DECRYPTION MODE: 0 off, 1 raw, 2 decrypt, 3 mixed */
        uint8_t algorithm;     /* ALGORITHM INDEX */
} EncryptionSet;

/* -ENODATA: another page; -EBADMSG: cut off. */
int encryption_parse_set(const uint8_t *data, size_t n_data, EncryptionSet *ret);

/* Data Encryption Status page, SSC-4 8.5.2.7. */
typedef struct EncryptionStatus {
        uint8_t encryption, decryption, algorithm;
        uint32_t key_instance;
} EncryptionStatus;

int encryption_parse_status(const uint8_t *data, size_t n_data, EncryptionStatus *ret);
