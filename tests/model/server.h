/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* evertape-model: the devices it serves, its event loop and its control socket. */

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "model/served.h"

#define SERVER_DEVICES_MAX 16

typedef struct Client Client;

typedef struct Server {
        sd_event *event;
        int root;                                 /* "/" */
        unsigned instance;                        /* several may run beside each other */
        ServedDevice devices[SERVER_DEVICES_MAX]; /* drives, then the changer */
        size_t n_devices;
        ModelMedium **media; /* borrowed from the changer */
        size_t n_media;
        Client *asker; /* waits for the end of the job */
        bool busy;     /* a job is running */
        int job_result;
        bool started, quitting;
        int ready_fd; /* a byte goes here when everything is there, -EBADF: nobody waits */
} Server;

/* configfs work that waits for our own answers: done by a child in this order. 0, -EBUSY, -errno. When it has
 * ended, server_job_done is called with its result. */
typedef enum JobKind {
        JOB_LINK,
        JOB_UNLINK,
} JobKind;
int server_start_job(Server *s, JobKind kind, ServedDevice *const *devices, size_t n_devices);
void server_job_done(Server *s, int result);

/* A model's identity follows its serial number. */
uint64_t server_naa(const char *serial);

/* Listens at DIR/control. */
int control_listen(Server *s, const char *dir);
/* Tells whoever asked for the job how it ended. */
void control_job_done(Server *s, int result);
/* The other side: sends argv as one line, prints the reply. Exit status. */
int control_ask(const char *dir, char **argv);
