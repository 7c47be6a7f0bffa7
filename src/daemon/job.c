/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* posix_spawn, two pipes and a child source: the result is complete when the child has been reaped and both
 * pipes have been read to their end. */

#include "daemon/job.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define OUTPUT_MAX 4096

typedef struct Pipe {
        int fd;
        size_t n;
        char text[OUTPUT_MAX];
} Pipe;

struct Job {
        sd_event_source *child, *patience;
        Pipe output, error;
        JobDone done;
        JobSlow slow;
        void *userdata;
};

Job *job_free(Job *j)
{
        if (!j)
                return NULL;
        if (j->child) {
                /* still running: it is reaped when it ends, by nobody's callback */
                (void) sd_event_source_set_floating(j->child, 1);
                (void) sd_event_source_set_userdata(j->child, NULL);
                sd_event_source_unref(j->child);
        }
        sd_event_source_disable_unref(j->patience);
        safe_close(j->output.fd);
        safe_close(j->error.fd);
        free(j);
        return NULL;
}

/* The child is dead: what is in the pipe is all that will come, unless a grandchild keeps it open. */
static void drain(Pipe *p)
{
        ssize_t r;

        do {
                r = read(p->fd, p->text + p->n, sizeof(p->text) - 1 - p->n);
                if (r > 0)
                        p->n += (size_t) r;
        } while ((r > 0 && p->n < sizeof(p->text) - 1) || (r < 0 && errno == EINTR));
        p->text[p->n] = '\0';
}

static void cut_line(char *text)
{
        text[strcspn(text, "\n")] = '\0';
}

static int on_child(sd_event_source *source, const siginfo_t *si, void *userdata)
{
        Job *j = userdata;

        if (!j)
                return 0;
        drain(&j->output);
        drain(&j->error);
        cut_line(j->error.text);
        j->child = sd_event_source_unref(j->child);
        j->done(j->userdata, si->si_code == CLD_EXITED ? si->si_status : 128 + si->si_status, j->output.text,
                j->error.text);
        job_free(j);
        return 0;
}

static int make_pipe(Pipe *p, int *ret_write)
{
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        (void) fcntl(fds[0], F_SETFL, O_NONBLOCK);
        p->fd = fds[0];
        *ret_write = fds[1];
        return 0;
}

int job_start(sd_event *event, const char *const argv[], JobDone done, void *userdata, Job **ret)
{
        _cleanup_(job_freep) Job *j = calloc(1, sizeof(*j));
        _cleanup_close_ int out = -EBADF, err = -EBADF;
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none;
        pid_t pid;
        int r;

        if (!j)
                return -ENOMEM;
        j->output.fd = j->error.fd = -EBADF;
        j->done = done;
        j->userdata = userdata;
        r = make_pipe(&j->output, &out);
        if (r < 0)
                return r;
        r = make_pipe(&j->error, &err);
        if (r < 0)
                return r;
        sigemptyset(&none);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        posix_spawnattr_setsigmask(&attributes, &none);
        r = posix_spawn(&pid, argv[0], &actions, &attributes, (char *const *) argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        if (r != 0)
                return -r;
        r = sd_event_add_child(event, &j->child, pid, WEXITED, on_child, j);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(j);
        return 0;
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata)
{
        Job *j = userdata;

        j->slow(j->userdata);
        return 0;
}

int job_watch(Job *j, usec_t patience, JobSlow slow)
{
        j->slow = slow;
        return sd_event_add_time_relative(sd_event_source_get_event(j->child), &j->patience, CLOCK_MONOTONIC,
                                          patience, 0, on_patience, j);
}

bool job_value(const char *output, const char *key, char *dst, size_t n_dst)
{
        size_t n_key = strlen(key);

        for (const char *p = output; *p;) {
                size_t n = strcspn(p, " \n");

                if (n > n_key && strncmp(p, key, n_key) == 0 && p[n_key] == '=') {
                        size_t n_value = n - n_key - 1;

                        if (n_value >= n_dst)
                                return false;
                        memcpy(dst, p + n_key + 1, n_value);
                        dst[n_value] = '\0';
                        return true;
                }
                p += n + strspn(p + n, " \n");
        }
        return false;
}
