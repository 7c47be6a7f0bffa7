/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Digest of journal records and of the last block read. The instruction does 8 bytes in a cycle or so, which is
 * what makes a digest of every block affordable; the table is for every other processor. */

#include "util/crc32c.h"

#include <stdbool.h>
#include <string.h>

#define POLYNOMIAL UINT32_C(0x82f63b78) /* reflected */

static uint32_t table[256];

__attribute__((constructor)) static void crc32c_init_table(void)
{
        for (uint32_t i = 0; i < 256; i++) {
                uint32_t c = i;

                for (int bit = 0; bit < 8; bit++)
                        c = c & 1 ? c >> 1 ^ POLYNOMIAL : c >> 1;
                table[i] = c;
        }
}

uint32_t crc32c_portable(uint32_t crc, const void *data, size_t n_data)
{
        const uint8_t *p = data;

        crc = ~crc;
        for (size_t i = 0; i < n_data; i++)
                crc = table[(crc ^ p[i]) & 0xff] ^ crc >> 8;
        return ~crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const void *data, size_t n_data)
{
        const uint8_t *p = data;
        uint64_t c = (uint32_t) ~crc;

        for (; n_data >= 8; n_data -= 8, p += 8) {
                uint64_t v;

                memcpy(&v, p, sizeof(v));
                c = __builtin_ia32_crc32di(c, v);
        }
        for (; n_data > 0; n_data--, p++)
                c = __builtin_ia32_crc32qi((uint32_t) c, *p);
        return ~(uint32_t) c;
}

uint32_t crc32c(uint32_t crc, const void *data, size_t n_data)
{
        return __builtin_cpu_supports("sse4.2") ? crc32c_sse42(crc, data, n_data)
                                                : crc32c_portable(crc, data, n_data);
}

#else

uint32_t crc32c(uint32_t crc, const void *data, size_t n_data)
{
        return crc32c_portable(crc, data, n_data);
}

#endif
