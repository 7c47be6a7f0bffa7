/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Mode parameters: header, block descriptor and pages of MODE SENSE and MODE SELECT (6) and (10). SPC-4 7.5,
 * SSC-4 8.3. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

enum {
        MODE_PAGE_DISCONNECT = 0x02,
        MODE_PAGE_CONTROL = 0x0a,
        MODE_PAGE_DATA_COMPRESSION = 0x0f,
        MODE_PAGE_DEVICE_CONFIGURATION = 0x10,
        MODE_PAGE_MEDIUM_PARTITION = 0x11,
        MODE_PAGE_ELEMENT_ADDRESS = 0x1d,
        MODE_PAGE_ALL = 0x3f,
        MODE_PAGE_MAX = 0x3e,
        MODE_SUBPAGE_DATA_PROTECTION = 0xf0, /* of MODE_PAGE_CONTROL: logical block protection */
};

/* Which command the parameters belong to: it decides the header and what its length field means. */
typedef enum ModeForm {
        MODE_FORM_SENSE_6,
        MODE_FORM_SENSE_10,
        MODE_FORM_SELECT_6,
        MODE_FORM_SELECT_10,
} ModeForm;

typedef struct ModeHeader {
        uint8_t medium_type;
        bool write_protected;
        uint8_t buffered; /* 0: GOOD when on the medium; 1, 2: when in the buffer */
        uint8_t speed;
        bool has_descriptor;
        uint8_t density;
        uint32_t n_blocks;     /* 24 bits */
        uint32_t block_length; /* 24 bits; 0: variable */
} ModeHeader;

typedef struct ModePage {
        uint8_t page, subpage;
        bool savable;         /* PS: MODE SENSE only, reserved in MODE SELECT */
        bool has_subpage;     /* SPF: the long page header */
        const uint8_t *bytes; /* behind the page header, in the parameters */
        size_t n_bytes;
} ModePage;

/* Fills *ret_header and *ret_pages, a reader for mode_next_page(). -EBADMSG: header or block descriptor is
 * not all there. The readers borrow data. */
int mode_parse(ModeForm form, const uint8_t *data, size_t n_data, ModeHeader *ret_header,
               ByteReader *ret_pages);

/* 1: *ret is the next page. 0: no more. -EBADMSG: the page is cut off, for MODE SENSE by the allocation
 * length; pages is at its end then. */
int mode_next_page(ByteReader *pages, ModePage *ret);

/* 1: the first page with these numbers, 0: it is not there, -EBADMSG as above. */
int mode_find_page(ByteReader pages, uint8_t page, uint8_t subpage, ModePage *ret);

/* Bytes of protection information that are part of each block as it is written and as it is read, from the
 * Control Data Protection page, SSC-4 8.3.9. False: it is not that page, or too short. */
typedef struct ModeProtection {
        uint8_t n_written, n_read;
} ModeProtection;
bool mode_parse_protection(const ModePage *page, ModeProtection *ret);

/* Builds parameters: mode_begin, mode_add_page for each page, mode_finish, which fills in MODE DATA LENGTH of
 * the SENSE forms and returns the length of all, or -ENOBUFS. For the SELECT forms what is reserved there
 * (length, write protection, PS) is left 0, so that what was sensed can be selected. */
void mode_begin(ByteWriter *w, ModeForm form, const ModeHeader *header);
void mode_add_page(ByteWriter *w, ModeForm form, const ModePage *page);
int mode_finish(ByteWriter *w, ModeForm form);
