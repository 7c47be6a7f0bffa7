/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* SIGHUP: a good configuration is taken, one with a mistake is not, and the service manager hears of both.
 * This test is the service manager, and the manager of the devices. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/reload.h"
#include "util/log.h"

#define MINUTE (60 * USEC_PER_SEC)

static char directory[64], path[96];
static unsigned n_configured;
static Config config;
static sd_event *event;
static int notify = -EBADF;

void manager_configured(Manager *m)
{
        n_configured++;
}

static int listen_for_notifications(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", directory);
        notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        return setenv("NOTIFY_SOCKET", address.sun_path, 1) < 0
                       ? -1
                       : bind(notify, (struct sockaddr *) &address, sizeof(address));
}

static int setup(void **state)
{
        snprintf(directory, sizeof(directory), "/tmp/test-reload-XXXXXX");
        if (!mkdtemp(directory) || listen_for_notifications() < 0)
                return -1;
        snprintf(path, sizeof(path), "%s/evertape.conf", directory);
        log_set_max_level(LOG_CRIT);
        n_configured = 0;
        if (config_load(path, &config) < 0 || sd_event_new(&event) < 0)
                return -1;
        return reload_on_signal(event, NULL, path, &config);
}

static int teardown(void **state)
{
        char command[128];

        event = sd_event_unref(event);
        config_deinit(&config);
        (void) unsetenv("NOTIFY_SOCKET");
        notify = safe_close(notify);
        snprintf(command, sizeof(command), "rm -r %s", directory);
        return system(command);
}

static void reload_with(const char *text)
{
        FILE *f = fopen(path, "we");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        fclose(f);
        assert_int_equal(raise(SIGHUP), 0);
        assert_true(sd_event_run(event, 10 * USEC_PER_SEC) > 0);
}

static void assert_notified(const char *wanted)
{
        char text[256] = "";

        assert_true(recv(notify, text, sizeof(text) - 1, 0) > 0);
        if (!strstr(text, wanted))
                fail_msg("\"%s\" is not in \"%s\"", wanted, text);
}

/* RELOADING comes first, and READY whatever happened: the service is not left between. */
static void assert_reloaded(const char *status)
{
        char text[64];

        assert_notified("RELOADING=1\nMONOTONIC_USEC=");
        snprintf(text, sizeof(text), "READY=1\nSTATUS=%s", status);
        assert_notified(text);
        assert_true(recv(notify, text, sizeof(text), 0) < 0);
}

static void test_good(void **state)
{
        reload_with("[Hold]\nTimeout=1min\n[Device \"drive1\"]\nTimeout=2min\n");
        assert_reloaded("");
        assert_int_equal(n_configured, 1);
        assert_int_equal(config_timeout(&config, "drive1", 0), 2 * MINUTE);
        assert_int_equal(config_timeout(&config, "drive2", 0), MINUTE);
        reload_with("");
        assert_reloaded("");
        assert_int_equal(n_configured, 2);
        assert_int_equal(config_timeout(&config, "drive1", 0), 15 * MINUTE);
}

static void test_mistake(void **state)
{
        reload_with("[Hold]\nTimeout=1min\n");
        assert_reloaded("");
        reload_with("[Hold]\nTimeout=2min\nJournal=lots\n");
        assert_reloaded("The configuration has mistakes");
        assert_int_equal(n_configured, 1);
        assert_int_equal(config.timeout, MINUTE);
        reload_with("[Hold]\nTimeout=3min\n");
        assert_reloaded("");
        assert_int_equal(config.timeout, 3 * MINUTE);
}

static void test_unreadable(void **state)
{
        assert_int_equal(symlink(path, path), 0);
        assert_int_equal(raise(SIGHUP), 0);
        assert_true(sd_event_run(event, 10 * USEC_PER_SEC) > 0);
        assert_reloaded("The configuration has mistakes");
        assert_int_equal(n_configured, 0);
        assert_int_equal(config.timeout, 15 * MINUTE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_good, setup, teardown),
                cmocka_unit_test_setup_teardown(test_mistake, setup, teardown),
                cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
