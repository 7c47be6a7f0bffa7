/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A target that has many units is asked for one after the other over one session. Of a unit that does not
 * answer INQUIRY nothing is known, and it is left out; a session that ends is the end of the reading. */

#include "daemon/lun-reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/transport-watch.h"
#include "identity/key.h"
#include "scsi/cdb.h"
#include "scsi/inquiry.h"
#include "scsi/sense.h"
#include "scsi/vpd.h"
#include "util/text.h"

#define N_PAGE     255
#define N_LUNS     (8 + 8 * LUNS_MAX)
#define N_TRIES    4 /* unit attentions and BUSY come in a row */
#define TIMEOUT_MS (20 * 1000)

typedef enum Step {
        STEP_LUNS,
        STEP_INQUIRY,
        STEP_VPD80,
        STEP_VPD83,
} Step;

typedef struct Page {
        uint8_t data[N_PAGE];
        size_t n;
} Page;

struct LunReader {
        Transport *transport;
        TransportWatch watch;
        LunReaderDone done;
        void *userdata;
        char target[ISCSI_NAME_MAX];
        Step step;
        unsigned n_tries;
        uint16_t luns[LUNS_MAX];
        size_t n_luns, at; /* the one being asked */
        Page inquiry, vpd80, vpd83;
        LunFound *found;
        size_t n_found;
        bool ended;
        int error;
        char why[200];
        uint8_t buffer[N_LUNS];
};

static usec_t now(void)
{
        return usec_now(CLOCK_MONOTONIC);
}

static void end(LunReader *l, int error, const char *why)
{
        l->ended = true;
        l->error = error;
        snprintf(l->why, sizeof(l->why), "%s", why);
}

/* ---- asking ---- */

static void submit(LunReader *l)
{
        ScsiCommand c = {.direction = SCSI_DATA_IN, .data = l->buffer, .timeout_ms = TIMEOUT_MS};
        size_t n;

        c.n_data = l->step == STEP_LUNS ? N_LUNS : N_PAGE;
        switch (l->step) {
        case STEP_LUNS:
                n = scsi_cdb_report_luns(c.cdb, c.n_data);
                break;
        case STEP_VPD80:
                n = scsi_cdb_inquiry(c.cdb, true, VPD_UNIT_SERIAL_NUMBER, N_PAGE);
                break;
        case STEP_VPD83:
                n = scsi_cdb_inquiry(c.cdb, true, VPD_DEVICE_IDENTIFICATION, N_PAGE);
                break;
        case STEP_INQUIRY:
        default:
                n = scsi_cdb_inquiry(c.cdb, false, 0, N_PAGE);
                break;
        }
        c.n_cdb = (uint8_t) n;
        memset(l->buffer, 0, sizeof(l->buffer));
        transport_iscsi_set_lun(l->transport, l->step == STEP_LUNS ? 0 : l->luns[l->at]);
        if (transport_submit(l->transport, &c, now()) < 0)
                end(l, -EIO, "a command could not be sent");
}

static void go(LunReader *l, Step step)
{
        l->step = step;
        l->n_tries = 0;
        submit(l);
}

static void next_unit(LunReader *l)
{
        l->inquiry.n = l->vpd80.n = l->vpd83.n = 0;
        if (++l->at < l->n_luns)
                go(l, STEP_INQUIRY);
        else
                end(l, 0, "");
}

/* ---- answers ---- */

static void set_address(const LunReader *l, unsigned lun, Identity *id)
{
        char text[16];
        KeyWriter w;

        /* as identity/address.c writes it of a session of the kernel's */
        key_begin(&w, id->address, "iscsi.");
        key_add_text(&w, l->target, strlen(l->target));
        snprintf(text, sizeof(text), "%u", lun);
        key_add_separator(&w);
        key_add_text(&w, text, strlen(text));
        key_end(&w);
        identity_fall_back(id);
}

static void take_unit(LunReader *l)
{
        LunFound f = {.lun = l->luns[l->at]}, *grown;
        InquiryData inquiry;

        if (inquiry_parse(l->inquiry.data, l->inquiry.n, &inquiry) < 0 || inquiry.qualifier != 0)
                return;
        f.type = inquiry.type;
        snprintf(f.vendor, sizeof(f.vendor), "%s", inquiry.vendor);
        snprintf(f.product, sizeof(f.product), "%s", inquiry.product);
        f.usable = identity_from_bytes(l->inquiry.data, l->inquiry.n, l->vpd80.data, l->vpd80.n,
                                       l->vpd83.data, l->vpd83.n, &f.identity) >= 0;
        if (f.usable)
                set_address(l, f.lun, &f.identity);
        grown = realloc(l->found, (l->n_found + 1) * sizeof(*grown));
        if (!grown) {
                end(l, -ENOMEM, strerror(ENOMEM));
                return;
        }
        l->found = grown;
        l->found[l->n_found++] = f;
}

/* A page that the device does not have stays empty. */
static void take_page(LunReader *l, const ScsiResult *result, Page *page)
{
        page->n = result->status == SCSI_GOOD ? result->n_transferred : 0;
        if (page->n > N_PAGE)
                page->n = N_PAGE;
        memcpy(page->data, l->buffer, page->n);
}

static void take_luns(LunReader *l, const ScsiResult *result)
{
        if (result->status != SCSI_GOOD ||
            luns_parse(l->buffer, result->n_transferred < N_LUNS ? result->n_transferred : N_LUNS, l->luns,
                       LUNS_MAX, &l->n_luns) < 0) {
                end(l, -EBADMSG, "the target does not say which logical units it has (REPORT LUNS)");
                return;
        }
        if (l->n_luns == 0)
                end(l, 0, "");
        else
                go(l, STEP_INQUIRY);
}

static bool is_tape_or_changer(const Page *inquiry)
{
        InquiryData data;

        return inquiry_parse(inquiry->data, inquiry->n, &data) >= 0 && data.qualifier == 0 &&
               (data.type == DEVICE_TAPE || data.type == DEVICE_CHANGER);
}

static void take(LunReader *l, const ScsiResult *result)
{
        switch (l->step) {
        case STEP_LUNS:
                take_luns(l, result);
                break;
        case STEP_INQUIRY:
                take_page(l, result, &l->inquiry);
                if (is_tape_or_changer(&l->inquiry)) {
                        go(l, STEP_VPD80);
                        break;
                }
                take_unit(l);
                if (!l->ended)
                        next_unit(l);
                break;
        case STEP_VPD80:
                take_page(l, result, &l->vpd80);
                go(l, STEP_VPD83);
                break;
        case STEP_VPD83:
                take_page(l, result, &l->vpd83);
                take_unit(l);
                if (!l->ended)
                        next_unit(l);
                break;
        }
}

static bool wants_again(const ScsiResult *result)
{
        Sense s;

        if (result->status == SCSI_BUSY || result->status == SCSI_TASK_SET_FULL)
                return true;
        return result->status == SCSI_CHECK_CONDITION &&
               sense_parse(result->sense, result->n_sense, &s) >= 0 &&
               (s.key == SENSE_UNIT_ATTENTION || s.key == SENSE_ABORTED_COMMAND);
}

static void on_result(void *userdata, const ScsiResult *result)
{
        LunReader *l = userdata;

        if (result->delivery != SCSI_ANSWERED)
                end(l, transport_iscsi_is_refused(l->transport) ? -EACCES : -EIO,
                    transport_reason(l->transport));
        else if (wants_again(result) && ++l->n_tries < N_TRIES)
                submit(l);
        else
                take(l, result);
}

/* ---- the loop ---- */

static void watch(LunReader *l)
{
        transport_watch_set(&l->watch, transport_events(l->transport), transport_deadline(l->transport));
}

static void turn(void *userdata, uint32_t revents)
{
        LunReader *l = userdata;

        transport_dispatch(l->transport, revents, now());
        if (l->ended)
                l->done(l->userdata, l->error, l->why, l->found, l->n_found);
        else
                watch(l);
}

int lun_reader_new(sd_event *event, const IscsiLogin *login, int lun, LunReaderDone done, void *userdata,
                   LunReader **ret)
{
        _cleanup_(lun_reader_freep) LunReader *l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return -ENOMEM;
        l->done = done;
        l->userdata = userdata;
        snprintf(l->target, sizeof(l->target), "%s", login->target);
        r = transport_iscsi_new(login, 0, on_result, l, &l->transport);
        if (r < 0)
                return r;
        r = transport_watch_begin(&l->watch, event, transport_fd(l->transport), turn, l);
        if (r < 0)
                return r;
        if (lun != ISCSI_ALL_LUNS) {
                l->luns[0] = (uint16_t) lun;
                l->n_luns = 1;
        }
        go(l, lun == ISCSI_ALL_LUNS ? STEP_LUNS : STEP_INQUIRY);
        watch(l);
        *ret = TAKE_PTR(l);
        return 0;
}

LunReader *lun_reader_free(LunReader *l)
{
        if (!l)
                return NULL;
        transport_watch_end(&l->watch);
        l->transport = transport_free(l->transport);
        free(l->found);
        free(l);
        return NULL;
}
