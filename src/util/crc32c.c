/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Digest of journal records and of the last block read: of every byte that is written. The instruction takes
 * 8 bytes and has its result after three cycles, but a new one can begin in each: so a long buffer is cut
 * into three that are digested beside each other. The digests are then put together as if the first were
 * followed by as many zero bytes as the second is long, which is a multiplication by a fixed matrix (32 x 32
 * bits), kept as a table of four bytes.
 *
 * What goes into a journal is copied and digested in one pass: the instruction leaves room for a load and a
 * store, so that the digest costs next to nothing. The stores go past the caches (MOVNTI), since a ring is
 * larger than they are: a store that has to fetch the line first makes the same loop three times as slow, and
 * memcpy() of glibc is five times as slow where its target is not aligned (docs/PERFORMANCE.md).
 *
 * The table of 256 is for every other processor. */

#include "util/crc32c.h"

#include <stdbool.h>
#include <string.h>

#define POLYNOMIAL UINT32_C(0x82f63b78) /* reflected */

static uint32_t table[256];

uint32_t crc32c_portable(uint32_t crc, const void *data, size_t n_data)
{
        const uint8_t *p = data;

        crc = ~crc;
        for (size_t i = 0; i < n_data; i++)
                crc = table[(crc ^ p[i]) & 0xff] ^ crc >> 8;
        return ~crc;
}

static void init_table(void)
{
        for (uint32_t i = 0; i < 256; i++) {
                uint32_t c = i;

                for (int bit = 0; bit < 8; bit++)
                        c = c & 1 ? c >> 1 ^ POLYNOMIAL : c >> 1;
                table[i] = c;
        }
}

#if defined(__x86_64__)

#include <emmintrin.h>

#define HARDWARE __attribute__((target("sse4.2")))

HARDWARE static inline uint32_t step8(uint32_t c, uint64_t v)
{
        return (uint32_t) __builtin_ia32_crc32di(c, v);
}

/* to is aligned. */
static inline void store8(uint8_t *to, uint64_t v)
{
        _mm_stream_si64((void *) to, (long long) v);
}

static inline void stores_end(void)
{
        _mm_sfence();
}

HARDWARE static inline uint32_t step1(uint32_t c, const uint8_t *p)
{
        return __builtin_ia32_crc32qi(c, *p);
}

static bool has_instruction(void)
{
        __builtin_cpu_init();
        return __builtin_cpu_supports("sse4.2");
}

#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#include <sys/auxv.h>

#define HARDWARE  __attribute__((target("+crc")))
#define HAS_CRC32 (1 << 7) /* HWCAP_CRC32, arch/arm64/include/uapi/asm/hwcap.h */

HARDWARE static inline uint32_t step8(uint32_t c, uint64_t v)
{
        __asm__("crc32cx %w0, %w0, %x1" : "+r"(c) : "r"(v));
        return c;
}

HARDWARE static inline uint32_t step1(uint32_t c, const uint8_t *p)
{
        __asm__("crc32cb %w0, %w0, %w1" : "+r"(c) : "r"(*p));
        return c;
}

static inline void store8(uint8_t *to, uint64_t v)
{
        memcpy(to, &v, sizeof(v));
}

static inline void stores_end(void)
{
}

static bool has_instruction(void)
{
        return getauxval(AT_HWCAP) & HAS_CRC32;
}

#endif

#ifdef HARDWARE

#define PIECE_SHIFT 10
#define PIECE       ((size_t) 1 << PIECE_SHIFT) /* bytes of each of the three */
#define COPY_MIN    (3 * PIECE + 8)             /* less is copied in the ordinary way */

static bool hardware;
static uint32_t zeros[4][256]; /* what PIECE zero bytes make of each byte of a digest */

/* Column i of a matrix is what it makes of bit i. */
static uint32_t multiply(const uint32_t matrix[static 32], uint32_t v)
{
        uint32_t r = 0;

        for (int i = 0; v; v >>= 1, i++)
                r ^= v & 1 ? matrix[i] : 0;
        return r;
}

static void init_zeros(void)
{
        uint32_t matrix[32], square[32];

        for (int i = 0; i < 32; i++) /* one zero byte */
                matrix[i] = table[UINT32_C(1) << i & 0xff] ^ UINT32_C(1) << i >> 8;
        for (int k = 0; k < PIECE_SHIFT; k++) {
                for (int i = 0; i < 32; i++)
                        square[i] = multiply(matrix, matrix[i]);
                memcpy(matrix, square, sizeof(matrix));
        }
        for (int k = 0; k < 4; k++)
                for (uint32_t b = 0; b < 256; b++)
                        zeros[k][b] = multiply(matrix, b << 8 * k);
}

static inline uint32_t append_zeros(uint32_t c)
{
        return zeros[0][c & 0xff] ^ zeros[1][c >> 8 & 0xff] ^ zeros[2][c >> 16 & 0xff] ^ zeros[3][c >> 24];
}

#define INLINE static inline __attribute__((always_inline)) /* so that nothing is left of a copy to NULL */

HARDWARE INLINE uint32_t step8_copy(uint32_t c, uint8_t *to, const uint8_t *p)
{
        uint64_t v;

        memcpy(&v, p, sizeof(v));
        if (to)
                store8(to, v);
        return step8(c, v);
}

HARDWARE INLINE uint32_t three_pieces(uint32_t c, uint8_t *to, const uint8_t *p)
{
        uint8_t *to1 = to ? to + PIECE : NULL, *to2 = to ? to1 + PIECE : NULL;
        uint32_t c1 = 0, c2 = 0;

        for (size_t i = 0; i < PIECE; i += 8) {
                c = step8_copy(c, to ? to + i : NULL, p + i);
                c1 = step8_copy(c1, to ? to1 + i : NULL, p + PIECE + i);
                c2 = step8_copy(c2, to ? to2 + i : NULL, p + 2 * PIECE + i);
        }
        return append_zeros(append_zeros(c) ^ c1) ^ c2;
}

HARDWARE static uint32_t crc32c_hardware(uint32_t crc, const void *data, size_t n_data)
{
        const uint8_t *p = data;
        uint32_t c = ~crc;

        for (; n_data >= 3 * PIECE; n_data -= 3 * PIECE, p += 3 * PIECE)
                c = three_pieces(c, NULL, p);
        for (; n_data >= 8; n_data -= 8, p += 8)
                c = step8_copy(c, NULL, p);
        for (; n_data > 0; n_data--, p++)
                c = step1(c, p);
        return ~c;
}

HARDWARE static uint32_t copy_hardware(uint32_t crc, uint8_t *to, const uint8_t *from, size_t n)
{
        size_t n_head = -(uintptr_t) to % 8, n_done = n_head;
        uint32_t c;

        memcpy(to, from, n_head);
        c = ~crc32c_hardware(crc, from, n_head);
        for (; n - n_done >= 3 * PIECE; n_done += 3 * PIECE)
                c = three_pieces(c, to + n_done, from + n_done);
        stores_end();
        memcpy(to + n_done, from + n_done, n - n_done);
        return crc32c_hardware(~c, from + n_done, n - n_done);
}

uint32_t crc32c(uint32_t crc, const void *data, size_t n_data)
{
        return hardware ? crc32c_hardware(crc, data, n_data) : crc32c_portable(crc, data, n_data);
}

uint32_t crc32c_copy(uint32_t crc, void *to, const void *from, size_t n)
{
        if (hardware && n >= COPY_MIN)
                return copy_hardware(crc, to, from, n);
        memcpy(to, from, n);
        return crc32c(crc, to, n);
}

__attribute__((constructor)) static void crc32c_init(void)
{
        init_table();
        init_zeros();
        hardware = has_instruction();
}

#else

uint32_t crc32c(uint32_t crc, const void *data, size_t n_data)
{
        return crc32c_portable(crc, data, n_data);
}

uint32_t crc32c_copy(uint32_t crc, void *to, const void *from, size_t n)
{
        memcpy(to, from, n);
        return crc32c_portable(crc, to, n);
}

__attribute__((constructor)) static void crc32c_init(void)
{
        init_table();
}

#endif
