/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the fake device says of itself, as an LTO drive spells it. */

#include "hold/test-unit.h"

#include "scsi/mam.h"

Answer inquiry_reply(DeviceType type)
{
        static uint8_t data[36];

        memcpy(data, "\0\x80\x06\x02\x1f\0\0\0HPE     Ultrium 9-SCSI  R3G3", 36);
        data[0] = (uint8_t) type;
        return DATA(data, sizeof(data));
}

Answer serial_reply(const char *serial)
{
        static uint8_t data[36];
        size_t n = strlen(serial);

        assert_true(n <= 32);
        data[1] = 0x80;
        data[3] = (uint8_t) n;
        memcpy(data + 4, serial, n);
        return DATA(data, (uint32_t) (4 + n));
}

/* NULL: a medium without memory. */
Answer medium_reply(const char *serial)
{
        static uint8_t data[4 + 5 + 32];

        if (!serial)
                return CHECK(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
        memset(data, ' ', sizeof(data));
        put_be(data, sizeof(data) - 4, 4);
        put_be(data + 4, MAM_MEDIUM_SERIAL_NUMBER, 2);
        data[6] = 0x81; /* read only, ASCII */
        put_be(data + 7, 32, 2);
        memcpy(data + 9, serial, strlen(serial));
        return DATA(data, sizeof(data));
}

Answer position_reply(uint64_t object)
{
        static uint8_t data[32];

        memset(data, 0, sizeof(data));
        data[0] = object == 0 ? 0x80 : 0; /* BOP */
        put_be(data + 8, object, 8);
        return DATA(data, sizeof(data));
}

Answer mode_reply(uint32_t block_length)
{
        static uint8_t data[12];

        memset(data, 0, sizeof(data));
        data[0] = 11;
        data[2] = 0x10;
        data[3] = 8;
        put_be(data + 9, block_length, 3);
        return DATA(data, sizeof(data));
}

const uint8_t *mode_list(uint32_t block_length)
{
        static uint8_t data[12];

        memcpy(data, mode_reply(block_length).data, sizeof(data));
        data[0] = 0; /* MODE DATA LENGTH is reserved here */
        return data;
}
