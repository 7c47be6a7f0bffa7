/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A desktop has an agent of its own, which --fallback leaves the question to. */

#include "ctl/ctl-agent.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "util/cleanup.h"

static void run_agent(int fd)
{
        char number[16];
        int ours = dup(fd); /* without O_CLOEXEC */

        snprintf(number, sizeof(number), "%d", ours);
        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
        execlp("pkttyagent", "pkttyagent", "--notify-fd", number, "--fallback", NULL);
        _exit(127);
}

void agent_start(void)
{
        static bool tried;
        _cleanup_close_ int ready = -EBADF, theirs = -EBADF;
        int fds[2];
        pid_t pid;

        if (tried || geteuid() == 0 || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
                return;
        tried = true;
        fflush(NULL);
        if (pipe2(fds, O_CLOEXEC) < 0)
                return;
        ready = fds[0];
        theirs = fds[1];
        pid = fork();
        if (pid == 0)
                run_agent(theirs);
        theirs = safe_close(theirs);
        /* it closes its end when it is registered, and the kernel does when it has failed */
        while (pid > 0 && read(ready, &(char){0}, 1) > 0)
                ;
}
