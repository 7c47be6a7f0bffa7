/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asks one library which drives are in its bays. Beside whatever programs do with it: READ ELEMENT STATUS
 * moves nothing (CURDATA says so), and the node is not kept from others. */

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "util/cleanup.h"

typedef struct BayReader BayReader;

/* 0: report is READ ELEMENT STATUS data, valid during the call. -EAGAIN: the library is busy, not ready or
 * gone; ask again later. -EOPNOTSUPP: it cannot say which drives it has. Other: it refuses, text says how.
 * Called once, from the loop; the reader may be freed in it. */
typedef void (*BayReaderDone)(void *userdata, int error, const uint8_t *report, size_t n_report,
                              const char *text);

/* node: "sg3". -errno of the node. */
int bay_reader_new(sd_event *event, const char *node, BayReaderDone done, void *userdata, BayReader **ret);
/* Gives up what is on its way; done is not called. */
BayReader *bay_reader_free(BayReader *b);
DEFINE_CLEANUP(BayReader *, bay_reader_free)
