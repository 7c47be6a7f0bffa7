/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which uevents matter, that a burst is reported once, and that a dropped event is reported as such. */

#include <errno.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

#include <cmocka.h>

#include "monitor/uevent.h"
#include "util/cleanup.h"
#include "util/time.h"

#define M(text) text, sizeof(text)

static void test_relevant(void **state)
{
        static const struct {
                const char *message;
                size_t n;
                bool relevant;
        } cases[] = {
                {M("add@/devices/x/sg3\0ACTION=add\0SUBSYSTEM=scsi_generic\0MAJOR=21"), true},
                {M("remove@/devices/x/nst0\0SUBSYSTEM=scsi_tape"), true},
                {M("add@/devices/x/sch0\0SUBSYSTEM=scsi_changer"), true},
                {M("change@/devices/x\0SUBSYSTEM=scsi\0SDEV_UA=POWER_ON\0MODALIAS=scsi:t-0x01"), true},
                {M("bind@/devices/x\0MODALIAS=scsi:t-0x08\0SUBSYSTEM=scsi"), true},
                {M("change@/devices/x\0SUBSYSTEM=scsi\0MODALIAS=scsi:t-0x00"), false},
                {M("add@/devices/x/host3\0SUBSYSTEM=scsi"), false},
                {M("add@/devices/x/sda\0SUBSYSTEM=block"), false},
                {M("add@/devices/x\0SUBSYSTEM=scsi_generic_x"), false},
                {M("add@/devices/x\0XSUBSYSTEM=scsi_generic"), false},
                {M("add@/devices/x\0SUBSYSTEM"), false},
                {M("SUBSYSTEM=scsi_generic"), true},
                {M(""), false},
                {M("\0\0\0\0SUBSYSTEM=scsi_tape\0"), true},
                {"add@/devices/x\0SUBSYSTEM=scsi_generic", 37, false}, /* not terminated */
                {"", 0, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char *copy = malloc(cases[i].n + 1); /* so that a read beyond the end is seen */

                memcpy(copy, cases[i].message, cases[i].n);
                assert_int_equal(uevent_is_relevant(copy, cases[i].n), cases[i].relevant);
                free(copy);
        }
}

static void test_sg_node(void **state)
{
        static const struct {
                const char *message;
                size_t n;
                bool is;
        } cases[] = {
                {M("add@/devices/x/sg3\0ACTION=add\0SUBSYSTEM=scsi_generic\0MAJOR=21"), true},
                {M("remove@/devices/x/sg3\0ACTION=remove\0SUBSYSTEM=scsi_generic"), true},
                {M("change@/devices/x/sg3\0ACTION=change\0SUBSYSTEM=scsi_generic"), false},
                {M("add@/devices/x/nst0\0ACTION=add\0SUBSYSTEM=scsi_tape"), false},
                {M("add@/devices/x/sg3\0SUBSYSTEM=scsi_generic"), false},
                {"add@\0ACTION=add\0SUBSYSTEM=scsi_generic", 38, false}, /* not terminated */
                {"", 0, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(uevent_is_of_sg_node(cases[i].message, cases[i].n), cases[i].is);
}

typedef struct Report {
        unsigned n_changed, n_lost;
        usec_t last;
} Report;

static void on_event(void *userdata, MonitorEvent event)
{
        Report *report = userdata;

        report->n_changed += event == MONITOR_CHANGED;
        report->n_lost += event == MONITOR_LOST;
        report->last = usec_now(CLOCK_MONOTONIC);
}

static void run_for(sd_event *event, usec_t span)
{
        usec_t end = usec_now(CLOCK_MONOTONIC) + span, now;

        while ((now = usec_now(CLOCK_MONOTONIC)) < end)
                assert_true(sd_event_run(event, end - now) >= 0);
}

static const char tape[] = "add@/devices/x/nst0\0SUBSYSTEM=scsi_tape";
static const char node[] = "add@/devices/x/sg0\0ACTION=add\0SUBSYSTEM=scsi_generic";
static const char block[] = "add@/devices/x/sda\0SUBSYSTEM=block";

static void test_burst(void **state)
{
        sd_event *event;
        Report report = {0};
        Monitor *m;
        int pair[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(monitor_new_from_socket(event, pair[0], on_event, &report, &m), 0);
        assert_int_equal(send(pair[1], block, sizeof(block), 0), sizeof(block));
        run_for(event, 60 * USEC_PER_MSEC);
        assert_int_equal(report.n_changed, 0);
        for (unsigned i = 0; i < 10; i++)
                assert_int_equal(send(pair[1], tape, sizeof(tape), 0), sizeof(tape));
        run_for(event, 100 * USEC_PER_MSEC);
        assert_int_equal(report.n_changed, 1);
        assert_int_equal(send(pair[1], tape, sizeof(tape), 0), sizeof(tape));
        run_for(event, 100 * USEC_PER_MSEC);
        assert_int_equal(report.n_changed, 2);
        assert_int_equal(report.n_lost, 0);
        assert_null(monitor_free(m));
        close(pair[1]);
        sd_event_unref(event);
}

/* A sg node is reported at once, and those that follow it soon after are gathered. */
static void test_node_at_once(void **state)
{
        usec_t begin;
        sd_event *event;
        Report report = {0};
        Monitor *m;
        int pair[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(monitor_new_from_socket(event, pair[0], on_event, &report, &m), 0);
        assert_int_equal(send(pair[1], tape, sizeof(tape), 0), sizeof(tape));
        begin = usec_now(CLOCK_MONOTONIC);
        assert_int_equal(send(pair[1], node, sizeof(node), 0), sizeof(node));
        assert_true(sd_event_run(event, 0) > 0); /* the socket */
        assert_true(sd_event_run(event, 0) > 0); /* the report */
        assert_int_equal(report.n_changed, 1);
        assert_true(monitor_came_at(m) >= begin && monitor_came_at(m) <= report.last);
        for (unsigned i = 0; i < 10; i++)
                assert_int_equal(send(pair[1], node, sizeof(node), 0), sizeof(node));
        assert_true(sd_event_run(event, 0) > 0);
        assert_int_equal(sd_event_run(event, 0), 0);
        run_for(event, 60 * USEC_PER_MSEC);
        assert_int_equal(report.n_changed, 2);
        monitor_free(m);
        close(pair[1]);
        sd_event_unref(event);
}

/* Events that never pause are reported all the same. */
static void test_storm(void **state)
{
        sd_event *event;
        Report report = {0};
        usec_t begin = usec_now(CLOCK_MONOTONIC);
        Monitor *m;
        int pair[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(monitor_new_from_socket(event, pair[0], on_event, &report, &m), 0);
        while (report.n_changed == 0 && usec_now(CLOCK_MONOTONIC) < begin + 10 * USEC_PER_SEC) {
                (void) send(pair[1], tape, sizeof(tape), 0);
                assert_true(sd_event_run(event, 0) >= 0);
        }
        assert_int_equal(report.n_changed, 1);
        assert_true(report.last - begin >= 150 * USEC_PER_MSEC);
        monitor_free(m);
        close(pair[1]);
        sd_event_unref(event);
}

/* Netlink between processes, where the receiver's buffer can be made to overflow, and the sender is not the
 * kernel. */
static void test_lost_and_forged(void **state)
{
        struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_groups = 1};
        int receiver = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_USERSOCK);
        int sender = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_USERSOCK);
        struct sockaddr_nl own = {.nl_family = AF_NETLINK};
        int size = 1;
        sd_event *event;
        Report report = {0};
        Monitor *m;

        if (receiver < 0 || sender < 0 || bind(receiver, (struct sockaddr *) &to, sizeof(to)) < 0)
                skip();
        assert_int_equal(bind(sender, (struct sockaddr *) &own, sizeof(own)), 0);
        assert_int_equal(setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(monitor_new_from_socket(event, receiver, on_event, &report, &m), 0);
        /* ECONNREFUSED after the group has got it: there is nobody on the kernel's side. */
        (void) sendto(sender, tape, sizeof(tape), 0, (struct sockaddr *) &to, sizeof(to));
        run_for(event, 60 * USEC_PER_MSEC);
        assert_int_equal(report.n_changed + report.n_lost, 0);
        for (unsigned i = 0; i < 100; i++)
                (void) sendto(sender, tape, sizeof(tape), 0, (struct sockaddr *) &to, sizeof(to));
        run_for(event, 100 * USEC_PER_MSEC);
        assert_int_equal(report.n_changed, 0);
        assert_int_equal(report.n_lost, 1);
        monitor_free(m);
        close(sender);
        sd_event_unref(event);
}

/* The real socket can be had, and silence is no event. */
static void test_kernel_group(void **state)
{
        sd_event *event;
        Report report = {0};
        Monitor *m;

        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(monitor_new(event, on_event, &report, &m), 0);
        run_for(event, 30 * USEC_PER_MSEC);
        monitor_free(m);
        sd_event_unref(event);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_relevant),     cmocka_unit_test(test_sg_node),
                cmocka_unit_test(test_burst),        cmocka_unit_test(test_node_at_once),
                cmocka_unit_test(test_storm),        cmocka_unit_test(test_lost_and_forged),
                cmocka_unit_test(test_kernel_group),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
