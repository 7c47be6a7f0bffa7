/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A queue of executables and events, of which one runs at a time, so that a hook sees events in their order.
 * One that failed goes to the end of its wait and does not keep others from running. What a hook prints goes
 * where our own log goes, the journal. A hook that hangs is killed with all that it started, which has a
 * process group of its own. */

#include "daemon/hooks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "util/log.h"
#include "util/text.h"

#define QUEUE_MAX    256
#define ACCURACY     (100 * USEC_PER_MSEC)
#define RETRY_FACTOR 4
/* What is left to a unit's processes after SIGTERM, and to systemd to end it before we do. */
#define UNIT_STOP  (2 * USEC_PER_SEC)
#define UNIT_GRACE (UNIT_STOP + 5 * USEC_PER_SEC)

const HookLimits hook_limits = {.timeout = 60 * USEC_PER_SEC, .retry = 10 * USEC_PER_SEC, .attempts = 4};

/* Others are for the history. */
static const char *const events[] = {
        "arrived", "away", "resumed", "failed", "replaced", "renamed", "medium-changed",
};

enum {
        ENV_EVENT,
        ENV_NAME,
        ENV_KIND,
        ENV_NODE,
        ENV_GENERIC_NODE,
        ENV_CHANGER_NODE,
        ENV_LIBRARY,
        ENV_BAY,
        ENV_BARCODE,
        ENV_LOSS,
        ENV_TEXT,
        ENV_PATH,
        ENV_LANG,
        _ENV_MAX,
};

static const char *const env_names[_ENV_MAX] = {
        [ENV_EVENT] = "EVERTAPE_EVENT",
        [ENV_NAME] = "EVERTAPE_NAME",
        [ENV_KIND] = "EVERTAPE_KIND",
        [ENV_NODE] = "EVERTAPE_NODE",
        [ENV_GENERIC_NODE] = "EVERTAPE_GENERIC_NODE",
        [ENV_CHANGER_NODE] = "EVERTAPE_CHANGER_NODE",
        [ENV_LIBRARY] = "EVERTAPE_LIBRARY",
        [ENV_BAY] = "EVERTAPE_BAY",
        [ENV_BARCODE] = "EVERTAPE_BARCODE",
        [ENV_LOSS] = "EVERTAPE_LOSS",
        [ENV_TEXT] = "EVERTAPE_TEXT",
        [ENV_PATH] = "PATH",
        [ENV_LANG] = "LANG",
};

/* What starts a hook; points into itself. */
typedef struct CommandLine {
        const char *words[_ENV_MAX + 10];
        char limit[64], stop[64], names[_ENV_MAX][48];
} CommandLine;

typedef struct Item {
        char *path;
        char *env[_ENV_MAX + 1];
        unsigned n_attempts;
        usec_t due; /* CLOCK_MONOTONIC */
} Item;

struct Hooks {
        sd_event *event;
        char *folder;
        HookLimits limits;
        Item *queue[QUEUE_MAX]; /* in the order in which they came */
        size_t n_queue;
        Item *running; /* not in the queue */
        pid_t pid;
        usec_t since;
        bool timed_out;                 /* and was killed by us */
        sd_event_source *child, *timer; /* the timer is for the next start, or for the end of what runs */
};

static Item *item_free(Item *i)
{
        if (!i)
                return NULL;
        free(i->path);
        for (size_t k = 0; k < _ENV_MAX; k++)
                free(i->env[k]);
        free(i);
        return NULL;
}
DEFINE_CLEANUP(Item *, item_free)

/* "RESUMED drive1" for messages. */
static const char *value_of(const Item *i, int env)
{
        return strchr(i->env[env], '=') + 1;
}

/* ---- running ---- */

static void set_timer(Hooks *h, usec_t at)
{
        (void) sd_event_source_set_time(h->timer, at);
        (void) sd_event_source_set_enabled(h->timer, SD_EVENT_ONESHOT);
}

/* The oldest one that need not wait, else when the first one need not. */
static Item *take_due(Hooks *h, usec_t *ret_next)
{
        usec_t now = usec_now(CLOCK_MONOTONIC), next = USEC_INFINITY;
        Item *item;

        for (size_t i = 0; i < h->n_queue; i++) {
                if (h->queue[i]->due > now) {
                        next = usec_min(next, h->queue[i]->due);
                        continue;
                }
                item = h->queue[i];
                memmove(&h->queue[i], &h->queue[i + 1], (--h->n_queue - i) * sizeof(*h->queue));
                return item;
        }
        *ret_next = next;
        return NULL;
}

/* The sandbox of our unit (no network, no other user) is not for what a hook has to do: systemd, which set
 * EVERTAPE_HOOK_UNITS, runs it in a unit of its own, waited for by systemd-run. */
static bool runs_in_unit(void)
{
        return getenv("EVERTAPE_HOOK_UNITS") != NULL;
}

/* It is systemd that ends a hook in a unit, and all that it has started: if systemd-run is killed, the unit
 * goes on to its own end. */
static usec_t own_limit(const Hooks *h)
{
        return usec_add(h->limits.timeout, runs_in_unit() ? UNIT_GRACE : 0);
}

static void make_command(const Hooks *h, Item *i, CommandLine *ret)
{
        static const char *const words[] = {
                "/usr/bin/systemd-run",           "--quiet", "--collect", "--wait", "--pipe",
                "--description=Hook of evertaped"};
        size_t n = 0;

        *ret = (CommandLine){};
        if (runs_in_unit()) {
                for (size_t k = 0; k < ELEMENTSOF(words); k++)
                        ret->words[n++] = words[k];
                snprintf(ret->limit, sizeof(ret->limit), "--property=RuntimeMaxSec=%" PRIu64 "us",
                         h->limits.timeout);
                ret->words[n++] = ret->limit;
                snprintf(ret->stop, sizeof(ret->stop), "--property=TimeoutStopSec=%" PRIu64 "us", UNIT_STOP);
                ret->words[n++] = ret->stop;
                for (int k = 0; k < _ENV_MAX; k++) {
                        snprintf(ret->names[k], sizeof(ret->names[k]), "--setenv=%s", env_names[k]);
                        ret->words[n++] = ret->names[k];
                }
        }
        ret->words[n] = i->path;
}

static int spawn(const Hooks *h, Item *i, pid_t *ret)
{
        CommandLine command;
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none;
        int r;

        sigemptyset(&none);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
        posix_spawnattr_setsigmask(&attributes, &none);
        make_command(h, i, &command);
        r = posix_spawn(ret, command.words[0], &actions, &attributes, (char *const *) command.words, i->env);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        if (r == 0)
                (void) setpriority(PRIO_PROCESS, (id_t) *ret, 0); /* ours is for the data path */
        return -r;
}

static void start_next(Hooks *h);

/* What is over: why is NULL if it did its work. Takes the item. */
static void finish(Hooks *h, Item *taken, const char *why)
{
        _cleanup_(item_freep) Item *i = taken;
        usec_t wait = h->limits.retry;

        if (!why)
                return;
        if (i->n_attempts >= h->limits.attempts || h->n_queue >= QUEUE_MAX) {
                log_warning("%s: hook %s (%s) %s; given up", value_of(i, ENV_NAME), i->path,
                            value_of(i, ENV_EVENT), why);
                return;
        }
        for (unsigned k = 1; k < i->n_attempts; k++)
                wait *= RETRY_FACTOR;
        log_warning("%s: hook %s (%s) %s; it is started again later", value_of(i, ENV_NAME), i->path,
                    value_of(i, ENV_EVENT), why);
        i->due = usec_add(usec_now(CLOCK_MONOTONIC), wait);
        h->queue[h->n_queue++] = TAKE_PTR(i);
}

static bool ended_well(const siginfo_t *si)
{
        return si->si_code == CLD_EXITED && si->si_status == 0;
}

static int on_child(sd_event_source *source, const siginfo_t *si, void *userdata)
{
        Hooks *h = userdata;
        Item *i = TAKE_PTR(h->running);
        char why[64];

        h->child = sd_event_source_unref(h->child);
        (void) kill(-h->pid, SIGKILL); /* what it may have left behind */
        if (h->timed_out || (!ended_well(si) && usec_now(CLOCK_MONOTONIC) - h->since >= h->limits.timeout))
                snprintf(why, sizeof(why), "took too long and was killed");
        else if (si->si_code == CLD_EXITED)
                snprintf(why, sizeof(why), "ended with status %d", si->si_status);
        else
                snprintf(why, sizeof(why), "was killed by signal %d", si->si_status);
        finish(h, i, ended_well(si) && !h->timed_out ? NULL : why);
        start_next(h);
        return 0;
}

static int start(Hooks *h, Item *taken)
{
        _cleanup_(item_freep) Item *i = taken;
        int r;

        i->n_attempts++;
        r = spawn(h, i, &h->pid);
        if (r < 0) {
                char why[64];

                snprintf(why, sizeof(why), "cannot be started: %s", strerror(-r));
                finish(h, TAKE_PTR(i), why);
                return r;
        }
        r = sd_event_add_child(h->event, &h->child, h->pid, WEXITED, on_child, h);
        if (r < 0) {
                (void) kill(-h->pid, SIGKILL);
                log_warning("hook %s: %s", i->path, strerror(-r));
                return r;
        }
        h->timed_out = false;
        h->since = usec_now(CLOCK_MONOTONIC);
        h->running = TAKE_PTR(i);
        set_timer(h, usec_add(h->since, own_limit(h)));
        return 0;
}

static void start_next(Hooks *h)
{
        usec_t next = USEC_INFINITY;
        Item *i;

        while (!h->running) {
                i = take_due(h, &next);
                if (!i)
                        break;
                (void) start(h, i);
        }
        if (h->running)
                return;
        if (next == USEC_INFINITY)
                (void) sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
        else
                set_timer(h, next);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Hooks *h = userdata;

        if (!h->running) {
                start_next(h);
                return 0;
        }
        h->timed_out = true;
        (void) kill(-h->pid, SIGKILL);
        return 0;
}

/* ---- events ---- */

static bool is_told(const char *event)
{
        for (size_t i = 0; i < ELEMENTSOF(events); i++)
                if (text_equal(events[i], event))
                        return true;
        return false;
}

/* On one line, for a script. */
static char *environment(int env, const char *value)
{
        char *text;

        if (asprintf(&text, "%s=%s", env_names[env], value ? value : "") < 0)
                return NULL;
        for (char *p = text; *p; p++)
                if ((unsigned char) *p < 0x20 || *p == 0x7f)
                        *p = ' ';
        return text;
}

static Item *item_new(const Hooks *h, const char *name, const HookEvent *e)
{
        _cleanup_(item_freep) Item *i = calloc(1, sizeof(*i));
        const char *const values[_ENV_MAX] = {
                [ENV_EVENT] = e->event,
                [ENV_NAME] = e->name,
                [ENV_KIND] = e->kind,
                [ENV_NODE] = e->node,
                [ENV_GENERIC_NODE] = e->generic_node,
                [ENV_CHANGER_NODE] = e->changer_node,
                [ENV_LIBRARY] = e->library,
                [ENV_BAY] = e->bay,
                [ENV_BARCODE] = e->barcode,
                [ENV_LOSS] = e->loss,
                [ENV_TEXT] = e->text,
                [ENV_PATH] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                [ENV_LANG] = "C.UTF-8",
        };

        if (!i || asprintf(&i->path, "%s/%s", h->folder, name) < 0)
                return NULL;
        for (int k = 0; k < _ENV_MAX; k++) {
                i->env[k] = environment(k, values[k]);
                if (!i->env[k])
                        return NULL;
        }
        return TAKE_PTR(i);
}

static bool is_executable(const Hooks *h, const char *name)
{
        _cleanup_free_ char *path = NULL;
        struct stat st;

        if (asprintf(&path, "%s/%s", h->folder, name) < 0) {
                path = NULL;
                return false;
        }
        return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static int is_visible(const struct dirent *e)
{
        return e->d_name[0] != '.';
}

static void add(Hooks *h, const char *name, const HookEvent *e)
{
        _cleanup_(item_freep) Item *i = NULL;

        if (!is_executable(h, name))
                return;
        i = item_new(h, name, e);
        if (!i || h->n_queue >= QUEUE_MAX) {
                log_warning("%s: hook %s is not told of %s: %s", e->name, name, e->event,
                            i ? "too many are waiting" : strerror(ENOMEM));
                return;
        }
        i->due = usec_now(CLOCK_MONOTONIC);
        h->queue[h->n_queue++] = TAKE_PTR(i);
}

void hooks_event(Hooks *h, const HookEvent *e)
{
        struct dirent **entries;
        int n;

        if (!is_told(e->event))
                return;
        n = scandir(h->folder, &entries, is_visible, alphasort);
        if (n < 0)
                return;
        for (int i = 0; i < n; i++) {
                add(h, entries[i]->d_name, e);
                free(entries[i]);
        }
        free(entries);
        if (h->n_queue > 0 && !h->running)
                set_timer(h, 0);
}

int hooks_new(sd_event *event, const char *folder, const HookLimits *limits, Hooks **ret)
{
        _cleanup_(hooks_freep) Hooks *h = calloc(1, sizeof(*h));
        int r;

        if (!h)
                return -ENOMEM;
        h->limits = *limits;
        h->event = sd_event_ref(event);
        h->folder = strdup(folder);
        if (!h->folder)
                return -ENOMEM;
        r = sd_event_add_time(event, &h->timer, CLOCK_MONOTONIC, 0, ACCURACY, on_timer, h);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
        (void) sd_event_source_set_priority(h->timer, SD_EVENT_PRIORITY_IDLE);
        *ret = TAKE_PTR(h);
        return 0;
}

Hooks *hooks_free(Hooks *h)
{
        if (!h)
                return NULL;
        if (h->running) {
                (void) kill(-h->pid, SIGKILL);
                (void) waitpid(h->pid, NULL, 0);
                item_free(h->running);
        }
        h->child = sd_event_source_disable_unref(h->child);
        h->timer = sd_event_source_disable_unref(h->timer);
        while (h->n_queue > 0)
                item_free(h->queue[--h->n_queue]);
        sd_event_unref(h->event);
        free(h->folder);
        free(h);
        return NULL;
}
