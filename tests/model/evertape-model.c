/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* evertape-model: a tape library of model drives and a changer as real SCSI devices of this kernel, for the
 * lab. One process serves all rings; configfs work that waits for its answers is done by children. With --ctl
 * it is the client of its own control socket: it pulls cables, resets, cuts power and looks at what is on the
 * tapes. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "model/drive.h"
#include "model/fabric.h"
#include "model/server.h"
#include "util/cleanup.h"
#include "util/root.h"
#include "util/text.h"

typedef struct Options {
        const char *dir, *prefix;
        unsigned n_drives, n_slots, n_tapes, n_buffer, instance;
        uint64_t capacity;
        bool daemonize, control, no_data;
} Options;

static const char usage[] =
        "evertape-model --dir DIR [--drives N] [--slots N] [--tapes N] [--capacity SIZE] [--buffer OBJECTS]\n"
        "               [--serial-prefix TEXT] [--instance N] [--no-data] [--daemonize]\n"
        "evertape-model --ctl DIR COMMAND...\n"
        "  pull DEVICE [executed] | return DEVICE... | offline DEVICE | online DEVICE | reset DEVICE [CODE]\n"
        "  power-cycle DEVICE [LOST] | inject DEVICE OPCODE KEY CODE | busy-ready DEVICE N | drop changer\n"
        "  hold DEVICE [OPCODE] | unhold DEVICE | latency DEVICE USEC | rate DEVICE MB/S\n"
        "  swap-serial DEVICE SERIAL | status DEVICE | dump BARCODE FILE | quit\n"
        "latency: each command is executed and answered USEC microseconds after it came; several may be on "
        "their way.\n"
        "rate: of the tape, behind a buffer of 4 MiB; 0: as fast as it can.\n"
        "DEVICE: drive1, drive2 ..., changer. OPCODE, KEY and CODE (ASC and ASCQ) are hexadecimal.\n"
        "--instance: another number for each model that runs at the same time, 0 to 15.\n"
        "--no-data: cartridges keep lengths and no bytes, so that the model costs no time.\n"
        "--daemonize: ends when the devices are there, and they stay.\n";

uint64_t server_naa(const char *serial)
{
        uint32_t h = 2166136261; /* FNV-1a */

        for (; *serial; serial++)
                h = (h ^ (uint8_t) *serial) * 16777619;
        return UINT64_C(0x5000e11100000000) | (h & ~UINT32_C(1));
}

static int run_job(int root, JobKind kind, ServedDevice *const *devices, size_t n)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < n; i++)
                r = kind == JOB_LINK ? fabric_link(root, devices[i]->number, devices[i]->backstore)
                                     : fabric_unlink(root, devices[i]->number);
        return r;
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
        Server *s = userdata;

        s->busy = false;
        sd_event_source_unref(source);
        server_job_done(s, info->si_code == CLD_EXITED ? -info->si_status : -ECHILD);
        return 0;
}

int server_start_job(Server *s, JobKind kind, ServedDevice *const *devices, size_t n_devices)
{
        sd_event_source *source;
        pid_t pid;
        int r;

        if (s->busy)
                return -EBUSY;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(-run_job(s->root, kind, devices, n_devices));
        r = sd_event_add_child(s->event, &source, pid, WEXITED, on_child, s);
        s->busy = r >= 0;
        return r < 0 ? r : 0;
}

/* Whoever waits for the end of our output need not wait any longer either. */
static void close_output(void)
{
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (int i = 0; fd >= 0 && i < 3; i++)
                (void) dup2(fd, i);
        safe_close(fd);
}

static void tell_ready(Server *s)
{
        if (s->ready_fd >= 0)
                close_output();
        if (s->ready_fd >= 0 && write(s->ready_fd, "r", 1) < 0)
                (void) sd_event_exit(s->event, -errno);
        s->ready_fd = safe_close(s->ready_fd);
}

void server_job_done(Server *s, int result)
{
        control_job_done(s, result);
        if (!s->started && result < 0)
                (void) sd_event_exit(s->event, result);
        else if (s->quitting)
                (void) sd_event_exit(s->event, 0);
        else if (!s->started) {
                s->started = true;
                tell_ready(s);
        }
}

static int on_ring(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        int r = served_dispatch(userdata);

        if (r < 0)
                (void) sd_event_exit(sd_event_source_get_event(source), r);
        return 0;
}

static int on_timer(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        int r = served_timer(userdata);

        if (r < 0)
                (void) sd_event_exit(sd_event_source_get_event(source), r);
        return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Server *s = userdata;
        ServedDevice *devices[SERVER_DEVICES_MAX];

        for (size_t i = 0; i < s->n_devices; i++) {
                devices[i] = &s->devices[i];
                (void) served_cut(devices[i], false);
        }
        s->quitting = true;
        (void) server_start_job(s, JOB_UNLINK, devices, s->n_devices);
        return 0;
}

static int add_device(Server *s, const char *name, ModelDrive *drive, ModelChanger *changer)
{
        ServedDevice *d = &s->devices[s->n_devices];
        unsigned uio;
        uint64_t n_map;
        int r;

        *d = (ServedDevice){.number = s->instance * SERVER_DEVICES_MAX + (unsigned) s->n_devices + 1,
                            .drive = drive,
                            .changer = changer,
                            .uio = -EBADF,
                            .timer = -EBADF};
        snprintf(d->name, sizeof(d->name), "%s", name);
        snprintf(d->backstore, sizeof(d->backstore), s->instance > 0 ? "%s.%u" : "%s", d->name, s->instance);
        r = fabric_create_backstore(s->root, d->backstore);
        if (r == 0)
                r = fabric_find_uio(s->root, d->backstore, &uio, &n_map);
        if (r == 0)
                r = served_open(d, uio, (size_t) n_map);
        if (r == 0)
                r = sd_event_add_io(s->event, NULL, d->uio, EPOLLIN, on_ring, d);
        if (r >= 0)
                r = sd_event_add_io(s->event, NULL, d->timer, EPOLLIN, on_timer, d);
        if (r < 0)
                return r;
        s->n_devices++;
        return served_dispatch(d);
}

static ModelDrive *new_drive(const Options *o, unsigned number)
{
        char serial[32];
        ModelDriveConfig config = {
                .vendor = "MODEL",
                .product = "ULTRIUM-TD7",
                .revision = "0001",
                .serial = serial,
                .n_buffer = o->n_buffer,
        };

        snprintf(serial, sizeof(serial), "%sDRV%02u", o->prefix, number);
        config.naa = server_naa(serial);
        return model_drive_new(&config);
}

static ModelChanger *new_changer(const Options *o, ModelDrive **drives)
{
        char serial[32];
        ModelChangerConfig config = {
                .vendor = "MODEL",
                .product = "LIBRARY",
                .revision = "0001",
                .serial = serial,
                .n_slots = o->n_slots,
                .n_import_export = 1,
                .n_drives = o->n_drives,
                .drives = drives,
        };

        snprintf(serial, sizeof(serial), "%sLIB01", o->prefix);
        config.naa = server_naa(serial);
        return model_changer_new(&config);
}

static int insert_tapes(Server *s, const Options *o, ModelChanger *c)
{
        s->media = calloc(o->n_tapes > 0 ? o->n_tapes : 1, sizeof(*s->media));
        for (unsigned i = 0; s->media && i < o->n_tapes; i++) {
                char barcode[16], serial[32];
                ModelMedium *m;
                int r;

                snprintf(barcode, sizeof(barcode), "T%05uL7", i + 1);
                snprintf(serial, sizeof(serial), "%sTAPE%05u", o->prefix, i + 1);
                m = model_medium_new(barcode, serial, o->capacity, o->capacity / 32);
                r = m ? model_changer_insert(c, i, m) : -ENOMEM;
                if (r < 0)
                        return r;
                if (o->no_data)
                        model_medium_keep_no_data(m);
                s->media[s->n_media++] = m;
        }
        return s->media ? 0 : -ENOMEM;
}

static int add_devices(Server *s, const Options *o)
{
        ModelDrive *drives[SERVER_DEVICES_MAX];
        ModelChanger *changer;
        int r = 0;

        for (unsigned i = 0; r == 0 && i < o->n_drives; i++) {
                char name[24];

                snprintf(name, sizeof(name), "drive%u", i + 1);
                drives[i] = new_drive(o, i + 1);
                r = drives[i] ? add_device(s, name, drives[i], NULL) : -ENOMEM;
        }
        if (r < 0)
                return r;
        changer = new_changer(o, drives);
        if (!changer)
                return -ENOMEM;
        r = insert_tapes(s, o, changer);
        return r < 0 ? r : add_device(s, "changer", NULL, changer);
}

static int server_run(Server *s, const Options *o)
{
        ServedDevice *devices[SERVER_DEVICES_MAX];
        sigset_t mask;
        int r;

        sigemptyset(&mask);
        sigaddset(&mask, SIGCHLD);
        sigaddset(&mask, SIGTERM);
        sigaddset(&mask, SIGINT);
        sigprocmask(SIG_BLOCK, &mask, NULL);
        (void) signal(SIGPIPE, SIG_IGN); /* a client may have gone before its reply */
        r = sd_event_default(&s->event);
        if (r >= 0)
                r = sd_event_add_signal(s->event, NULL, SIGTERM, on_signal, s);
        if (r >= 0)
                r = sd_event_add_signal(s->event, NULL, SIGINT, on_signal, s);
        if (r >= 0)
                r = add_devices(s, o);
        if (r >= 0)
                r = control_listen(s, o->dir);
        for (size_t i = 0; i < s->n_devices; i++)
                devices[i] = &s->devices[i];
        if (r >= 0)
                r = server_start_job(s, JOB_LINK, devices, s->n_devices);
        return r < 0 ? r : sd_event_loop(s->event);
}

static void server_deinit(Server *s)
{
        for (size_t i = 0; i < s->n_devices; i++) {
                ServedDevice *d = &s->devices[i];

                served_close(d);
                (void) fabric_remove_backstore(s->root, d->backstore);
                model_changer_free(d->changer);
                model_drive_free(d->drive);
        }
        free(s->media);
        sd_event_unref(s->event);
        safe_close(s->root);
}

/* In the parent: waits for the word of the child, and does not return. In the child: where to send it. */
static int daemonize(void)
{
        int fds[2];
        char word;

        if (pipe(fds) < 0)
                return -errno;
        switch (fork()) {
        case -1:
                return -errno;
        case 0:
                setsid();
                safe_close(fds[0]);
                return fds[1];
        default:
                safe_close(fds[1]);
                _exit(read(fds[0], &word, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
        }
}

static bool parse_number(const char *text, unsigned max, unsigned *ret)
{
        char *end;
        unsigned long n = strtoul(text, &end, 10);

        if (end == text || *end || n > max)
                return false;
        *ret = (unsigned) n;
        return true;
}

static bool options_parse(int argc, char **argv, Options *o)
{
        static const struct option table[] = {
                {"dir", required_argument, NULL, 'd'},    {"ctl", required_argument, NULL, 'c'},
                {"drives", required_argument, NULL, 'n'}, {"slots", required_argument, NULL, 's'},
                {"tapes", required_argument, NULL, 't'},  {"capacity", required_argument, NULL, 'C'},
                {"buffer", required_argument, NULL, 'b'}, {"serial-prefix", required_argument, NULL, 'p'},
                {"daemonize", no_argument, NULL, 'D'},    {"instance", required_argument, NULL, 'i'},
                {"no-data", no_argument, NULL, 'N'},      {0},
        };
        bool ok = true;
        int c;

        while (ok && (c = getopt_long(argc, argv, "+", table, NULL)) >= 0) {
                if (c == 'd' || c == 'c')
                        o->dir = optarg;
                o->control = o->control || c == 'c';
                o->daemonize = o->daemonize || c == 'D';
                o->no_data = o->no_data || c == 'N';
                if (c == 'p')
                        o->prefix = optarg;
                ok = c != '?' && (c != 'n' || parse_number(optarg, SERVER_DEVICES_MAX - 1, &o->n_drives)) &&
                     (c != 's' || parse_number(optarg, 1000, &o->n_slots)) &&
                     (c != 't' || parse_number(optarg, 1000, &o->n_tapes)) &&
                     (c != 'i' || parse_number(optarg, 15, &o->instance)) &&
                     (c != 'b' || parse_number(optarg, 1000000, &o->n_buffer)) &&
                     (c != 'C' || text_parse_size(optarg, &o->capacity) >= 0);
        }
        return ok && o->dir && o->n_tapes <= o->n_slots && strlen(o->prefix) <= 16 &&
               (o->control ? optind < argc : optind == argc);
}

int main(int argc, char **argv)
{
        Options o = {.prefix = "MDL", .n_drives = 2, .n_slots = 6, .n_tapes = 4, .n_buffer = 64};
        Server s = {.root = -EBADF, .ready_fd = -EBADF};
        int r;

        o.capacity = 100 << 20;
        if (!options_parse(argc, argv, &o)) {
                fputs(usage, stderr);
                return 2;
        }
        if (o.control)
                return control_ask(o.dir, argv + optind);
        s.instance = o.instance;
        s.root = root_open("/");
        r = s.root;
        if (r >= 0 && o.daemonize)
                r = s.ready_fd = daemonize();
        if (r >= 0)
                r = server_run(&s, &o);
        if (r < 0)
                fprintf(stderr, "evertape-model: %s\n", strerror(-r));
        server_deinit(&s);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
