/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One command at a time on a session of its own.
 *
 *   waiting   --session ready-->  sent      --status-->        answered
 *             --no session-->     not sent  --session lost-->  in doubt
 *   sent      --time is over-->   aborting  (ABORT TASK)       --answered-->  in doubt, session stays
 *   aborting  --no, or silence--> resetting (LOGICAL UNIT RESET) --no, or silence--> session given up
 *
 * A status that comes while it is being aborted is the device's word and counts. The task management goes out
 * by iscsi_task_mgmt_async(), which leaves the task alone; iscsi_task_mgmt_abort_task_async() would end it at
 * home at once, and its data would still be read by the socket.
 *
 * A command counts as sent from the first call of libiscsi that could have given a byte of it to the socket.
 * libiscsi does not say which bytes it was: what may have gone is in doubt (iscsi-outcome.c). */

#include "transport/iscsi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "transport/iscsi-outcome.h"
#include "transport/iscsi-session.h"
#include "util/bytes.h"

#define MANAGEMENT_TIME (10 * USEC_PER_SEC)
#define CDB_MAX         16 /* of a SCSI Command PDU without an additional header segment */

typedef enum Phase {
        PHASE_IDLE,
        PHASE_WAITING, /* for the session */
        PHASE_SENT,
        PHASE_ABORTING,
        PHASE_RESETTING,
        PHASE_ENDED, /* `result` waits for the dispatch that is under way, or the next */
} Phase;

/* Each kind once: an answer that comes late, after another command has begun, is nobody else's. */
typedef struct Management {
        struct IscsiTransport *transport;
        bool out;   /* it has not been answered */
        int answer; /* to this command's; -1: none yet */
} Management;

typedef struct IscsiTransport {
        Transport base;
        IscsiSession *session;
        unsigned lun;
        Phase phase;
        ScsiCommand command;
        struct scsi_task *task;
        struct scsi_iovec iov;
        usec_t until;      /* of the command, or of the task management */
        bool given;        /* to the socket, perhaps */
        ScsiResult result; /* of PHASE_ENDED */
        Management abort, reset;
        char why[160];
} IscsiTransport;

static IscsiTransport *iscsi_transport(Transport *t)
{
        return (IscsiTransport *) t;
}

static const IscsiTransport *iscsi_transport_const(const Transport *t)
{
        return (const IscsiTransport *) t;
}

/* ---- the end of a command ---- */

static void end(IscsiTransport *t, IscsiOutcome outcome, const char *why)
{
        if (t->phase == PHASE_IDLE || t->phase == PHASE_ENDED)
                return;
        iscsi_outcome_result(outcome, &t->result);
        snprintf(t->why, sizeof(t->why), "%s", why ? why : iscsi_outcome_text(outcome));
        t->phase = PHASE_ENDED;
}

static uint32_t n_moved(const ScsiCommand *c, const struct scsi_task *task)
{
        if (task->residual_status != SCSI_RESIDUAL_UNDERFLOW)
                return c->n_data;
        return task->residual > c->n_data ? 0 : c->n_data - (uint32_t) task->residual;
}

static void end_with_status(IscsiTransport *t, int status, const struct scsi_task *task)
{
        end(t, ISCSI_STATUS, NULL);
        t->result.status = (uint8_t) status;
        t->result.n_transferred = n_moved(&t->command, task);
        if (status == SCSI_CHECK_CONDITION && task->datain.data && task->datain.size > 0)
                iscsi_take_sense(task->datain.data, (size_t) task->datain.size, &t->result);
}

/* libiscsi tells the reason of a Reject in its text alone. Of a command with data it may be about the data.
 */
static void end_rejected(IscsiTransport *t)
{
        const char *text = iscsi_get_error(t->session->context);
        const char *found = text ? strstr(text, "rejected with reason: 0x") : NULL;
        IscsiOutcome outcome = ISCSI_MALFORMED;
        unsigned reason = 0;
        char why[120];

        if (!found || sscanf(found, "rejected with reason: 0x%x", &reason) != 1) {
                end(t, ISCSI_MALFORMED, NULL);
                return;
        }
        outcome = iscsi_outcome_of_reject(reason);
        if (outcome == ISCSI_REJECTED_UNRUN && t->command.direction == SCSI_DATA_OUT && t->command.n_data > 0)
                outcome = ISCSI_REJECTED;
        snprintf(why, sizeof(why), "%s: %s", iscsi_outcome_text(outcome), iscsi_reject_text(reason));
        end(t, outcome, why);
}

/* libiscsi's callback; task is freed by drop_task() when libiscsi has returned. */
static void on_task(struct iscsi_context *context, int status, void *data, void *userdata)
{
        IscsiTransport *t = userdata;

        (void) context;
        if (t->session->closing || !t->task || t->phase == PHASE_ENDED)
                return;
        if (status >= 0 && status <= 0xff && data)
                end_with_status(t, status, data);
        else if (status == SCSI_STATUS_CANCELLED)
                end(t, t->given ? ISCSI_LOST_SENT : ISCSI_LOST_UNSENT, NULL);
        else
                end_rejected(t);
        if (t->result.path_gone)
                iscsi_session_end(t->session, "%s", t->why);
}

static void drop_task(IscsiTransport *t)
{
        if (t->task)
                scsi_free_scsi_task(t->task);
        t->task = NULL;
}

/* ---- sending ---- */

/* INVALID COMMAND OPERATION CODE: no iSCSI target could be sent it but with a header that libiscsi cannot
 * make. */
static void refuse_long_cdb(IscsiTransport *t)
{
        end(t, ISCSI_STATUS, NULL);
        t->result.status = SCSI_CHECK_CONDITION;
        t->result.n_sense = 18;
        t->result.sense[0] = 0x70;
        t->result.sense[2] = 0x05;
        t->result.sense[7] = 10;
        t->result.sense[12] = 0x20;
}

static int direction(const ScsiCommand *c)
{
        if (c->n_data == 0)
                return SCSI_XFER_NONE;
        return c->direction == SCSI_DATA_OUT ? SCSI_XFER_WRITE : SCSI_XFER_READ;
}

static void send_command(IscsiTransport *t, usec_t now)
{
        ScsiCommand *c = &t->command;

        if (c->n_cdb > CDB_MAX) {
                refuse_long_cdb(t);
                return;
        }
        t->task = scsi_create_task(c->n_cdb, c->cdb, direction(c), (int) c->n_data);
        if (!t->task) {
                end(t, ISCSI_NOT_TAKEN, NULL);
                return;
        }
        t->iov = (struct scsi_iovec){.iov_base = c->data, .iov_len = c->n_data};
        if (direction(c) == SCSI_XFER_WRITE)
                scsi_task_set_iov_out(t->task, &t->iov, 1);
        else if (direction(c) == SCSI_XFER_READ)
                scsi_task_set_iov_in(t->task, &t->iov, 1);
        t->given = false;
        if (iscsi_scsi_command_async(t->session->context, (int) t->lun, t->task, on_task, NULL, t) != 0) {
                end(t, ISCSI_NOT_TAKEN, iscsi_get_error(t->session->context));
                drop_task(t);
                return;
        }
        t->session->expected = (IscsiExpected){
                .n_out = direction(c) == SCSI_XFER_WRITE ? c->n_data : 0,
                .n_in = direction(c) == SCSI_XFER_READ ? c->n_data : 0,
        };
        t->phase = PHASE_SENT;
        t->until = usec_add(now, (usec_t) c->timeout_ms * USEC_PER_MSEC);
        t->given = true;
        iscsi_session_flush(t->session, now);
}

static int iscsi_submit(Transport *base, const ScsiCommand *c, usec_t now)
{
        IscsiTransport *t = iscsi_transport(base);

        t->command = *c;
        t->phase = PHASE_WAITING;
        if (t->session->stage == ISCSI_DEAD)
                end(t, ISCSI_NO_SESSION, t->session->why);
        else if (t->session->stage == ISCSI_READY)
                send_command(t, now);
        return 0;
}

/* ---- taking too long ---- */

static void on_managed(struct iscsi_context *context, int status, void *data, void *userdata)
{
        Management *m = userdata;

        (void) context;
        if (m->transport->session->closing)
                return;
        m->out = false;
        m->answer = status == SCSI_STATUS_GOOD && data ? (int) *(uint32_t *) data : ISCSI_TMR_FUNC_REJECTED;
}

static void manage(IscsiTransport *t, Phase phase, usec_t now)
{
        bool abort = phase == PHASE_ABORTING;
        Management *m = abort ? &t->abort : &t->reset;
        int r = -1;

        t->phase = phase;
        t->until = usec_add(now, MANAGEMENT_TIME);
        m->transport = t;
        m->answer = -1;
        if (!m->out)
                r = iscsi_task_mgmt_async(
                        t->session->context, (int) t->lun, abort ? ISCSI_TM_ABORT_TASK : ISCSI_TM_LUN_RESET,
                        abort ? t->task->itt : UINT32_MAX, abort ? t->task->cmdsn : 0, on_managed, m);
        if (r != 0) {
                iscsi_session_end(t->session, "it took too long, and no task management could be sent");
                return;
        }
        m->out = true;
        iscsi_session_flush(t->session, now);
}

/* The target has nothing to do with it any more. */
static bool is_managed(const IscsiTransport *t)
{
        if (t->phase == PHASE_RESETTING)
                return t->reset.answer == ISCSI_TMR_FUNC_COMPLETE;
        return t->abort.answer == ISCSI_TMR_FUNC_COMPLETE || t->abort.answer == ISCSI_TMR_TASK_DOES_NOT_EXIST;
}

static void end_aborted(IscsiTransport *t)
{
        struct scsi_task *task = t->task;

        end(t, ISCSI_ABORTED, NULL);
        (void) iscsi_scsi_cancel_task(t->session->context, task);
}

static void look_at_clock(IscsiTransport *t, usec_t now)
{
        bool late = now >= t->until;

        if (t->session->stage != ISCSI_READY)
                return;
        switch (t->phase) {
        case PHASE_SENT:
                /* a command that is half written to the socket has no way out but the session's end */
                if (late && iscsi_session_events(t->session) & EPOLLOUT)
                        iscsi_session_end(t->session, "it took too long to be sent");
                else if (late)
                        manage(t, PHASE_ABORTING, now);
                break;
        case PHASE_ABORTING:
                if (is_managed(t))
                        end_aborted(t);
                else if (late || t->abort.answer >= 0)
                        manage(t, PHASE_RESETTING, now);
                break;
        case PHASE_RESETTING:
                if (is_managed(t))
                        end_aborted(t);
                else if (late || t->reset.answer >= 0)
                        iscsi_session_end(t->session, "it took too long, and could not be aborted");
                break;
        case PHASE_IDLE:
        case PHASE_WAITING:
        case PHASE_ENDED:
                break;
        }
}

/* ---- the loop ---- */

static int iscsi_fd(const Transport *base)
{
        return iscsi_session_fd(iscsi_transport_const(base)->session);
}

static uint32_t iscsi_events(const Transport *base)
{
        return iscsi_session_events(iscsi_transport_const(base)->session);
}

static usec_t iscsi_deadline(const Transport *base)
{
        const IscsiTransport *t = iscsi_transport_const(base);
        usec_t at = iscsi_session_deadline(t->session);

        switch (t->phase) {
        case PHASE_ENDED:
                return 0;
        case PHASE_SENT:
        case PHASE_ABORTING:
        case PHASE_RESETTING:
                return usec_min(at, t->until);
        case PHASE_IDLE:
        case PHASE_WAITING:
                break;
        }
        return t->phase == PHASE_WAITING && t->session->stage == ISCSI_DEAD ? 0 : at;
}

static void look_at_session(IscsiTransport *t, usec_t now)
{
        IscsiSession *s = t->session;

        if (t->phase == PHASE_WAITING && s->stage == ISCSI_READY)
                send_command(t, now);
        if (s->stage != ISCSI_DEAD)
                return;
        if (t->phase == PHASE_WAITING)
                end(t, ISCSI_NO_SESSION, s->why);
        else
                end(t, t->given ? ISCSI_LOST_SENT : ISCSI_LOST_UNSENT, s->why);
}

static void iscsi_dispatch(Transport *base, uint32_t revents, usec_t now)
{
        IscsiTransport *t = iscsi_transport(base);
        ScsiResult result;

        if (t->phase != PHASE_ENDED)
                iscsi_session_service(t->session, revents, now);
        look_at_clock(t, now);
        look_at_session(t, now);
        if (t->phase != PHASE_ENDED)
                return;
        /* of a session that is over libiscsi may still have the task in its queues */
        if (t->session->stage != ISCSI_DEAD)
                drop_task(t);
        result = t->result;
        t->phase = PHASE_IDLE;
        transport_complete(&t->base, &result);
}

static bool iscsi_lost(const Transport *base)
{
        return iscsi_transport_const(base)->session->stage == ISCSI_DEAD;
}

static const char *iscsi_reason(const Transport *base)
{
        const IscsiTransport *t = iscsi_transport_const(base);

        return t->session->stage == ISCSI_DEAD ? t->session->why : t->why;
}

static Transport *iscsi_free(Transport *base)
{
        IscsiTransport *t = iscsi_transport(base);

        iscsi_session_close(t->session, t->base.busy || t->session->stage != ISCSI_READY);
        drop_task(t);
        free(t);
        return NULL;
}

static const TransportClass iscsi_class = {
        .name = "iscsi",
        .watched_idle = true,
        .submit = iscsi_submit,
        .fd = iscsi_fd,
        .events = iscsi_events,
        .deadline = iscsi_deadline,
        .dispatch = iscsi_dispatch,
        .lost = iscsi_lost,
        .reason = iscsi_reason,
        .free = iscsi_free,
};

bool transport_iscsi_is_built(void)
{
        return true;
}

bool transport_iscsi_is_refused(const Transport *t)
{
        return iscsi_transport_const(t)->session->denied;
}

void transport_iscsi_set_lun(Transport *t, unsigned lun)
{
        iscsi_transport(t)->lun = lun;
}

int transport_iscsi_new(const IscsiLogin *login, unsigned lun, TransportDone done, void *userdata,
                        Transport **ret)
{
        IscsiTransport *t = calloc(1, sizeof(*t));
        int r;

        if (!t)
                return -ENOMEM;
        t->base = (Transport){.class = &iscsi_class, .done = done, .userdata = userdata};
        t->lun = lun;
        r = iscsi_session_open(login, usec_now(CLOCK_MONOTONIC), &t->session);
        if (r < 0) {
                free(t);
                return r;
        }
        *ret = &t->base;
        return 0;
}
