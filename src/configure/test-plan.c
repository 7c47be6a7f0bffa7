/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of the configurations in the folder argv[1], with two libraries and a drive that stands alone.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "configure/diff.h"
#include "configure/plan.h"
#include "configure/test-configure.h"

/* clang-format off */
static const TapeFact facts_all[] = {
        {.name = "drive1", .held = true, .serial = "SOLO0001", .node = "/dev/nst2", .generic = "/dev/sg5", .sch = "", .real = "/dev/sg15", .library = "", .bay = BAY_NONE},
        {.name = "lib1", .changer = true, .held = true, .serial = "LIB0001", .node = "/dev/sg3", .generic = "/dev/sg3", .sch = "/dev/sch0", .real = "/dev/sg13", .library = "", .bay = BAY_NONE},
        {.name = "lib1-drive1", .held = true, .serial = "DRV0001", .node = "/dev/nst0", .generic = "/dev/sg1", .sch = "", .real = "/dev/sg11", .library = "lib1", .bay = 256},
        {.name = "lib1-drive2", .held = true, .serial = "DRV0002", .node = "/dev/nst1", .generic = "/dev/sg2", .sch = "", .real = "", .library = "lib1", .bay = 257},
        {.name = "lib2", .changer = true, .held = true, .serial = "LIB0002", .node = "/dev/sg7", .generic = "/dev/sg7", .sch = "", .real = "", .library = "", .bay = BAY_NONE},
        {.name = "lib2-drive1", .held = true, .serial = "DRV0004", .node = "/dev/nst4", .generic = "/dev/sg8", .sch = "", .real = "", .library = "lib2", .bay = 1},
};
/* The same, but the kernel has given the two nodes of lib1 the other way round, and nothing is held. */
static const TapeFact facts_swapped[] = {
        {.name = "lib1", .changer = true, .serial = "LIB0001", .node = "/dev/sg3", .generic = "/dev/sg3", .sch = "", .real = "", .library = "", .bay = BAY_NONE},
        {.name = "lib1-drive1", .serial = "DRV0001", .node = "/dev/nst1", .generic = "/dev/sg2", .sch = "", .real = "", .library = "lib1", .bay = 256},
        {.name = "lib1-drive2", .serial = "DRV0002", .node = "/dev/nst0", .generic = "/dev/sg1", .sch = "", .real = "", .library = "lib1", .bay = 257},
};
/* An evertaped that does not know bays. */
static const TapeFact facts_no_bays[] = {
        {.name = "drive1", .held = true, .serial = "DRV0001", .node = "/dev/nst0", .generic = "/dev/sg1", .sch = "", .real = "", .library = "", .bay = BAY_NONE},
        {.name = "drive2", .held = true, .serial = "DRV0002", .node = "/dev/nst1", .generic = "/dev/sg2", .sch = "", .real = "", .library = "", .bay = BAY_NONE},
        {.name = "lib1", .changer = true, .held = true, .serial = "LIB0001", .node = "/dev/sg3", .generic = "/dev/sg3", .sch = "", .real = "", .library = "", .bay = BAY_NONE},
};
/* clang-format on */

#define FACTS(array) (&(const TapeFacts){array, ELEMENTSOF(array)})

/* Links that udev has made; nodes lead to themselves. */
static int resolve(void *userdata, const char *path, char **ret)
{
        static const char *const links[][2] = {
                {"/dev/tape/by-id/scsi-DRV0001-nst", "/dev/nst0"},
                {"/dev/tape/by-path/pci-0-nst", "/dev/nst1"},
        };

        for (size_t i = 0; i < ELEMENTSOF(links); i++)
                if (strcmp(path, links[i][0]) == 0)
                        path = links[i][1];
        if (strncmp(path, "/dev/tape", 9) == 0 || strstr(path, "99"))
                return -ENOENT;
        *ret = strdup(path);
        return *ret ? 0 : -ENOMEM;
}

static void make_plan(const char *name, const TapeFacts *facts, Plan **ret)
{
        PlanWorld w = {.load = load_file, .resolve = resolve, .facts = facts};
        char path[512];

        snprintf(path, sizeof(path), "%s/%s", data_folder, name);
        assert_int_equal((strncmp(name, "bacula", 6) == 0 ? plan_bacula : plan_amanda)(&w, path, ret), 0);
}

/* Every line that the plan changes, "-old" and "+new", and every finding that is to be done, "! text". */
static char *describe(const Plan *p)
{
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        for (size_t i = 0; i < p->conf->n_files; i++) {
                const ConfFile *file = &p->conf->files[i];
                _cleanup_free_ char *new = NULL, *diff = NULL;
                size_t n_new, n_diff;
                FILE *d = open_memstream(&diff, &n_diff);

                assert_int_equal(edit_apply(&file->edits, file->text, file->n_text, &new, &n_new), 0);
                assert_int_equal(
                        diff_print((DiffText){file->text, file->n_text}, "", (DiffText){new, n_new}, "", d),
                        0);
                fclose(d);
                for (char *line = strtok(diff, "\r\n"); line; line = strtok(NULL, "\r\n"))
                        if ((line[0] == '-' && line[1] != '-') ||
                            (line[0] == '+' && line[1] && line[1] != '+'))
                                fprintf(f, "%s\n", line);
        }
        fclose(f);
        return text;
}

static void check(const char *name, const TapeFacts *facts, const char *expected)
{
        _cleanup_(plan_freep) Plan *p = NULL;
        _cleanup_free_ char *got = NULL;

        make_plan(name, facts, &p);
        got = describe(p);
        assert_string_equal(got, expected);
        assert_int_equal(plan_changes(p), expected[0] != '\0');
}

static bool says(const Plan *p, FindingLevel level, const char *what)
{
        for (size_t i = 0; i < p->n_findings; i++)
                if (p->findings[i].level == level && strstr(p->findings[i].text, what))
                        return true;
        return false;
}

static void test_bacula_nodes(void **state)
{
        _cleanup_(plan_freep) Plan *p = NULL;

        check("bacula/two-drives.conf", FACTS(facts_all),
              "-  Changer Device = /dev/sg3\n"
              "+  Changer Device = /dev/tape/by-name/lib1-changer\n"
              "-  Archive Device = /dev/nst0          ; AutomaticMount = yes\n"
              "+  Archive Device = /dev/tape/by-name/lib1-drive1-nst          ; AutomaticMount = yes\n"
              "-  Control Device = /dev/sg1\n"
              "+  Control Device = /dev/tape/by-name/lib1-drive1-sg\n"
              "-  Archive Device = /dev/nst1\n"
              "+  Archive Device = /dev/tape/by-name/lib1-drive2-nst\n");
        make_plan("bacula/two-drives.conf", FACTS(facts_all), &p);
        assert_int_equal(plan_n_todo(p), 4);
        assert_true(says(p, FINDING_TODO, "Drive-0: /dev/nst0 is lib1-drive1 (serial number DRV0001) today"));
        assert_int_equal(p->findings[0].line, 17);
        assert_true(plan_uses(p, &facts_all[3]));
        assert_false(plan_uses(p, &facts_all[0]));
}

/* The index says which drive it is, and the node which one it has become. */
static void test_bacula_swapped(void **state)
{
        _cleanup_(plan_freep) Plan *p = NULL;

        make_plan("bacula/two-drives.conf", FACTS(facts_swapped), &p);
        assert_true(says(p, FINDING_TODO,
                         "Drive-0: /dev/nst0 leads to lib1-drive2 (serial number DRV0002), but drive 0 of "
                         "this changer "
                         "is lib1-drive1 (serial number DRV0001)"));
        assert_true(says(p, FINDING_TODO, "lib1-drive1 is not held"));
        check("bacula/two-drives.conf", FACTS(facts_swapped),
              "-  Changer Device = /dev/sg3\n"
              "+  Changer Device = /dev/tape/by-name/lib1-changer\n"
              "-  Archive Device = /dev/nst0          ; AutomaticMount = yes\n"
              "+  Archive Device = /dev/tape/by-name/lib1-drive1-nst          ; AutomaticMount = yes\n"
              "-  Control Device = /dev/sg1\n"
              "+  Control Device = /dev/tape/by-name/lib1-drive1-sg\n"
              "-  Archive Device = /dev/nst1\n"
              "+  Archive Device = /dev/tape/by-name/lib1-drive2-nst\n");
}

static void test_bacula_without_bays(void **state)
{
        _cleanup_(plan_freep) Plan *p = NULL;

        make_plan("bacula/two-drives.conf", FACTS(facts_no_bays), &p);
        assert_true(says(p, FINDING_NOTE, "the drive's index was not checked"));
        check("bacula/two-drives.conf", FACTS(facts_no_bays),
              "-  Changer Device = /dev/sg3\n"
              "+  Changer Device = /dev/tape/by-name/lib1-changer\n"
              "-  Archive Device = /dev/nst0          ; AutomaticMount = yes\n"
              "+  Archive Device = /dev/tape/by-name/drive1-nst          ; AutomaticMount = yes\n"
              "-  Control Device = /dev/sg1\n"
              "+  Control Device = /dev/tape/by-name/drive1-sg\n"
              "-  Archive Device = /dev/nst1\n"
              "+  Archive Device = /dev/tape/by-name/drive2-nst\n");
}

/* No indices: both would be 0, so the paths decide, and one index is missing. by-id, CRLF, tabs, quotes. */
static void test_bacula_odd_form(void **state)
{
        check("bacula/crlf-tabs.conf", FACTS(facts_all),
              "-\tchangerdevice=\"/dev/tape/by-id/scsi-LIB0001\"\n"
              "+\tchangerdevice=\"/dev/tape/by-name/lib1-changer\"\n"
              "-\tArchive  Device=/dev/nst1\t# no index\n"
              "+\tDrive Index = 1\n"
              "+\tArchive  Device=/dev/tape/by-name/lib1-drive2-nst\t# no index\n"
              "-device{name=D2;archivedevice=\"/dev/tape/by-id/scsi-DRV0001-nst\";}\n"
              "+device{name=D2;archivedevice=\"/dev/tape/by-name/lib1-drive1-nst\";}\n");
}

static void test_bacula_includes(void **state)
{
        _cleanup_(plan_freep) Plan *p = NULL;

        check("bacula/includes.conf", FACTS(facts_all),
              "-  Archive Device = /dev/nst2\n"
              "+  Archive Device = /dev/tape/by-name/drive1-nst\n");
        make_plan("bacula/includes.conf", FACTS(facts_all), &p);
        assert_int_equal(p->conf->files[2].edits.n_items, 1);
        assert_true(says(p, FINDING_NOTE, "what the command sh -c"));
        assert_true(says(p, FINDING_TODO, "the included file included/missing.conf could not be read"));
}

static void test_bacula_several_changers(void **state)
{
        _cleanup_(plan_freep) Plan *p = NULL;

        check("bacula/two-changers.conf", FACTS(facts_all),
              "-  Changer Device = /dev/sg7\n"
              "+  Changer Device = /dev/tape/by-name/lib2-changer\n"
              "-Device { Name = A1; Archive Device = /dev/tape/by-name/lib1-drive2; Drive Index = 1 }\n"
              "-Device { Name = B0; Archive Device = /dev/nst4 }\n"
              "+Device { Name = A1; Archive Device = /dev/tape/by-name/lib1-drive2-nst; Drive Index = 1 }\n"
              "+Device { Name = B0; Archive Device = /dev/tape/by-name/lib2-drive1-nst }\n"
              "-  Archive Device = /dev/nst2\n"
              "+  Archive Device = /dev/tape/by-name/drive1-nst\n");
        make_plan("bacula/two-changers.conf", FACTS(facts_all), &p);
        assert_true(says(p, FINDING_GOOD, "A: /dev/tape/by-name/lib1-changer"));
        assert_true(says(p, FINDING_TODO,
                         "Own: /dev/sg99 leads to no device, and nothing says which device it was"));
        assert_false(says(p, FINDING_TODO, "/var/lib"));
}

static void test_bacula_from_nothing(void **state)
{
        _cleanup_(plan_freep) Plan *p = NULL;

        check("bacula/no-tape.conf", FACTS(facts_swapped),
              "+# By evertape configure. The Director needs a Storage resource with the same names and Media "
              "Type.\n"
              "+Autochanger {\n"
              "+  Name = lib1\n"
              "+  Device = lib1-drive1\n"
              "+  Device = lib1-drive2\n"
              "+  Changer Device = /dev/tape/by-name/lib1-changer\n"
              "+  Changer Command = \"/etc/bacula/scripts/mtx-changer %c %o %S %a %d\"\n"
              "+}\n"
              "+Device {\n"
              "+  Name = lib1-drive1\n"
              "+  Drive Index = 0\n"
              "+  Autochanger = yes\n"
              "+  Media Type = LTO\n"
              "+  Archive Device = /dev/tape/by-name/lib1-drive1-nst\n"
              "+  Device Type = Tape\n"
              "+  Automatic Mount = yes\n"
              "+  Always Open = yes\n"
              "+  Removable Media = yes\n"
              "+  Random Access = no\n"
              "+}\n"
              "+Device {\n"
              "+  Name = lib1-drive2\n"
              "+  Drive Index = 1\n"
              "+  Autochanger = yes\n"
              "+  Media Type = LTO\n"
              "+  Archive Device = /dev/tape/by-name/lib1-drive2-nst\n"
              "+  Device Type = Tape\n"
              "+  Automatic Mount = yes\n"
              "+  Always Open = yes\n"
              "+  Removable Media = yes\n"
              "+  Random Access = no\n"
              "+}\n");
        make_plan("bacula/empty.conf", FACTS(facts_no_bays), &p);
        assert_true(
                says(p, FINDING_NOTE, "lib1 is not added: evertape does not know which drives are in it"));
        assert_true(says(p, FINDING_TODO, "drive2 is not in the configuration"));
}

static void test_no_devices(void **state)
{
        const TapeFacts none = {0};
        _cleanup_(plan_freep) Plan *p = NULL;

        check("bacula/no-tape.conf", &none, "");
        check("amanda/fresh.conf", &none, "");
        make_plan("bacula/two-drives.conf", &none, &p);
        assert_false(plan_changes(p));
        assert_true(says(p, FINDING_TODO, "Drive-1: /dev/nst1 is a device that evertape does not know"));
}

static void test_amanda(void **state)
{
        check("amanda/robot.conf", FACTS(facts_swapped),
              "-    tpchanger \"chg-robot:/dev/sg3\"\n"
              "-    property \"tape-device\" \"0=tape:/dev/nst0\" \\\n"
              "-                           \"1=tape:/dev/nst1\"\n"
              "+    tpchanger \"chg-robot:/dev/tape/by-name/lib1-changer\"\n"
              "+    property \"tape-device\" \"0=tape:/dev/tape/by-name/lib1-drive1-nst\" \\\n"
              "+                           \"1=tape:/dev/tape/by-name/lib1-drive2-nst\"\n");
        check("amanda/append.conf", FACTS(facts_all),
              "-\tTPCHANGER \"chg-robot:/dev/tape/by-id/scsi-LIB0001-changer\"\n"
              "+\tTPCHANGER \"chg-robot:/dev/tape/by-name/lib1-changer\"\n"
              "-\tproperty append \"tape-device\" \"0=tape:/dev/nst1\"\n"
              "+\tproperty append \"tape-device\" \"0=tape:/dev/tape/by-name/lib1-drive1-nst\"\n");
        check("amanda/solo-crlf.conf", FACTS(facts_all),
              "-tapedev \"/dev/nst2\"\n+tapedev \"/dev/tape/by-name/drive1-nst\"\n");
        check("amanda/multi.conf", FACTS(facts_all),
              "-tpchanger \"chg-multi:{tape:/dev/nst2,tape:/dev/nst4}\"\n"
              "-rawtapedev \"/dev/nst2\"\n"
              "+tpchanger "
              "\"chg-multi:{tape:/dev/tape/by-name/drive1-nst,tape:/dev/tape/by-name/lib2-drive1-nst}\"\n"
              "+rawtapedev \"/dev/tape/by-name/drive1-nst\"\n");
        check("amanda/disk.conf", FACTS(facts_all), "");
}

static void test_amanda_from_nothing(void **state)
{
        check("amanda/fresh.conf", FACTS(facts_all),
              "-tapetype X\n"
              "+tapetype X\n"
              "+# By evertape configure.\n"
              "+define changer \"lib1\" {\n"
              "+  tpchanger \"chg-robot:/dev/tape/by-name/lib1-changer\"\n"
              "+  property \"tape-device\" \"0=tape:/dev/tape/by-name/lib1-drive1-nst\" "
              "\"1=tape:/dev/tape/by-name/lib1-drive2-nst\"\n"
              "+  changerfile \"chg-lib1\"\n"
              "+}\n"
              "+tpchanger \"lib1\"\n");
        check("amanda/fresh.conf", FACTS(facts_no_bays),
              "-tapetype X\n"
              "+tapetype X\n"
              "+# By evertape configure.\n"
              "+tpchanger "
              "\"chg-multi:{tape:/dev/tape/by-name/drive1-nst,tape:/dev/tape/by-name/drive2-nst}\"\n"
              "+changerfile \"chg-drives\"\n");
}

/* What a plan has made is a configuration in which nothing is left to be changed. */
static int load_new(void *userdata, const char *path, char **ret, size_t *ret_n)
{
        const Conf *c = userdata;

        for (size_t i = 0; i < c->n_files; i++)
                if (strcmp(c->files[i].path, path) == 0)
                        return edit_apply(&c->files[i].edits, c->files[i].text, c->files[i].n_text, ret,
                                          ret_n);
        return -ENOENT;
}

static void test_second_run_changes_nothing(void **state)
{
        static const char *const names[] = {
                "bacula/two-drives.conf",   "bacula/crlf-tabs.conf", "bacula/includes.conf",
                "bacula/two-changers.conf", "bacula/no-tape.conf",   "bacula/empty.conf",
                "amanda/robot.conf",        "amanda/append.conf",    "amanda/multi.conf",
                "amanda/solo-crlf.conf",    "amanda/fresh.conf",
        };
        const TapeFacts all[] = {*FACTS(facts_all), *FACTS(facts_swapped), *FACTS(facts_no_bays)};

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                for (size_t k = 0; k < ELEMENTSOF(all); k++) {
                        _cleanup_(plan_freep) Plan *first = NULL, *second = NULL;
                        PlanWorld w = {.load = load_new, .resolve = resolve, .facts = &all[k]};

                        make_plan(names[i], &all[k], &first);
                        w.userdata = first->conf;
                        assert_int_equal((first->conf->dialect == DIALECT_BACULA ? plan_bacula : plan_amanda)(
                                                 &w, first->conf->files[0].path, &second),
                                         0);
                        assert_false(plan_changes(second));
                }
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bacula_nodes),
                cmocka_unit_test(test_bacula_swapped),
                cmocka_unit_test(test_bacula_without_bays),
                cmocka_unit_test(test_bacula_odd_form),
                cmocka_unit_test(test_bacula_includes),
                cmocka_unit_test(test_bacula_several_changers),
                cmocka_unit_test(test_bacula_from_nothing),
                cmocka_unit_test(test_no_devices),
                cmocka_unit_test(test_amanda),
                cmocka_unit_test(test_amanda_from_nothing),
                cmocka_unit_test(test_second_run_changes_nothing),
        };

        data_folder = argv[argc - 1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
