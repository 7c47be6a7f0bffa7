/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asks one library for the status of its elements. Beside whatever programs do with it: READ ELEMENT STATUS
 * moves nothing (CURDATA says so), and the node is not kept from others. */

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "scsi/cdb.h"
#include "util/cleanup.h"

typedef struct ElementReader ElementReader;

/* 0: report is READ ELEMENT STATUS data, valid during the call. -EAGAIN: the library is busy, not ready or
 * gone; ask again later. -EOPNOTSUPP: it has no such elements, or cannot say of them what was asked. Other:
 * it refuses. text says how. Called once, from the loop; the reader may be freed in it. */
typedef void (*ElementReaderDone)(void *userdata, int error, const uint8_t *report, size_t n_report,
                                  const char *text);

/* node: "sg3". request: what is asked for; CURDATA and the length are the reader's. -errno of the node. */
int element_reader_new(sd_event *event, const char *node, const ElementStatusRequest *request,
                       ElementReaderDone done, void *userdata, ElementReader **ret);
/* Gives up what is on its way; done is not called. */
ElementReader *element_reader_free(ElementReader *b);
DEFINE_CLEANUP(ElementReader *, element_reader_free)
