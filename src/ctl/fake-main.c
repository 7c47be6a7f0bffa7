/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fake-evertaped MODE COMMAND...: a message bus and a fake daemon for the command, by EVERTAPE_BUS: to look
 * at what is drawn, and for tests that are scripts. MODE: library, large, hostile, empty, none (no daemon).
 */

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "ctl/fake-daemon.h"
#include "util/cleanup.h"

int main(int argc, char **argv)
{
        static const struct {
                const char *name;
                FakeMode mode;
        } modes[] = {{"library", FAKE_LIBRARY},
                     {"large", FAKE_LARGE_LIBRARY},
                     {"hostile", FAKE_HOSTILE_LIBRARY},
                     {"empty", FAKE_EMPTY},
                     {"none", FAKE_DIES}};
        pid_t bus, daemon = 0, command;
        char address[512];
        int status = 1;

        if (argc < 3)
                return 2;
        bus = fake_bus_start(address, sizeof(address));
        if (bus < 0)
                return 77; /* no dbus-daemon: meson takes it for a skipped test */
        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (strcmp(modes[i].name, argv[1]) == 0 && modes[i].mode != FAKE_DIES)
                        daemon = fake_daemon_start(address, modes[i].mode, -1);
        command = fork();
        if (command == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                execvp(argv[2], argv + 2);
                _exit(127);
        }
        waitpid(command, &status, 0);
        fake_daemon_stop(daemon);
        kill(bus, SIGTERM);
        waitpid(bus, NULL, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
