/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Drivers' INF files come as ANSI from the nineties, as UTF-16 with a byte order mark from Windows, and as
 * UTF-8 from those who write one on Linux. Everything behind this file sees UTF-8 with LF. */

#include "identity/inf-decode.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "util/bytes.h"

#define REPLACEMENT UINT32_C(0xfffd)
#define DOS_EOF     0x1a
#define UTF8_LENGTH 3 /* of one byte of code page 1252 or one unit of UTF-16, at most */

/* Code page 1252, 80h to 9Fh; 0 has no character. The rest is ISO 8859-1. */
static const uint16_t cp1252[32] = {
        0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

typedef struct Decoder {
        ByteReader in;
        char *out; /* always large enough */
        size_t n_out;
        unsigned line;
        uint32_t last;
        bool complained;
        InfProblems *problems;
} Decoder;

/* Reads one character, or REPLACEMENT for what is none. */
typedef uint32_t (*ReadCharacter)(ByteReader *r);

static uint32_t read_ansi(ByteReader *r)
{
        uint8_t byte = reader_u8(r);

        if (byte < 0x80 || byte >= 0xa0)
                return byte;
        return cp1252[byte - 0x80] ? cp1252[byte - 0x80] : REPLACEMENT;
}

static uint32_t read_unit(ByteReader *r, bool little)
{
        uint16_t unit;

        if (reader_left(r) < 2) {
                reader_skip(r, reader_left(r));
                return REPLACEMENT;
        }
        unit = reader_u16(r);
        return little ? (uint16_t) (unit >> 8 | unit << 8) : unit;
}

static uint32_t read_utf16(ByteReader *r, bool little)
{
        uint32_t high = read_unit(r, little), low;
        ByteReader ahead = *r;

        if (high < 0xd800 || high > 0xdfff)
                return high;
        low = read_unit(&ahead, little);
        if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
                return REPLACEMENT;
        *r = ahead;
        return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static uint32_t read_utf16le(ByteReader *r)
{
        return read_utf16(r, true);
}

static uint32_t read_utf16be(ByteReader *r)
{
        return read_utf16(r, false);
}

/* RFC 3629: no overlong forms, no surrogates. */
static uint32_t read_utf8(ByteReader *r)
{
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        uint8_t first = reader_u8(r);
        size_t n_more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
        ByteReader ahead = *r;
        uint32_t c;

        if (first < 0x80)
                return first;
        if (first < 0xc2 || first > 0xf4)
                return REPLACEMENT;
        c = first & (0x3fU >> n_more);
        for (size_t i = 0; i < n_more; i++) {
                uint8_t byte = reader_u8(&ahead);

                if ((byte & 0xc0) != 0x80)
                        return REPLACEMENT;
                c = c << 6 | (byte & 0x3f);
        }
        if (c < least[n_more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return REPLACEMENT;
        *r = ahead;
        return c;
}

static size_t write_utf8(char *out, uint32_t c)
{
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

        if (n == 1) {
                out[0] = (char) c;
                return 1;
        }
        for (size_t i = n; i-- > 1; c >>= 6)
                out[i] = (char) (0x80 | (c & 0x3f));
        out[0] = (char) ((0xf00U >> n & 0xf0) | c);
        return n;
}

static void put_character(Decoder *d, uint32_t c)
{
        bool after_cr = d->last == '\r';

        d->last = c;
        if (c == '\n' && after_cr)
                return;
        if (c == '\r')
                c = '\n';
        if (c == '\n')
                d->line++;
        if (c == REPLACEMENT && !d->complained) {
                d->complained = true;
                inf_warning(d->problems, d->line, 0, "bytes that are no character of this encoding");
        }
        d->n_out += write_utf8(d->out + d->n_out, c);
}

static const struct {
        uint8_t mark[3];
        size_t n_mark;
        ReadCharacter read;
        const char *name;
} encodings[] = {
        {{0xef, 0xbb, 0xbf}, 3, read_utf8, "UTF-8 with byte order mark"},
        {{0xff, 0xfe}, 2, read_utf16le, "UTF-16, little endian"},
        {{0xfe, 0xff}, 2, read_utf16be, "UTF-16, big endian"},
};

/* Steps over the byte order mark. */
static ReadCharacter choose_encoding(ByteReader *r, const char **ret_name)
{
        ByteReader ahead = *r;

        for (size_t i = 0; i < ELEMENTSOF(encodings); i++) {
                if (reader_left(r) < encodings[i].n_mark ||
                    memcmp(r->data, encodings[i].mark, encodings[i].n_mark) != 0)
                        continue;
                reader_skip(r, encodings[i].n_mark);
                *ret_name = encodings[i].name;
                return encodings[i].read;
        }
        while (reader_left(&ahead) > 0)
                if (read_utf8(&ahead) == REPLACEMENT) {
                        *ret_name = "Windows code page 1252";
                        return read_ansi;
                }
        *ret_name = "UTF-8";
        return read_utf8;
}

static int decode_all(Decoder *d, ReadCharacter read)
{
        while (reader_left(&d->in) > 0) {
                uint32_t c = read(&d->in);

                if (c == DOS_EOF && reader_left(&d->in) == 0)
                        break;
                if (c == 0) {
                        inf_error(d->problems, d->line, 0,
                                  "a NUL: binary, or UTF-16 without a byte order mark; save it with one");
                        return -EILSEQ;
                }
                put_character(d, c);
        }
        d->out[d->n_out] = '\0';
        return 0;
}

int inf_decode(const uint8_t *data, size_t n_data, Arena *arena, InfProblems *problems, InfText *ret)
{
        Decoder d = {.in = byte_reader(data, n_data), .line = 1, .problems = problems};
        const char *encoding;
        ReadCharacter read;
        int r;

        if (n_data > INF_FILE_MAX)
                return -EFBIG;
        read = choose_encoding(&d.in, &encoding);
        d.out = arena_alloc(arena, UTF8_LENGTH * n_data + 1);
        if (!d.out)
                return -ENOMEM;
        r = decode_all(&d, read);
        if (r < 0)
                return r;
        *ret = (InfText){.text = d.out, .n = d.n_out, .encoding = encoding};
        return 0;
}
