/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape status --follow: the same again whenever a device changes, and once in a while for what changes
 * without a signal: position, rate, how far a motion is. On a terminal it is drawn in place; else a line for
 * each device of which something is other than it was. */

#include "ctl/ctl-follow.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "util/text.h"

#define ANSI_HOME       "\033[H"
#define ANSI_CLEAR      "\033[H\033[J"
#define ANSI_CLEAR_LINE "\033[K"
#define ANSI_CLEAR_REST "\033[J"

#define AT_ONCE     (100 * USEC_PER_MSEC) /* so that ten changes are one picture */
#define WHILE_MOVES (1 * USEC_PER_SEC)
#define WHILE_IDLE  (5 * USEC_PER_SEC)

typedef struct Follow {
        const Table *table;
        usec_t interval; /* 0: as it is worth */
        char *const *names;
        size_t n_names;
        sd_bus *bus;
        sd_event_source *timer;
        bool terminal, drawn, absent;
        DeviceList before;
} Follow;

/* What a line is printed for. Not how long it takes already. */
static const FieldId telling[] = {
        FIELD_STATE,    FIELD_REASON, FIELD_NODE, FIELD_PROGRAM,  FIELD_CARTRIDGE,
        FIELD_POSITION, FIELD_MOTION, FIELD_STEP, FIELD_PROGRESS,
};

/* ---- asking ---- */

static int fetch_named(const Follow *f, DeviceList *ret, sd_bus_error *error)
{
        int r;

        ret->items = calloc(f->n_names, sizeof(*ret->items));
        if (!ret->items)
                return -ENOMEM;
        for (size_t i = 0; i < f->n_names; i++) {
                r = bus_show(f->bus, f->names[i], &ret->items[ret->n_items], error);
                if (r < 0)
                        return r;
                ret->n_items++;
        }
        return 0;
}

static int fetch(const Follow *f, DeviceList *ret, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        int r;

        if (f->n_names > 0)
                return fetch_named(f, ret, error);
        r = bus_ask(f->bus, "List", error, &reply, "");
        return r < 0 ? r : device_list_read(reply, ret);
}

static bool is_moving(const DeviceList *devices)
{
        for (size_t i = 0; i < devices->n_items; i++) {
                const Device *d = devices->items[i];

                if (d->text[FIELD_MOTION] || d->number[FIELD_RATE] > 0 || d->number[FIELD_WAITING] > 0)
                        return true;
        }
        return false;
}

/* ---- showing ---- */

/* In the picture before it, line by line, so that nothing flickers. */
static int draw(Follow *f, const DeviceList *devices)
{
        _cleanup_free_ char *text = NULL;
        struct winsize size;
        int r;

        r = table_format(f->table, devices, ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 80,
                         &text);
        if (r < 0)
                return r;
        fputs(f->drawn ? ANSI_HOME : ANSI_CLEAR, stdout);
        f->drawn = true;
        for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
                if (rest || *line)
                        printf("%s" ANSI_CLEAR_LINE "\n", line);
        fputs(ANSI_CLEAR_REST, stdout);
        return 0;
}

static const Device *find_before(const Follow *f, const Device *d)
{
        for (size_t i = 0; i < f->before.n_items; i++)
                if (text_equal(device_text(f->before.items[i], FIELD_NAME), device_text(d, FIELD_NAME)))
                        return f->before.items[i];
        return NULL;
}

static bool tells_nothing_new(const Follow *f, const Device *d)
{
        const Device *before = find_before(f, d);

        for (size_t i = 0; before && i < ELEMENTSOF(telling); i++)
                if (!text_equal(device_text(before, telling[i]), device_text(d, telling[i])))
                        return false;
        return before;
}

static void print_line(const Follow *f, const Device *d)
{
        _cleanup_free_ char *time = format_time(usec_now(CLOCK_REALTIME), true);

        if (f->table->json) {
                device_print_json(d, time, NULL, stdout);
                putchar('\n');
                return;
        }
        fputs(time ? time : "", stdout);
        for (size_t i = 0; i < f->table->n_columns; i++) {
                _cleanup_free_ char *text = device_format(
                        d, f->table->columns[i], f->table->bytes ? FIELD_STYLE_PLAIN : FIELD_STYLE_HUMAN);

                if (text && text[0])
                        printf(" %s", text);
        }
        putchar('\n');
}

static int show(Follow *f, DeviceList *devices)
{
        int r = 0;

        if (f->terminal)
                r = draw(f, devices);
        for (size_t i = 0; !f->terminal && i < devices->n_items; i++)
                if (!tells_nothing_new(f, devices->items[i]))
                        print_line(f, devices->items[i]);
        device_list_deinit(&f->before);
        f->before = TAKE_GENERIC(*devices, DeviceList, (DeviceList){0});
        return r < 0 ? r : fflush(stdout) == 0 ? 0 : -EIO;
}

/* A daemon that restarts has been complained about and will be back. */
static int look(Follow *f, usec_t *ret_pause)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(device_list_deinit) DeviceList devices = {0};
        int r = fetch(f, &devices, &error);

        *ret_pause = f->interval > 0 ? f->interval : is_moving(&devices) ? WHILE_MOVES : WHILE_IDLE;
        if (r >= 0) {
                f->absent = false;
                return show(f, &devices);
        }
        if (!f->absent)
                bus_complain(r, &error);
        f->absent = client_error_is_absent(&error) || sd_bus_error_has_name(&error, SD_BUS_ERROR_NO_REPLY);
        f->drawn = false;
        return f->absent ? 0 : r;
}

/* ---- the loop ---- */

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Follow *f = userdata;
        usec_t pause;
        int r;

        r = look(f, &pause);
        if (r < 0)
                return sd_event_exit(sd_event_source_get_event(source), r);
        r = sd_event_source_set_time_relative(source, pause);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const Follow *f = userdata;

        return f->timer ? sd_event_source_set_time_relative(f->timer, AT_ONCE) : 0;
}

static void sd_event_releasep(sd_event **event)
{
        *event = sd_event_unref(*event);
}

static void timer_releasep(sd_event_source **source)
{
        *source = sd_event_source_disable_unref(*source);
}

static int run(Follow *f)
{
        _cleanup_(sd_event_releasep) sd_event *event = NULL;
        _cleanup_(timer_releasep) sd_event_source *timer = NULL;
        int r;

        r = sd_event_new(&event);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGINT | SD_EVENT_SIGNAL_PROCMASK, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGTERM | SD_EVENT_SIGNAL_PROCMASK, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &timer, CLOCK_MONOTONIC, 0, 1, on_timer, f);
        if (r >= 0)
                r = sd_bus_attach_event(f->bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        f->timer = timer;
        r = sd_event_loop(event);
        f->timer = NULL;
        (void) sd_bus_detach_event(f->bus);
        return r;
}

int follow_run(const Table *table, usec_t interval, char *const *names, size_t n_names)
{
        _cleanup_(device_list_deinit) DeviceList devices = {0};
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        Follow f = {.table = table, .interval = interval, .names = names, .n_names = n_names};
        int r;

        if (bus_open(&bus) < 0)
                return EXIT_FAILURE;
        f.bus = bus;
        f.terminal = isatty(STDOUT_FILENO) && !table->json;
        /* names that are wrong are told now, and a daemon that is not there */
        if (bus_subscribe(bus, on_signal, on_signal, &f) < 0 || bus_list(bus, names, n_names, &devices) < 0)
                return EXIT_FAILURE;
        r = run(&f);
        device_list_deinit(&f.before);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
