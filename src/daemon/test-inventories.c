/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a library is asked, and what becomes of the answers: with the test for a manager, for the registry and
 * for the reader of elements. */

#include "daemon/inventories.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/element-reader.h"
#include "scsi/cdb.h"
#include "scsi/opcode.h"
#include "scsi/sense.h"

#define LIBRARY 7

static sd_event *event;
static Inventories *all;
static bool askable, held;

/* ---- what stands in ---- */

struct ElementReader {
        ElementStatusRequest request;
        ElementReaderDone done;
        void *userdata;
};

static ElementReader *reader; /* the one there is */
static unsigned n_asked;

int element_reader_new(sd_event *e, const char *node, const ElementStatusRequest *request,
                       ElementReaderDone done, void *userdata, ElementReader **ret)
{
        assert_null(reader); /* one question at a time */
        assert_string_equal(node, "sg3");
        reader = calloc(1, sizeof(*reader));
        assert_non_null(reader);
        *reader = (ElementReader){.request = *request, .done = done, .userdata = userdata};
        n_asked++;
        *ret = reader;
        return 0;
}

ElementReader *element_reader_free(ElementReader *b)
{
        if (b)
                reader = NULL;
        free(b);
        return NULL;
}

sd_event *manager_event(Manager *m)
{
        return event;
}

Registry *manager_registry(Manager *m)
{
        return NULL;
}

int registry_find_id(Registry *r, uint32_t id, RegistryDevice *ret)
{
        *ret = (RegistryDevice){.id = id, .name = "lib1"};
        return 0;
}

void manager_find_askable(Manager *m, const RegistryDevice *device, char *node, size_t n_node)
{
        snprintf(node, n_node, "%s", askable ? "sg3" : "");
}

bool manager_holds(const Manager *m, uint32_t device)
{
        return held;
}

int manager_refuse(sd_bus_error *error, const char *name, int r, const char *format, ...)
{
        return r;
}

/* ---- */

static int setup(void **state)
{
        askable = held = true;
        n_asked = 0;
        assert_true(sd_event_new(&event) >= 0);
        return inventories_new(NULL, &all);
}

static int teardown(void **state)
{
        all = inventories_free(all);
        assert_null(reader);
        event = sd_event_unref(event);
        return 0;
}

/* Turns of the loop until a question is asked, or the time is over. */
static bool asked(uint64_t usec)
{
        uint64_t end = usec_now(CLOCK_MONOTONIC) + usec, now;
        unsigned before = n_asked;

        while (n_asked == before && (now = usec_now(CLOCK_MONOTONIC)) < end)
                assert_true(sd_event_run(event, end - now) >= 0);
        return n_asked > before;
}

/* Answers the question that is asked with n elements from `first` on, all of them full. */
static void answer(unsigned first, unsigned n)
{
        uint8_t *data = calloc(1, 16 + 52 * (size_t) n);
        ElementReader *r = reader;

        assert_non_null(data);
        assert_non_null(r);
        put_be(data + 2, n, 2);
        put_be(data + 5, n > 0 ? 8 + 52 * n : 0, 3);
        data[8] = r->request.type;
        data[9] = 0x80;
        put_be(data + 10, 52, 2);
        put_be(data + 13, 52 * n, 3);
        for (unsigned i = 0; i < n; i++) {
                uint8_t *e = data + 16 + 52 * (size_t) i;

                put_be(e, first + i, 2);
                e[2] = 0x09;
                snprintf((char *) e + 12, 9, "E%05uL3", first + i);
        }
        r->done(r->userdata, 0, data, n > 0 ? 16 + 52 * (size_t) n : 8, "");
        free(data);
}

static void refuse(int error)
{
        reader->done(reader->userdata, error, NULL, 0, error == -EAGAIN ? "NOT READY 04/01" : "");
}

static InventoryView view(void)
{
        InventoryView v;

        inventories_view(all, LIBRARY, held, &v);
        return v;
}

/* A picker, two slots, no mail slots, a drive. */
static void read_small(void)
{
        assert_int_equal(reader->request.type, ELEMENT_TRANSPORT);
        assert_true(reader->request.volume_tags);
        answer(1, 1);
        assert_int_equal(reader->request.type, ELEMENT_STORAGE);
        answer(1000, 2);
        assert_int_equal(reader->request.type, ELEMENT_IMPORT_EXPORT);
        refuse(-EOPNOTSUPP);
        assert_int_equal(reader->request.type, ELEMENT_DRIVE);
        answer(500, 1);
}

static void read_first(void)
{
        inventories_want(all, LIBRARY);
        assert_true(asked(USEC_PER_SEC));
        read_small();
        assert_null(reader);
}

static void test_read_when_it_comes(void **state)
{
        assert_int_equal(view().read_at, 0);
        assert_int_equal(view().inventory->n_items, 0);
        read_first();
        assert_int_equal(view().inventory->n_items, 4);
        assert_true(view().followed && view().read_at != 0 && view().doubt_since == 0);
        assert_string_equal(inventory_find(view().inventory, 1001)->volume_tag, "E01001L3");
        assert_false(asked(20 * USEC_PER_MSEC));
        held = false;
        assert_false(view().followed);
}

static void test_in_portions(void **state)
{
        inventories_want(all, LIBRARY);
        assert_true(asked(USEC_PER_SEC));
        answer(1, 1);
        answer(1000, reader->request.count);
        assert_int_equal(reader->request.type, ELEMENT_STORAGE);
        assert_int_equal(reader->request.start, 1500);
        answer(1500, 3);
        assert_int_equal(reader->request.type, ELEMENT_IMPORT_EXPORT);
        assert_int_equal(reader->request.start, 0);
        answer(0, 0);
        answer(500, 2);
        assert_int_equal(view().inventory->n_items, 1 + 503 + 2);
}

/* A library that answers each portion with the same elements is not asked for ever. */
static void test_portions_without_end(void **state)
{
        inventories_want(all, LIBRARY);
        assert_true(asked(USEC_PER_SEC));
        answer(1, 1);
        answer(1000, 500);
        answer(1000, 500);
        assert_int_equal(reader->request.type, ELEMENT_IMPORT_EXPORT);
}

static void test_refuses_everything(void **state)
{
        inventories_want(all, LIBRARY);
        assert_true(asked(USEC_PER_SEC));
        for (unsigned i = 0; i < 4; i++)
                refuse(-EOPNOTSUPP);
        assert_null(reader);
        assert_int_equal(view().read_at, 0);
        assert_string_equal(view().problem, "it refuses to say what is where");
}

static void test_busy_is_asked_later(void **state)
{
        inventories_want(all, LIBRARY);
        assert_true(asked(USEC_PER_SEC));
        answer(1, 1);
        refuse(-EAGAIN);
        assert_string_equal(view().problem, "NOT READY 04/01");
        assert_int_equal(view().inventory->n_items, 0); /* half of it counts for nothing */
        assert_false(asked(500 * USEC_PER_MSEC));
        assert_true(asked(2 * USEC_PER_SEC));
        read_small();
        assert_string_equal(view().problem, "");
        assert_int_equal(view().inventory->n_items, 4);
}

static void program(LibraryInventory *l, const uint8_t *cdb, size_t n_cdb, uint8_t status, uint16_t attention)
{
        const Sense sense = {.key = SENSE_UNIT_ATTENTION, .code = attention};
        HoldAction a = {.tag = 3, .status = status};

        inventories_command(l, &(HoldCommand){.tag = 3, .cdb = cdb, .n_cdb = n_cdb});
        if (attention)
                a.n_sense = (uint8_t) sense_build(&sense, a.sense, sizeof(a.sense));
        inventories_answer(l, &a);
}

static void move(LibraryInventory *l, uint16_t from, uint16_t to)
{
        uint8_t cdb[SCSI_CDB_MAX];
        size_t n = scsi_cdb_move_medium(cdb, 0, from, to);

        program(l, cdb, n, SCSI_GOOD, 0);
}

static void test_moves_are_followed(void **state)
{
        LibraryInventory *l = inventories_follow(all, LIBRARY);

        inventories_want(all, LIBRARY);
        assert_true(asked(USEC_PER_SEC));
        refuse(-EOPNOTSUPP); /* no picker is told */
        answer(1000, 2);
        refuse(-EOPNOTSUPP);
        answer(500, 1);
        move(l, 1000, 1001); /* which was full */
        assert_true(view().doubt_since != 0 && !view().followed);
        assert_string_equal(inventory_find(view().inventory, 1000)->volume_tag, "E01000L3");
}

static void test_attention_is_followed_by_a_reading(void **state)
{
        static const uint8_t ready[6] = {OP_TEST_UNIT_READY};
        LibraryInventory *l = inventories_follow(all, LIBRARY);

        read_first();
        program(l, ready, 6, SCSI_CHECK_CONDITION, ASC_IMPORT_EXPORT_ACCESSED);
        assert_true(view().doubt_since != 0 && !view().followed);
        assert_false(asked(USEC_PER_SEC)); /* not in the middle of what the program does */
        assert_true(asked(6 * USEC_PER_SEC));
        read_small();
        assert_true(view().doubt_since == 0 && view().followed);
}

/* What happens while it is read is not in what was read. */
static void test_doubt_while_it_is_read(void **state)
{
        static const uint8_t look[6] = {OP_INITIALIZE_ELEMENT_STATUS};
        LibraryInventory *l = inventories_follow(all, LIBRARY);

        inventories_want(all, LIBRARY);
        assert_true(asked(USEC_PER_SEC));
        program(l, look, 6, SCSI_GOOD, 0);
        read_small();
        assert_true(view().doubt_since != 0 && !view().followed);
        assert_true(asked(6 * USEC_PER_SEC));
        read_small();
        assert_true(view().doubt_since == 0 && view().followed);
}

static void test_goes_away_while_it_is_asked(void **state)
{
        read_first();
        inventories_want(all, LIBRARY);
        assert_true(asked(USEC_PER_SEC));
        askable = false;
        inventories_drop(all, LIBRARY);
        assert_null(reader);
        assert_true(view().doubt_since != 0);
        assert_int_equal(view().inventory->n_items, 4); /* what was known stays, with a date */
        assert_false(asked(50 * USEC_PER_MSEC));
        inventories_want(all, LIBRARY); /* and is not there, after all */
        assert_false(asked(50 * USEC_PER_MSEC));
        assert_string_equal(view().problem, "it is not there now");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_read_when_it_comes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_in_portions, setup, teardown),
                cmocka_unit_test_setup_teardown(test_portions_without_end, setup, teardown),
                cmocka_unit_test_setup_teardown(test_refuses_everything, setup, teardown),
                cmocka_unit_test_setup_teardown(test_busy_is_asked_later, setup, teardown),
                cmocka_unit_test_setup_teardown(test_moves_are_followed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_attention_is_followed_by_a_reading, setup, teardown),
                cmocka_unit_test_setup_teardown(test_doubt_while_it_is_read, setup, teardown),
                cmocka_unit_test_setup_teardown(test_goes_away_while_it_is_asked, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
