/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For the tests of the models: commands by their bytes, sense looked at by offset as the standard draws it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "util/bytes.h"

typedef void (*Execute)(void *device, const uint8_t *cdb, size_t n_cdb, void *data, uint32_t n_data,
                        ScsiResult *ret);

#define SENSE_EOM_BIT      0x40
#define SENSE_FILEMARK_BIT 0x80
#define SENSE_ILI_BIT      0x20

/* CHECK CONDITION with this byte 2 (key and bits) and code, fixed format, current. */
#define assert_sense(r, byte2, code_)                                                                        \
        do {                                                                                                 \
                ScsiResult _s = (r);                                                                         \
                assert_int_equal(_s.status, SCSI_CHECK_CONDITION);                                           \
                assert_int_equal(_s.sense[0] & 0x7f, 0x70);                                                  \
                assert_true(_s.n_sense >= 18);                                                               \
                assert_int_equal(_s.sense[2], (byte2));                                                      \
                assert_int_equal(get_be(_s.sense + 12, 2), (code_));                                         \
        } while (0)

#define assert_information(r, value)                                                                         \
        do {                                                                                                 \
                assert_true((r).sense[0] & 0x80);                                                            \
                assert_int_equal((int32_t) get_be((r).sense + 3, 4), (value));                               \
        } while (0)

#define assert_good(r) assert_int_equal((r).status, SCSI_GOOD)

#define CDB(...)                                                                                             \
        (const uint8_t[])                                                                                    \
        {                                                                                                    \
                __VA_ARGS__                                                                                  \
        }
#define RUN(execute, device, data, n_data, ...)                                                              \
        ({                                                                                                   \
                ScsiResult _r;                                                                               \
                execute(device, CDB(__VA_ARGS__), sizeof(CDB(__VA_ARGS__)), data, n_data, &_r);              \
                assert_int_equal(_r.delivery, SCSI_ANSWERED);                                                \
                _r;                                                                                          \
        })
