/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The fault wrapper over a loopback that executes every command at its next dispatch, and counts. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "transport/fault.h"

#define OP_READ  0x08
#define OP_WRITE 0x0a
#define LATENCY  10

typedef struct Loopback {
        Transport base;
        usec_t due;
        unsigned *n_executed;
} Loopback;

static int loopback_submit(Transport *t, const ScsiCommand *c, usec_t now)
{
        ((Loopback *) t)->due = now + LATENCY;
        return 0;
}

static int loopback_fd(const Transport *t)
{
        return 42;
}

static uint32_t loopback_events(const Transport *t)
{
        return 1;
}

static usec_t loopback_deadline(const Transport *t)
{
        return ((const Loopback *) t)->due;
}

static void loopback_dispatch(Transport *t, uint32_t revents, usec_t now)
{
        Loopback *l = (Loopback *) t;

        if (now < l->due)
                return;
        ++*l->n_executed;
        transport_complete(t, &(ScsiResult){.delivery = SCSI_ANSWERED});
}

static Transport *loopback_free(Transport *t)
{
        free(t);
        return NULL;
}

static const TransportClass loopback_class = {
        .name = "loopback",
        .submit = loopback_submit,
        .fd = loopback_fd,
        .events = loopback_events,
        .deadline = loopback_deadline,
        .dispatch = loopback_dispatch,
        .free = loopback_free,
};

typedef struct Fixture {
        Transport *t;
        usec_t now;
        unsigned n_executed, n_done;
        ScsiResult result;
} Fixture;

static void on_done(void *userdata, const ScsiResult *result)
{
        Fixture *f = userdata;

        f->n_done++;
        f->result = *result;
}

static void fixture_init(Fixture *f, const FaultRule *rules, size_t n_rules)
{
        Loopback *l = calloc(1, sizeof(*l));

        assert_non_null(l);
        *f = (Fixture){.now = 1000};
        *l = (Loopback){.base = {.class = &loopback_class, .done = on_done, .userdata = f},
                        .n_executed = &f->n_executed};
        assert_int_equal(transport_fault_new(&l->base, rules, n_rules, &f->t), 0);
}

/* Sends one command and lets time pass from deadline to deadline until it ends. Returns how long it took. */
static usec_t run(Fixture *f, uint8_t opcode)
{
        const ScsiCommand c = {.cdb = {opcode}, .n_cdb = 6, .timeout_ms = 1};
        unsigned before = f->n_done;
        usec_t begin = f->now;

        assert_int_equal(transport_submit(f->t, &c, f->now), 0);
        assert_int_equal(f->n_done, before);
        assert_int_equal(transport_submit(f->t, &c, f->now), -EBUSY);
        for (int i = 0; i < 10 && f->n_done == before; i++) {
                assert_true(transport_deadline(f->t) != USEC_INFINITY);
                f->now = transport_deadline(f->t);
                transport_dispatch(f->t, 0, f->now);
        }
        assert_int_equal(f->n_done, before + 1);
        transport_dispatch(f->t, 0, f->now + 1000000);
        assert_int_equal(f->n_done, before + 1);
        return f->now - begin;
}

static void test_without_rules_everything_passes(void **state)
{
        Fixture f;

        fixture_init(&f, NULL, 0);
        for (unsigned i = 1; i <= 3; i++) {
                assert_int_equal(run(&f, OP_WRITE), LATENCY);
                assert_int_equal(f.result.delivery, SCSI_ANSWERED);
                assert_int_equal(f.n_executed, i);
        }
        assert_int_equal(transport_fd(f.t), 42);
        transport_free(f.t);
}

static void test_each_action(void **state)
{
        static const struct {
                FaultRule rule;
                ScsiDelivery delivery;
                unsigned n_executed;
                usec_t took;
        } table[] = {
                {{.opcode = OP_WRITE, .nth = 1, .action = FAULT_DROP}, SCSI_NOT_SENT, 0, 0},
                {{.opcode = OP_WRITE, .nth = 1, .action = FAULT_LOSE_BEFORE}, SCSI_IN_DOUBT, 0, 0},
                {{.opcode = OP_WRITE, .nth = 1, .action = FAULT_LOSE_AFTER}, SCSI_IN_DOUBT, 1, LATENCY},
                {{.opcode = OP_WRITE, .nth = 1, .action = FAULT_DELAY, .delay = 500},
                 SCSI_ANSWERED,
                 1,
                 LATENCY + 500},
                {{.opcode = OP_WRITE,
                  .nth = 1,
                  .action = FAULT_ANSWER,
                  .answer = {.delivery = SCSI_ANSWERED, .status = SCSI_BUSY}},
                 SCSI_ANSWERED,
                 0,
                 0},
        };

        assert_int_equal(ELEMENTSOF(table), _FAULT_ACTION_MAX);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Fixture f;

                fixture_init(&f, &table[i].rule, 1);
                assert_int_equal(run(&f, OP_WRITE), table[i].took);
                assert_int_equal(f.result.delivery, table[i].delivery);
                assert_int_equal(f.result.status, table[i].rule.answer.status);
                assert_int_equal(f.n_executed, table[i].n_executed);
                assert_false(f.result.path_gone);
                run(&f, OP_WRITE); /* the second passes */
                assert_int_equal(f.n_executed, table[i].n_executed + 1);
                assert_int_equal(f.result.status, SCSI_GOOD);
                transport_free(f.t);
        }
}

static void test_opcode_and_nth(void **state)
{
        const FaultRule rules[] = {{.opcode = OP_WRITE, .nth = 2, .action = FAULT_DROP},
                                   {.opcode = FAULT_ANY_OPCODE, .nth = 4, .action = FAULT_LOSE_BEFORE}};
        static const struct {
                uint8_t opcode;
                ScsiDelivery delivery;
        } table[] = {{OP_WRITE, SCSI_ANSWERED}, {OP_READ, SCSI_ANSWERED},  {OP_WRITE, SCSI_NOT_SENT},
                     {OP_READ, SCSI_IN_DOUBT},  {OP_WRITE, SCSI_ANSWERED}, {OP_READ, SCSI_ANSWERED}};
        Fixture f;

        fixture_init(&f, rules, ELEMENTSOF(rules));
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                run(&f, table[i].opcode);
                assert_int_equal(f.result.delivery, table[i].delivery);
        }
        transport_free(f.t);
}

static void test_dead_path_stays_dead(void **state)
{
        const FaultRule rule = {.opcode = OP_WRITE, .nth = 1, .action = FAULT_LOSE_AFTER, .path_gone = true};
        Fixture f;

        fixture_init(&f, &rule, 1);
        run(&f, OP_WRITE);
        assert_int_equal(f.result.delivery, SCSI_IN_DOUBT);
        assert_true(f.result.path_gone);
        for (int i = 0; i < 3; i++) {
                run(&f, OP_READ);
                assert_int_equal(f.result.delivery, SCSI_NOT_SENT);
                assert_true(f.result.path_gone);
                assert_int_equal(f.result.error, ENODEV);
        }
        assert_int_equal(f.n_executed, 1);
        transport_free(f.t);
}

static uint32_t next_random(uint32_t *seed)
{
        *seed = *seed * 1664525 + 1013904223;
        return *seed >> 8;
}

/* Whatever the script: each submit gets exactly one completion (run asserts it), and what the result claims
 * of the execution is true. */
static void test_random_scripts(void **state)
{
        for (uint32_t round = 0; round < 500; round++) {
                uint32_t seed = round;
                FaultRule rules[5];
                Fixture f;

                for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                        rules[i] = (FaultRule){
                                .opcode = next_random(&seed) % 2 ? OP_WRITE : FAULT_ANY_OPCODE,
                                .nth = next_random(&seed) % 12,
                                .action = (FaultAction) (next_random(&seed) % _FAULT_ACTION_MAX),
                                .path_gone = next_random(&seed) % 8 == 0,
                                .delay = next_random(&seed) % 100,
                                .answer = {.delivery = SCSI_ANSWERED, .status = SCSI_BUSY},
                        };
                fixture_init(&f, rules, ELEMENTSOF(rules));
                for (int i = 0; i < 30; i++) {
                        unsigned executed = f.n_executed;

                        run(&f, next_random(&seed) % 2 ? OP_WRITE : OP_READ);
                        executed = f.n_executed - executed;
                        assert_true(executed <= 1);
                        if (f.result.delivery == SCSI_ANSWERED)
                                assert_int_equal(executed, f.result.status == SCSI_GOOD);
                        if (f.result.delivery == SCSI_NOT_SENT)
                                assert_int_equal(executed, 0);
                }
                transport_free(f.t);
        }
}

static void test_free_in_every_state(void **state)
{
        const FaultRule rules[] = {{.opcode = OP_WRITE, .nth = 1, .action = FAULT_DROP},
                                   {.opcode = OP_READ, .nth = 1, .action = FAULT_DELAY, .delay = 9}};
        static const uint8_t opcodes[] = {OP_WRITE, OP_READ, 0};

        for (size_t i = 0; i < ELEMENTSOF(opcodes); i++) {
                const ScsiCommand c = {.cdb = {opcodes[i]}, .n_cdb = 6, .timeout_ms = 1};
                Fixture f;

                fixture_init(&f, rules, ELEMENTSOF(rules));
                assert_int_equal(transport_submit(f.t, &c, 0), 0);
                if (opcodes[i] == OP_READ)
                        transport_dispatch(f.t, 0, LATENCY);
                assert_null(transport_free(f.t));
                assert_int_equal(f.n_done, 0);
        }
        assert_null(transport_free(NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_without_rules_everything_passes),
                cmocka_unit_test(test_each_action),
                cmocka_unit_test(test_opcode_and_nth),
                cmocka_unit_test(test_dead_path_stays_dead),
                cmocka_unit_test(test_random_scripts),
                cmocka_unit_test(test_free_in_every_state),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
