/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Positions: every operation from every kind of place, what is unknown stays unknown. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "hold/position.h"
#include "util/cleanup.h"

#define NOWHERE                                                                                              \
        {                                                                                                    \
                .partition = 2                                                                               \
        }
#define AT_OBJECT(o)                                                                                         \
        {                                                                                                    \
                .partition = 2, .object = (o), .object_known = 1                                             \
        }
#define AT_FILE(f, b)                                                                                        \
        {                                                                                                    \
                .partition = 2, .file = (f), .block = (b), .file_known = 1                                   \
        }
#define AT(o, f, b)                                                                                          \
        {                                                                                                    \
                .partition = 2, .object = (o), .file = (f), .block = (b), .object_known = 1, .file_known = 1 \
        }

typedef enum Operation {
        PASS_BLOCKS,
        PASS_FILEMARKS,
        BACK_BLOCK,        /* can be done */
        BACK_IS_IMPOSSIBLE /* cannot, and nothing changes */
} Operation;

static const struct {
        MediumPlace before;
        Operation operation;
        uint64_t n;
        MediumPlace after;
} moves[] = {
        {NOWHERE, PASS_BLOCKS, 7, NOWHERE},
        {NOWHERE, PASS_FILEMARKS, 7, NOWHERE},
        {AT_OBJECT(10), PASS_BLOCKS, 0, AT_OBJECT(10)},
        {AT_OBJECT(10), PASS_BLOCKS, 7, AT_OBJECT(17)},
        {AT_OBJECT(10), PASS_FILEMARKS, 7, AT_OBJECT(17)},
        {AT_OBJECT(UINT32_MAX), PASS_BLOCKS, 1, AT_OBJECT(UINT64_C(0x100000000))},
        {AT_FILE(3, 5), PASS_BLOCKS, 7, AT_FILE(3, 12)},
        {AT_FILE(3, 5), PASS_FILEMARKS, 1, AT_FILE(4, 0)},
        {AT_FILE(3, 5), PASS_FILEMARKS, 0, AT_FILE(3, 5)},
        {AT(10, 3, 5), PASS_BLOCKS, 2, AT(12, 3, 7)},
        {AT(10, 3, 5), PASS_FILEMARKS, 2, AT(12, 5, 0)},
        {AT(0, 0, 0), PASS_FILEMARKS, 1, AT(1, 1, 0)},
        {AT_OBJECT(10), BACK_BLOCK, 1, AT_OBJECT(9)},
        {AT_FILE(3, 5), BACK_BLOCK, 1, AT_FILE(3, 4)},
        {AT(10, 3, 5), BACK_BLOCK, 1, AT(9, 3, 4)},
        {NOWHERE, BACK_IS_IMPOSSIBLE, 1, NOWHERE},
        {AT_OBJECT(0), BACK_IS_IMPOSSIBLE, 1, AT_OBJECT(0)},
        {AT_FILE(3, 0), BACK_IS_IMPOSSIBLE, 1, AT_FILE(3, 0)}, /* a filemark is before it */
        {AT(10, 3, 0), BACK_IS_IMPOSSIBLE, 1, AT(10, 3, 0)},
};

static void move(MediumPlace *p, Operation operation, uint64_t n)
{
        switch (operation) {
        case PASS_BLOCKS:
                position_pass_blocks(p, n);
                break;
        case PASS_FILEMARKS:
                position_pass_filemarks(p, n);
                break;
        case BACK_BLOCK:
                assert_true(position_back_block(p));
                break;
        case BACK_IS_IMPOSSIBLE:
                assert_false(position_back_block(p));
                break;
        }
}

static void test_moves(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(moves); i++) {
                MediumPlace p = moves[i].before;

                move(&p, moves[i].operation, moves[i].n);
                if (memcmp(&p, &moves[i].after, sizeof(p)) != 0)
                        fail_msg("row %zu: object %d %llu, file %d %llu %llu", i, p.object_known,
                                 (unsigned long long) p.object, p.file_known, (unsigned long long) p.file,
                                 (unsigned long long) p.block);
        }
}

static void test_set(void **state)
{
        static const MediumPlace beginning = AT(0, 0, 0), somewhere = AT_OBJECT(9), unknown = NOWHERE;
        MediumPlace p = AT(10, 3, 5);

        position_set_object(&p, 2, 9);
        assert_memory_equal(&p, &somewhere, sizeof(p));
        position_set_unknown(&p);
        assert_memory_equal(&p, &unknown, sizeof(p));
        assert_false(position_known(&p));
        position_set_beginning(&p, 2);
        assert_memory_equal(&p, &beginning, sizeof(p));
        position_set_object(&p, 2, 9);
        position_set_object(&p, 2, 0); /* object 0 is file 0, block 0 as well */
        assert_memory_equal(&p, &beginning, sizeof(p));
}

static void test_beginning(void **state)
{
        static const struct {
                MediumPlace p;
                bool beginning;
        } rows[] = {
                {AT(0, 0, 0), true},   {AT_OBJECT(0), true},   {AT_FILE(0, 0), true},  {NOWHERE, false},
                {AT_OBJECT(1), false}, {AT_FILE(0, 1), false}, {AT_FILE(1, 0), false}, {AT(5, 1, 0), false},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_int_equal(position_at_beginning(&rows[i].p), rows[i].beginning);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_moves),
                cmocka_unit_test(test_set),
                cmocka_unit_test(test_beginning),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
