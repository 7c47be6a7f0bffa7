/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a library answers, one command after the other, and what the one who asked is told. The transport is
 * the test's own. */

#include "daemon/element-reader.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "scsi/smc.h"
#include "transport/sg.h"

#define N_ANSWERS_MAX 16

typedef struct Answer {
        ScsiDelivery delivery;
        uint8_t status;
        uint8_t key, asc, ascq;
} Answer;

/* ---- the library ---- */

typedef struct FakeTransport {
        Transport t;
        int fd;
} FakeTransport;

static const Answer *answers;
static size_t n_answers, n_commands;
static ScsiCommand commands[N_ANSWERS_MAX];
static ScsiCommand in_flight;
static unsigned n_open;

static int fake_submit(Transport *t, const ScsiCommand *command, usec_t now)
{
        uint64_t one = 1;

        assert_true(n_commands < n_answers);
        commands[n_commands++] = in_flight = *command;
        assert_int_equal(write(((FakeTransport *) t)->fd, &one, sizeof(one)), sizeof(one));
        return 0;
}

static int fake_fd(const Transport *t)
{
        return ((const FakeTransport *) t)->fd;
}

static uint32_t fake_events(const Transport *t)
{
        return EPOLLIN;
}

static usec_t fake_deadline(const Transport *t)
{
        return USEC_INFINITY;
}

static void fake_dispatch(Transport *t, uint32_t revents, usec_t now)
{
        const Answer *a = &answers[n_commands - 1];
        ScsiResult result = {.delivery = a->delivery, .status = a->status};
        uint64_t count;

        assert_int_equal(read(((FakeTransport *) t)->fd, &count, sizeof(count)), sizeof(count));
        if (a->status == SCSI_CHECK_CONDITION) {
                result.n_sense = 18;
                result.sense[0] = 0x70;
                result.sense[2] = a->key;
                result.sense[7] = 10;
                result.sense[12] = a->asc;
                result.sense[13] = a->ascq;
        } else if (a->status == SCSI_GOOD) {
                memcpy(in_flight.data, "12345678", 8);
                result.n_transferred = 8;
        }
        transport_complete(t, &result);
}

static Transport *fake_free(Transport *t)
{
        close(((FakeTransport *) t)->fd);
        free(t);
        n_open--;
        return NULL;
}

int transport_sg_new_fd(int fd, TransportDone done, void *userdata, Transport **ret)
{
        static const TransportClass class = {
                .name = "fake",
                .submit = fake_submit,
                .fd = fake_fd,
                .events = fake_events,
                .deadline = fake_deadline,
                .dispatch = fake_dispatch,
                .free = fake_free,
        };
        FakeTransport *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        close(fd);
        *f = (FakeTransport){.t = {.class = &class, .done = done, .userdata = userdata},
                             .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        n_open++;
        *ret = &f->t;
        return 0;
}

/* ---- who asks ---- */

static ElementReader *reader;
static unsigned n_told;
static int told;
static char text[96];

static void on_done(void *userdata, int error, const uint8_t *report, size_t n_report, const char *why)
{
        assert_ptr_equal(userdata, &reader);
        n_told++;
        told = error;
        snprintf(text, sizeof(text), "%s", why);
        if (error == 0) {
                assert_int_equal(n_report, 8);
                assert_memory_equal(report, "12345678", 8);
        }
        reader = element_reader_free(reader);
}

static int ask(const Answer *a, size_t n)
{
        const ElementStatusRequest request = {.type = ELEMENT_DRIVE, .count = UINT16_MAX, .device_ids = true};
        sd_event *event;

        answers = a;
        n_answers = n;
        n_commands = n_told = 0;
        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(element_reader_new(event, "null", &request, on_done, &reader, &reader), 0);
        while (n_told == 0)
                assert_true(sd_event_run(event, UINT64_MAX) >= 0);
        assert_int_equal(n_told, 1);
        assert_int_equal(n_commands, n);
        assert_int_equal(n_open, 0);
        sd_event_unref(event);
        return told;
}

#define GOOD                                                                                                 \
        {                                                                                                    \
                SCSI_ANSWERED, SCSI_GOOD                                                                     \
        }
#define CHECK(k, a, q)                                                                                       \
        {                                                                                                    \
                SCSI_ANSWERED, SCSI_CHECK_CONDITION, k, a, q                                                 \
        }
#define STATUS(s)                                                                                            \
        {                                                                                                    \
                SCSI_ANSWERED, s                                                                             \
        }
#define ASK(...) ask((const Answer[]){__VA_ARGS__}, sizeof((const Answer[]){__VA_ARGS__}) / sizeof(Answer))

static void test_good(void **state)
{
        assert_int_equal(ASK(GOOD), 0);
        assert_int_equal(commands[0].cdb[0], 0xb8);
        assert_int_equal(commands[0].cdb[1], 0x04); /* drives, no volume tags */
        assert_int_equal(commands[0].cdb[6], 0x03); /* CURDATA, DVCID */
}

/* Of attentions there may be several in a row; for ever they are none. */
static void test_attentions(void **state)
{
        static const Answer many[8] = {CHECK(6, 0x28, 0), CHECK(6, 0x29, 0), CHECK(6, 0x29, 0),
                                       CHECK(6, 0x29, 0), CHECK(6, 0x29, 0), CHECK(6, 0x29, 0),
                                       CHECK(6, 0x29, 0), CHECK(6, 0x29, 0)};

        assert_int_equal(ASK(CHECK(6, 0x29, 0), CHECK(6, 0x28, 0), GOOD), 0);
        assert_int_equal(ask(many, 8), -EAGAIN);
}

/* Before SMC-2 the bit of CURDATA was reserved. */
static void test_old_library(void **state)
{
        assert_int_equal(ASK(CHECK(5, 0x24, 0), GOOD), 0);
        assert_int_equal(commands[0].cdb[6] & 0x02, 0x02);
        assert_int_equal(commands[1].cdb[6] & 0x02, 0);
        assert_int_equal(ASK(CHECK(5, 0x24, 0), CHECK(5, 0x24, 0)), -EOPNOTSUPP);
        assert_non_null(strstr(text, "ILLEGAL REQUEST"));
}

/* What will pass is asked again later by whoever asked; what will not is told. */
static void test_refusals(void **state)
{
        static const struct {
                Answer answer;
                int error;
        } refusals[] = {
                {CHECK(2, 0x04, 0x01), -EAGAIN},
                {CHECK(0xb, 0, 0), -EAGAIN},
                {CHECK(4, 0x44, 0), -EIO},
                {STATUS(SCSI_BUSY), -EAGAIN},
                {STATUS(SCSI_TASK_SET_FULL), -EAGAIN},
                {STATUS(SCSI_RESERVATION_CONFLICT), -EAGAIN},
                {{SCSI_NOT_SENT}, -EAGAIN},
                {{SCSI_IN_DOUBT}, -EAGAIN},
        };

        for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
                assert_int_equal(ask(&refusals[i].answer, 1), refusals[i].error);
}

/* Given up while it is on its way: nobody is told. */
static void test_given_up(void **state)
{
        static const Answer good = GOOD;
        const ElementStatusRequest request = {.type = ELEMENT_DRIVE, .count = 1};
        sd_event *event;

        answers = &good;
        n_answers = 1;
        n_commands = n_told = 0;
        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(element_reader_new(event, "null", &request, on_done, &reader, &reader), 0);
        reader = element_reader_free(reader);
        assert_true(sd_event_run(event, 0) >= 0);
        assert_int_equal(n_told, 0);
        assert_int_equal(n_open, 0);
        assert_int_equal(element_reader_new(event, "nothing-here", &request, on_done, &reader, &reader),
                         -ENOENT);
        sd_event_unref(event);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good),        cmocka_unit_test(test_attentions),
                cmocka_unit_test(test_old_library), cmocka_unit_test(test_refusals),
                cmocka_unit_test(test_given_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
