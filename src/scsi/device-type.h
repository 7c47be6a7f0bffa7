/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Peripheral device types that evertape holds, SPC-5 table 168. */
typedef enum DeviceType {
        DEVICE_TAPE = 0x01,
        DEVICE_CHANGER = 0x08,
} DeviceType;
