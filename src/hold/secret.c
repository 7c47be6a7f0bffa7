/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An encryption key that a program has set in the drive, set again after a loss. The parameter list is kept
 * in memory that is lent for it and nowhere else: not in the record, the journal, a file or a message, and no
 * checksum of it either, by which a short key could be guessed. It is gone from there as soon as it is gone
 * from the drive. The drive must then say itself that it encrypts as it did: nothing is written in the clear
 * that was to be encrypted. Where that cannot be had, no WRITE goes through until a program sets a key, or
 * the cartridge is unloaded. */

#include <string.h>

#include "hold/unit-internal.h"
#include "scsi/cdb.h"
#include "scsi/encryption.h"
#include "util/bytes.h"
#include "util/crc32c.h"

#define STATUS_LENGTH 1024

/* ---- the memory ---- */

static uint32_t secret_crc(const UnitSecret *s)
{
        return crc32c(0, s, offsetof(UnitSecret, crc));
}

/* The one that the record counts; NULL: there is none, or it is not whole. */
static UnitSecret *find_secret(const Unit *u)
{
        uint32_t number = u->record.key.number;
        UnitSecret *s = u->secrets ? &u->secrets->secret[number % 2] : NULL;

        return s && number != 0 && s->number == number && s->n_list <= UNIT_SECRET_SIZE &&
                               s->n_cdb <= SCSI_CDB_MAX && s->crc == secret_crc(s)
                       ? s
                       : NULL;
}

void unit_wipe_old_secrets(Unit *u)
{
        for (size_t i = 0; u->secrets && i < 2; i++) {
                UnitSecret *s = &u->secrets->secret[i];

                if (s->number != 0 && (u->record.key.number == 0 || s->number != u->record.key.number))
                        explicit_bzero(s, sizeof(*s));
        }
}

static void forget_key(Unit *u)
{
        u->record.key = (HeldKey){.lost = u->record.key.lost};
        unit_wipe_old_secrets(u);
}

void unit_find_secret(Unit *u)
{
        if (u->record.key.number != 0 && !find_secret(u)) {
                u->record.key.number = 0;
                u->record.unrestorable |= UNRESTORABLE_ENCRYPTION;
                unit_store(u);
        }
        unit_wipe_old_secrets(u);
}

/* Beside the old one, which the record still counts. False: there is no memory for it. */
static bool keep_key(Unit *u, const UnitCommand *c, const EncryptionSet *set)
{
        uint32_t number = u->record.key.number + 1 != 0 ? u->record.key.number + 1 : 2;
        UnitSecret *s = u->secrets ? &u->secrets->secret[number % 2] : NULL;

        if (!s || c->n_data > UNIT_SECRET_SIZE)
                return false;
        explicit_bzero(s, sizeof(*s));
        s->number = number;
        s->n_list = c->n_data;
        s->n_cdb = c->n_cdb;
        memcpy(s->cdb, c->cdb, c->n_cdb);
        memcpy(s->list, c->data, c->n_data);
        s->crc = secret_crc(s);
        u->record.key = (HeldKey){
                .number = number,
                .encryption = set->encryption,
                .decryption = set->decryption,
                .algorithm = set->algorithm,
                .clear_on_demount = set->clear_on_demount,
                .clear_on_release = set->clear_on_release,
        };
        return true;
}

/* ---- what the program did ---- */

bool unit_is_secret(const Unit *u, const ScsiOpcode *opcode)
{
        return u->config.type == DEVICE_TAPE && opcode->opcode == OP_SECURITY_PROTOCOL_OUT;
}

/* The drive has another one, or one more, of which no copy can be kept: to set the old one again would undo
 * it. */
void unit_key_unknown(Unit *u)
{
        forget_key(u);
        u->record.unrestorable |= UNRESTORABLE_ENCRYPTION;
}

static bool is_whole_key(const UnitCommand *c, EncryptionSet *ret)
{
        return get_be(c->cdb + 2, 2) == ENCRYPTION_PAGE_SET &&
               encryption_parse_set(c->data, c->n_data, ret) >= 0 && !ret->supplemental &&
               ret->scope != ENCRYPTION_SCOPE_PUBLIC;
}

void unit_remember_key(Unit *u, const UnitCommand *c)
{
        UnitRecord *r = &u->record;
        EncryptionSet set;

        r->anchor.valid = 0; /* it may not be readable with this key */
        if (c->cdb[1] != SECURITY_PROTOCOL_TAPE_ENCRYPTION) {
                r->unrestorable |= UNRESTORABLE_ENCRYPTION;
                return;
        }
        if (!is_whole_key(c, &set)) {
                unit_key_unknown(u);
                return;
        }
        r->key.lost = 0;
        r->unrestorable &= (uint8_t) ~UNRESTORABLE_ENCRYPTION;
        if (set.encryption == 0 && set.decryption == 0)
                forget_key(u);
        else if (!keep_key(u, c, &set))
                unit_key_unknown(u);
}

void unit_key_demounted(Unit *u, bool certain)
{
        HeldKey *k = &u->record.key;

        if (!k->clear_on_demount)
                return;
        if (!certain) {
                unit_key_unknown(u);
                k->clear_on_demount = 1;
                return;
        }
        k->lost = 0;
        forget_key(u);
        u->record.unrestorable &= (uint8_t) ~UNRESTORABLE_ENCRYPTION;
}

void unit_key_released(Unit *u)
{
        if (u->record.key.clear_on_release)
                forget_key(u);
}

/* ---- the steps ---- */

static void lose_key(Unit *u, usec_t now, const char *why)
{
        u->record.key.lost = 1;
        u->record.loss_unreported = 1;
        unit_give_up_position(u, now, "%s", why);
}

void step_encrypt_start(Unit *u, usec_t now)
{
        UnitSecret *s = find_secret(u);

        if (u->record.key.number == 0)
                unit_goto_step(u, STEP_PROTECTION, now);
        else if (!s)
                lose_key(u, now, "its encryption key cannot be set again");
        else
                unit_submit_step(u, s->cdb, s->n_cdb, SCSI_DATA_OUT, s->list, s->n_list);
}

void step_encrypt_done(Unit *u, const StepResult *r, usec_t now)
{
        if (r->good)
                unit_goto_step(u, STEP_ENCRYPTION, now);
        else
                lose_key(u, now, "the drive refused its encryption key the second time");
}

void step_encryption_start(Unit *u, usec_t now)
{
        uint8_t cdb[SCSI_CDB_MAX];

        unit_submit_in(u, cdb,
                       scsi_cdb_security_protocol_in(cdb, SECURITY_PROTOCOL_TAPE_ENCRYPTION,
                                                     ENCRYPTION_PAGE_STATUS, STATUS_LENGTH),
                       STATUS_LENGTH);
}

void step_encryption_done(Unit *u, const StepResult *r, usec_t now)
{
        HeldKey *k = &u->record.key;
        EncryptionStatus s;

        if (!r->good || encryption_parse_status(u->scratch, r->result->n_transferred, &s) < 0 ||
            s.encryption != k->encryption || s.decryption != k->decryption || s.algorithm != k->algorithm) {
                lose_key(u, now, "the drive does not say that it encrypts as before");
                return;
        }
        k->lost = 0;
        u->resume.key_proven = true;
        unit_goto_step(u, STEP_PROTECTION, now);
}
