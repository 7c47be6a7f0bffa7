/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libiscsi 1.19 takes an address that comes before the first name for one of a target that is not there
 * (lib/discovery.c), looks for the end of a text behind the end of the data, and refuses an answer in more
 * parts than one: portals with more than some 80 targets. So it reads none of this. */

#include "transport/iscsi-targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "transport/iscsi-login.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define OPCODE_TEXT_REQUEST  0x04
#define OPCODE_TEXT_RESPONSE 0x24
#define OPCODE_REJECT        0x3f
#define IMMEDIATE            0x40
#define FINAL                0x80
#define SEGMENT_MOST         (256 * 1024) /* the MaxRecvDataSegmentLength that libiscsi declares */

int iscsi_text_check(const uint8_t *data, size_t n_data, size_t *ret_n, IscsiTextReply *ret,
                     const char **ret_why)
{
        uint8_t opcode;
        size_t n_segment;

        *ret_n = ISCSI_BHS;
        if (n_data < ISCSI_BHS)
                return ISCSI_TEXT_CUT;
        opcode = data[0] & 0x3f;
        n_segment = (size_t) get_be(data + 5, 3);
        *ret_why = "the portal's answer is malformed";
        if (data[4] != 0 || n_segment > SEGMENT_MOST)
                return -EBADMSG;
        *ret_n = ISCSI_BHS + (n_segment + 3) / 4 * 4;
        *ret_why = "the portal refuses to say which targets it has";
        if (opcode == OPCODE_REJECT)
                return -EBADMSG;
        if (n_data < *ret_n)
                return ISCSI_TEXT_CUT;
        if (opcode != OPCODE_TEXT_RESPONSE)
                return ISCSI_TEXT_OTHER;
        *ret = (IscsiTextReply){.n_text = n_segment, .final = data[1] & FINAL};
        return ISCSI_TEXT_REPLY;
}

/* RFC 7143 11.10: without data, with the tags of the one before, and with what it says of the numbers. */
void iscsi_text_go_on(const uint8_t *reply, uint8_t *ret_request)
{
        memset(ret_request, 0, ISCSI_BHS);
        ret_request[0] = OPCODE_TEXT_REQUEST | IMMEDIATE;
        ret_request[1] = FINAL;
        memcpy(ret_request + 8, reply + 8, 16);                   /* LUN, task tag, transfer tag */
        memcpy(ret_request + 24, reply + 28, 4);                  /* ExpCmdSN becomes CmdSN */
        put_be(ret_request + 28, (get_be(reply + 24, 4) + 1), 4); /* StatSN, ExpStatSN */
}

/* ---- names and addresses ---- */

typedef struct Targets {
        IscsiFound *found;
        size_t n_found;
        char name[ISCSI_NAME_MAX]; /* of the target that the next addresses are of; "" if none is */
        size_t n_addresses;        /* of it */
} Targets;

/* "10.0.0.1:3260,1" without the group. */
static int add_found(Targets *t, const char *portal)
{
        IscsiFound *f, *grown;
        size_t n = strcspn(portal, ",");

        if (!t->name[0] || t->n_found >= ISCSI_FOUND_MAX || n == 0 || n >= sizeof(f->portal))
                return 0;
        grown = reallocarray(t->found, t->n_found + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        t->found = grown;
        f = &t->found[t->n_found++];
        t->n_addresses++;
        memcpy(f->target, t->name, sizeof(f->target));
        memcpy(f->portal, portal, n);
        f->portal[n] = '\0';
        for (char *c = f->portal; *c; c++)
                if ((unsigned char) *c <= 0x20 || (unsigned char) *c >= 0x7f)
                        *c = '?';
        return 0;
}

/* A target without an address is where the question was asked (RFC 7143 appendix C). */
static int end_target(Targets *t, const char *portal)
{
        return t->n_addresses == 0 ? add_found(t, portal) : 0;
}

static int take_name(Targets *t, const char *name, const char *portal)
{
        int r = end_target(t, portal);

        t->n_addresses = 0;
        t->name[0] = '\0';
        if (iscsi_name_is_valid(name))
                memcpy(t->name, name, strlen(name) + 1); /* valid: shorter than ISCSI_NAME_MAX */
        return r;
}

static const char *value_of(const char *pair, const char *key)
{
        size_t n = strlen(key);

        return strncmp(pair, key, n) == 0 && pair[n] == '=' ? pair + n + 1 : NULL;
}

static int take_pairs(Targets *t, const uint8_t *text, size_t n_text, const char *portal)
{
        int r = 0;

        for (size_t at = 0; at < n_text && r >= 0;) {
                const char *pair = (const char *) text + at, *end = memchr(pair, '\0', n_text - at), *value;

                if (!end || (end > pair && !strchr(pair, '=')))
                        return -EBADMSG;
                at += (size_t) (end - pair) + 1;
                if ((value = value_of(pair, "TargetName")))
                        r = take_name(t, value, portal);
                else if ((value = value_of(pair, "TargetAddress")))
                        r = add_found(t, value);
        }
        return r < 0 ? r : end_target(t, portal);
}

int iscsi_targets_parse(const uint8_t *text, size_t n_text, const char *portal, IscsiFound **ret,
                        size_t *ret_n)
{
        Targets t = {};
        int r = take_pairs(&t, text, n_text, portal);

        if (r < 0) {
                free(t.found);
                return r;
        }
        *ret = t.found;
        *ret_n = t.n_found;
        return 0;
}
