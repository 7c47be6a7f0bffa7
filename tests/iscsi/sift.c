/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "iscsi/sift.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/cleanup.h"

enum {
        OPCODE_MANAGEMENT = 0x02,
        OPCODE_MANAGEMENT_REPLY = 0x22,
        OPCODE_LOGIN_REPLY = 0x23,
};

static void note_request(ProxySift *how, const uint8_t *bhs)
{
        if (how->n_requests < sizeof(how->requests))
                how->requests[how->n_requests] = bhs[1] & 0x7f;
        how->request_lun = (uint16_t) get_be(bhs + 8, 2);
        how->n_requests++;
}

static SiftFate judge(ProxySift *how, bool from_target, uint8_t *bhs)
{
        uint8_t opcode = bhs[0] & 0x3f;
        int management = MANAGEMENT_AS_IT_IS;

        if (!from_target) {
                if (opcode == OPCODE_MANAGEMENT)
                        note_request(how, bhs);
                return SIFT_PASS;
        }
        if (opcode == OPCODE_MANAGEMENT_REPLY)
                management = how->management[how->n_seen[opcode] > 0];
        if (management >= 0)
                bhs[2] = (uint8_t) management;
        if (opcode == OPCODE_LOGIN_REPLY && how->login >= 0)
                put_be(bhs + 36, (uint64_t) how->login, 2);
        __atomic_add_fetch(&how->n_seen[opcode], 1, __ATOMIC_SEQ_CST);
        if (how->dropped >> opcode & 1 || management == MANAGEMENT_DROPPED)
                return SIFT_DROP;
        return how->kept >> opcode & 1 ? SIFT_KEEP : SIFT_PASS;
}

static void put(Sift *s, const uint8_t *data, size_t n, uint8_t *out, size_t *n_out)
{
        if (s->fate == SIFT_PASS) {
                memcpy(out + *n_out, data, n);
                *n_out += n;
        } else if (s->fate == SIFT_KEEP) {
                if (s->n_kept + n > sizeof(s->kept))
                        abort();
                memcpy(s->kept + s->n_kept, data, n);
                s->n_kept += n;
        }
}

static void begin_pdu(Sift *s, ProxySift *how, bool from_target, uint8_t *out, size_t *n_out)
{
        s->left = 4u * s->bhs[4] + (get_be(s->bhs + 5, 3) + 3) / 4 * 4;
        s->fate = judge(how, from_target, s->bhs);
        if (s->fate == SIFT_KEEP) {
                if (s->n_pdus == SIFT_PDUS_MAX)
                        abort();
                s->begins[s->n_pdus++] = s->n_kept;
        }
        put(s, s->bhs, SIFT_BHS, out, n_out);
}

size_t sift_pass(Sift *s, ProxySift *how, bool from_target, const uint8_t *data, size_t n, uint8_t *out)
{
        size_t n_out = 0;

        for (size_t at = 0, k; at < n; at += k) {
                if (s->left > 0) {
                        k = s->left < n - at ? (size_t) s->left : n - at;
                        put(s, data + at, k, out, &n_out);
                        s->left -= k;
                        continue;
                }
                k = SIFT_BHS - s->n_bhs < n - at ? SIFT_BHS - s->n_bhs : n - at;
                memcpy(s->bhs + s->n_bhs, data + at, k);
                s->n_bhs += k;
                if (s->n_bhs == SIFT_BHS) {
                        begin_pdu(s, how, from_target, out, &n_out);
                        s->n_bhs = 0;
                }
        }
        return n_out;
}

size_t sift_release(Sift *s, const ProxySift *how, uint8_t *out)
{
        size_t n_out = 0;

        for (size_t i = 0; i < s->n_pdus; i++) {
                size_t k = how->swap ? s->n_pdus - 1 - i : i;
                size_t end = k + 1 < s->n_pdus ? s->begins[k + 1] : s->n_kept;

                memcpy(out + n_out, s->kept + s->begins[k], end - s->begins[k]);
                n_out += end - s->begins[k];
        }
        s->n_pdus = s->n_kept = 0;
        return n_out;
}
