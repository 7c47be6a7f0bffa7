/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli, RFC 3720 appendix B.4). Start with 0, chain by passing the previous result.
 * Uses the processor's own instruction where it has one. */
uint32_t crc32c(uint32_t crc, const void *data, size_t n_data);

/* Copies n bytes, which do not overlap, and digests them in the same pass. For what is not read again at
 * once: the copy may have gone past the caches. */
uint32_t crc32c_copy(uint32_t crc, void *to, const void *from, size_t n);

/* The table-driven form, for tests and for processors without the instruction. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t n_data);
