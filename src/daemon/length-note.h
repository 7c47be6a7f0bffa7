/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The block length that evertaped has given a drive for a while (hold/group.c), on disk: a machine that stops
 * at once leaves the drive with it, and forgets all else. */

#include <stdint.h>

#define LENGTH_NOTE_FOLDER EVERTAPE_STATEDIR

/* Of device number id, which has this serial number; on disk when it returns. 0, -errno. */
int length_note_write(const char *folder, uint32_t id, const char *serial, uint32_t length);
/* 0: there is none, or it is of another device. */
uint32_t length_note_read(const char *folder, uint32_t id, const char *serial);
void length_note_remove(const char *folder, uint32_t id);
