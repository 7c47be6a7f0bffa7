/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape configure: what the operator does by hand after devices were renamed, once and for all: the
 * configuration of a backup program gets the names that never change. */

#include <getopt.h>
#include <glob.h>
#include <string.h>

#include "configure/diff.h"
#include "ctl/configure.h"
#include "ctl/ctl-bus.h"
#include "ctl/ctl.h"
#include "util/text.h"

static const ConfigureProgram programs[] = {
        {
                .name = "bacula",
                .title = "Bacula",
                .dialect = DIALECT_BACULA,
                .plan = plan_bacula,
                .config = "/etc/bacula/bacula-sd.conf",
                .checker = {"bacula-sd", "-t", "-c", "%s"},
                .checked_as = "bacula-sd.conf",
                .unit = "bacula-sd.service",
        },
        {
                .name = "amanda",
                .title = "Amanda",
                .dialect = DIALECT_AMANDA,
                .plan = plan_amanda,
                .config = "/etc/amanda/*/amanda.conf",
                .checker = {"amgetconf", ".", "org"},
                .checked_as = "amanda.conf",
                /* cron starts it: see docs/AMANDA.md */
        },
};

static const ConfigureProgram *find_program(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(programs); i++)
                if (text_equal(programs[i].name, name))
                        return &programs[i];
        return NULL;
}

/* ---- what there is ---- */

static long bay_of(const Device *d)
{
        const char *text = device_text(d, FIELD_BAY);
        char *end;
        long bay = strtol(text, &end, 10);

        return *text && !*end && bay >= 0 ? bay : BAY_NONE;
}

static TapeFact make_fact(const Device *d)
{
        return (TapeFact){
                .name = device_text(d, FIELD_NAME),
                .changer = text_equal(device_text(d, FIELD_KIND), "changer"),
                .held = d->number[FIELD_HELD],
                .serial = device_text(d, FIELD_SERIAL),
                .node = device_text(d, FIELD_NODE),
                .generic = device_text(d, FIELD_GENERIC),
                .sch = device_text(d, FIELD_CHANGER),
                .real = device_text(d, FIELD_REAL),
                .library = device_text(d, FIELD_LIBRARY),
                .bay = bay_of(d),
        };
}

static int ask_devices(Configure *c)
{
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        TapeFact *facts;
        int r;

        r = bus_open(&bus);
        if (r >= 0)
                r = bus_list(bus, NULL, 0, &c->devices);
        if (r < 0)
                return r;
        facts = calloc(c->devices.n_items + 1, sizeof(*facts));
        if (!facts)
                return -ENOMEM;
        for (size_t i = 0; i < c->devices.n_items; i++)
                facts[i] = make_fact(c->devices.items[i]);
        c->facts = (TapeFacts){facts, c->devices.n_items};
        return 0;
}

/* The one that the pattern finds. */
static int find_config(Configure *c)
{
        _cleanup_free_ char *pattern = configure_path(c, "%s", c->program->config);
        glob_t found = {0};
        int r = 0;

        if (!pattern)
                return -ENOMEM;
        if (glob(pattern, 0, NULL, &found) != 0 || found.gl_pathc != 1) {
                complain(found.gl_pathc > 1
                                 ? "there are several %s; say which one with --config FILE"
                                 : "there is no %s; is it installed? Say where it is with --config FILE",
                         c->program->config);
                r = -ENOENT;
        } else {
                c->config = strdup(found.gl_pathv[0] + strlen(c->root));
                r = c->config ? 0 : -ENOMEM;
        }
        globfree(&found);
        return r;
}

static int make_plan(Configure *c, Plan **ret)
{
        PlanWorld w = {
                .load = configure_load, .resolve = configure_resolve, .userdata = c, .facts = &c->facts};
        int r = c->program->plan(&w, c->config, ret);

        if (r < 0)
                complain("%s: cannot be read: %s", c->config,
                         r == -ELOOP     ? "too many includes or braces"
                         : r == -EBADMSG ? "it is no text"
                                         : strerror(-r));
        return r;
}

/* Path of a file of the plan, as it is found on disk. */
static int absolute_path(const Configure *c, const char *path, char **ret)
{
        const char *slash = strrchr(c->config, '/');

        if (path[0] == '/' || !slash || text_equal(path, c->config)) {
                *ret = strdup(path);
                return *ret ? 0 : -ENOMEM;
        }
        return asprintf(ret, "%.*s/%s", (int) (slash - c->config), c->config, path) < 0 ? -ENOMEM : 0;
}

static int collect_texts(const Configure *c, const Plan *plan, NewTexts *texts)
{
        int r = 0;

        for (size_t i = 0; i < plan->conf->n_files && r >= 0; i++) {
                const ConfFile *f = &plan->conf->files[i];
                _cleanup_free_ char *path = NULL, *new = NULL, *old = NULL;
                size_t n;

                if (f->edits.n_items == 0)
                        continue;
                r = absolute_path(c, f->path, &path);
                if (r >= 0)
                        r = edit_apply(&f->edits, f->text, f->n_text, &new, &n);
                if (r < 0)
                        return r;
                old = strdup(f->text);
                r = old ? new_texts_add(texts, path, TAKE_PTR(old), f->n_text, TAKE_PTR(new), n) : -ENOMEM;
        }
        return r;
}

/* ---- what it says ---- */

static void print_findings(const Configure *c, const Plan *plan)
{
        static const char *const signs[_FINDING_LEVEL_MAX] = {
                [FINDING_GOOD] = "ok", [FINDING_NOTE] = "note", [FINDING_TODO] = "todo"};

        for (size_t i = 0; i < plan->n_findings; i++) {
                const Finding *f = &plan->findings[i];

                printf("%-4s  ", signs[f->level]);
                if (f->file >= 0)
                        printf("%s:%zu: ", plan->conf->files[f->file].path, f->line);
                for (const char *p = f->text; *p; p++)
                        putchar((unsigned char) *p < 0x20 || *p == 0x7f ? '?' : *p);
                putchar('\n');
        }
        if (!configure_service_is_set(c, plan))
                printf("todo  %sthe hook for events is not turned on\n",
                       c->program->unit ? "its service does not wait for its devices, or " : "");
}

static int run_check(const Configure *c, const Plan *plan)
{
        print_findings(c, plan);
        if (plan_n_todo(plan) == 0 && configure_service_is_set(c, plan))
                return EXIT_SUCCESS;
        if (plan_changes(plan) || !configure_service_is_set(c, plan))
                printf("\nevertape configure %s --diff shows what --write would change.\n", c->program->name);
        return EXIT_FAILURE;
}

static int print_diffs(const NewTexts *texts)
{
        int r = 0;

        for (size_t i = 0; i < texts->n_items && r >= 0; i++) {
                const NewText *t = &texts->items[i];

                r = diff_print((DiffText){t->old, t->n_old}, t->path, (DiffText){t->new, t->n_new}, t->path,
                               stdout);
        }
        return r;
}

static int run_diff(const Configure *c, const Plan *plan)
{
        _cleanup_(new_texts_deinit) NewTexts texts = {0};
        int r = collect_texts(c, plan, &texts);

        if (r >= 0)
                r = print_diffs(&texts);
        if (r < 0)
                complain("%s", strerror(-r));
        return r < 0 || texts.n_items > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- what it does ---- */

static int write_texts(const Configure *c, const NewTexts *texts)
{
        int r;

        if (texts->n_items == 0)
                return 0;
        r = configure_check(c, texts);
        if (r >= 0)
                r = configure_save(c, texts);
        if (r >= 0)
                r = configure_replace(c, texts);
        for (size_t i = 0; i < texts->n_items && r >= 0; i++)
                printf("%s: written\n", texts->items[i].path);
        return r;
}

static void print_rest(const Configure *c, const Plan *plan)
{
        for (size_t i = 0; i < plan->n_findings; i++)
                if (plan->findings[i].level == FINDING_TODO && plan->findings[i].file < 0)
                        printf("todo  %s\n", plan->findings[i].text);
        for (size_t i = 0; i < plan->n_uses; i++)
                if (!plan->uses[i].device && plan->uses[i].place.kind != PLACE_OTHER)
                        printf("todo  %s: %s is still there: which device it was could not be told\n",
                               plan->uses[i].label, plan->uses[i].path);
}

static int run_write(const Configure *c, const Plan *plan)
{
        _cleanup_(new_texts_deinit) NewTexts texts = {0};
        bool set = configure_service_is_set(c, plan);
        int r = collect_texts(c, plan, &texts);

        if (r >= 0)
                r = write_texts(c, &texts);
        if (r >= 0 && !set)
                r = configure_service_set(c, plan);
        if (r < 0)
                return EXIT_FAILURE;
        if (texts.n_items == 0 && set)
                printf("%s: nothing to change\n", c->config);
        else
                printf("Restart %s so that it reads its configuration.\n", c->program->title);
        print_rest(c, plan);
        return EXIT_SUCCESS;
}

/* What was there before is put back whatever the program thinks of it: a file without any device yet is none
 * that it accepts. */
static int run_remove(const Configure *c)
{
        _cleanup_(new_texts_deinit) NewTexts texts = {0};
        int all = configure_saved(c, &texts), r = all == -EEXIST ? 0 : all;

        if (r >= 0 && texts.n_items > 0 && texts.merged)
                r = configure_check(c, &texts);
        if (r >= 0)
                r = configure_replace(c, &texts);
        if (r >= 0 && all >= 0)
                r = configure_forget(c);
        if (r >= 0)
                r = configure_service_remove(c);
        for (size_t i = 0; i < texts.n_items && r >= 0; i++)
                printf("%s: as it was before\n", texts.items[i].path);
        return r < 0 || all < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(Configure *c, char action)
{
        _cleanup_(plan_freep) Plan *plan = NULL;

        if (!c->config && find_config(c) < 0)
                return EXIT_FAILURE;
        if (action == 'r')
                return run_remove(c);
        if (ask_devices(c) < 0 || make_plan(c, &plan) < 0)
                return EXIT_FAILURE;
        switch (action) {
        case 'd':
                return run_diff(c, plan);
        case 'w':
                return run_write(c, plan);
        default:
                return run_check(c, plan);
        }
}

static int parse(Configure *c, int argc, char **argv, char *ret_action)
{
        static const struct option options[] = {
                {"check", no_argument, NULL, 'c'},        {"diff", no_argument, NULL, 'd'},
                {"write", no_argument, NULL, 'w'},        {"remove", no_argument, NULL, 'r'},
                {"config", required_argument, NULL, 'f'}, {"root", required_argument, NULL, 'R'},
                {"help", no_argument, NULL, 'h'},         {0},
        };
        int o;

        while ((o = getopt_long(argc, argv, "cdwrf:h", options, NULL)) >= 0)
                switch (o) {
                case 'c':
                case 'd':
                case 'w':
                case 'r':
                        if (*ret_action && *ret_action != o)
                                return usage_error(argv[0],
                                                   "give one of --check, --diff, --write and --remove");
                        *ret_action = (char) o;
                        break;
                case 'f':
                        free(c->config);
                        c->config = strdup(optarg);
                        break;
                case 'R':
                        free(c->root);
                        c->root = realpath(optarg, NULL);
                        if (!c->root)
                                return usage_error(argv[0], "%s: %s", optarg, strerror(errno));
                        break;
                default:
                        *ret_action = 'h';
                        return verb_other_option(argv[0], o);
                }
        if (c->config && c->config[0] != '/')
                return usage_error(argv[0], "%s: give the whole path, from / on", c->config);
        if (argc - optind != 1)
                return usage_error(argv[0], "give one program: bacula or amanda");
        c->program = find_program(argv[optind]);
        return c->program
                       ? EXIT_SUCCESS
                       : usage_error(argv[0], "unknown program '%s'; there are: bacula amanda", argv[optind]);
}

int verb_configure(int argc, char **argv)
{
        Configure c = {.root = strdup("")};
        char action = 0;
        int status = c.root ? parse(&c, argc, argv, &action) : EXIT_FAILURE;

        if (c.root && text_equal(c.root, "/"))
                c.root[0] = '\0';
        if (status == EXIT_SUCCESS && action != 'h')
                status = run(&c, action);
        free(c.root);
        free(c.config);
        free((void *) c.facts.items);
        device_list_deinit(&c.devices);
        return status;
}
