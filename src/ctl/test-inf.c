/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `evertape inf` as a user runs it, without evertaped. argv[1] is the program, argv[2] the shipped tape.inf,
 * argv[3] a folder of INF files (tests/data/text/inf), argv[4] man/tape.inf.5.scd. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "util/cleanup.h"

static const char *program, *shipped, *folder, *manual;
static char output[1 << 20];

/* Output and complaints together. Returns the exit status. */
_printf_(1, 2) static int run(const char *format, ...)
{
        char arguments[4096], command[8192];
        size_t n;
        va_list ap;
        FILE *f;

        va_start(ap, format);
        vsnprintf(arguments, sizeof(arguments), format, ap);
        va_end(ap);
        snprintf(command, sizeof(command), "%s inf %s 2>&1", program, arguments);
        f = popen(command, "re");
        assert_non_null(f);
        n = fread(output, 1, sizeof(output) - 1, f);
        output[n] = '\0';
        return WEXITSTATUS(pclose(f));
}

static void assert_says(const char *text)
{
        if (!strstr(output, text))
                fail_msg("\"%s\" is not in:\n%s", text, output);
}

static void test_list(void **state)
{
        assert_int_equal(run("list -n -o id,profile,line %s", shipped), 0);
        assert_says("SCSI\\SequentialHP______Ultrium_3-SCSI__ lto       90\n");
        assert_says("SCSI\\ChangerSTK_____L700____________    generic  214\n");
        assert_int_equal(run("list %s/nt4.inf", folder), 0);
        assert_says("DESCRIPTION   ID                                 PROFILE FILE");
        assert_says("Acme Old Tape ACME_OLD \"Acme\" \"OT-\"              generic ");
        assert_says("/nt4.inf   16\n");
        assert_int_equal(run("list -J -o ID,LINE,TIMEOUT %s/decorated.inf", folder), 0);
        assert_says(
                "\"id\": \"SCSI\\\\SequentialCORP____DRIVE_TWO_______\",\n         \"line\": 24,\n         "
                "\"timeout\": \"2h 30min\"");
        assert_int_equal(run("list -o +colour %s", shipped), 2);
        assert_says("unknown column 'colour'");
        assert_int_equal(run("list /nonexistent"), 1);
        assert_says("evertape: /nonexistent: No such file or directory\n");
        assert_int_equal(run("list -n -o LINE %s/broken.inf", folder), 0);
        assert_says("broken.inf has errors; see: evertape inf check ");
}

static void test_check(void **state)
{
        assert_int_equal(run("check %s", shipped), 0);
        assert_says("/tape.inf: 144 ids, 0 errors, 0 warnings, UTF-8\n");
        assert_int_equal(run("check %s/win2000.inf %s/broken.inf /nonexistent %s", folder, folder, shipped),
                         1);
        assert_says("/win2000.inf: 5 ids, 0 errors, 0 warnings, Windows code page 1252\n");
        assert_says("/broken.inf:12:21: error: there is no install section [missing]\n");
        assert_says("/broken.inf:16:1: error: %unknown% is not in [Strings]\n");
        assert_says("/broken.inf: 7 ids, 11 errors, 10 warnings, UTF-8\n");
        assert_says("evertape: /nonexistent: No such file or directory\n");
        assert_says("tape.inf: 144 ids");
        assert_int_equal(run("check %s/decorated.inf", folder), 0); /* a warning is no failure */
        assert_says("/decorated.inf:40:1: warning: Colour: unknown key; there are: Profile, Timeout\n");
        assert_int_equal(run("check"), 2);
        assert_int_equal(run("check /dev/zero %s", folder), 1);
        assert_says("evertape: /dev/zero: Invalid argument\n");
        assert_says(": Is a directory\n");
}

static void test_match(void **state)
{
        char expected[4096];

        assert_int_equal(run("match -f %s --inquiry 'HP      Ultrium 3-SCSI  G24W'", shipped), 0);
        snprintf(expected, sizeof(expected),
                 "Inquiry:        HP      Ultrium 3-SCSI  G24W\n"
                 "Kind:           tape\n"
                 "Hardware ids:   SCSI\\SequentialHP______Ultrium_3-SCSI__G24W\n"
                 "                SCSI\\SequentialHP______Ultrium_3-SCSI__\n"
                 "                SCSI\\SequentialHP______\n"
                 "                SCSI\\HP______Ultrium_3-SCSI__G\n"
                 "                HP______Ultrium_3-SCSI__G\n"
                 "                SCSI\\Sequential\n"
                 "Entry:          %s:90: SCSI\\SequentialHP______Ultrium_3-SCSI__\n"
                 "Description:    HP LTO-3\n"
                 "Manufacturer:   Hewlett Packard Enterprise\n"
                 "Service:        ltotape\n"
                 "Profile:        lto\n"
                 "Why:            by vendor and product; the service selects the profile\n",
                 shipped);
        assert_string_equal(output, expected);
        assert_int_equal(run("match -f %s -f %s/changer.inf -k changer -q 'STK     L700'", shipped, folder),
                         0);
        assert_says("ScsiChanger\nEntry:          ");
        assert_says("Profile:        generic\n");
        assert_says("Passed over:    ");
        assert_says("/changer.inf:9: ScsiChanger\n");
        assert_int_equal(run("match -f %s/nt4.inf -q 'ACME    OT-30'", folder), 0);
        assert_says("/nt4.inf:16: ACME_OLD = \"Acme\", \"OT-\"\n");
        assert_says("Why:            by how vendor and product begin; ");
        assert_int_equal(run("match -f %s/decorated.inf -q 'CORP    DRIVE TWO'", folder), 0);
        assert_says("Timeout:        2h 30min\nWhy:            by vendor and product; the file names the "
                    "profile itself\n");
}

static void test_match_usage(void **state)
{
        assert_int_equal(run("match"), 2);
        assert_int_equal(run("match a b"), 2);
        assert_int_equal(run("match -q x y"), 2);
        assert_int_equal(run("match -k disk -q x"), 2);
        assert_says("'disk' is neither tape nor changer");
        assert_int_equal(run("match /dev/sg99999"), 1);
        assert_says("evertape: /dev/sg99999: there is no such device\n");
        assert_int_equal(run("frobnicate"), 2);
        assert_int_equal(run("%s", ""), 2);
        assert_says("say what: list, check or match");
        assert_int_equal(run("--help"), 0);
        assert_int_equal(run("match --help"), 0);
        assert_says("--inquiry");
}

/* The file that is printed for an unknown device, put where it says, makes the device known. */
static void check_teaching(const char *kind, const char *inquiry, const char *profile)
{
        char path[] = "/tmp/test-inf-XXXXXX", *begin, *end;
        int fd;

        assert_int_equal(run("match -f %s -k %s -q '%s'", shipped, kind, inquiry), 1);
        assert_says("Profile:        generic\nWhy:            no entry matches; it works by the generic "
                    "profile\n");
        assert_says("/inf.d/site.inf:\n");
        begin = strstr(output, "\n[Version]\n");
        assert_non_null(begin);
        end = strstr(begin, "\n\n");
        assert_non_null(end);
        fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, begin, (size_t) (end + 1 - begin)), end + 1 - begin);
        close(fd);
        assert_int_equal(run("check %s", path), 0);
        assert_says(": 1 id, 0 errors, 0 warnings, ");
        assert_int_equal(run("match -f %s -k %s -q '%s'", path, kind, inquiry), 0);
        assert_says(profile);
        assert_int_equal(unlink(path), 0);
}

static void test_teaching(void **state)
{
        check_teaching("tape", "ACME    SuperTape       1.00", "Profile:        generic\n");
        check_teaching("tape", "ACME    LTO-11 HH       1.00", "Profile:        lto\n");
        check_teaching("changer", "ACME    Robot 9         1.00", "Profile:        generic\n");
        check_teaching("tape", "A\\C;=%,\"Super \"L;=\\ 100% %1.0", "Profile:        generic\n");
        check_teaching("tape", "        ", "Profile:        generic\n");
        check_teaching("tape", "A\t\033[31m\377 \302\233[Version] ]      ", "Profile:        generic\n");
}

/* The file in the manual page does what the page says. */
static void test_example_of_the_manual(void **state)
{
        char path[] = "/tmp/test-inf-XXXXXX", page[65536], *begin, *end;
        FILE *f = fopen(manual, "re");
        int fd = mkstemp(path);

        assert_non_null(f);
        assert_true(fd >= 0);
        page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
        fclose(f);
        begin = strstr(page, "```\n[Version]\n");
        assert_non_null(begin);
        begin += 4;
        end = strstr(begin, "```");
        assert_non_null(end);
        for (char *p = begin; p < end; p++) /* "\\\\" is one in the source of a page */
                if (p[0] != '\\' || p[1] != '\\')
                        assert_int_equal(write(fd, p, 1), 1);
        close(fd);
        assert_int_equal(run("check %s", path), 0);
        assert_says(": 2 ids, 0 errors, 0 warnings, UTF-8\n");
        assert_int_equal(run("match -f %s -q 'ACME    SuperTape'", path), 0);
        assert_says("Profile:        lto\n");
        assert_int_equal(run("match -f %s -k changer -q 'ACME    Robot 9'", path), 0);
        assert_says("Timeout:        1h 30min\n");
        assert_int_equal(unlink(path), 0);
}

/* No text of a file reaches the terminal as a command. */
static void test_hostile_text(void **state)
{
        char path[] = "/tmp/test-inf-XXXXXX";
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        dprintf(fd,
                "[Version]\nSignature=\"$Windows NT$\"\nClass=\033[2J\n[Manufacturer]\n\033[31m=m\n[m]\n"
                "\033]0;x\007=i,SCSI\\SequentialX\033[31m\nd=\033[1m,x\n[i.Services]\nAddService=\033[3m,2\n"
                "[i.Evertape]\n\033[4m=1\n");
        close(fd);
        assert_int_equal(run("check %s", path), 1);
        assert_null(strchr(output, '\033'));
        assert_int_equal(run("list %s -o +manufacturer,service", path), 0);
        assert_null(strchr(output, '\033'));
        assert_int_equal(run("match -f %s -q 'X\033[31m'", path), 1);
        assert_null(strchr(output, '\033'));
        assert_int_equal(unlink(path), 0);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_list),
                cmocka_unit_test(test_check),
                cmocka_unit_test(test_match),
                cmocka_unit_test(test_match_usage),
                cmocka_unit_test(test_teaching),
                cmocka_unit_test(test_hostile_text),
                cmocka_unit_test(test_example_of_the_manual),
        };

        assert_int_equal(argc, 5);
        program = argv[1];
        shipped = argv[2];
        folder = argv[3];
        manual = argv[4];
        setenv("LC_ALL", "C.UTF-8", 1);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
