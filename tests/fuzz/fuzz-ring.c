/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any memory as a TCMU ring: whatever it says, what is handed out lies in the data area, and answers touch
 * nothing but the command ring and cmd_tail. Built with clang's -fsanitize=fuzzer and
 * -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION it is a libFuzzer target; otherwise it plays a fixed number of
 * spoilt rings made from a fixed seed, or the FILEs given on the command line. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define iovec uapi_iovec
#include <linux/target_core_user.h>
#undef iovec

#include "tcmu/ring.h"
#include "util/cleanup.h"

#define CMDR_OFF 128
#define N_CMDR   2048
#define N_DATA   512
#define N_MAP    (CMDR_OFF + N_CMDR + N_DATA)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data);

#define check(what)                                                                                          \
        do {                                                                                                 \
                if (!(what)) {                                                                               \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                           \
                        abort();                                                                             \
                }                                                                                            \
        } while (0)

static void check_request(const TcmuRing *ring, const TcmuRequest *q)
{
        const uint8_t *data_area = ring->map + ring->cmdr_off + ring->cmdr_size;
        uint64_t total = 0;

        if (q->type == TCMU_REQUEST_TMR) {
                check(q->n_tmr_ids <= TCMU_RING_TMR_MAX);
                return;
        }
        check(q->n_cdb > 0 && q->n_cdb <= SCSI_CDB_MAX);
        check(q->n_iov <= TCMU_RING_IOV_MAX);
        for (uint32_t i = 0; i < q->n_iov; i++) {
                const uint8_t *p = q->iov[i].iov_base;

                check(p >= data_area && p <= ring->map + ring->n_map);
                check(q->iov[i].iov_len <= (size_t) (ring->map + ring->n_map - p));
                total += q->iov[i].iov_len;
        }
        check(total == q->n_data);
}

/* Everything but the command ring and cmd_tail stays as it was. */
static void check_untouched(const TcmuRing *ring, const uint8_t *before)
{
        size_t tail = offsetof(struct tcmu_mailbox, cmd_tail),
               end = (size_t) ring->cmdr_off + ring->cmdr_size;

        check(memcmp(before, ring->map, tail) == 0);
        check(memcmp(before + tail + 4, ring->map + tail + 4, ring->cmdr_off - tail - 4) == 0);
        check(memcmp(before + end, ring->map + end, ring->n_map - end) == 0);
}

static void answer_some(TcmuRing *ring, uint8_t how, uint16_t id)
{
        uint8_t sense[SCSI_SENSE_MAX];
        uint32_t after = tcmu_ring_tail_after_complete(ring);
        bool broken;

        memset(sense, how, sizeof(sense));
        tcmu_ring_complete(ring, id, how & 1 ? SCSI_CHECK_CONDITION : SCSI_GOOD, sense, how % sizeof(sense),
                           how);
        broken = ring->broken;
        check(broken || tcmu_ring_tail(ring) == after);
        check(tcmu_ring_tail(ring) < ring->cmdr_size);
}

/* The first byte tells how answers follow requests, the rest is the map. After each answer another byte of
 * the ring changes, as if the kernel were mad. */
static void play(uint8_t *map, size_t n_map, uint8_t how)
{
        _cleanup_free_ uint8_t *before = malloc(n_map);
        TcmuRing ring;
        TcmuRequest q;

        check(before);
        memcpy(before, map, n_map);
        if (tcmu_ring_init(&ring, map, n_map) < 0)
                return;
        for (uint32_t i = 0; i < 4096 && tcmu_ring_next(&ring, &q) == 1; i++) {
                check_request(&ring, &q);
                if ((how >> i % 8) & 1)
                        answer_some(&ring, (uint8_t) (how + i), q.type == TCMU_REQUEST_COMMAND ? q.id : 0);
                check_untouched(&ring, before);
                if (how > 200)
                        ring.map[ring.cmdr_off + (i * 37 + how) % ring.cmdr_size] ^= how;
        }
        for (uint32_t i = 0; i < 64; i++)
                answer_some(&ring, how, (uint16_t) i);
        check_untouched(&ring, before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        _cleanup_free_ uint8_t *map = NULL;

        if (n_data < 2)
                return 0;
        map = malloc(n_data - 1);
        check(map);
        memcpy(map, data + 1, n_data - 1);
        play(map, n_data - 1, data[0]);
        return 0;
}

#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
static uint32_t random_below(uint32_t n)
{
        static uint32_t seed = 1;

        seed = seed * 1664525 + 1013904223;
        return (seed >> 8) % n;
}

static uint32_t put_entry(uint8_t *map, uint32_t offset, uint32_t op)
{
        uint32_t n_iov = random_below(6), n = 160 + random_below(8) * 8;
        struct tcmu_cmd_entry entry = {
                .hdr.len_op = n | op,
                .hdr.cmd_id = (uint16_t) random_below(100),
                .req.iov_cnt = n_iov,
                .req.cdb_off = CMDR_OFF + offset + 144,
        };

        if (offset + n > N_CMDR) {
                entry.hdr.len_op = N_CMDR - offset;
                memcpy(map + CMDR_OFF + offset, &entry.hdr, sizeof(entry.hdr));
                return 0;
        }
        memset(map + CMDR_OFF + offset, 0, n);
        memcpy(map + CMDR_OFF + offset, &entry, sizeof(entry));
        for (uint32_t i = 0; i < n_iov; i++) {
                struct uapi_iovec iov = {
                        .iov_base = (void *) (uintptr_t) (CMDR_OFF + N_CMDR + random_below(N_DATA)),
                        .iov_len = random_below(32)};

                memcpy(map + CMDR_OFF + offset + offsetof(struct tcmu_cmd_entry, req.iov) + i * sizeof(iov),
                       &iov, sizeof(iov));
        }
        if (op == TCMU_OP_TMR) {
                struct tcmu_tmr_entry tmr = {.hdr = entry.hdr, .tmr_type = 1, .cmd_cnt = random_below(80)};

                memcpy(map + CMDR_OFF + offset, &tmr, sizeof(tmr));
        }
        return offset + n;
}

/* A ring that starts anywhere, wraps, and is right but for a few bytes. */
static size_t make_ring(uint8_t *data)
{
        uint8_t *map = data + 1;
        uint32_t start = random_below(N_CMDR / 8) * 8, offset = start;
        struct tcmu_mailbox mb = {.version = 2, .flags = 0xf, .cmdr_off = CMDR_OFF, .cmdr_size = N_CMDR};

        for (size_t i = 0; i < N_MAP; i++)
                map[i] = (uint8_t) random_below(256);
        for (uint32_t i = random_below(10); i > 0; i--)
                offset = put_entry(map, offset, random_below(8) == 0 ? TCMU_OP_TMR : TCMU_OP_CMD);
        mb.cmd_tail = start;
        mb.cmd_head = offset;
        memcpy(map, &mb, sizeof(mb));
        data[0] = (uint8_t) random_below(256);
        for (uint32_t i = random_below(4); i > 0; i--)
                map[random_below(2) ? random_below(N_MAP) : CMDR_OFF + start % N_CMDR + random_below(160)] ^=
                        (uint8_t) (1U << random_below(8));
        return 1 + N_MAP;
}

static int play_file(const char *path)
{
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        static uint8_t data[1 << 20];
        size_t n;

        if (!f) {
                perror(path);
                return EXIT_FAILURE;
        }
        n = fread(data, 1, sizeof(data), f);
        return LLVMFuzzerTestOneInput(data, n);
}

int main(int argc, char **argv)
{
        static uint8_t data[1 + N_MAP + 4096];

        for (int i = 1; i < argc; i++)
                if (play_file(argv[i]) != 0)
                        return EXIT_FAILURE;
        for (uint32_t i = 0; argc == 1 && i < 20000; i++)
                LLVMFuzzerTestOneInput(data, make_ring(data));
        return EXIT_SUCCESS;
}
#endif
