/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ring against memory that breaks every rule: each is refused, nothing is consumed, nothing is touched
 * that is not ours. */

#include "tcmu/ring.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcmu/fake-kernel.h"
#include "util/cleanup.h"

static void bad_version(Kernel *k)
{
        mailbox(k)->version = 1;
}

static void bad_flags(Kernel *k)
{
        mailbox(k)->flags = TCMU_MAILBOX_FLAG_CAP_OOOC;
}

static void bad_off_low(Kernel *k)
{
        mailbox(k)->cmdr_off = 64;
}

static void bad_off_unaligned(Kernel *k)
{
        mailbox(k)->cmdr_off = CMDR_OFF + 4;
}

static void bad_off_overflow(Kernel *k)
{
        mailbox(k)->cmdr_off = 0xfffffff8;
}

static void bad_size(Kernel *k)
{
        mailbox(k)->cmdr_size = (uint32_t) k->n_map;
}

static void bad_size_zero(Kernel *k)
{
        mailbox(k)->cmdr_size = 0;
}

static void bad_tail(Kernel *k)
{
        mailbox(k)->cmd_tail = k->cmdr_size;
}

static void bad_tail_unaligned(Kernel *k)
{
        mailbox(k)->cmd_tail = 4;
}

static void test_hostile_mailbox(void **state)
{
        static void (*const spoil[])(Kernel * k) = {
                bad_version, bad_flags,     bad_off_low, bad_off_unaligned,  bad_off_overflow,
                bad_size,    bad_size_zero, bad_tail,    bad_tail_unaligned,
        };

        for (size_t i = 0; i < ELEMENTSOF(spoil); i++) {
                _cleanup_(kernel_freep) Kernel *k = kernel_new(1024);
                TcmuRing ring;

                assert_int_equal(tcmu_ring_init(&ring, k->map, sizeof(struct tcmu_mailbox) - 1), -EPROTO);
                assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
                spoil[i](k);
                assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), -EPROTO);
        }
}

/* One field of the one entry of a ring (a command with two iovecs and a CDB of 10, or a TMR), spoilt. */
typedef struct Spoilt {
        uint8_t op;
        uint8_t n_value;
        uint16_t offset;
        uint64_t value;
} Spoilt;

#define FIELD(op, type, field, value)                                                                        \
        {                                                                                                    \
                op, sizeof(((type *) 0)->field), offsetof(type, field), value                                \
        }
#define CMD_FIELD(field, value)    FIELD(TCMU_OP_CMD, struct tcmu_cmd_entry, field, value)
#define TMR_FIELD(field, value)    FIELD(TCMU_OP_TMR, struct tcmu_tmr_entry, field, value)
#define IOV_FIELD(i, field, value) CMD_FIELD(req.iov[i].field, value)

static const Spoilt spoilt[] = {
        CMD_FIELD(hdr.len_op, 0 | TCMU_OP_CMD),
        CMD_FIELD(hdr.len_op, 8 | TCMU_OP_CMD),
        CMD_FIELD(hdr.len_op, 104 | TCMU_OP_CMD),
        CMD_FIELD(hdr.len_op, 136 | TCMU_OP_CMD),
        CMD_FIELD(hdr.len_op, 0xfffffff8 | TCMU_OP_CMD),
        CMD_FIELD(hdr.len_op, 0 | TCMU_OP_PAD),
        CMD_FIELD(hdr.len_op, 136 | TCMU_OP_PAD),
        CMD_FIELD(req.iov_cnt, 6),
        CMD_FIELD(req.iov_cnt, 257),
        CMD_FIELD(req.iov_cnt, 0xffffffff),
        CMD_FIELD(req.iov_cnt, 0x10000000),
        CMD_FIELD(req.iov_bidi_cnt, 1),
        CMD_FIELD(req.iov_dif_cnt, 1),
        CMD_FIELD(req.cdb_off, 0),
        CMD_FIELD(req.cdb_off, CMDR_OFF),
        CMD_FIELD(req.cdb_off, CMDR_OFF + 48 + 31),
        CMD_FIELD(req.cdb_off, CMDR_OFF + 128 - 5),
        CMD_FIELD(req.cdb_off, CMDR_OFF + 128),
        CMD_FIELD(req.cdb_off, UINT64_MAX),
        CMD_FIELD(req.cdb_off, UINT64_MAX - 7),
        IOV_FIELD(0, iov_base, 0),
        IOV_FIELD(0, iov_base, CMDR_OFF + 1024 - 1),
        IOV_FIELD(1, iov_base, CMDR_OFF + 1024 + N_DATA - 15),
        IOV_FIELD(1, iov_base, CMDR_OFF + 1024 + N_DATA + 1),
        IOV_FIELD(1, iov_base, UINT64_MAX),
        IOV_FIELD(0, iov_len, N_DATA + 1),
        IOV_FIELD(1, iov_len, UINT64_MAX),
        TMR_FIELD(hdr.len_op, 24 | TCMU_OP_TMR),
        TMR_FIELD(cmd_cnt, 5),
        TMR_FIELD(cmd_cnt, 0xffffffff),
};

static void spoil_entry(Kernel *k, const Spoilt *s)
{
        uint64_t v8 = s->value;
        uint32_t v4 = (uint32_t) s->value;

        assert_true(s->n_value == sizeof(v8) || s->n_value == sizeof(v4));
        memcpy(entry_of(k, 0) + s->offset, s->n_value == sizeof(v8) ? (void *) &v8 : (void *) &v4,
               s->n_value);
}

static void test_hostile_entries(void **state)
{
        static const uint8_t cdb[10] = {0x28};
        static const uint16_t ids[] = {1, 2, 3, 4};

        for (size_t i = 0; i < ELEMENTSOF(spoilt); i++) {
                _cleanup_(kernel_freep) Kernel *k = kernel_new(1024);
                TcmuRequest q;
                TcmuRing ring;

                assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
                if (spoilt[i].op == TCMU_OP_CMD)
                        assert_int_not_equal(kernel_command(k, cdb, sizeof(cdb), 2), 0);
                else
                        assert_true(kernel_tmr(k, TCMU_TMR_ABORT, ids, ELEMENTSOF(ids)));
                spoil_entry(k, &spoilt[i]);
                if (tcmu_ring_next(&ring, &q) != -EBADMSG)
                        fail_msg("case %zu was accepted", i);
                assert_int_equal(tcmu_ring_tail(&ring), 0);
                assert_int_equal(ring.next, 0);
        }
}

/* Whole and within the ring, but more pieces than a request has room for. */
static void test_too_many_pieces(void **state)
{
        _cleanup_(kernel_freep) Kernel *k = kernel_new(16384);
        TcmuRequest q;
        TcmuRing ring;

        assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
        assert_int_not_equal(kernel_simple(k, TCMU_RING_IOV_MAX), 0);
        assert_int_not_equal(kernel_simple(k, TCMU_RING_IOV_MAX + 1), 0);
        assert_int_equal(tcmu_ring_next(&ring, &q), 1);
        assert_int_equal(q.n_iov, TCMU_RING_IOV_MAX);
        assert_int_equal(tcmu_ring_next(&ring, &q), -EBADMSG);
}

static void test_hostile_head(void **state)
{
        static const uint32_t heads[] = {1024, 4, 8, 0xffffffff};

        for (size_t i = 0; i < ELEMENTSOF(heads); i++) {
                _cleanup_(kernel_freep) Kernel *k = kernel_new(1024);
                TcmuRequest q;
                TcmuRing ring;

                assert_int_not_equal(kernel_simple(k, 1), 0);
                mailbox(k)->cmd_head = heads[i];
                assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
                assert_int_equal(tcmu_ring_next(&ring, &q), -EBADMSG);
        }
}

/* An entry that was handed out changes its length: answers stop, and nothing is written anywhere else. */
static void test_changed_behind_our_back(void **state)
{
        static const uint32_t lengths[] = {0, 8, 112, 1016, 0xfffffff8};

        for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
                _cleanup_(kernel_freep) Kernel *k = kernel_new(1024);
                struct tcmu_cmd_entry_hdr hdr;
                uint16_t id = kernel_simple(k, 1);
                TcmuRequest q;
                TcmuRing ring;

                assert_int_not_equal(kernel_simple(k, 1), 0);
                assert_int_equal(tcmu_ring_init(&ring, k->map, k->n_map), 0);
                assert_int_equal(tcmu_ring_next(&ring, &q), 1);
                assert_int_equal(tcmu_ring_next(&ring, &q), 1);
                memcpy(&hdr, entry_of(k, 0), sizeof(hdr));
                hdr.len_op = lengths[i] | TCMU_OP_CMD;
                memcpy(entry_of(k, 0), &hdr, sizeof(hdr));
                tcmu_ring_complete(&ring, id, SCSI_GOOD, NULL, 0, 0);
                assert_int_equal(mailbox(k)->cmd_tail, 0);
                assert_int_equal(tcmu_ring_next(&ring, &q), -EBADMSG);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_hostile_mailbox),         cmocka_unit_test(test_hostile_entries),
                cmocka_unit_test(test_too_many_pieces),         cmocka_unit_test(test_hostile_head),
                cmocka_unit_test(test_changed_behind_our_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
