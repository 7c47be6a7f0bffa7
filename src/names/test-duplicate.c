/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pairs of devices that claim the same thing, and pairs that only look alike. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "names/duplicate.h"
#include "names/test-files.h"

static RegistryDevice device(uint32_t id, const char *name, DeviceType type, const char *key,
                             const char *serial)
{
        RegistryDevice d = {.id = id, .identity = make_identity(type, key, serial)};

        snprintf(d.name, sizeof(d.name), "%s", name);
        return d;
}

static void test_pairs(void **state)
{
        const RegistryDevice devices[] = {
                device(1, "lib1", DEVICE_CHANGER, "5a",
                       "L"), /* all of a virtual library have one designator */
                device(2, "drive1", DEVICE_TAPE, "5a", "A"),
                device(3, "drive2", DEVICE_TAPE, "5b", "B"), /* two drives, one serial number */
                device(4, "drive3", DEVICE_TAPE, "5c", "B"),
                device(5, "drive4", DEVICE_TAPE, "5d", "D"), /* equal in all */
                device(6, "drive5", DEVICE_TAPE, "5d", "D"),
                device(7, "drive6", DEVICE_TAPE, "5e", ""), /* no serial number is not the same one */
                device(8, "drive7", DEVICE_TAPE, "5f", ""),
                device(9, "lib2", DEVICE_CHANGER, "5g",
                       "G"), /* a changer behind a drive often has its number */
                device(10, "drive8", DEVICE_TAPE, "5h", "G"),
        };
        static const Duplicate found[] = {DUPLICATE_DESIGNATOR, DUPLICATE_DESIGNATOR, DUPLICATE_SERIAL,
                                          DUPLICATE_SERIAL,     DUPLICATE_IDENTITY,   DUPLICATE_IDENTITY,
                                          DUPLICATE_NONE,       DUPLICATE_NONE,       DUPLICATE_NONE,
                                          DUPLICATE_NONE};
        const RegistryDevice *others[ELEMENTSOF(devices)];
        char text[160];

        for (size_t i = 0; i < ELEMENTSOF(devices); i++) {
                assert_int_equal(duplicate_find(&devices[i], &devices[i]), DUPLICATE_NONE);
                for (size_t k = 0; k < ELEMENTSOF(devices); k++) {
                        bool pair = i != k && i / 2 == k / 2;

                        assert_int_equal(duplicate_find(&devices[i], &devices[k]),
                                         pair ? found[i] : DUPLICATE_NONE);
                }
        }
        assert_int_equal(duplicate_find_all(devices, ELEMENTSOF(devices), others), 0);
        for (size_t i = 0; i < ELEMENTSOF(devices); i++)
                assert_ptr_equal(others[i], found[i] == DUPLICATE_NONE ? NULL : &devices[i ^ 1]);
        assert_string_equal(duplicate_describe(&devices[1], others[1], text, sizeof(text)),
                            "same designator as lib1");
        assert_string_equal(duplicate_describe(&devices[2], others[2], text, sizeof(text)),
                            "same serial number as drive3");
        assert_string_equal(duplicate_describe(&devices[5], others[5], text, sizeof(text)),
                            "same in all but the address as drive4");
        assert_string_equal(duplicate_describe(&devices[6], others[6], text, sizeof(text)), "");
}

/* Of several the first; the same as each with each. */
static void test_all(void **state)
{
        RegistryDevice devices[60];
        const RegistryDevice *others[60];
        unsigned seed = 1;

        for (int round = 0; round < 200; round++) {
                for (unsigned i = 0; i < 60; i++) {
                        char name[8], key[8], serial[8] = "";

                        seed = seed * 1103515245 + 12345;
                        snprintf(name, sizeof(name), "d%u", i);
                        snprintf(key, sizeof(key), "%u", seed >> 16 & 31);
                        if (seed >> 21 & 3)
                                snprintf(serial, sizeof(serial), "%u", seed >> 23 & 31);
                        devices[i] = device(i + 1, name, seed >> 28 & 1 ? DEVICE_TAPE : DEVICE_CHANGER, key,
                                            serial);
                        if ((seed >> 29) == 0)
                                devices[i].identity.rank = IDENTITY_NONE;
                }
                assert_int_equal(duplicate_find_all(devices, 60, others), 0);
                for (unsigned i = 0; i < 60; i++) {
                        unsigned k = 0;

                        while (k < 60 && duplicate_find(&devices[i], &devices[k]) == DUPLICATE_NONE)
                                k++;
                        assert_ptr_equal(others[i], k < 60 ? &devices[k] : NULL);
                }
        }
}

/* Names that wait for a drive, and devices known by their address alone. */
static void test_none(void **state)
{
        RegistryDevice a = device(1, "a", DEVICE_TAPE, "5a", "A"), b = device(2, "b", DEVICE_TAPE, "5a", "A");

        a.identity.rank = b.identity.rank = IDENTITY_NONE;
        assert_int_equal(duplicate_find(&a, &b), DUPLICATE_NONE);
        a.identity.rank = b.identity.rank = IDENTITY_ADDRESS;
        assert_int_equal(duplicate_find(&a, &b), DUPLICATE_NONE);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pairs),
                cmocka_unit_test(test_all),
                cmocka_unit_test(test_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
