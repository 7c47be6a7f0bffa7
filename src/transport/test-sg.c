/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The state machine of sg.c against the other end of a sequenced-packet socket, which has the same manners as
 * the sg driver: one write is one header, a read gives one whole header or EAGAIN, addresses in the header
 * are good because both ends are in one process. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "transport/sg.h"

typedef struct Fixture {
        Transport *t;
        int driver;
        unsigned n_done;
        ScsiResult result;
        bool submit_again; /* from inside done */
        bool free_inside;
} Fixture;

static const ScsiCommand tur = {.n_cdb = 6, .timeout_ms = 30000};

static void on_done(void *userdata, const ScsiResult *result)
{
        Fixture *f = userdata;

        f->n_done++;
        f->result = *result;
        assert_false(transport_busy(f->t));
        if (f->submit_again) {
                f->submit_again = false;
                assert_int_equal(transport_submit(f->t, &tur, 0), 0);
        }
        if (f->free_inside)
                f->t = transport_free(f->t);
}

/* As the driver does with what the adapter cannot carry. */
static bool refuses_direct;
ssize_t __real_write(int fd, const void *data, size_t n);
ssize_t __wrap_write(int fd, const void *data, size_t n);

ssize_t __wrap_write(int fd, const void *data, size_t n)
{
        const struct sg_io_hdr *h = data;

        if (refuses_direct && n == sizeof(*h) && h->flags & SG_FLAG_DIRECT_IO) {
                errno = EINVAL;
                return -1;
        }
        return __real_write(fd, data, n);
}

static int setup(void **state)
{
        Fixture *f = calloc(1, sizeof(*f));
        int fds[2];

        assert_non_null(f);
        signal(SIGPIPE, SIG_IGN);
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
        assert_int_equal(transport_sg_new_fd(fds[0], on_done, f, &f->t), 0);
        f->driver = fds[1];
        refuses_direct = false;
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        Fixture *f = *state;

        transport_free(f->t);
        safe_close(f->driver);
        free(f);
        return 0;
}

static struct sg_io_hdr driver_take(Fixture *f)
{
        struct sg_io_hdr h;

        assert_int_equal(read(f->driver, &h, sizeof(h)), sizeof(h));
        return h;
}

static void driver_give(Fixture *f, const struct sg_io_hdr *h)
{
        assert_int_equal(write(f->driver, h, sizeof(*h)), sizeof(*h));
}

static void test_header_as_the_driver_wants_it(void **state)
{
        Fixture *f = *state;
        uint8_t data[512] = {0};
        const ScsiCommand write6 = {.cdb = {0x0a, 0, 0, 2},
                                    .n_cdb = 6,
                                    .direction = SCSI_DATA_OUT,
                                    .data = data,
                                    .n_data = sizeof(data),
                                    .timeout_ms = 1800000};
        struct sg_io_hdr h;

        assert_int_equal(transport_events(f->t), 0);
        assert_int_equal(transport_submit(f->t, &write6, 1000), 0);
        assert_true(transport_busy(f->t));
        assert_int_equal(transport_events(f->t), EPOLLIN);
        assert_true(transport_deadline(f->t) == USEC_INFINITY);
        h = driver_take(f);
        assert_int_equal(h.interface_id, 'S');
        assert_int_equal(h.dxfer_direction, SG_DXFER_TO_DEV);
        assert_int_equal(h.cmd_len, 6);
        assert_int_equal(h.cmdp[0], 0x0a);
        assert_int_equal(h.cmdp[3], 2);
        assert_int_equal(h.dxfer_len, 512);
        assert_ptr_equal(h.dxferp, data);
        assert_int_equal(h.mx_sb_len, SCSI_SENSE_MAX);
        assert_int_equal(h.timeout, 1800000);
        assert_int_equal(h.flags, 0x10); /* SG_FLAG_Q_AT_TAIL and nothing else */
}

static void test_directions(void **state)
{
        static const struct {
                ScsiDirection direction;
                uint32_t n_data;
                int expected;
        } table[] = {{SCSI_NO_DATA, 0, SG_DXFER_NONE},
                     {SCSI_DATA_IN, 4, SG_DXFER_FROM_DEV},
                     {SCSI_DATA_OUT, 4, SG_DXFER_TO_DEV},
                     {SCSI_DATA_IN, 0, SG_DXFER_NONE}};
        Fixture *f = *state;
        uint8_t data[4];

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const ScsiCommand c = {.n_cdb = 6,
                                       .direction = table[i].direction,
                                       .data = data,
                                       .n_data = table[i].n_data,
                                       .timeout_ms = 1};
                struct sg_io_hdr h;

                assert_int_equal(transport_submit(f->t, &c, 0), 0);
                h = driver_take(f);
                assert_int_equal(h.dxfer_direction, table[i].expected);
                driver_give(f, &h);
                transport_dispatch(f->t, EPOLLIN, 0);
                assert_int_equal(f->n_done, i + 1);
        }
}

static void test_answer_completes_once(void **state)
{
        Fixture *f = *state;
        struct sg_io_hdr h;

        assert_int_equal(transport_submit(f->t, &tur, 0), 0);
        assert_int_equal(transport_submit(f->t, &tur, 0), -EBUSY);
        transport_dispatch(f->t, EPOLLIN, 0); /* woken for nothing */
        assert_int_equal(f->n_done, 0);
        assert_int_equal(transport_events(f->t), EPOLLIN);
        h = driver_take(f);
        h.status = SCSI_CHECK_CONDITION;
        h.driver_status = 8;
        h.sb_len_wr = 18;
        memcpy(h.sbp, "\x70\0\x06\0\0\0\0\x0a\0\0\0\0\x29", 13);
        driver_give(f, &h);
        transport_dispatch(f->t, EPOLLIN, 0);
        transport_dispatch(f->t, EPOLLIN, 0);
        assert_int_equal(f->n_done, 1);
        assert_int_equal(f->result.delivery, SCSI_ANSWERED);
        assert_int_equal(f->result.n_sense, 18);
        assert_int_equal(f->result.sense[12], 0x29);
        assert_int_equal(transport_events(f->t), 0);
}

/* Nothing of the sense data of one command is seen with the next. */
static void test_sense_does_not_linger(void **state)
{
        Fixture *f = *state;

        test_answer_completes_once(state);
        assert_int_equal(transport_submit(f->t, &tur, 0), 0);
        assert_int_equal(driver_take(f).sbp[0], 0);
}

static void test_answer_to_another_command_is_ignored(void **state)
{
        Fixture *f = *state;
        struct sg_io_hdr h, stale;

        assert_int_equal(transport_submit(f->t, &tur, 0), 0);
        h = stale = driver_take(f);
        stale.pack_id--;
        driver_give(f, &stale);
        transport_dispatch(f->t, EPOLLIN, 0);
        assert_int_equal(f->n_done, 0);
        driver_give(f, &h);
        transport_dispatch(f->t, EPOLLIN, 0);
        assert_int_equal(f->n_done, 1);
}

static void test_detached_in_flight_is_waited_for(void **state)
{
        Fixture *f = *state;
        usec_t now = 5 * USEC_PER_SEC;
        struct sg_io_hdr h;

        assert_int_equal(transport_submit(f->t, &tur, now), 0);
        transport_dispatch(f->t, EPOLLHUP, now);
        for (int i = 0; i < 20; i++) {
                assert_int_equal(f->n_done, 0);
                assert_int_equal(transport_events(f->t), (uint32_t) EPOLLIN | (uint32_t) EPOLLET);
                assert_true(transport_deadline(f->t) == now + 100 * USEC_PER_MSEC);
                now = transport_deadline(f->t);
                transport_dispatch(f->t, 0, now);
        }
        h = driver_take(f);
        driver_give(f, &h);
        transport_dispatch(f->t, 0, transport_deadline(f->t));
        assert_int_equal(f->n_done, 1);
        assert_int_equal(f->result.delivery, SCSI_ANSWERED);
        assert_int_equal(f->result.status, SCSI_GOOD);
        assert_true(f->result.path_gone);
        assert_true(transport_deadline(f->t) == USEC_INFINITY);
}

static void test_hangup_with_the_answer(void **state)
{
        Fixture *f = *state;
        struct sg_io_hdr h;

        assert_int_equal(transport_submit(f->t, &tur, 0), 0);
        h = driver_take(f);
        h.host_status = 0x0e;
        driver_give(f, &h);
        transport_dispatch(f->t, EPOLLIN | EPOLLHUP, 0);
        assert_int_equal(f->n_done, 1);
        assert_int_equal(f->result.delivery, SCSI_IN_DOUBT);
        assert_true(f->result.path_gone);
}

static void test_lost_result_is_in_doubt(void **state)
{
        Fixture *f = *state;

        assert_int_equal(transport_submit(f->t, &tur, 0), 0);
        (void) driver_take(f);
        f->driver = safe_close(f->driver); /* read gives 0 */
        transport_dispatch(f->t, EPOLLIN, 0);
        assert_int_equal(f->n_done, 1);
        assert_int_equal(f->result.delivery, SCSI_IN_DOUBT);
        assert_int_equal(f->result.error, EIO);
}

static void test_failed_read_is_in_doubt(void **state)
{
        Fixture *f = *state;

        assert_int_equal(transport_submit(f->t, &tur, 0), 0);
        f->driver = safe_close(f->driver); /* with the header unread: read gives ECONNRESET */
        transport_dispatch(f->t, EPOLLIN, 0);
        assert_int_equal(f->n_done, 1);
        assert_int_equal(f->result.delivery, SCSI_IN_DOUBT);
        assert_int_equal(f->result.error, ECONNRESET);
}

static void test_refused_write_completes_from_dispatch(void **state)
{
        Fixture *f = *state;
        usec_t now = 77;

        f->driver = safe_close(f->driver); /* write gives EPIPE */
        assert_int_equal(transport_submit(f->t, &tur, now), 0);
        assert_int_equal(f->n_done, 0);
        assert_true(transport_busy(f->t));
        assert_int_equal(transport_events(f->t), 0);
        assert_true(transport_deadline(f->t) == now);
        transport_dispatch(f->t, 0, now);
        assert_int_equal(f->n_done, 1);
        assert_int_equal(f->result.delivery, SCSI_NOT_SENT);
        assert_int_equal(f->result.error, EPIPE);
        transport_dispatch(f->t, 0, now);
        assert_int_equal(f->n_done, 1);
}

static void test_submit_from_inside_done(void **state)
{
        Fixture *f = *state;
        struct sg_io_hdr h;

        f->submit_again = true;
        assert_int_equal(transport_submit(f->t, &tur, 0), 0);
        for (unsigned i = 1; i <= 2; i++) {
                h = driver_take(f);
                driver_give(f, &h);
                transport_dispatch(f->t, EPOLLIN, 0);
                assert_int_equal(f->n_done, i);
        }
        assert_false(transport_busy(f->t));
}

static void test_free_from_inside_done(void **state)
{
        Fixture *f = *state;
        struct sg_io_hdr h;

        f->free_inside = true;
        assert_int_equal(transport_submit(f->t, &tur, 0), 0);
        h = driver_take(f);
        driver_give(f, &h);
        transport_dispatch(f->t, EPOLLIN, 0);
        assert_null(f->t);
}

static void test_free_in_flight_does_not_complete(void **state)
{
        Fixture *f = *state;

        assert_int_equal(transport_submit(f->t, &tur, 0), 0);
        f->t = transport_free(f->t);
        assert_int_equal(f->n_done, 0);
}

static void test_malformed_commands(void **state)
{
        Fixture *f = *state;
        uint8_t data[1];
        const ScsiCommand table[] = {
                {.n_cdb = 0, .timeout_ms = 1},
                {.n_cdb = 5, .timeout_ms = 1},
                {.n_cdb = SCSI_CDB_MAX + 1, .timeout_ms = 1},
                {.n_cdb = 6},
                {.n_cdb = 6, .timeout_ms = 1, .n_data = 1, .data = data},
                {.n_cdb = 6, .timeout_ms = 1, .n_data = 1, .direction = SCSI_DATA_IN},
                {.n_cdb = 6, .timeout_ms = 1, .n_data = 1, .direction = SCSI_DATA_OUT},
                {.n_cdb = 6, .timeout_ms = 1, .n_data = 1, .data = data, .direction = SCSI_DATA_IN + 1},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                struct sg_io_hdr h;

                assert_int_equal(transport_submit(f->t, &table[i], 0), -EINVAL);
                assert_false(transport_busy(f->t));
                assert_int_equal(read(f->driver, &h, sizeof(h)), -1);
        }
}

static void test_only_sg_nodes_are_opened(void **state)
{
        static const struct {
                const char *node;
                int error;
        } table[] = {{"/dev/null", -ENOTTY},      {"/dev/zero", -ENOTTY},    {"/", -ENOTTY},
                     {"/proc/self/exe", -ENOTTY}, {"/dev/no-such", -ENOENT}, {"/dev/null/x", -ENOTDIR}};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Transport *t = NULL;

                assert_int_equal(transport_sg_new(table[i].node, on_done, NULL, &t), table[i].error);
                assert_null(t);
        }
}

static bool sent_direct(Fixture *f, const ScsiCommand *c)
{
        struct sg_io_hdr h;

        assert_int_equal(transport_submit(f->t, c, 0), 0);
        h = driver_take(f);
        driver_give(f, &h);
        transport_dispatch(f->t, EPOLLIN, 0);
        assert_int_equal(f->result.delivery, SCSI_ANSWERED);
        return h.flags & SG_FLAG_DIRECT_IO;
}

static void test_direct_is_asked_for(void **state)
{
        Fixture *f = *state;
        static uint8_t data[65536];
        ScsiCommand c = {.cdb = {0x0a, 0, 1},
                         .n_cdb = 6,
                         .direction = SCSI_DATA_OUT,
                         .data = data,
                         .n_data = sizeof(data),
                         .timeout_ms = 1000,
                         .direct = true};

        assert_false(sent_direct(f, &c));
        transport_sg_set_direct(f->t);
        assert_true(sent_direct(f, &c));
        c.direct = false; /* its data may change before it has ended */
        assert_false(sent_direct(f, &c));
        c.direct = true;
        c.n_data = 512;
        assert_false(sent_direct(f, &c));
}

static void test_too_many_pieces_go_by_the_driver(void **state)
{
        Fixture *f = *state;
        static uint8_t data[65536];
        ScsiCommand c = {.cdb = {0x0a, 0, 1},
                         .n_cdb = 6,
                         .direction = SCSI_DATA_OUT,
                         .data = data,
                         .n_data = sizeof(data),
                         .timeout_ms = 1000,
                         .direct = true};

        transport_sg_set_direct(f->t);
        refuses_direct = true;
        assert_false(sent_direct(f, &c));
        refuses_direct = false;
        assert_false(sent_direct(f, &c)); /* nor are any as large asked about again */
        c.n_data = 32768;
        assert_true(sent_direct(f, &c));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_header_as_the_driver_wants_it, setup, teardown),
                cmocka_unit_test_setup_teardown(test_directions, setup, teardown),
                cmocka_unit_test_setup_teardown(test_answer_completes_once, setup, teardown),
                cmocka_unit_test_setup_teardown(test_sense_does_not_linger, setup, teardown),
                cmocka_unit_test_setup_teardown(test_answer_to_another_command_is_ignored, setup, teardown),
                cmocka_unit_test_setup_teardown(test_detached_in_flight_is_waited_for, setup, teardown),
                cmocka_unit_test_setup_teardown(test_hangup_with_the_answer, setup, teardown),
                cmocka_unit_test_setup_teardown(test_lost_result_is_in_doubt, setup, teardown),
                cmocka_unit_test_setup_teardown(test_failed_read_is_in_doubt, setup, teardown),
                cmocka_unit_test_setup_teardown(test_refused_write_completes_from_dispatch, setup, teardown),
                cmocka_unit_test_setup_teardown(test_submit_from_inside_done, setup, teardown),
                cmocka_unit_test_setup_teardown(test_free_from_inside_done, setup, teardown),
                cmocka_unit_test_setup_teardown(test_free_in_flight_does_not_complete, setup, teardown),
                cmocka_unit_test_setup_teardown(test_malformed_commands, setup, teardown),
                cmocka_unit_test_setup_teardown(test_direct_is_asked_for, setup, teardown),
                cmocka_unit_test_setup_teardown(test_too_many_pieces_go_by_the_driver, setup, teardown),
                cmocka_unit_test(test_only_sg_nodes_are_opened),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
