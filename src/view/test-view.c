/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pictures, pages and numbers of sites small, large and hostile: what is drawn stays in its place, whatever a
 * device calls itself. That SVG and JSON are well-formed and metrics are OpenMetrics, tests/view looks at. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "util/text.h"
#include "view/draw.h"
#include "view/metrics.h"
#include "view/openmetrics.h"
#include "view/utf8.h"

#define N_MOST 5000

static Site site;

static SiteDevice *device(const char *name, const char *kind, const char *state)
{
        SiteDevice *d = &site.devices[site.n_devices++];

        assert_int_equal(facts_add_text(&d->facts, "Name", name), 0);
        assert_int_equal(facts_add_text(&d->facts, "Kind", kind), 0);
        assert_int_equal(facts_add_text(&d->facts, "State", state), 0);
        assert_int_equal(facts_add_flag(&d->facts, "Held", text_equal(state, "held")), 0);
        return d;
}

static void element(SiteLibrary *l, uint8_t type, unsigned address, uint32_t flags, const char *tag)
{
        SiteElement *e = &l->elements[l->n_elements++];

        *e = (SiteElement){.type = type, .address = (uint16_t) address, .flags = flags};
        utf8_cut(e->tag, sizeof(e->tag), tag, SITE_TAG_MAX);
}

/* lib1 with two bays, a mail slot, a picker and n slots, each second of them full, and a drive of its own. */
static SiteLibrary *library(unsigned n, const char *tag)
{
        SiteLibrary *l = &site.libraries[site.n_libraries++];
        SiteDevice *drive;

        l->device = device("lib1", "changer", "held");
        l->problem = strdup("");
        l->elements = calloc(n + 8, sizeof(*l->elements));
        assert_non_null(l->elements);
        l->read_at = UINT64_C(1795442462) * 1000000;
        l->followed = true;
        for (unsigned i = n; i > 0; i--)
                element(l, SITE_SLOT, 1000 + i, SITE_ACCESS | (i % 2 ? SITE_FULL : 0), i % 2 ? tag : "");
        element(l, SITE_BAY, 256, SITE_FULL | SITE_ACCESS, "E00002L3");
        element(l, SITE_BAY, 257, SITE_ACCESS, "");
        element(l, SITE_MAIL, 10, SITE_ACCESS, "");
        element(l, SITE_PICKER, 1, 0, "");
        site_sort_elements(l);
        drive = device("lib1-drive1", "tape", "held");
        facts_add_text(&drive->facts, "Library", "lib1");
        facts_add_text(&drive->facts, "Bay", "256");
        facts_add_number(&drive->facts, "Outages", 3);
        device("drive7", "tape", "absent");
        return l;
}

static int setup(void **state)
{
        site = (Site){.devices = calloc(16, sizeof(SiteDevice)), .libraries = calloc(4, sizeof(SiteLibrary))};
        return site.devices && site.libraries ? 0 : -1;
}

static int teardown(void **state)
{
        site_deinit(&site);
        return 0;
}

typedef enum Form {
        TEXT,
        ASCII,
        SVG,
        JSON,
        HTML,
        METRICS
} Form;

static char *drawn(Form form, unsigned width)
{
        _cleanup_(layout_deinit) Layout l = {};
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        assert_non_null(f);
        assert_int_equal(layout_site(&site, NULL, width, &l), 0);
        switch (form) {
        case TEXT:
        case ASCII:
                assert_int_equal(draw_text(&l, (TextStyle){.ascii = form == ASCII}, f), 0);
                break;
        case SVG:
                assert_int_equal(draw_svg(&l, "A <title>", f), 0);
                break;
        case JSON:
                assert_int_equal(draw_json(&site, NULL, f), 0);
                break;
        case HTML:
                draw_html(&site, NULL, f);
                break;
        case METRICS:
                metrics_print(&site, f);
        }
        fclose(f);
        return text;
}

/* ---- text ---- */

static void test_utf8(void **state)
{
        char cut[64];

        assert_int_equal(utf8_columns("a\xcc\x81 磁"), 4);
        assert_string_equal(utf8_cut(cut, sizeof(cut), "лента-10", 5), "лент…");
        assert_string_equal(utf8_cut(cut, sizeof(cut), "磁带机", 4), "磁…");
        assert_string_equal(utf8_cut(cut, sizeof(cut), "\033[2J\x7f", 9), "\uFFFD[2J\uFFFD");
        assert_string_equal(utf8_cut(cut, sizeof(cut), "\xc2\x9b\xe2\x80\xae", 9), "\uFFFD\uFFFD");
        assert_string_equal(utf8_cut(cut, sizeof(cut), "\xff\xc3(\xe2\x82", 9), "\uFFFD\uFFFD(\uFFFD\uFFFD");
        assert_string_equal(utf8_cut(cut, sizeof(cut), "\xc0\xaf", 9), "\uFFFD\uFFFD"); /* overlong */
        assert_string_equal(utf8_cut(cut, sizeof(cut), "abc", 0), "");
        for (size_t n = 9; n < 20; n++) {
                memset(cut, 'x', sizeof(cut));
                utf8_cut(cut, n, "磁带机磁带机磁带机磁带机", 40);
                assert_non_null(memchr(cut, '\0', n));
        }
}

static void test_slots_are_counted_as_mtx_does(void **state)
{
        SiteLibrary *l = library(3, "E00001L3");

        assert_int_equal(l->elements[0].number, 0); /* picker */
        assert_int_equal(l->elements[1].address, 10);
        assert_int_equal(l->elements[1].number, 4); /* mail slot */
        assert_int_equal(l->elements[4].address, 1001);
        assert_int_equal(l->elements[4].number, 1);
}

/* ---- layout ---- */

static void check_layout(const Layout *l, unsigned width)
{
        unsigned y = 0, end = 0;

        for (size_t i = 0; i < l->n_boxes; i++) {
                const Box *b = &l->boxes[i];

                assert_true(b->w > 0 && b->x + b->w <= width && b->y + b->h <= l->height);
                assert_true(b->y >= y); /* in the order of reading, and beside each other */
                assert_true(b->y > y || b->x >= end);
                end = b->x + b->w;
                y = b->y;
        }
}

static void test_layout_fits_every_width(void **state)
{
        library(50, "E00001L3");
        for (unsigned width = 0; width < 300; width++) {
                _cleanup_(layout_deinit) Layout l = {};
                unsigned used = width < LAYOUT_WIDTH_MIN ? LAYOUT_WIDTH_MIN : width;

                assert_int_equal(layout_site(&site, NULL, width, &l), 0);
                assert_int_equal(l.width, used);
                check_layout(&l, used);
        }
}

static void check_lines(const char *text, unsigned most)
{
        for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
                _cleanup_free_ char *one = strndup(line, strcspn(line, "\n"));

                assert_true(utf8_columns(one) <= most);
        }
}

static void test_large_library(void **state)
{
        _cleanup_free_ char *text = NULL, *html = NULL, *svg = NULL;

        library(N_MOST, "E00001L3");
        text = drawn(TEXT, 100);
        check_lines(text, 100);
        html = drawn(HTML, 100);
        svg = drawn(SVG, 100);
        assert_non_null(strstr(html, ">5000<"));
        assert_non_null(strstr(svg, "slot 5000 (element 6000): empty"));
}

static void test_picture(void **state)
{
        static const char expected[] =
                "lib1  ● held\n"
                "  2 of 4 slots full, 1 of 2 drives loaded, 0 of 1 mail slots full; up to date\n"
                "\n"
                "  ╭ lib1-drive1 ─────────────────────╮ ╭ bay 257 ─────────────────────────╮\n"
                "  │ ● held                           │ │ ? no drive known                 │\n"
                "  │ ▮ E00002L3                       │ │ empty                            │\n"
                "  │                                  │ │                                  │\n"
                "  ╰──────────────────────────────────╯ ╰──────────────────────────────────╯\n"
                "\n"
                " Picker          ·\n"
                " Mail slots    5 ·\n"
                " Slots         1 E00001L3  ·         E00001L3  ·\n"
                "\n"
                "Drives elsewhere\n"
                "  ╭ drive7 ──────────────────────────╮\n"
                "  │ · absent                         │\n"
                "  │                                  │\n"
                "  │                                  │\n"
                "  ╰──────────────────────────────────╯\n";
        _cleanup_free_ char *text = NULL, *ascii = NULL;

        library(4, "E00001L3");
        text = drawn(TEXT, 80);
        assert_string_equal(text, expected);
        ascii = drawn(ASCII, 80);
        for (const char *p = ascii; *p; p++)
                assert_true(*p == '\n' || (*p >= ' ' && *p < 0x7f));
        assert_int_equal(strlen(ascii), utf8_columns(text)); /* a line feed counts as one, as what is none */
}

/* ---- hostile ---- */

static void test_nothing_becomes_markup(void **state)
{
        static const Form forms[] = {TEXT, ASCII, SVG, JSON, HTML, METRICS};
        SiteLibrary *l = library(4, "\"><script>'&");
        SiteDevice *d = device("x\"><script>\n\\", "tape", "held");

        facts_add_text(&d->facts, "Product", "]]><script>\033[2J");
        facts_add_text(&d->facts, "User", "<script>");
        free(l->problem);
        l->problem = strdup("<script>\033");
        l->followed = false;
        l->doubt_since = l->read_at;
        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                _cleanup_free_ char *text = drawn(forms[i], 100);

                assert_null(strchr(text, '\033'));
                if (forms[i] == SVG || forms[i] == HTML)
                        assert_null(strstr(text, "<script>"));
                if (forms[i] == METRICS)
                        assert_null(strstr(text, "\"x\">"));
        }
}

static void test_nothing_at_all(void **state)
{
        _cleanup_free_ char *text = drawn(TEXT, 80), *metrics = drawn(METRICS, 80), *html = drawn(HTML, 80);

        assert_string_equal(text, "");
        assert_non_null(strstr(html, "There is no tape device"));
        assert_string_equal(metrics + strlen(metrics) - 6, "# EOF\n");
}

/* ---- numbers ---- */

static void test_values(void **state)
{
        static const MetricFamily m = {"x_seconds", METRIC_COUNTER, "seconds", "Help."};
        const MetricLabel label = {"a", "1\"\\\n2"};
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        metric_family(&m, f);
        metric_sample(&m, &label, 1, 1500000, 1000000, f);
        metric_sample(&m, NULL, 0, UINT64_MAX, 1, f);
        metric_sample(&m, NULL, 0, 1000001, 1000000, f);
        fclose(f);
        assert_string_equal(text,
                            "# TYPE x_seconds counter\n# UNIT x_seconds seconds\n# HELP x_seconds Help.\n"
                            "x_seconds_total{a=\"1\\\"\\\\\\n2\"} 1.5\n"
                            "x_seconds_total 18446744073709551615\n"
                            "x_seconds_total 1.000001\n");
        free(text);
}

static void test_only_held_devices_are_counted(void **state)
{
        _cleanup_free_ char *text = NULL;

        library(2, "E");
        facts_add_number(&site.devices[2].facts, "Outages", 9);
        text = drawn(METRICS, 80);
        assert_non_null(strstr(text, "evertape_device_outages_total{device=\"lib1-drive1\"} 3\n"));
        assert_null(strstr(text, "evertape_device_outages_total{device=\"drive7\"}"));
        assert_null(strstr(text, "evertape_device_commands_total"));
        assert_non_null(strstr(text, "evertape_library_elements_full{library=\"lib1\",kind=\"bay\"} 1\n"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_utf8),
                cmocka_unit_test_setup_teardown(test_slots_are_counted_as_mtx_does, setup, teardown),
                cmocka_unit_test_setup_teardown(test_layout_fits_every_width, setup, teardown),
                cmocka_unit_test_setup_teardown(test_large_library, setup, teardown),
                cmocka_unit_test_setup_teardown(test_picture, setup, teardown),
                cmocka_unit_test_setup_teardown(test_nothing_becomes_markup, setup, teardown),
                cmocka_unit_test_setup_teardown(test_nothing_at_all, setup, teardown),
                cmocka_unit_test(test_values),
                cmocka_unit_test_setup_teardown(test_only_held_devices_are_counted, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
