/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fake-daemon-run library|empty|... COMMAND...: runs a command with a daemon of paper on a bus
 * of its own. 77: there is no dbus-daemon here. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/fake-daemon.h"
#include "util/cleanup.h"
#include "util/text.h"

static int run(char **argv)
{
        int status = 0;
        pid_t pid = fork();

        if (pid == 0) {
                execvp(argv[0], argv);
                _exit(127);
        }
        (void) waitpid(pid, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
        static const struct {
                const char *name;
                FakeMode mode;
        } modes[] = {{"library", FAKE_LIBRARY},
                     {"empty", FAKE_EMPTY},
                     {"hostile", FAKE_HOSTILE},
                     {"large", FAKE_LARGE},
                     {"held", FAKE_ALL_HELD},
                     {"large-library", FAKE_LARGE_LIBRARY},
                     {"hostile-library", FAKE_HOSTILE_LIBRARY}};
        pid_t bus, daemon = -1;
        char address[512];
        int status = 1;

        if (argc < 3)
                return 2;
        bus = fake_bus_start(address, sizeof(address));
        if (bus < 0)
                return 77;
        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (text_equal(modes[i].name, argv[1]))
                        daemon = fake_daemon_start(address, modes[i].mode, -1);
        if (daemon > 0)
                status = run(argv + 2);
        fake_daemon_stop(daemon);
        kill(bus, SIGTERM);
        waitpid(bus, NULL, 0);
        return status;
}
