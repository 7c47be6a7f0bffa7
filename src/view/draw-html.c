/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The page says in words and structure what the picture shows: drives are tables, places for cartridges
 * lists, and marks stand beside colours. Only one item of a list is a stop of the Tab key; the arrow keys go
 * to the others (page.c). Nothing in it is of the moment of asking, so that what has not changed is the same
 * text. */

#include <inttypes.h>
#include <string.h>

#include "util/text.h"
#include "view/draw.h"

static const char *const tones[_TONE_MAX] = {
        [TONE_PLAIN] = "plain", [TONE_FAINT] = "faint", [TONE_GOOD] = "good",
        [TONE_BUSY] = "busy",   [TONE_BAD] = "bad",
};

static void print_state(const Facts *facts, FILE *f)
{
        const char *state = facts_text(facts, "State"), *reason = facts_text(facts, "Reason");

        fprintf(f, "<span class=\"state %s\"><span class=\"mark\" aria-hidden=\"true\">%s</span> ",
                tones[layout_tone(state)], layout_mark(state));
        draw_escaped(state, f);
        fputs("</span>", f);
        if (!reason[0])
                return;
        fputs(" <span class=\"reason\">", f);
        draw_escaped(reason, f);
        fputs("</span>", f);
}

static void print_in(const char *element, const char *text, FILE *f)
{
        fprintf(f, "<%s>", element);
        draw_escaped(text, f);
        fprintf(f, "</%s>", element);
}

/* ---- drives ---- */

static void print_cartridge(const SiteElement *bay, const char *barcode, FILE *f)
{
        const char *tag = bay && bay->tag[0] ? bay->tag : barcode;

        if (bay && !(bay->flags & SITE_FULL)) {
                fputs("<td class=\"faint\">empty</td>", f);
                return;
        }
        fputs("<td>", f);
        if (tag[0]) {
                fputs("<code>", f);
                draw_escaped(tag, f);
                fputs("</code>", f);
        } else if (bay) {
                fputs("a cartridge without a label", f);
        }
        if (bay && bay->flags & SITE_EXCEPT)
                fprintf(f, " <strong class=\"bad\">problem %02x/%02x</strong>", bay->code >> 8,
                        bay->code & 0xff);
        fputs("</td>", f);
}

static void print_program(const Facts *facts, FILE *f)
{
        const char *user = facts_text(facts, "User"), *motion = facts_text(facts, "Motion");
        const char *position = facts_text(facts, "Position"), *progress = facts_text(facts, "Progress");

        fputs("<td>", f);
        draw_escaped(user, f);
        if (user[0])
                fprintf(f, " (%" PRIu64 ")", facts_number(facts, "UserPid"));
        if (motion[0]) {
                fputs(user[0] ? ": " : "", f);
                draw_escaped(motion, f);
                fputs(progress[0] ? " " : "", f);
                draw_escaped(progress, f);
        }
        fputs("</td><td>", f);
        draw_escaped(position, f);
        fputs("</td>", f);
}

static void print_drive(const SiteDevice *d, const SiteElement *bay, FILE *f)
{
        static const Facts nothing;
        const Facts *facts = d ? &d->facts : &nothing;
        char place[32] = "";

        if (bay)
                snprintf(place, sizeof(place), "%u", bay->address);
        fputs("<tr data-device=\"", f);
        draw_escaped(d ? site_name(d) : "", f);
        fputs("\" data-state=\"", f);
        draw_escaped(facts_text(facts, "State"), f);
        fputs("\"><th scope=\"row\">", f);
        draw_escaped(d ? site_name(d) : "no drive known", f);
        fputs("</th>", f);
        print_in("td", place, f);
        fputs("<td>", f);
        if (d)
                print_state(facts, f);
        fputs("</td>", f);
        print_cartridge(bay, facts_text(facts, "Barcode"), f);
        print_program(facts, f);
        print_in("td", facts_text(facts, "Product"), f);
        print_in("td", facts_text(facts, "Serial"), f);
        print_in("td", facts_text(facts, "Node"), f);
        fprintf(f, "<td class=\"number\">%" PRIu64 "</td></tr>\n", facts_number(facts, "Outages"));
}

static void begin_drives(const char *caption, const char *name, FILE *f)
{
        fputs("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"", f);
        draw_escaped(caption, f);
        draw_escaped(name, f);
        fputs("\"><table><caption>", f);
        draw_escaped(caption, f);
        draw_escaped(name, f);
        fputs("</caption>\n<thead><tr><th scope=\"col\">Drive</th><th scope=\"col\">Bay</th><th "
              "scope=\"col\">State</th>"
              "<th scope=\"col\">Cartridge</th><th scope=\"col\">Program</th><th scope=\"col\">Position</th>"
              "<th scope=\"col\">Model</th><th scope=\"col\">Serial number</th><th scope=\"col\">Node</th>"
              "<th scope=\"col\" class=\"number\">Outages</th></tr></thead>\n<tbody>\n",
              f);
}

static void print_bays(const Site *s, const SiteLibrary *l, FILE *f)
{
        if (site_count(l, SITE_BAY).n == 0)
                return;
        begin_drives("Drives of ", site_library_name(l), f);
        for (size_t i = 0; i < l->n_elements; i++)
                if (l->elements[i].type == SITE_BAY)
                        print_drive(site_drive(s, l, l->elements[i].address), &l->elements[i], f);
        fputs("</tbody></table></div>\n", f);
}

static void print_others(const Site *s, FILE *f)
{
        bool begun = false;

        for (size_t i = 0; i < s->n_devices; i++) {
                if (!site_stands_alone(s, &s->devices[i]))
                        continue;
                if (!begun) {
                        fputs("<section aria-labelledby=\"elsewhere\"><h2 id=\"elsewhere\">Drives "
                              "elsewhere</h2>\n",
                              f);
                        begin_drives("Drives in no library that is known here", "", f);
                }
                begun = true;
                print_drive(&s->devices[i], NULL, f);
        }
        if (begun)
                fputs("</tbody></table></div></section>\n", f);
}

/* ---- places for cartridges ---- */

static void print_place(const SiteLibrary *l, const SiteElement *e, bool first, FILE *f)
{
        _cleanup_free_ char *tip = layout_describe_element(l, e);
        bool full = e->flags & SITE_FULL, bad = e->flags & SITE_EXCEPT;

        fputs("<li id=\"", f);
        draw_escaped(site_library_name(l), f);
        fprintf(f, "-%u\" class=\"%s%s\" tabindex=\"%d\" title=\"", e->address, full ? "full" : "empty",
                bad ? " bad" : "", first ? 0 : -1);
        draw_escaped(tip ? tip : "", f);
        fputs("\">", f);
        if (e->number != 0)
                fprintf(f, "<span class=\"place\">%u</span> ", e->number);
        if (full || !bad) {
                fputs("<span class=\"what\">", f);
                draw_escaped(!full ? "empty" : e->tag[0] ? e->tag : "no label", f);
                fputs("</span>", f);
        }
        if (bad)
                fprintf(f, " <strong><span class=\"unseen\">%sproblem </span>! %02x/%02x</strong>",
                        full ? "" : "empty, ", e->code >> 8, e->code & 0xff);
        fputs("</li>\n", f);
}

static void print_places(const SiteLibrary *l, uint8_t type, const char *heading, FILE *f)
{
        SiteCount count = site_count(l, type);
        bool first = true;

        if (count.n == 0)
                return;
        fprintf(f,
                "<h3>%s <span class=\"count\">%u of %u full</span></h3>\n<ol class=\"places\" "
                "aria-label=\"%s of ",
                heading, count.n_full, count.n, heading);
        draw_escaped(site_library_name(l), f);
        fputs("\">\n", f);
        for (size_t i = 0; i < l->n_elements; i++)
                if (l->elements[i].type == type) {
                        print_place(l, &l->elements[i], first, f);
                        first = false;
                }
        fputs("</ol>\n", f);
}

static void print_library(const Site *s, const SiteLibrary *l, FILE *f)
{
        const Facts *facts = &l->device->facts;
        char age[256];

        fputs("<section aria-labelledby=\"library-", f);
        draw_escaped(site_library_name(l), f);
        fputs("\"><h2 id=\"library-", f);
        draw_escaped(site_library_name(l), f);
        fputs("\" data-device=\"", f);
        draw_escaped(site_library_name(l), f);
        fputs("\" data-state=\"", f);
        draw_escaped(facts_text(facts, "State"), f);
        fputs("\">", f);
        draw_escaped(site_library_name(l), f);
        fputc(' ', f);
        print_state(facts, f);
        fputs("</h2>\n<p class=\"about\">", f);
        draw_escaped(facts_text(facts, "Vendor"), f);
        fputc(' ', f);
        draw_escaped(facts_text(facts, "Product"), f);
        fputs(", serial number ", f);
        draw_escaped(facts_text(facts, "Serial"), f);
        fputs("; what is where: ", f);
        draw_escaped(site_describe_age(l, age, sizeof(age)), f);
        fputs(".</p>\n", f);
        print_bays(s, l, f);
        print_places(l, SITE_PICKER, "Picker", f);
        print_places(l, SITE_MAIL, "Mail slots", f);
        print_places(l, SITE_SLOT, "Slots", f);
        fputs("</section>\n", f);
}

void draw_html_parts(const Site *s, const char *problem, FILE *f)
{
        if (!s) {
                fputs("<p class=\"notice\"><strong>Nothing is known now:</strong> ", f);
                draw_escaped(problem, f);
                fputs("</p>\n", f);
                return;
        }
        if (s->n_devices == 0)
                fputs("<p class=\"notice\">There is no tape device on this machine, and none is "
                      "remembered.</p>\n",
                      f);
        for (size_t i = 0; i < s->n_libraries; i++)
                print_library(s, &s->libraries[i], f);
        print_others(s, f);
}

void draw_html(const Site *s, const char *problem, FILE *f)
{
        fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>evertape</title>\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<meta name=\"color-scheme\" content=\"light dark\">\n"
              "<link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"style.css\">\n"
              "<script src=\"page.js\" defer></script>\n"
              "<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript></head>\n<body>\n"
              "<a class=\"skip\" href=\"#site\">To the devices</a>\n"
              "<header><h1>evertape</h1><nav aria-label=\"Other forms\"><a href=\"map.svg\">picture</a> "
              "<a href=\"status.json\">JSON</a> <a href=\"metrics\">metrics</a></nav>\n"
              "<p id=\"clock\"></p></header>\n<p id=\"news\" role=\"status\" "
              "aria-live=\"polite\"></p>\n<main id=\"site\" tabindex=\"-1\">\n",
              f);
        draw_html_parts(s, problem, f);
        fputs("</main></body></html>\n", f);
}
