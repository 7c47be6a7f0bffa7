/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Beside the configuration there are, all of them files of our own that --remove takes away: a drop-in, so
 * that the service starts when its devices are there; a link that turns the hook on; and what the hook must
 * know, which is what the program calls each device. */

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "ctl/configure.h"
#include "ctl/ctl.h"
#include "util/text.h"

#define HOOKS_SHIPPED EVERTAPE_LIBEXECDIR "/hooks.d"
#define HOOKS         EVERTAPE_SYSCONFDIR "/hooks.d"

static const char *const unit_folders[] = {"/etc/systemd/system", "/run/systemd/system",
                                           "/usr/lib/systemd/system", "/lib/systemd/system"};

static bool exists(const Configure *c, const char *folder, const char *name)
{
        _cleanup_free_ char *path = configure_path(c, "%s/%s", folder, name);
        struct stat st;

        return path && lstat(path, &st) == 0;
}

static bool has_unit(const Configure *c)
{
        for (size_t i = 0; c->program->unit && i < ELEMENTSOF(unit_folders); i++)
                if (exists(c, unit_folders[i], c->program->unit))
                        return true;
        return false;
}

/* ---- texts ---- */

static char *drop_in_path(const Configure *c)
{
        char *path;

        return asprintf(&path, "/etc/systemd/system/%s.d/evertape.conf", c->program->unit) < 0 ? NULL : path;
}

/* A drive that stays away keeps the service from starting for a minute and no longer: it may have others. */
static char *drop_in_text(const Configure *c, const Plan *plan)
{
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return NULL;
        fprintf(f,
                "# By evertape configure %s, which takes it away with --remove.\n"
                "[Unit]\n"
                "Wants=evertaped.service\n"
                "After=evertaped.service\n"
                "[Service]\n"
                "ExecStartPre=-" EVERTAPE_BINDIR "/evertape wait --timeout 60s",
                c->program->name);
        for (size_t i = 0; i < c->facts.n_items; i++)
                if (plan_uses(plan, &c->facts.items[i]))
                        fprintf(f, " %s", c->facts.items[i].name);
        fputc('\n', f);
        return fclose(f) == 0 ? text : NULL;
}

static char *map_path(const Configure *c)
{
        char *path;

        return asprintf(&path, EVERTAPE_SYSCONFDIR "/hook-%s.conf", c->program->name) < 0 ? NULL : path;
}

#define MAP_HEAD                                                                                             \
        "# By evertape configure: what the hook must know. Columns are separated by a tab.\n"                \
        "# name\tkind\tindex\tdevice\tchanger\tconfiguration\n"

static void print_use(FILE *f, const Configure *c, const Plan *plan, const PlanUse *u)
{
        const char *changer = u->group == GROUP_NONE ? "-" : plan->groups[u->group].label;

        if (!u->device || u->role == ROLE_DRIVE_GENERIC || u->place.kind == PLACE_OTHER)
                return;
        fprintf(f, "%s\t%s\t%ld\t%s\t%s\t%s\n", u->device->name, u->device->changer ? "changer" : "tape",
                u->index == INDEX_NONE ? 0 : u->index, u->label, changer, c->config);
}

/* Lines that are about other configurations of the program. */
static void print_others(FILE *f, const Configure *c)
{
        _cleanup_free_ char *path = map_path(c), *text = NULL;
        char *at, *line;
        size_t n;

        if (!path || configure_read(c, path, &text, &n) < 0)
                return;
        at = text;
        while ((line = strsep(&at, "\n"))) {
                const char *config = strrchr(line, '\t');

                if (line[0] != '#' && config && !text_equal(config + 1, c->config))
                        fprintf(f, "%s\n", line);
        }
}

static char *map_text(const Configure *c, const Plan *plan)
{
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return NULL;
        fputs(MAP_HEAD, f);
        print_others(f, c);
        for (size_t i = 0; i < plan->n_uses; i++)
                print_use(f, c, plan, &plan->uses[i]);
        return fclose(f) == 0 ? text : NULL;
}

/* ---- looking ---- */

static bool is_text(const Configure *c, const char *path, const char *text)
{
        _cleanup_free_ char *now = NULL;
        size_t n;

        return path && text && configure_read(c, path, &now, &n) >= 0 && text_equal(now, text);
}

static bool drop_in_is_set(const Configure *c, const Plan *plan)
{
        _cleanup_free_ char *path = NULL, *text = NULL;

        if (!has_unit(c))
                return true;
        path = drop_in_path(c);
        text = drop_in_text(c, plan);
        return is_text(c, path, text);
}

bool configure_service_is_set(const Configure *c, const Plan *plan)
{
        _cleanup_free_ char *path = map_path(c), *text = map_text(c, plan);

        return drop_in_is_set(c, plan) && is_text(c, path, text) && exists(c, HOOKS, c->program->name);
}

/* ---- changing ---- */

static void reload_systemd(const Configure *c)
{
        static const char *const argv[] = {"systemctl", "daemon-reload", NULL};
        pid_t pid;

        if (c->root[0] || access("/run/systemd/system", F_OK) < 0)
                return;
        pid = fork();
        if (pid == 0) {
                execvp(argv[0], (char *const *) argv);
                _exit(127);
        }
        if (pid > 0)
                (void) waitpid(pid, NULL, 0);
}

static int set_drop_in(const Configure *c, const Plan *plan)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        int r;

        if (drop_in_is_set(c, plan))
                return 0;
        path = drop_in_path(c);
        text = drop_in_text(c, plan);
        if (!path || !text)
                return -ENOMEM;
        r = configure_write_own(c, path, text, strlen(text), false);
        if (r < 0)
                return r;
        printf("%s: %s waits for its devices when it starts\n", path, c->program->unit);
        reload_systemd(c);
        return 0;
}

static int turn_hook_on(const Configure *c)
{
        _cleanup_free_ char *target = NULL, *link = configure_path(c, HOOKS "/%s", c->program->name),
                            *folder = configure_path(c, HOOKS);

        if (exists(c, HOOKS, c->program->name))
                return 0;
        if (!link || !folder || asprintf(&target, HOOKS_SHIPPED "/%s", c->program->name) < 0) {
                target = NULL;
                return -ENOMEM;
        }
        if ((mkdir(folder, 0755) < 0 && errno != EEXIST) || (symlink(target, link) < 0 && errno != EEXIST)) {
                int r = -errno;

                complain(HOOKS "/%s: cannot be made: %s", c->program->name, strerror(errno));
                return r;
        }
        printf(HOOKS "/%s: evertape tells %s of events\n", c->program->name, c->program->title);
        return 0;
}

int configure_service_set(const Configure *c, const Plan *plan)
{
        _cleanup_free_ char *path = map_path(c), *text = map_text(c, plan);
        int r = set_drop_in(c, plan);

        if (r >= 0)
                r = path && text ? configure_write_own(c, path, text, strlen(text), false) : -ENOMEM;
        return r < 0 ? r : turn_hook_on(c);
}

static int take_away(const Configure *c, const char *path)
{
        _cleanup_free_ char *full = path ? configure_path(c, "%s", path) : NULL;

        if (!full)
                return -ENOMEM;
        if (unlink(full) < 0 && errno != ENOENT && errno != ENOTDIR) {
                int r = -errno;

                complain("%s: cannot be removed: %s", path, strerror(errno));
                return r;
        }
        return 0;
}

/* Only a folder with nothing else in it goes. */
static void remove_drop_in_folder(const Configure *c)
{
        _cleanup_free_ char *folder = configure_path(c, "/etc/systemd/system/%s.d", c->program->unit);

        if (folder)
                (void) rmdir(folder);
}

int configure_service_remove(const Configure *c)
{
        _cleanup_free_ char *map = map_path(c), *drop_in = c->program->unit ? drop_in_path(c) : NULL,
                            *hook = NULL;
        int r;

        if (asprintf(&hook, HOOKS "/%s", c->program->name) < 0) {
                hook = NULL;
                return -ENOMEM;
        }
        r = take_away(c, hook);
        if (r >= 0)
                r = take_away(c, map);
        if (r < 0 || !c->program->unit)
                return r;
        r = take_away(c, drop_in);
        remove_drop_in_folder(c);
        reload_systemd(c);
        return r;
}
