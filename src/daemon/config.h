/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names/bay.h"
#include "util/cleanup.h"
#include "util/iscsi-url.h"
#include "util/time.h"

/* What one [Device "NAME"] section overrides. */
typedef struct ConfigDevice {
        char name[NAME_LENGTH_MAX];
        usec_t timeout;   /* 0: not given */
        int64_t pipeline; /* -1: not given */
        int group;        /* -1: not given */
} ConfigDevice;

typedef struct Config {
        usec_t timeout;                 /* [Hold] Timeout= */
        uint64_t journal;               /* [Hold] Journal=, bytes */
        int64_t pipeline;               /* [Hold] Pipeline=, bytes; 0: none */
        bool group;                     /* [Hold] Group= */
        BayFollow follow;               /* [Names] Follow= */
        char initiator[ISCSI_NAME_MAX]; /* [iSCSI] InitiatorName=, or empty */
        bool header_digest;             /* [iSCSI] HeaderDigest= */
        ConfigDevice *devices;
        size_t n_devices;
} Config;

/* Reads path and then path.d/ *.conf in order of their names; a file that is not there is no error. What is
 * not understood is reported (file, line, section, key, reason) and left at its default, what cannot be read,
 * too. 0, 1 if anything was reported, or -errno. */
int config_load(const char *path, Config *ret);
void config_deinit(Config *c);

/* of_model: what tape.inf(5) has for devices of this model, 0 if nothing. It counts between [Device "NAME"]
 * and [Hold]. */
usec_t config_timeout(const Config *c, const char *name, usec_t of_model);
/* Bytes of write-behind and read-ahead. */
uint32_t config_pipeline(const Config *c, const char *name);
/* Whether blocks may go several at once. */
bool config_group(const Config *c, const char *name);
