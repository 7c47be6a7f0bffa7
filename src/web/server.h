/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* HTTP on sockets that somebody else has opened. */

#include <systemd/sd-event.h>

#include "web/request.h"
#include "web/source.h"

typedef struct Server Server;

/* Serves listening socket fd on the loop, and takes it over. names: as HostRule. */
int server_new(sd_event *event, int fd, char *const *names, size_t n_names, Source *source, Server **ret);
Server *server_free(Server *s);
DEFINE_CLEANUP(Server *, server_free)

/* CLOCK_MONOTONIC: when the last connection came or ended; USEC_INFINITY while there is one. */
uint64_t server_last_use(const Server *s);
