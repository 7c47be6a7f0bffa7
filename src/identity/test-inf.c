/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* INF files in the shapes in which they exist (tests/data/text/inf, argv[1]), line by line, broken, and
 * hostile.
 */

#include "identity/inf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "identity/inf-decode.h"
#include "identity/inf-table.h"

static const char *data_dir;

static InfFile *parse(const char *text)
{
        InfFile *f = NULL;

        assert_int_equal(inf_parse("test.inf", (const uint8_t *) text, strlen(text), &f), 0);
        return f;
}

static InfFile *load(const char *name)
{
        InfFile *f = NULL;
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s", data_dir, name);
        assert_int_equal(inf_load(path, &f), 0);
        return f;
}

static void assert_problem(const InfFile *f, size_t i, const char *expected)
{
        char text[256] = "none";

        if (i < f->problems.n_items) {
                const InfProblem *p = &f->problems.items[i];

                snprintf(text, sizeof(text), "%u:%u: %s: %s", p->line, p->column,
                         p->severity == INF_ERROR ? "error" : "warning", p->text);
        }
        assert_string_equal(text, expected);
}

static void assert_clean(const InfFile *f)
{
        assert_problem(f, 0, "none");
}

static void assert_entry(const InfFile *f, size_t i, unsigned line, const char *id, const char *description,
                         const char *service)
{
        assert_true(i < f->n_entries);
        assert_string_equal(f->entries[i].id, id);
        assert_int_equal(f->entries[i].line, line);
        assert_string_equal(f->entries[i].description, description);
        assert_string_equal(f->entries[i].service, service);
}

#define HEAD   "[Version]\nSignature=\"$Windows NT$\"\nClass=TapeDrive\n[Manufacturer]\n"
#define MODEL  HEAD "m=m\n[m]\n"
#define DRIVER "[i]\n[i.Services]\nAddService=ltotape,2,s\n"
#define ID     "SCSI\\SequentialHP______Ultrium_3-SCSI__"

/* The description that comes out of "DESCRIPTION = ..." with these strings. */
static void assert_description(const char *description, const char *strings, const char *expected)
{
        static char text[8192];
        InfFile *f;

        snprintf(text, sizeof(text), MODEL "%s=i," ID "\n" DRIVER "%s", description, strings);
        f = parse(text);
        assert_int_equal(f->n_entries, 1);
        assert_string_equal(f->entries[0].description, expected);
        inf_free(f);
}

static void test_win2000(void **state)
{
        InfFile *f = load("win2000.inf");

        assert_clean(f);
        assert_string_equal(f->encoding, "Windows code page 1252");
        assert_string_equal(f->class, "TapeDrive");
        assert_int_equal(f->n_entries, 5);
        assert_entry(f, 0, 26, "SCSI\\SequentialACME____MiniTape_30_____", "Acme MiniTape\xc2\xae 30",
                     "acmetape");
        assert_entry(f, 1, 27, "IDE\\SequentialACME_MiniTape_30__________________________",
                     "Acme MiniTape\xc2\xae 30", "acmetape");
        assert_entry(f, 2, 28, "SCSI\\SequentialACME____MaxiTape_50_____", "Acme \"Maxi\" 50;100",
                     "acmetape");
        assert_entry(f, 3, 28, "SCSI\\SequentialACME____", "Acme \"Maxi\" 50;100", "acmetape");
        assert_entry(f, 4, 29, "USBSTOR\\SequentialACME____MaxiTape_50_USB_", "Acme \"Maxi\" 50;100",
                     "acmetape");
        assert_string_equal(f->entries[0].manufacturer, "Acme Tape");
        assert_string_equal(f->entries[0].install, "acmetape");
        assert_int_equal(f->entries[0].column, 26);
        assert_int_equal(f->entries[2].position, 0);
        assert_int_equal(f->entries[3].position, 1);
        assert_int_equal(f->entries[0].facts.profile, PROFILE_GENERIC);
        inf_free(f);
}

static void test_nt4(void **state)
{
        InfFile *f = load("nt4.inf");

        assert_clean(f);
        assert_int_equal(f->n_entries, 3);
        assert_entry(f, 0, 16, "ACME_OLD", "Acme Old Tape", "acmetape");
        assert_string_equal(f->entries[0].manufacturer, "Acme");
        assert_string_equal(f->entries[0].vendor, "Acme");
        assert_string_equal(f->entries[0].product, "OT-");
        assert_string_equal(f->entries[1].product, "Old Drive       ");
        assert_entry(f, 2, 18, "ACME_REEL", "Acme Reel", "acmetape");
        assert_string_equal(f->entries[2].product, "");
        inf_free(f);
}

static void check_decorated(const char *name, const char *encoding)
{
        InfFile *f = load(name);

        assert_string_equal(f->encoding, encoding);
        assert_problem(f, 0, "40:1: warning: Colour: unknown key; there are: Profile, Timeout");
        assert_problem(f, 1, "none");
        assert_int_equal(f->n_entries, 4);
        assert_entry(f, 0, 22, "SCSI\\SequentialCORP____DRIVE_ONE_______1234", "Tape 100%% drive", "LtoTape");
        assert_entry(f, 2, 24, "SCSI\\SequentialCORP____DRIVE_TWO_______", "Tape 100%% drive", "corptape");
        assert_entry(f, 3, 46, "SCSI\\SequentialCORP____DRIVE_THREE_____", "Late drive", "LtoTape");
        assert_int_equal(f->entries[0].facts.profile, PROFILE_LTO);
        assert_int_equal(f->entries[0].facts.timeout, 0);
        assert_int_equal(f->entries[2].facts.profile, PROFILE_LTO);
        assert_int_equal(f->entries[2].facts.timeout, 9000 * USEC_PER_SEC);
        assert_string_equal(f->entries[0].manufacturer, "Corporation");
        inf_free(f);
}

static void test_decorated_in_every_encoding(void **state)
{
        check_decorated("decorated.inf", "UTF-8");
        check_decorated("decorated-utf8.inf", "UTF-8 with byte order mark");
        check_decorated("decorated-utf16le.inf", "UTF-16, little endian");
        check_decorated("decorated-utf16be.inf", "UTF-16, big endian");
}

static void test_changer_and_another_class(void **state)
{
        InfFile *f = load("changer.inf");

        assert_clean(f);
        assert_int_equal(f->n_entries, 4);
        assert_entry(f, 3, 22, "SCSI\\Changer", "Any other changer", "");
        assert_entry(f, 0, 8, "SCSI\\ChangerROBO____Arm_9___________", "Robot", "mcd");
        assert_string_equal(f->class, "MediumChanger");
        inf_free(f);
        f = load("system.inf");
        assert_problem(f, 0, "5:1: warning: class System is neither TapeDrive nor MediumChanger");
        assert_problem(f, 1, "none");
        assert_entry(f, 0, 9, "PCI\\VEN_1234&DEV_0001", "A filter", "filter");
        inf_free(f);
}

static void test_broken_lines_cost_only_themselves(void **state)
{
        /* clang-format off */
        static const char *const expected[] = {
                "2:1: error: stands before the first [section]",
                "3:1: error: ']' is missing; taken as if it were there",
                "4:0: warning: [Version] has no Signature = \"$Windows NT$\"",
                "6:16: warning: text behind ']' is ignored",
                "8:7: error: there is no section [Nowhere] of models",
                "10:1: error: not of the form DESCRIPTION = INSTALL-SECTION, ID",
                "11:1: error: not of the form DESCRIPTION = INSTALL-SECTION, ID",
                "12:21: error: there is no install section [missing]",
                "13:1: warning: quote is not closed",
                "13:1: error: not of the form DESCRIPTION = INSTALL-SECTION, ID",
                "14:20: warning: SCSI\\SequentialA       D: a blank or comma of INQUIRY is '_' in an id; it matches nothing",
                "15:20: warning: SCSI\\SequentialA_______E___: vendor (8), product (16) and revision (4) have other lengths; '_' at the end are taken as needed",
                "16:1: error: %unknown% is not in [Strings]",
                "17:1: warning: [silent.Services] names no driver with AddService",
                "18:23: warning: SOME_TAPE is no id of a SCSI device and not in [AlternateDriverSearch]",
                "19:20: error: the hardware id is empty",
                "22:1: error: a vendor of more than 8 or a product of more than 16 characters matches nothing",
                "23:1: error: no vendor: it matches nothing",
                "29:1: warning: Profile: not a profile; there are: generic, lto",
                "30:1: warning: Timeout: not a span of time such as 15min, 3h or infinity",
                "31:1: warning: Timeout: not of the form KEY = VALUE",
                "none",
        };
        /* clang-format on */
        static const char *const ids[] = {
                "SCSI\\SequentialA       D",
                "SCSI\\SequentialA_______E___",
                "SCSI\\SequentialA_______F_______________",
                "SCSI\\SequentialA_______G_______________",
                "SOME_TAPE",
                "SCSI\\SequentialA_______H_______________",
                "WIDE_TAPE",
        };
        InfFile *f = load("broken.inf");

        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                assert_problem(f, i, expected[i]);
        assert_int_equal(f->problems.n_errors + f->problems.n_warnings, ELEMENTSOF(expected) - 1);
        assert_int_equal(f->n_entries, ELEMENTSOF(ids));
        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                assert_string_equal(f->entries[i].id, ids[i]);
        assert_string_equal(f->entries[2].description, "%unknown%");
        assert_string_equal(f->entries[6].vendor, "WIDE");
        inf_free(f);
}

static void test_strings(void **state)
{
        assert_description("%a%", "[Strings]\na=b\n", "b");
        assert_description("%A%", "[strings]\na=\"b\"\n", "b");
        assert_description("\"<%a%>\"", "[Strings]\na=\" b \"\n", "< b >");
        assert_description("100%% %a%", "[Strings]\na=b\n", "100% b");
        assert_description("50%", "", "50%");
        assert_description("%%%a%%%", "[Strings]\na=b\n", "%b%");
        assert_description("%a.b\\c%", "[Strings]\na.b\\c=d\n", "d");
        assert_description("%a%", "[Strings]\na=\n", "");
        assert_description("%a%", "[Strings]\na=first\na=second\n", "first");
        assert_description("%a%", "[Strings]\na=any\n[Strings.0407]\na=de\n[Strings.0409]\na=en\n", "en");
        assert_description("%a%", "[Strings.0407]\na=de\n[Strings]\na=any\n", "any");
        assert_description("%a%", "[Strings.0407]\na=de\n[Strings.0411]\na=ja\n", "de");
        /* Strings are not looked at again: neither a circle nor ten levels of doubling. */
        assert_description("%a%", "[Strings]\na=%b%\nb=%a%\n", "%b%");
        assert_description("%a%", "[Strings]\na=%a%%a%\n", "%a%%a%");
}

static void test_quotes_and_comments(void **state)
{
        assert_description("\"a ; b = c, d\"", "", "a ; b = c, d");
        assert_description("\"\"\"a\"\"\"", "", "\"a\"");
        assert_description("a \"b\" c", "", "a b c");
        assert_description("\" a \"", "", " a ");
        assert_description("\t a b \t", "", "a b");
        assert_description("a\\b", "", "a\\b");
        assert_description("a \\\n  b", "", "a b");
        assert_description("a\\ ; goes on\r\nb", "", "ab");
        assert_description("a \\ \\\r\\\n\\\nb", "", "a \\ b");
}

static void test_manufacturers(void **state)
{
        static const char *const forms[] = {"%m%=m", "\"m\"=m",   "m = M", "m",
                                            "\"m\"", "x=m,NTx86", "x=m,,", "m="};
        static char text[1024];

        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                InfFile *f;

                snprintf(text, sizeof(text), HEAD "%s\n[m]\nd=i," ID "\n" DRIVER "[Strings]\nm=m\n",
                         forms[i]);
                f = parse(text);
                assert_clean(f);
                assert_int_equal(f->n_entries, 1);
                inf_free(f);
        }
}

static void test_best_decoration(void **state)
{
        static const struct {
                const char *list, *sections, *expected;
        } table[] = {
                {"NTx86,NTamd64", "NTx86 NTamd64 ", "NTamd64"},
                {"NTamd64,NTx86", "NTx86 NTamd64 ", "NTamd64"},
                {"NTamd64,NTamd64.6.1,NTamd64.6.0", "NTamd64 NTamd64.6.0 NTamd64.6.1 ", "NTamd64.6.1"},
                {"NTamd64.10.0,NTamd64.6.1", "NTamd64.10.0 NTamd64.6.1 ", "NTamd64.10.0"},
                {"NTamd64.10.0...16299,NTamd64", "NTamd64.10.0...16299 NTamd64 ", "NTamd64.10.0...16299"},
                {"NT.5.1,NTia64", "NTia64 NT.5.1 ", "NT.5.1"},
                {"NTia64", "NTia64 ", "NTia64"},
                {"ntAMD64", "NTamd64 ", "NTamd64"},
                {"NTamd64.6.1,NTx86", "NTx86 ", "NTx86"},
                {"NTx86", "", ""},
        };
        static char text[4096], description[64];

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                size_t n = (size_t) snprintf(text, sizeof(text),
                                             HEAD "x=m,%s\n" DRIVER "[m]\nplain=i," ID "\n", table[i].list);
                InfFile *f;

                for (const char *s = table[i].sections; *s; s += strcspn(s, " ") + 1) {
                        int width = (int) strcspn(s, " ");

                        n += (size_t) snprintf(text + n, sizeof(text) - n, "[m.%.*s]\n%.*s=i," ID "\n", width,
                                               s, width, s);
                }
                f = parse(text);
                snprintf(description, sizeof(description), "%s",
                         table[i].expected[0] ? table[i].expected : "plain");
                assert_entry(f, 0, f->entries[0].line, ID, description, "ltotape");
                assert_int_equal(f->n_entries, 1);
                inf_free(f);
        }
}

static void test_services(void **state)
{
        static const struct {
                const char *text, *service, *problem;
        } table[] = {
                {"[i]\n[i.Services]\nAddService=a,2,s\n", "a", "none"},
                {"[i.Services]\nAddService=a\n", "a", "none"},
                {"[i]\n[i.NT.Services]\nAddService=\"a\",2,s\n", "a", "none"},
                {"[i.NTx86]\n[I.ntX86.SERVICES]\naddservice=a,2,s\n", "a", "none"},
                {"[i]\n[i.Services]\nAddService=filter,,s\nAddService=a,%x%,s\n", "filter",
                 "11:14: error: %x% is not in [Strings]"},
                {"[i]\n[i.Services]\nAddService=filter,,s\nAddService=a,%x%,s\n[Strings]\nx=0x00000002\n",
                 "a", "none"},
                {"[i]\n[i.Services]\nAddService= ,2,\n", "", "none"},
                {"[i]\n[i.Services]\nAddService=filter,,s\nAddService=a,0x802,s\n", "a", "none"},
                {"[i]\n[i.Services]\nNeeds=b.Services\n[b.Services]\nAddService=a,2,s\n", "a", "none"},
                {"[i]\n[i.Services]\nNeeds=x,b.Services\n[b.Services]\nAddService=a,2,s\n", "a", "none"},
                {"[i]\n[i.Services]\nNeeds=i.Services\n", "",
                 "10:1: warning: the driver is named in another file"},
                {"[i]\n[i.Services]\nInclude=tape.inf\nNeeds=b\n", "",
                 "11:1: warning: the driver is named in another file"},
                {"[i]\n", "", "7:1: warning: [i.Services] names no driver with AddService"},
        };
        static char text[1024];

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                InfFile *f;

                snprintf(text, sizeof(text), MODEL "d=i," ID "\n%s", table[i].text);
                f = parse(text);
                assert_entry(f, 0, 7, ID, "d", table[i].service);
                assert_problem(f, 0, table[i].problem);
                inf_free(f);
        }
}

static void test_encodings_and_line_ends(void **state)
{
        static const struct {
                const char *bytes;
                size_t n;
                const char *expected;
        } table[] = {
                {"a\x80\x9f\xff", 4, "a\xe2\x82\xac\xc5\xb8\xc3\xbf"},
                {"\x81", 1, "\xef\xbf\xbd"},
                {"\xc3\xa4", 2, "\xc3\xa4"},
                {"\xf0\x9f\x93\xbc", 4, "\xf0\x9f\x93\xbc"},
                {"\xed\xa0\x80", 3, "\xc3\xad\xc2\xa0\xe2\x82\xac"}, /* a surrogate: no UTF-8 */
                {"\xc0\x80", 2, "\xc3\x80\xe2\x82\xac"},
                {"\xef\xbb\xbf\xff", 4, "\xef\xbf\xbd"},
                {"\xff\xfe"
                 "a\0"
                 "\x3d\xd8\xfc\xdc",
                 8, "a\xf0\x9f\x93\xbc"},
                {"\xff\xfe\x3d\xd8"
                 "a\0",
                 6,
                 "\xef\xbf\xbd"
                 "a"},
                {"\xff\xfe"
                 "a\0b",
                 5, "a\xef\xbf\xbd"},
                {"\xfe\xff\0a\xdc\xfc", 6, "a\xef\xbf\xbd"},
                {"\xfe\xff", 2, ""},
                {"", 0, ""},
                {"a\r\nb\rc\nd\r\r\ne\x1a", 13, "a\nb\nc\nd\n\ne"},
                {"a\x1a"
                 "b",
                 3,
                 "a\x1a"
                 "b"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                static InfProblems problems;
                Arena arena = {};
                InfText text;

                assert_int_equal(
                        inf_decode((const uint8_t *) table[i].bytes, table[i].n, &arena, &problems, &text),
                        0);
                assert_string_equal(text.text, table[i].expected);
                assert_int_equal(text.n, strlen(table[i].expected));
                arena_deinit(&arena);
        }
}

static void test_binary(void **state)
{
        static const uint8_t data[] = "[Version]\n\0";
        InfFile *f = NULL;

        assert_int_equal(inf_parse("x", data, sizeof(data), &f), 0);
        assert_problem(f, 0,
                       "2:0: error: a NUL: binary, or UTF-16 without a byte order mark; save it with one");
        assert_problem(f, 1, "none");
        assert_int_equal(f->n_entries, 0);
        inf_free(f);
}

/* ---- hostile ---- */

static char *big;

/* Fills big with prefix and as many pieces as n_max has room for. Returns the length. */
static size_t fill(const char *prefix, const char *piece, size_t n_max)
{
        size_t n = strlen(prefix), n_piece = strlen(piece);

        memcpy(big, prefix, n);
        for (; n + n_piece <= n_max; n += n_piece)
                memcpy(big + n, piece, n_piece);
        return n;
}

static void check_hostile(const char *prefix, const char *piece, size_t n_max)
{
        struct timespec begin, end;
        InfFile *f = NULL;

        clock_gettime(CLOCK_MONOTONIC, &begin);
        assert_int_equal(inf_parse("big", (const uint8_t *) big, fill(prefix, piece, n_max), &f), 0);
        clock_gettime(CLOCK_MONOTONIC, &end);
        assert_true(f->n_entries <= INF_ENTRIES_MAX);
        assert_true(f->problems.n_items <= INF_PROBLEMS_MAX);
        for (size_t i = 0; i < f->problems.n_items; i++)
                assert_true(strlen(f->problems.items[i].text) < sizeof(f->problems.items[i].text));
        /* Generous: under sanitizers and on a busy machine. None takes more than a tenth of it by itself. */
        if (end.tv_sec - begin.tv_sec > 30)
                fail_msg("\"%.20s...\" took %ld s", piece, (long) (end.tv_sec - begin.tv_sec));
        inf_free(f);
}

static void test_hostile(void **state)
{
        static const char *const pieces[] = {
                "\n",
                "[",
                "[a]\n",
                "]",
                "\"",
                "\"\n",
                ",",
                "=",
                "a=b\n",
                "\\\n",
                "%",
                "%a%",
                "%a",
                ";",
                " ",
                "a",
                "\xff",
                "\r",
                "x=i,A\n",
                "x=i,\n",
                "%x%=%x%\n",
                "x=y,A\n",
                "A=,\n",
                "m=m\n",
                "x=i,A,A,A\n",
                "x=i,%a%\n",
                "[m]\nx=i,A\n",
                "x=i,SCSI\\SequentialX\n",
        };
        static const char *const prefixes[] = {
                "",
                MODEL,
                MODEL DRIVER "[Strings]\na=\"%a%%a%%a%%a%%a%%a%%a%%a%\"\nx=i\n[m]\n",
                MODEL "x=i,A\n" DRIVER "[AlternateDriverSearch]\n",
                MODEL "x=i,A\nx=i,A\nx=i,A\n" DRIVER "[Manufacturer]\n",
                MODEL DRIVER "[i.Evertape]\n",
                "[Strings]\n",
                "\xff\xfe",
        };

        big = malloc(INF_FILE_MAX + 1);
        assert_non_null(big);
        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                for (size_t j = 0; j < ELEMENTSOF(pieces); j++)
                        check_hostile(prefixes[i], pieces[j],
                                      j % 7 == i % 7 ? INF_FILE_MAX : INF_FILE_MAX / 32);
        free(big);
}

/* Sections of drivers without a driver, which every one of many install sections needs. */
static void test_hostile_services(void **state)
{
        static char text[INF_FILE_MAX];
        InfFile *f = NULL;
        size_t n = (size_t) snprintf(text, sizeof(text), "[Strings]\na=%01000d\n" HEAD "m=m\n", 0);

        for (int i = 0; i < 500; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n,
                                       "[m]\nd=i%d," ID "\n[i%d.Services]\nNeeds=s\n", i, i);
        n += (size_t) snprintf(text + n, sizeof(text) - n, "[s]\n");
        for (int i = 0; i < 28000; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "AddService=a,%%a%%\n");
        assert_int_equal(inf_parse("x", (const uint8_t *) text, n, &f), 0);
        assert_int_equal(f->problems.n_errors, 1);
        assert_non_null(strstr(f->problems.items[0].text, "names more than"));
        inf_free(f);
}

static void test_limits(void **state)
{
        static uint8_t data[INF_FILE_MAX + 1];
        static char text[300000];
        InfFile *f = NULL;
        size_t n;

        memset(data, 'a', sizeof(data));
        assert_int_equal(inf_parse("x", data, sizeof(data), &f), -EFBIG);
        assert_null(f);
        /* What is too long is cut between characters, each of which has two bytes here. */
        n = (size_t) snprintf(text, sizeof(text), MODEL "%%a%%%%a%%=i," ID "\nx");
        for (size_t i = 0; i < 600; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "\xc3\xa4");
        n += (size_t) snprintf(text + n, sizeof(text) - n, "=i," ID "\n" DRIVER "[Strings]\na=y");
        for (size_t i = 0; i < 300; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "\xc3\xb6");
        f = parse(text);
        assert_int_equal(f->n_entries, 2);
        assert_int_equal(strlen(f->entries[0].description), 1022);
        assert_int_equal(strlen(f->entries[1].description), 1023);
        assert_problem(f, 0, "7:1: error: longer than 1023 bytes; cut");
        assert_problem(f, 1, "8:1: error: more than 64 values, or one longer than 1023 bytes; cut");
        inf_free(f);
        /* More values than fit a line matter only in models. */
        n = (size_t) snprintf(text, sizeof(text), MODEL "d=i," ID "\n" DRIVER "[r]\nHKR,,x,1");
        for (size_t i = 0; i < 1000; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, ",%02zx%s", i & 0xff,
                                       i % 16 == 15 ? "\\\n" : "");
        f = parse(text);
        assert_clean(f);
        assert_int_equal(f->n_entries, 1);
        inf_free(f);
        n = (size_t) snprintf(text, sizeof(text), DRIVER MODEL "d=i");
        for (size_t i = 0; i < 5000; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "," ID "%s", i % 50 == 49 ? "\nd=i" : "");
        f = parse(text);
        assert_int_equal(f->n_entries, INF_ENTRIES_MAX);
        assert_problem(f, 0, "91:1845: error: more than 4096 ids");
        inf_free(f);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_win2000),
                cmocka_unit_test(test_nt4),
                cmocka_unit_test(test_decorated_in_every_encoding),
                cmocka_unit_test(test_changer_and_another_class),
                cmocka_unit_test(test_broken_lines_cost_only_themselves),
                cmocka_unit_test(test_strings),
                cmocka_unit_test(test_quotes_and_comments),
                cmocka_unit_test(test_manufacturers),
                cmocka_unit_test(test_best_decoration),
                cmocka_unit_test(test_services),
                cmocka_unit_test(test_encodings_and_line_ends),
                cmocka_unit_test(test_binary),
                cmocka_unit_test(test_hostile),
                cmocka_unit_test(test_hostile_services),
                cmocka_unit_test(test_limits),
        };

        assert_int_equal(argc, 2);
        data_dir = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
