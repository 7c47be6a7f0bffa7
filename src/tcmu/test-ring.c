/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ring against a kernel that keeps the rules: every command comes once and whole, every answer arrives,
 * in any order, on rings that wrap and run full. */

#include "tcmu/ring.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tcmu/fake-kernel.h"
#include "util/cleanup.h"

static void complete_good(TcmuRing *ring, uint16_t id)
{
        uint32_t after = tcmu_ring_tail_after_complete(ring);

        tcmu_ring_complete(ring, id, SCSI_GOOD, NULL, 0, 0);
        assert_int_equal(tcmu_ring_tail(ring), after);
}

static void test_command(void **state)
{
        static const uint8_t cdb[10] = {0x34, 6, 0, 0, 0, 0, 0, 0, 32, 0};
        _cleanup_(kernel_freep) Kernel *k = kernel_new(4096);
        uint16_t id = kernel_command(k, cdb, sizeof(cdb), 3);
        TcmuRequest q;
        TcmuRing ring;

        assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
        assert_true(tcmu_ring_has_next(&ring));
        assert_int_equal(tcmu_ring_next(&ring, &q), 1);
        assert_false(tcmu_ring_has_next(&ring));
        assert_int_equal(q.type, TCMU_REQUEST_COMMAND);
        assert_int_equal(q.id, id);
        assert_int_equal(q.n_cdb, sizeof(cdb));
        assert_memory_equal(q.cdb, cdb, sizeof(cdb));
        assert_int_equal(q.n_iov, 3);
        assert_int_equal(q.n_data, 48);
        assert_ptr_equal(q.iov[2].iov_base, k->map + CMDR_OFF + 4096 + 64);
        assert_int_equal(q.iov[2].iov_len, 16);
        assert_int_equal(tcmu_ring_next(&ring, &q), 0);

        complete_good(&ring, id);
        assert_int_equal(mailbox(k)->cmd_tail, mailbox(k)->cmd_head);
        kernel_clean(k);
        assert_true(k->answers[id].answered);
        assert_int_equal(k->answers[id].status, SCSI_GOOD);
        assert_int_equal(k->answers[id].uflags, 0);
}

static void test_cdb_lengths(void **state)
{
        static const struct {
                uint8_t opcode, additional, n_kernel, n_expected;
        } cases[] = {
                {0x00, 0, 6, 6},   {0x34, 0, 10, 10},  {0x5e, 0, 10, 10},
                {0x91, 0, 16, 16}, {0xb8, 0, 12, 12},  {0xd0, 0, 10, 10},
                {0x7f, 8, 16, 16}, {0x7f, 24, 32, 32}, {0x7f, 200, 208, 32},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(kernel_freep) Kernel *k = kernel_new(1024);
                uint8_t cdb[260] = {cases[i].opcode, [7] = cases[i].additional};
                TcmuRequest q;
                TcmuRing ring;

                memset(cdb + 8, 0xee, sizeof(cdb) - 8);
                assert_int_not_equal(kernel_command(k, cdb, cases[i].n_kernel, 0), 0);
                assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
                assert_int_equal(tcmu_ring_next(&ring, &q), 1);
                assert_int_equal(q.n_cdb, cases[i].n_expected);
                assert_memory_equal(q.cdb, cdb, q.n_cdb);
                for (size_t j = q.n_cdb; j < sizeof(q.cdb); j++)
                        assert_int_equal(q.cdb[j], 0);
        }
}

static void test_read_len_and_sense(void **state)
{
        static const uint8_t filemark[18] = {0xf0, 0, 0x80, 0, 0, 0, 7, 10, 0, 0, 0, 0, 0, 1};
        static const uint8_t zeros[18];
        static const uint8_t none[18] = {0x70, 0, 0x0b, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x44, 0};
        uint8_t long_sense[SCSI_SENSE_MAX + 20];
        _cleanup_(kernel_freep) Kernel *k = kernel_new(4096);
        uint16_t id[6];
        TcmuRequest q;
        TcmuRing ring;

        memset(long_sense, 0x72, sizeof(long_sense));
        assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
        for (size_t i = 0; i < ELEMENTSOF(id); i++) {
                id[i] = kernel_simple(k, 1);
                assert_int_equal(tcmu_ring_next(&ring, &q), 1);
        }
        tcmu_ring_complete(&ring, id[0], SCSI_GOOD, NULL, 0, 12);
        tcmu_ring_complete(&ring, id[1], SCSI_CHECK_CONDITION, filemark, sizeof(filemark), 5);
        tcmu_ring_complete(&ring, id[2], SCSI_CHECK_CONDITION, NULL, 0, 0);
        tcmu_ring_complete(&ring, id[3], SCSI_CHECK_CONDITION, zeros, sizeof(zeros), 0);
        tcmu_ring_complete(&ring, id[4], SCSI_CHECK_CONDITION, long_sense, sizeof(long_sense), 0);
        tcmu_ring_complete(&ring, id[5], SCSI_BUSY, filemark, sizeof(filemark), 0);
        kernel_clean(k);

        assert_int_equal(k->answers[id[0]].uflags, TCMU_UFLAG_READ_LEN);
        assert_int_equal(k->answers[id[0]].read_len, 12);
        assert_int_equal(k->answers[id[1]].status, SCSI_CHECK_CONDITION);
        assert_int_equal(k->answers[id[1]].uflags, TCMU_UFLAG_READ_LEN);
        assert_int_equal(k->answers[id[1]].read_len, 5);
        assert_memory_equal(k->answers[id[1]].sense, filemark, sizeof(filemark));
        assert_memory_equal(k->answers[id[2]].sense, none, sizeof(none));
        assert_memory_equal(k->answers[id[3]].sense, none, sizeof(none));
        assert_memory_equal(k->answers[id[4]].sense, long_sense, SCSI_SENSE_MAX);
        assert_int_equal(k->answers[id[5]].status, SCSI_BUSY);
        assert_memory_equal(k->answers[id[5]].sense, zeros, sizeof(zeros));
}

static void test_any_order(void **state)
{
        static const uint8_t order[] = {2, 0, 3, 1};
        _cleanup_(kernel_freep) Kernel *k = kernel_new(4096);
        uint16_t id[4];
        TcmuRequest q;
        TcmuRing ring;

        assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
        for (size_t i = 0; i < ELEMENTSOF(id); i++) {
                id[i] = kernel_simple(k, (uint32_t) i * 5);
                assert_int_equal(tcmu_ring_next(&ring, &q), 1);
        }
        for (size_t i = 0; i < ELEMENTSOF(order); i++) {
                complete_good(&ring, id[order[i]]);
                kernel_clean(k);
                for (size_t j = 0; j < ELEMENTSOF(order); j++)
                        assert_int_equal(k->answers[id[order[j]]].answered, j <= i);
        }
        assert_int_equal(mailbox(k)->cmd_tail, mailbox(k)->cmd_head);

        complete_good(&ring, id[0]);
        assert_int_equal(mailbox(k)->cmd_tail, mailbox(k)->cmd_head);
}

/* A full ring takes the next command only when its oldest slot is given back, whichever command that answers.
 */
static void test_full(void **state)
{
        _cleanup_(kernel_freep) Kernel *k = kernel_new(1200);
        uint16_t id, last = 0;
        uint32_t n = 0;
        TcmuRequest q;
        TcmuRing ring;

        assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
        while ((id = kernel_simple(k, 0)) != 0) {
                last = id;
                n++;
        }
        assert_int_equal(n, 9);
        for (uint32_t i = 0; i < n; i++)
                assert_int_equal(tcmu_ring_next(&ring, &q), 1);
        assert_int_equal(tcmu_ring_next(&ring, &q), 0);
        complete_good(&ring, last);
        assert_int_equal(kernel_simple(k, 0), 0);
        kernel_clean(k);
        assert_true(k->answers[last].answered);
        assert_int_not_equal(kernel_simple(k, 0), 0);
        assert_int_equal(tcmu_ring_next(&ring, &q), 1);
        assert_int_equal(q.id, k->last_id);
}

static uint32_t random_below(uint32_t *seed, uint32_t n)
{
        *seed = *seed * 1664525 + 1013904223;
        return (*seed >> 8) % n;
}

/* Commands of all sizes, TMRs between them, answers in random order, thousands of rounds on a small ring:
 * every command comes once, its answer arrives, and in the end everything is given back. */
static void random_run(uint32_t cmdr_size, uint32_t seed, uint32_t *ret_small_pads)
{
        _cleanup_(kernel_freep) Kernel *k = kernel_new(cmdr_size);
        uint32_t n_outstanding = 0, n_given = 0, n_put = 0, n_tmr = 0, n_tmr_given = 0;
        uint16_t outstanding[N_IDS];
        TcmuRequest q;
        TcmuRing ring;

        assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
        for (uint32_t round = 0; round < 5000 || n_outstanding > 0; round++) {
                bool draining = round >= 5000;

                if (!draining && random_below(&seed, 2) == 0)
                        n_put += kernel_simple(k, random_below(&seed, 30)) != 0;
                if (!draining && random_below(&seed, 8) == 0)
                        n_tmr += kernel_tmr(k, TCMU_TMR_ABORT, outstanding,
                                            n_outstanding > 3 ? 3 : n_outstanding);
                while (tcmu_ring_next(&ring, &q) == 1) {
                        if (q.type == TCMU_REQUEST_TMR) {
                                n_tmr_given++;
                                continue;
                        }
                        assert_true(k->answers[q.id].outstanding);
                        outstanding[n_outstanding++] = q.id;
                        n_given++;
                }
                if (n_outstanding > 0 && random_below(&seed, 2) == 0) {
                        uint32_t i = random_below(&seed, n_outstanding);
                        uint16_t id = outstanding[i];

                        complete_good(&ring, id);
                        outstanding[i] = outstanding[--n_outstanding];
                        kernel_clean(k);
                        assert_true(k->answers[id].answered);
                }
        }
        assert_true(n_put > 1000);
        assert_int_equal(n_given, n_put);
        assert_int_equal(n_tmr_given, n_tmr);
        assert_true(k->n_pads > 10);
        assert_int_equal(mailbox(k)->cmd_tail, mailbox(k)->cmd_head);
        *ret_small_pads += k->n_small_pads;
}

static void test_random(void **state)
{
        uint32_t n_small_pads = 0;

        for (uint32_t i = 0; i < 16; i++)
                random_run(2048 + i * 8, i + 1, &n_small_pads);
        assert_true(n_small_pads > 0);
}

static void test_tmr(void **state)
{
        _cleanup_(kernel_freep) Kernel *k = kernel_new(4096);
        uint16_t ids[TCMU_RING_TMR_MAX * 2 + 5];
        uint16_t id = kernel_simple(k, 1);
        TcmuRequest q;
        TcmuRing ring;

        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                ids[i] = (uint16_t) (i + 1000);
        assert_true(kernel_tmr(k, TCMU_TMR_LUN_RESET_, ids, ELEMENTSOF(ids)));
        assert_true(kernel_tmr(k, TCMU_TMR_ABORT, &id, 1));
        assert_true(kernel_tmr(k, TCMU_TMR_ABORT, NULL, 0));
        assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
        assert_int_equal(tcmu_ring_next(&ring, &q), 1);
        assert_int_equal(q.type, TCMU_REQUEST_COMMAND);

        for (size_t i = 0; i < ELEMENTSOF(ids); i += q.n_tmr_ids) {
                assert_int_equal(tcmu_ring_next(&ring, &q), 1);
                assert_int_equal(q.type, TCMU_REQUEST_TMR);
                assert_int_equal(q.tmr_type, TCMU_TMR_LUN_RESET_);
                assert_in_range(q.n_tmr_ids, 1, TCMU_RING_TMR_MAX);
                assert_memory_equal(q.tmr_ids, ids + i, q.n_tmr_ids * sizeof(ids[0]));
        }
        assert_int_equal(tcmu_ring_next(&ring, &q), 1);
        assert_int_equal(q.tmr_type, TCMU_TMR_ABORT);
        assert_int_equal(q.n_tmr_ids, 1);
        assert_int_equal(q.tmr_ids[0], id);
        assert_int_equal(tcmu_ring_next(&ring, &q), 1);
        assert_int_equal(q.n_tmr_ids, 0);
        assert_int_equal(tcmu_ring_next(&ring, &q), 0);

        assert_int_equal(mailbox(k)->cmd_tail, 0);
        complete_good(&ring, id);
        assert_int_equal(mailbox(k)->cmd_tail, mailbox(k)->cmd_head);
}

static void test_unknown_entry(void **state)
{
        _cleanup_(kernel_freep) Kernel *k = kernel_new(4096);
        struct tcmu_cmd_entry_hdr hdr;
        TcmuRequest q;
        TcmuRing ring;

        assert_true(kernel_tmr(k, 0, NULL, 0));
        entry_of(k, 0)[0] |= 5;
        memcpy(&hdr, entry_of(k, 0), sizeof(hdr));
        hdr.len_op = tcmu_hdr_get_len(hdr.len_op) | 5;
        memcpy(entry_of(k, 0), &hdr, sizeof(hdr));
        assert_int_not_equal(kernel_simple(k, 0), 0);
        assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
        assert_int_equal(tcmu_ring_next(&ring, &q), 1);
        assert_int_equal(q.type, TCMU_REQUEST_COMMAND);
        memcpy(&hdr, entry_of(k, 0), sizeof(hdr));
        assert_int_equal(hdr.uflags, TCMU_UFLAG_UNKNOWN_OP);
        assert_int_equal(mailbox(k)->cmd_tail, tcmu_hdr_get_len(hdr.len_op));
}

/* A second process on the ring of one that died gets what is between cmd_tail and cmd_head. */
static void test_restart(void **state)
{
        _cleanup_(kernel_freep) Kernel *k = kernel_new(4096);
        uint16_t id[3];
        TcmuRequest q;
        TcmuRing ring;

        assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
        for (size_t i = 0; i < ELEMENTSOF(id); i++) {
                id[i] = kernel_simple(k, 1);
                assert_int_equal(tcmu_ring_next(&ring, &q), 1);
        }
        complete_good(&ring, id[0]);

        assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
        for (size_t i = 1; i < ELEMENTSOF(id); i++) {
                assert_int_equal(tcmu_ring_next(&ring, &q), 1);
                assert_int_equal(q.id, id[i]);
        }
        assert_int_equal(tcmu_ring_next(&ring, &q), 0);
}

static void test_kick(void **state)
{
        int32_t value = 0;
        int fds[2];

        assert_int_equal(pipe(fds), 0);
        assert_int_equal(tcmu_ring_kick(fds[1]), 0);
        assert_int_equal(read(fds[0], &value, sizeof(value)), sizeof(value));
        assert_int_equal(value, 1);
        assert_int_equal(tcmu_ring_kick(fds[0]), -EBADF);
        close(fds[0]);
        close(fds[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_command),
                cmocka_unit_test(test_cdb_lengths),
                cmocka_unit_test(test_read_len_and_sense),
                cmocka_unit_test(test_any_order),
                cmocka_unit_test(test_full),
                cmocka_unit_test(test_random),
                cmocka_unit_test(test_tmr),
                cmocka_unit_test(test_unknown_entry),
                cmocka_unit_test(test_restart),
                cmocka_unit_test(test_kick),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
