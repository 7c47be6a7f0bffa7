/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertaped: start and loop. How it ends is in stop.c. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/events.h"
#include "daemon/manager.h"
#include "daemon/memory.h"
#include "daemon/reload.h"
#include "daemon/stop.h"
#include "daemon/watchdog.h"
#include "util/log.h"

#define CONFIG_PATH   EVERTAPE_SYSCONFDIR "/evertape.conf"
#define LOCK_PATH     EVERTAPE_RUNDIR "/evertaped.lock"
#define NAMES_TIMEOUT (3 * USEC_PER_SEC)

static const char *arg_config = CONFIG_PATH;
static bool arg_check_config;

static void usage(void)
{
        printf("evertaped [OPTION...]\n\n"
               "Holds tape drives and media changers, so that programs keep them while they are away.\n\n"
               "      --config FILE    instead of " CONFIG_PATH "\n"
               "      --check-config   read the configuration, report what is wrong, and exit\n"
               "      --debug          log more\n"
               "  -h, --help\n"
               "      --version\n");
}

/* Named outcomes: 1 done, 0 go on, -errno. */
static int parse_arguments(int argc, char **argv)
{
        enum {
                ARG_CONFIG = 256,
                ARG_CHECK,
                ARG_DEBUG,
                ARG_VERSION
        };
        static const struct option options[] = {
                {"config", required_argument, NULL, ARG_CONFIG},
                {"check-config", no_argument, NULL, ARG_CHECK},
                {"debug", no_argument, NULL, ARG_DEBUG},
                {"help", no_argument, NULL, 'h'},
                {"version", no_argument, NULL, ARG_VERSION},
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case ARG_CONFIG:
                        arg_config = optarg;
                        break;
                case ARG_CHECK:
                        arg_check_config = true;
                        break;
                case ARG_DEBUG:
                        log_set_max_level(LOG_DEBUG);
                        break;
                case 'h':
                        usage();
                        return 1;
                case ARG_VERSION:
                        printf("evertaped %s\n", EVERTAPE_VERSION);
                        return 1;
                default:
                        return -EINVAL;
                }
        if (optind < argc) {
                log_error("evertaped takes no argument \"%s\"; see evertaped --help", argv[optind]);
                return -EINVAL;
        }
        return 0;
}

static int make_directories(void)
{
        static const char *const paths[] = {EVERTAPE_RUNDIR, EVERTAPE_STATEDIR};
        /* the registry is for all to read, the memory of the units (data of backups) is not */
        static const mode_t modes[] = {0700, 0755};

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                int r = mkdir(paths[i], modes[i]) < 0 ? -errno : 0;

                if (r == -EEXIST)
                        continue;
                if (r >= 0 && chmod(paths[i], modes[i]) < 0) /* whatever the umask */
                        r = -errno;
                if (r < 0) {
                        log_error("%s: %s", paths[i], strerror(-r));
                        return r;
                }
        }
        return 0;
}

/* Keeps a second daemon from serving the same rings. The descriptor stays open until the end. */
static int take_lock(int *ret_fd)
{
        _cleanup_close_ int fd = open(LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        char pid[16] = "";

        if (fd < 0)
                return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK)
                        return -errno;
                (void) !read(fd, pid, sizeof(pid) - 1);
                log_error("evertaped is running already (pid %s); see systemctl status evertaped", pid);
                return -EEXIST;
        }
        (void) !ftruncate(fd, 0);
        dprintf(fd, "%d", getpid());
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int report_bus(int r)
{
        if (r == -EEXIST)
                log_error("org.evertape1 is taken on the system bus: another evertaped is running");
        else
                log_error("the system bus cannot be used: %s; is dbus running and is its policy for "
                          "org.evertape1 "
                          "installed?",
                          strerror(-r));
        return r;
}

/* Who is started after evertaped finds all names, unless a library takes its time. */
static void wait_for_names(sd_event *event, const Manager *manager)
{
        usec_t until = usec_now(CLOCK_MONOTONIC) + NAMES_TIMEOUT;

        for (usec_t t; !manager_is_named(manager) && (t = usec_now(CLOCK_MONOTONIC)) < until;)
                if (sd_event_run(event, until - t) < 0)
                        return;
}

static bool goes_on(void *userdata)
{
        return manager_goes_on(userdata);
}

static int serve(Config *config)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_(watchdog_freep) Watchdog *watchdog = NULL;
        _cleanup_(bus_freep) Bus *bus = NULL;
        int r;

        r = stop_block_signals();
        if (r >= 0)
                r = sd_event_default(&event);
        if (r >= 0)
                r = manager_new(event, config, &manager);
        if (r >= 0)
                r = watchdog_start(event, goes_on, manager, &watchdog);
        if (r < 0)
                return r;
        r = bus_open(event, manager, &bus);
        if (r < 0)
                return report_bus(r);
        manager_set_bus(manager, bus);
        r = stop_on_signals(event, manager, bus_connection(bus));
        if (r >= 0)
                r = reload_on_signal(event, manager, arg_config, config);
        if (r >= 0)
                r = manager_start(manager);
        if (r < 0)
                return r;
        wait_for_names(event, manager);
        (void) sd_notify(0, "READY=1");
        event_log_daemon("ready", "evertaped %s is ready", EVERTAPE_VERSION);
        r = sd_event_loop(event);
        manager_set_bus(manager, NULL);
        return r;
}

int main(int argc, char **argv)
{
        _cleanup_(config_deinit) Config config = {};
        _cleanup_close_ int lock = -EBADF;
        int r;

        r = parse_arguments(argc, argv);
        if (r != 0)
                return r < 0 ? 2 : 0;
        r = config_load(arg_config, &config);
        if (r < 0) {
                log_error("%s: %s", arg_config, strerror(-r));
                return 1;
        }
        if (arg_check_config)
                return r > 0;
        if (geteuid() != 0) {
                log_error("evertaped must run as root: it makes devices");
                return 1;
        }
        umask(0077);
        (void) prctl(PR_SET_DUMPABLE, 0);
        r = make_directories();
        if (r >= 0)
                r = take_lock(&lock);
        if (r < 0)
                return 1;
        memory_take_stored();
        r = serve(&config);
        if (r < 0)
                log_error("evertaped ends: %s", strerror(-r));
        return r < 0;
}
