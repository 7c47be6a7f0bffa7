/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A helper program run beside the loop. What may block on our own ring (linking a LUN waits for the INQUIRYs
 * that we answer) is done by evertape-lun, which inherits no descriptor of ours: a descriptor of the ring in
 * a process that hangs would keep our successor from opening it. */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "util/cleanup.h"
#include "util/time.h"

typedef struct Job Job;

/* status: 0 for success. output: what it wrote to stdout; error: to stderr, one line, for a person. Called
 * from the loop, once; the job is freed after it returns. */
typedef void (*JobDone)(void *userdata, int status, const char *output, const char *error);

int job_start(sd_event *event, const char *const argv[], JobDone done, void *userdata, Job **ret);
/* slow(userdata) is called from the loop, once, if the job has not ended after patience, µs. Nothing can be
 * done for a process that waits in the kernel but to say so. */
typedef void (*JobSlow)(void *userdata);
int job_watch(Job *j, usec_t patience, JobSlow slow);
/* Forgets a running job: it goes on, done is not called. */
Job *job_free(Job *j);
DEFINE_CLEANUP(Job *, job_free)

/* Value of key=... in a line of such pairs; false if it is not there or does not fit. */
bool job_value(const char *output, const char *key, char *dst, size_t n_dst);
