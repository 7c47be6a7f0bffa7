/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every command matches at most one rule, chosen when it is submitted. What the rule makes up itself is kept
 * as a pending result, due at once, since a completion may never come from inside submit; what passes through
 * is changed on its way back. */

#include "transport/fault.h"

typedef struct FaultTransport {
        Transport base;
        Transport *inner;
        const FaultRule *rules;
        size_t n_rules;
        unsigned *n_matched;     /* commands that each rule has counted */
        const FaultRule *active; /* strikes the command in flight, or NULL */
        bool gone;
        bool pending; /* `result` is due at `due`; nothing is in flight inside */
        usec_t due;
        usec_t now;
        ScsiResult result;
} FaultTransport;

static FaultTransport *fault_transport(Transport *t)
{
        return (FaultTransport *) t;
}

static const FaultTransport *fault_transport_const(const Transport *t)
{
        return (const FaultTransport *) t;
}

static const FaultRule *fault_find(FaultTransport *f, const ScsiCommand *c)
{
        const FaultRule *found = NULL;

        for (size_t i = 0; i < f->n_rules; i++) {
                const FaultRule *rule = &f->rules[i];

                if (rule->opcode != FAULT_ANY_OPCODE && rule->opcode != c->cdb[0])
                        continue;
                f->n_matched[i]++;
                if (!found && (rule->nth == 0 || rule->nth == f->n_matched[i]))
                        found = rule;
        }
        return found;
}

static int fault_set_pending(FaultTransport *f, const ScsiResult *result, usec_t due)
{
        f->pending = true;
        f->result = *result;
        f->due = due;
        return 0;
}

static int fault_lose(FaultTransport *f, const FaultRule *rule, ScsiDelivery delivery, usec_t now)
{
        f->gone |= rule->path_gone;
        return fault_set_pending(f, &(ScsiResult){.delivery = delivery, .path_gone = rule->path_gone}, now);
}

static int fault_submit(Transport *t, const ScsiCommand *c, usec_t now)
{
        FaultTransport *f = fault_transport(t);
        const ScsiResult refused = {.delivery = SCSI_NOT_SENT, .path_gone = true, .error = ENODEV};

        f->now = now;
        if (f->gone)
                return fault_set_pending(f, &refused, now);
        f->active = fault_find(f, c);
        switch (f->active ? f->active->action : _FAULT_ACTION_MAX) {
        case FAULT_DROP:
                return fault_lose(f, f->active, SCSI_NOT_SENT, now);
        case FAULT_LOSE_BEFORE:
                return fault_lose(f, f->active, SCSI_IN_DOUBT, now);
        case FAULT_ANSWER:
                return fault_set_pending(f, &f->active->answer, now);
        case FAULT_LOSE_AFTER:
        case FAULT_DELAY:
        case _FAULT_ACTION_MAX:
                break;
        }
        return transport_submit(f->inner, c, now);
}

static void fault_inner_done(void *userdata, const ScsiResult *result)
{
        FaultTransport *f = userdata;
        FaultAction action = f->active ? f->active->action : _FAULT_ACTION_MAX;

        if (action == FAULT_LOSE_AFTER)
                fault_lose(f, f->active, SCSI_IN_DOUBT, f->now);
        else
                fault_set_pending(f, result,
                                  action == FAULT_DELAY ? usec_add(f->now, f->active->delay) : f->now);
}

static int fault_fd(const Transport *t)
{
        return transport_fd(fault_transport_const(t)->inner);
}

static uint32_t fault_events(const Transport *t)
{
        const FaultTransport *f = fault_transport_const(t);

        return f->pending ? 0 : transport_events(f->inner);
}

static usec_t fault_deadline(const Transport *t)
{
        const FaultTransport *f = fault_transport_const(t);

        return f->pending ? f->due : transport_deadline(f->inner);
}

static void fault_dispatch(Transport *t, uint32_t revents, usec_t now)
{
        FaultTransport *f = fault_transport(t);
        ScsiResult result;

        f->now = now;
        if (!f->pending)
                transport_dispatch(f->inner, revents, now);
        if (!f->pending || now < f->due)
                return;
        f->pending = false;
        result = f->result;
        transport_complete(t, &result);
}

static Transport *fault_free(Transport *t)
{
        FaultTransport *f = fault_transport(t);

        transport_free(f->inner);
        free(f->n_matched);
        free(f);
        return NULL;
}

static const TransportClass fault_class = {
        .name = "fault",
        .submit = fault_submit,
        .fd = fault_fd,
        .events = fault_events,
        .deadline = fault_deadline,
        .dispatch = fault_dispatch,
        .free = fault_free,
};

int transport_fault_new(Transport *inner, const FaultRule *rules, size_t n_rules, Transport **ret)
{
        _cleanup_free_ unsigned *n_matched = calloc(n_rules + 1, sizeof(*n_matched));
        FaultTransport *f = malloc(sizeof(*f));

        if (!n_matched || !f) {
                free(f);
                return -ENOMEM;
        }
        *f = (FaultTransport){
                .base = {.class = &fault_class, .done = inner->done, .userdata = inner->userdata},
                .inner = inner,
                .rules = rules,
                .n_rules = n_rules,
                .n_matched = TAKE_PTR(n_matched),
        };
        inner->done = fault_inner_done;
        inner->userdata = f;
        *ret = &f->base;
        return 0;
}
