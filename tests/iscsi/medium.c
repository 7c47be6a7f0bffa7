/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file of a cartridge of tgt's (usr/bs_ssc.h there): headers of 48 bytes, each with the place of the next
 * one, the data behind each. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iscsi/rig.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define N_HEADER 48

enum {
        BLOCK_BOT = 0x10,
        BLOCK_EOD = 0x20,
        BLOCK_FILEMARK = 0x40,
};

typedef struct Header {
        uint32_t n_on_disk, n_data, type;
        uint64_t next;
} Header;

static bool read_header(int fd, uint64_t at, Header *ret)
{
        uint8_t raw[N_HEADER];

        if (pread(fd, raw, sizeof(raw), (off_t) at) != sizeof(raw))
                return false;
        *ret = (Header){
                .n_on_disk = (uint32_t) get_be(raw + 4, 4),
                .n_data = (uint32_t) get_be(raw + 8, 4),
                .type = (uint32_t) get_be(raw + 12, 4),
                .next = get_be(raw + 40, 8),
        };
        return true;
}

static bool say(Rig *r, const char *what, size_t i)
{
        r->failed = true;
        snprintf(r->why, sizeof(r->why), "%s: object %zu of %zu", what, i, r->n_told);
        return false;
}

static bool object_is_there(Rig *r, int fd, uint64_t at, const Header *h, const RigObject *o, size_t i)
{
        static uint8_t data[RIG_BLOCK_MAX], wanted[RIG_BLOCK_MAX];

        if (o->n_data == 0)
                return h->type == BLOCK_FILEMARK || say(r, "a block where a filemark should be", i);
        if (h->type == BLOCK_FILEMARK)
                return say(r, "a filemark where a block should be", i);
        if (h->n_data != o->n_data || h->n_on_disk != o->n_data)
                return say(r, "a block of another length", i);
        if (pread(fd, data, o->n_data, (off_t) (at + N_HEADER)) != (ssize_t) o->n_data)
                return say(r, "a block cut off", i);
        rig_fill(o->id, wanted, o->n_data);
        return memcmp(data, wanted, o->n_data) == 0 || say(r, "a block of other content", i);
}

bool rig_check_medium(Rig *r, const char *file)
{
        _cleanup_close_ int fd = open(file, O_RDONLY | O_CLOEXEC);
        uint64_t at;
        Header h;

        if (fd < 0 || !read_header(fd, 0, &h) || h.type != BLOCK_BOT)
                return say(r, "no cartridge", 0);
        at = h.next;
        for (size_t i = 0; i < r->n_told; i++) {
                if (!read_header(fd, at, &h) || h.type == BLOCK_EOD)
                        return say(r, "told GOOD and not on tape", i);
                if (!object_is_there(r, fd, at, &h, &r->told[i], i))
                        return false;
                at = h.next;
        }
        if (!read_header(fd, at, &h) || h.type != BLOCK_EOD)
                return say(r, "more on the tape than was told", r->n_told);
        return true;
}
