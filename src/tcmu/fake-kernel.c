/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The other side of the ring in tests. It trusts nobody either: an answer to what was not asked fails the
 * test. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcmu/fake-kernel.h"

Kernel *kernel_new(uint32_t cmdr_size)
{
        Kernel *k = calloc(1, sizeof(*k));

        assert_non_null(k);
        k->cmdr_size = cmdr_size;
        k->n_map = CMDR_OFF + cmdr_size + N_DATA;
        k->map = calloc(1, k->n_map);
        assert_non_null(k->map);
        mailbox(k)->version = TCMU_MAILBOX_VERSION;
        mailbox(k)->flags = 0xf;
        mailbox(k)->cmdr_off = CMDR_OFF;
        mailbox(k)->cmdr_size = cmdr_size;
        return k;
}

Kernel *kernel_free(Kernel *k)
{
        free(k->map);
        free(k);
        return NULL;
}

static uint32_t head_of(Kernel *k)
{
        return mailbox(k)->cmd_head;
}

static void move_head(Kernel *k, uint32_t n)
{
        __atomic_store_n(&mailbox(k)->cmd_head, (head_of(k) + n) % k->cmdr_size, __ATOMIC_RELEASE);
}

static void put_header(Kernel *k, uint32_t op, uint32_t n, uint16_t id)
{
        struct tcmu_cmd_entry_hdr hdr = {.len_op = n | op, .cmd_id = id};

        memcpy(entry_of(k, head_of(k)), &hdr, sizeof(hdr));
}

/* Space for an entry of n bytes at cmd_head, behind a PAD if need be; NULL if the ring is full. */
static uint8_t *kernel_space(Kernel *k, uint32_t n)
{
        uint32_t used = (head_of(k) + k->cmdr_size - k->cleaned) % k->cmdr_size;
        uint32_t to_end = k->cmdr_size - head_of(k), pad = to_end < n ? to_end : 0;

        if (k->cmdr_size - used - 1 < n + pad)
                return NULL;
        if (pad > 0) {
                put_header(k, TCMU_OP_PAD, pad, 0);
                move_head(k, pad);
                k->n_pads++;
                k->n_small_pads += pad == sizeof(struct tcmu_cmd_entry_hdr);
        }
        return memset(entry_of(k, head_of(k)), 0, n);
}

static uint16_t take_id(Kernel *k)
{
        do
                k->last_id = (uint16_t) (k->last_id % (N_IDS - 1) + 1);
        while (k->answers[k->last_id].outstanding);
        k->answers[k->last_id] = (Answer){.outstanding = true};
        return k->last_id;
}

uint16_t kernel_command(Kernel *k, const uint8_t *cdb, uint32_t n_cdb, uint32_t n_iov)
{
        uint32_t base =
                (uint32_t) (offsetof(struct tcmu_cmd_entry, req.iov) + n_iov * sizeof(struct uapi_iovec));
        struct tcmu_cmd_entry entry = {.req.iov_cnt = n_iov};
        uint32_t n;
        uint8_t *p;

        if (base < sizeof(entry))
                base = sizeof(entry);
        n = base + (n_cdb + 7) / 8 * 8;
        p = kernel_space(k, n);
        if (!p)
                return 0;
        entry.hdr.len_op = n | TCMU_OP_CMD;
        entry.hdr.cmd_id = take_id(k);
        entry.req.cdb_off = CMDR_OFF + head_of(k) + base;
        memcpy(p, &entry, offsetof(struct tcmu_cmd_entry, req.iov));
        for (uint32_t i = 0; i < n_iov; i++) {
                uintptr_t off = CMDR_OFF + k->cmdr_size + i * 32;
                struct uapi_iovec iov = {.iov_base = (void *) off, .iov_len = 16};

                memcpy(p + offsetof(struct tcmu_cmd_entry, req.iov) + i * sizeof(iov), &iov, sizeof(iov));
        }
        memcpy(p + base, cdb, n_cdb);
        move_head(k, n);
        return entry.hdr.cmd_id;
}

uint16_t kernel_simple(Kernel *k, uint32_t n_iov)
{
        static const uint8_t cdb[6] = {0x0a, 0, 0, 2, 0, 0};

        return kernel_command(k, cdb, sizeof(cdb), n_iov);
}

bool kernel_tmr(Kernel *k, uint8_t type, const uint16_t *ids, uint32_t n_ids)
{
        struct tcmu_tmr_entry entry = {.tmr_type = type, .cmd_cnt = n_ids};
        uint32_t n = (uint32_t) (sizeof(entry) + n_ids * sizeof(ids[0]) + 7) / 8 * 8;
        uint8_t *p = kernel_space(k, n);

        if (!p)
                return false;
        entry.hdr.len_op = n | TCMU_OP_TMR;
        memcpy(p, &entry, sizeof(entry));
        if (n_ids > 0)
                memcpy(p + sizeof(entry), ids, n_ids * sizeof(ids[0]));
        move_head(k, n);
        return true;
}

static void take_answer(Kernel *k, const struct tcmu_cmd_entry *entry)
{
        Answer *a = &k->answers[entry->hdr.cmd_id];

        assert_in_range(entry->hdr.cmd_id, 1, N_IDS - 1);
        assert_true(a->outstanding);
        *a = (Answer){.answered = true,
                      .status = entry->rsp.scsi_status,
                      .uflags = entry->hdr.uflags,
                      .read_len = entry->rsp.read_len};
        memcpy(a->sense, entry->rsp.sense_buffer, sizeof(a->sense));
}

void kernel_clean(Kernel *k)
{
        while (k->cleaned != __atomic_load_n(&mailbox(k)->cmd_tail, __ATOMIC_ACQUIRE)) {
                struct tcmu_cmd_entry entry;

                memcpy(&entry.hdr, entry_of(k, k->cleaned), sizeof(entry.hdr));
                if (tcmu_hdr_get_op(entry.hdr.len_op) == TCMU_OP_CMD) {
                        memcpy(&entry, entry_of(k, k->cleaned), sizeof(entry));
                        take_answer(k, &entry);
                }
                k->cleaned = (k->cleaned + tcmu_hdr_get_len(entry.hdr.len_op)) % k->cmdr_size;
        }
}
