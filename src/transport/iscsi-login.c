/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libiscsi 1.19 walks the keys of a login response with strlen(), believes a MaxRecvDataSegmentLength of 0
 * (and then makes empty Data-Out PDUs until the memory is full), and says of a refusal only that there was
 * one. While a session logs in it takes one PDU at each call of iscsi_service(), so that what is still in the
 * socket can be looked at first. */

#include "transport/iscsi-login.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/cleanup.h"

#define OPCODE_LOGIN_RESPONSE 0x23
#define OPCODE_MASK           0x3f
#define SEGMENT_LEAST         4096 /* RFC 7143 13.12 has 512, with which one R2T could ask for millions of PDUs */
#define KEYS_MAX              64
#define KEY_MAX               255

/* RFC 7143 11.13.5. */
static const struct {
        uint8_t class, detail;
        const char *text;
} refusals[] = {
        {1, 1, "the target has moved for now: attach it where it is"},
        {1, 2, "the target has moved: attach it where it is"},
        {2, 0, "the target refuses the login"},
        {2, 1, "authentication failed: see /etc/evertape/iscsi.secrets, and what the target wants"},
        {2, 2, "the target does not let this initiator in"},
        {2, 3, "there is no such target at this portal; `evertape discover` shows which there are"},
        {2, 4, "the target has been removed"},
        {2, 5, "the target does not speak this version of iSCSI"},
        {2, 6, "the target has too many connections"},
        {2, 7, "the target misses a parameter of the login"},
        {2, 8, "the target cannot be in this session"},
        {2, 9, "the target does not know this type of session"},
        {2, 10, "the session is not there any more"},
        {2, 11, "the target did not expect this request"},
        {3, 0, "the target has an error of its own"},
        {3, 1, "the target is not available now"},
        {3, 2, "the target is full: out of sessions or other resources"},
};

static void say(IscsiLoginReply *reply, const char *what)
{
        snprintf(reply->why, sizeof(reply->why), "%s", what);
}

static int is_wrong(IscsiLoginReply *reply, const char *what)
{
        snprintf(reply->why, sizeof(reply->why), "this is no iSCSI target, or a broken one: %s", what);
        return -EBADMSG;
}

static void explain(IscsiLoginReply *reply)
{
        for (size_t i = 0; i < ELEMENTSOF(refusals); i++)
                if (refusals[i].class == reply->status_class && refusals[i].detail == reply->status_detail) {
                        say(reply, refusals[i].text);
                        return;
                }
        snprintf(reply->why, sizeof(reply->why), "the target refuses the login (status %02x%02x)",
                 reply->status_class, reply->status_detail);
}

/* Lengths that libiscsi takes for itself. */
static bool value_is_sane(const char *key, const char *value)
{
        static const struct {
                const char *key;
                uint64_t least;
        } lengths[] = {
                {"MaxRecvDataSegmentLength", SEGMENT_LEAST},
                {"MaxBurstLength", SEGMENT_LEAST},
                {"FirstBurstLength", 512},
        };

        for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
                char *end;
                unsigned long v;

                if (strcmp(key, lengths[i].key) != 0)
                        continue;
                v = strtoul(value, &end, 0);
                return value[0] >= '0' && value[0] <= '9' && *end == '\0' && v >= lengths[i].least &&
                       v <= 0xffffff;
        }
        return true;
}

/* Pairs of KEY=VALUE, each with its NUL. */
static int check_keys(const uint8_t *data, size_t n, IscsiLoginReply *reply)
{
        unsigned n_keys = 0;

        for (size_t at = 0; at < n;) {
                const char *pair = (const char *) data + at, *end = memchr(pair, '\0', n - at);
                const char *equals;
                char key[64];

                if (!end)
                        return is_wrong(reply, "a key without an end");
                at += (size_t) (end - pair) + 1;
                if (end == pair) /* what pads it, from targets that count it */
                        continue;
                equals = memchr(pair, '=', (size_t) (end - pair));
                if (!equals || (size_t) (equals - pair) >= sizeof(key) || equals == pair ||
                    end - equals > 4 * KEY_MAX || ++n_keys > KEYS_MAX)
                        return is_wrong(reply, "keys that are none");
                memcpy(key, pair, (size_t) (equals - pair));
                key[equals - pair] = '\0';
                if (strcmp(key, "HeaderDigest") == 0)
                        reply->header_digest = strcmp(equals + 1, "CRC32C") == 0;
                if (!value_is_sane(key, equals + 1)) {
                        snprintf(reply->why, sizeof(reply->why), "the target's %s=%.20s cannot be used", key,
                                 equals + 1);
                        return -EBADMSG;
                }
        }
        return 0;
}

int iscsi_login_check(const uint8_t *data, size_t n_data, size_t *ret_n, IscsiLoginReply *ret)
{
        ByteReader r = byte_reader(data, n_data);
        IscsiLoginReply reply = {};
        size_t n_segment;
        uint8_t opcode, n_ahs;
        int k = 0;

        *ret_n = ISCSI_BHS;
        if (n_data < ISCSI_BHS)
                return 0;
        opcode = reader_u8(&r) & OPCODE_MASK;
        reader_skip(&r, 3);
        n_ahs = reader_u8(&r);
        n_segment = reader_u24(&r);
        *ret = reply;
        if (opcode != OPCODE_LOGIN_RESPONSE)
                return is_wrong(ret, "no login response");
        if (n_ahs != 0 || n_segment > ISCSI_LOGIN_MAX)
                return is_wrong(ret, "a login response of an impossible length");
        *ret_n = ISCSI_BHS + (n_segment + 3) / 4 * 4;
        if (n_data < *ret_n)
                return 0;
        reply.status_class = data[36];
        reply.status_detail = data[37];
        if (reply.status_class != 0)
                explain(&reply);
        else
                k = check_keys(data + ISCSI_BHS, n_segment, &reply);
        *ret = reply;
        return k < 0 ? k : 1;
}
