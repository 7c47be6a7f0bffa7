/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape inf: the device table of tape.inf(5). None of this needs evertaped, but for the name of a device.
 */

#include "ctl/ctl-inf.h"

#include <getopt.h>
#include <string.h>

#include "ctl/ctl-device.h"
#include "ctl/ctl.h"
#include "util/text.h"

#define LABEL_WIDTH 15

static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
} parts[] = {
        {"list", inf_list},
        {"check", inf_check},
        {"match", inf_match},
};

void inf_print(const char *label, const char *text)
{
        _cleanup_free_ char *safe = NULL;

        if (text_append_line(&safe, text) < 0)
                return;
        printf("%s%c%*s%s\n", label, *label ? ':' : ' ', (int) (LABEL_WIDTH - strlen(label)), "", safe);
}

/* ---- files ---- */

static int open_named(InfTable *t, const char *path)
{
        InfFile *file = NULL;
        int r;

        r = inf_load(path, &file);
        if (r >= 0)
                r = inf_table_add(t, file);
        if (r < 0)
                complain("%s: %s", path,
                         r == -EFBIG ? "larger than 1 MiB, which no INF file is" : strerror(-r));
        return r;
}

int inf_open_table(InfTable *t, char *const *paths, size_t n)
{
        int r = 0;

        if (n == 0)
                r = inf_table_load(t, INF_SITE_DIRECTORY, INF_SHIPPED);
        if (r < 0)
                complain("%s: %s", INF_SHIPPED, strerror(-r));
        for (size_t i = 0; i < n && r >= 0; i++)
                r = open_named(t, paths[i]);
        if (r >= 0 && t->n_files == 0)
                complain("neither %s nor a file in %s is there", INF_SHIPPED, INF_SITE_DIRECTORY);
        for (size_t i = 0; i < t->n_files; i++)
                if (t->files[i]->problems.n_errors > 0)
                        complain("%s has errors; see: evertape inf check %s", t->files[i]->name,
                                 t->files[i]->name);
        return r;
}

/* ---- check ---- */

static void print_problem(const InfFile *f, const InfProblem *p)
{
        _cleanup_free_ char *line = NULL, *safe = NULL;
        char place[32] = "";
        int n;

        if (p->line > 0 && p->column > 0)
                snprintf(place, sizeof(place), ":%u:%u", p->line, p->column);
        else if (p->line > 0)
                snprintf(place, sizeof(place), ":%u", p->line);
        n = asprintf(&line, "%s%s: %s: %s", f->name, place, p->severity == INF_ERROR ? "error" : "warning",
                     p->text);
        if (n < 0)
                line = NULL;
        if (line && text_append_line(&safe, line) >= 0)
                puts(safe);
}

static const char *plural(size_t n)
{
        return n == 1 ? "" : "s";
}

static int check_file(const char *path)
{
        _cleanup_(inf_freep) InfFile *f = NULL;
        const InfProblems *p;
        size_t n_more;
        int r;

        r = inf_load(path, &f);
        if (r < 0) {
                complain("%s: %s", path,
                         r == -EFBIG ? "larger than 1 MiB, which no INF file is" : strerror(-r));
                return r;
        }
        p = &f->problems;
        for (size_t i = 0; i < p->n_items; i++)
                print_problem(f, &p->items[i]);
        n_more = p->n_errors + p->n_warnings - p->n_items;
        if (n_more > 0)
                printf("and %zu more\n", n_more);
        printf("%s: %zu id%s, %zu error%s, %zu warning%s%s%s\n", path, f->n_entries, plural(f->n_entries),
               p->n_errors, plural(p->n_errors), p->n_warnings, plural(p->n_warnings),
               f->encoding[0] ? ", " : "", f->encoding);
        return p->n_errors > 0 ? -EBADMSG : 0;
}

int inf_check(int argc, char **argv)
{
        static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
        int c, status = EXIT_SUCCESS;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                return verb_other_option(argv[0], c);
        if (optind == argc)
                return usage_error(argv[0], "give the FILEs to check");
        for (int i = optind; i < argc; i++)
                if (check_file(argv[i]) < 0)
                        status = EXIT_FAILURE;
        return status;
}

int verb_inf(int argc, char **argv)
{
        const char *part = argc > 1 ? argv[1] : "";

        if (part[0] == '-' && argc == 2 && (text_equal(part, "-h") || text_equal(part, "--help")))
                return verb_other_option(argv[0], 'h');
        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                if (!text_equal(parts[i].name, part))
                        continue;
                argv[1] = argv[0];
                return parts[i].run(argc - 1, argv + 1);
        }
        return usage_error(argv[0], "say what: list, check or match");
}
