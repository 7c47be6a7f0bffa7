/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control socket of evertape-model: a line with a command, a line with the reply, "ok" or "error WHY".
 * What waits for the kernel is a job of a child process; its reply comes when the child has ended. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "model/changer.h"
#include "model/fabric.h"
#include "model/server.h"
#include "util/cleanup.h"
#include "util/crc32c.h"

#define LINE_LENGTH_MAX 1024
#define ARGUMENTS_MAX   16

struct Client {
        Server *server;
        sd_event_source *source;
        int fd;
        char line[LINE_LENGTH_MAX];
        size_t n_line;
        char reply[LINE_LENGTH_MAX]; /* what follows "ok" */
};

static ServedDevice *find_device(Server *s, const char *name)
{
        for (size_t i = 0; i < s->n_devices; i++)
                if (strcmp(s->devices[i].name, name) == 0)
                        return &s->devices[i];
        return NULL;
}

static unsigned long hex(const char *text)
{
        return strtoul(text, NULL, 16);
}

static int start_job(Client *c, JobKind kind, ServedDevice *const *devices, size_t n)
{
        int r = server_start_job(c->server, kind, devices, n);

        if (r == 0)
                c->server->asker = c;
        return r < 0 ? r : 1;
}

/* Handlers: 0: done. 1: the reply comes with the end of the job. argv[0] is the command, d the device that
 * argv[1] names, if the table says that it names one. */
static int run_pull(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        bool carry_out = argc > 2 && strcmp(argv[2], "executed") == 0;
        int r;

        if (c->server->busy)
                return -EBUSY;
        r = served_cut(d, carry_out);
        return r < 0 ? r : start_job(c, JOB_UNLINK, &d, 1);
}

static int run_return(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        ServedDevice *devices[ARGUMENTS_MAX];

        if (c->server->busy)
                return -EBUSY;
        for (size_t i = 1; i < argc; i++) {
                devices[i - 1] = find_device(c->server, argv[i]);
                if (!devices[i - 1])
                        return -ENODEV;
        }
        for (size_t i = 1; i < argc; i++)
                devices[i - 1]->gone = devices[i - 1]->held = false;
        return start_job(c, JOB_LINK, devices, argc - 1);
}

static int run_quit(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        Server *s = c->server;
        ServedDevice *devices[SERVER_DEVICES_MAX];

        if (s->busy)
                return -EBUSY;
        for (size_t i = 0; i < s->n_devices; i++) {
                devices[i] = &s->devices[i];
                (void) served_cut(devices[i], false);
        }
        s->quitting = true;
        return start_job(c, JOB_UNLINK, devices, s->n_devices);
}

static int run_offline(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        return fabric_set_transport(c->server->root, d->number, false);
}

static int run_online(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        return fabric_set_transport(c->server->root, d->number, true);
}

static int run_reset(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        uint16_t code = (uint16_t) (argc > 2 ? hex(argv[2]) : ASC_POWER_ON_RESET);

        if (d->drive)
                model_drive_reset(d->drive, code);
        else
                model_changer_reset(d->changer, code);
        return 0;
}

static int run_power_cycle(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        if (d->drive)
                model_drive_power_cycle(d->drive, argc > 2 ? (uint32_t) strtoul(argv[2], NULL, 10) : 0);
        else
                model_changer_reset(d->changer, ASC_POWER_ON_OCCURRED);
        return 0;
}

static int run_inject(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        uint8_t opcode = (uint8_t) hex(argv[2]), key = (uint8_t) hex(argv[3]);
        uint16_t code = (uint16_t) hex(argv[4]);

        if (d->drive)
                model_drive_inject(d->drive, opcode, key, code);
        else
                model_changer_inject(d->changer, opcode, key, code);
        return 0;
}

static int run_busy_ready(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        if (!d->drive)
                return -EOPNOTSUPP;
        model_drive_becoming_ready(d->drive, (uint32_t) strtoul(argv[2], NULL, 10));
        return 0;
}

static int run_drop(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        if (!d->changer)
                return -EOPNOTSUPP;
        model_changer_drop_in_picker(d->changer, 1);
        return 0;
}

static int run_hold(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        return served_hold(d, true, argc > 2 ? (int) strtoul(argv[2], NULL, 16) & 0xff : -1);
}

static int run_unhold(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        return served_hold(d, false, -1);
}

static int set_number(ServedDevice *d, const char *text, uint64_t max,
                      void (*set)(ServedDevice *d, uint64_t number))
{
        char *end;
        unsigned long n = strtoul(text, &end, 10);

        if (end == text || *end || n > max)
                return -EINVAL;
        set(d, n);
        return 0;
}

static int run_latency(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        return set_number(d, argv[2], SERVED_LATENCY_MAX, served_set_latency);
}

static int run_rate(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        return set_number(d, argv[2], PACE_RATE_MAX, served_set_rate);
}

static int run_swap_serial(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        ModelUnit *u = d->drive ? &d->drive->unit : &d->changer->unit;

        snprintf(u->serial, sizeof(u->serial), "%s", argv[2]);
        u->naa = server_naa(argv[2]);
        return 0;
}

static int run_status(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        const ModelMedium *m = d->drive ? model_drive_medium(d->drive) : NULL;

        snprintf(c->reply, sizeof(c->reply),
                 " %s%s waiting=%zu medium=%s position=%zu unflushed=%u block-length=%u",
                 d->gone ? "gone" : "present", d->held ? " held" : "", d->n_waiting, m ? m->barcode : "-",
                 d->drive ? d->drive->position : 0, d->drive ? d->drive->n_unflushed : 0,
                 d->drive ? d->drive->mode.block_size : 0);
        return 0;
}

/* The bytes of all blocks into one file, and into FILE.objects a line for each object. */
static int dump_medium(const ModelMedium *m, FILE *data, FILE *list, char *reply, size_t n_reply)
{
        uint64_t bytes = 0;
        size_t filemarks = 0, encrypted = 0;

        for (size_t i = 0; i < model_medium_count(m); i++) {
                const uint8_t *block;
                uint32_t n;

                model_medium_object(m, i, &block, &n);
                if (!block) {
                        filemarks++;
                        fprintf(list, "filemark\n");
                        continue;
                }
                bytes += n;
                encrypted += model_medium_key_in(m, 0, i) != 0;
                fprintf(list, "block %" PRIu32 " %08" PRIx32 "\n", n, crc32c(0, block, n));
                if (fwrite(block, 1, n, data) != n)
                        return -EIO;
        }
        snprintf(reply, n_reply, " blocks=%zu filemarks=%zu bytes=%" PRIu64 " encrypted=%zu",
                 model_medium_count(m) - filemarks, filemarks, bytes, encrypted);
        return fflush(data) == 0 && fflush(list) == 0 ? 0 : -EIO;
}

static int run_dump(Client *c, ServedDevice *d, size_t argc, char **argv)
{
        _cleanup_fclose_ FILE *data = NULL, *list = NULL;
        char path[LINE_LENGTH_MAX];

        snprintf(path, sizeof(path), "%s.objects", argv[2]);
        data = fopen(argv[2], "we");
        list = fopen(path, "we");
        if (!data || !list)
                return -errno;
        for (size_t i = 0; i < c->server->n_media; i++)
                if (strcmp(c->server->media[i]->barcode, argv[1]) == 0)
                        return dump_medium(c->server->media[i], data, list, c->reply, sizeof(c->reply));
        return -ENOENT;
}

static const struct {
        const char *name;
        bool device; /* argv[1] names one that must exist */
        size_t n_min, n_max;
        int (*run)(Client *c, ServedDevice *d, size_t argc, char **argv);
} commands[] = {
        {"pull", true, 1, 2, run_pull},       {"return", true, 1, ARGUMENTS_MAX - 1, run_return},
        {"offline", true, 1, 1, run_offline}, {"online", true, 1, 1, run_online},
        {"reset", true, 1, 2, run_reset},     {"power-cycle", true, 1, 2, run_power_cycle},
        {"inject", true, 4, 4, run_inject},   {"busy-ready", true, 2, 2, run_busy_ready},
        {"drop", true, 1, 1, run_drop},       {"hold", true, 1, 2, run_hold},
        {"unhold", true, 1, 1, run_unhold},   {"swap-serial", true, 2, 2, run_swap_serial},
        {"status", true, 1, 1, run_status},   {"dump", false, 2, 2, run_dump},
        {"latency", true, 2, 2, run_latency}, {"rate", true, 2, 2, run_rate},
        {"quit", false, 0, 0, run_quit},
};

static int run_line(Client *c)
{
        char *argv[ARGUMENTS_MAX], *save = NULL;
        ServedDevice *d = NULL;
        size_t argc = 0;

        for (char *p = strtok_r(c->line, " \t\n", &save); p && argc < ARGUMENTS_MAX;
             p = strtok_r(NULL, " \t\n", &save))
                argv[argc++] = p;
        for (size_t i = 0; argc > 0 && i < ELEMENTSOF(commands); i++) {
                if (strcmp(commands[i].name, argv[0]) != 0)
                        continue;
                if (argc - 1 < commands[i].n_min || argc - 1 > commands[i].n_max)
                        return -EINVAL;
                if (commands[i].device && !(d = find_device(c->server, argv[1])))
                        return -ENODEV;
                return commands[i].run(c, d, argc, argv);
        }
        return -ENOSYS;
}

static void client_reply(Client *c, int result)
{
        if (result < 0)
                dprintf(c->fd, "error %s\n", strerror(-result));
        else
                dprintf(c->fd, "ok%s\n", c->reply);
        c->reply[0] = '\0';
}

static void client_free(Client *c)
{
        if (c->server->asker == c)
                c->server->asker = NULL;
        sd_event_source_unref(c->source);
        safe_close(c->fd);
        free(c);
}

void control_job_done(Server *s, int result)
{
        if (s->asker)
                client_reply(s->asker, result);
        s->asker = NULL;
}

static int on_client(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Client *c = userdata;
        ssize_t n = read(fd, c->line + c->n_line, sizeof(c->line) - 1 - c->n_line);
        int r;

        if (n <= 0) {
                client_free(c);
                return 0;
        }
        c->n_line += (size_t) n;
        c->line[c->n_line] = '\0';
        if (!strchr(c->line, '\n'))
                return 0;
        c->n_line = 0;
        r = run_line(c);
        if (r <= 0)
                client_reply(c, r);
        return 0;
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        Client *c = client >= 0 ? calloc(1, sizeof(*c)) : NULL;

        if (!c) {
                safe_close(client);
                return 0;
        }
        c->server = userdata;
        c->fd = client;
        if (sd_event_add_io(c->server->event, &c->source, client, EPOLLIN, on_client, c) < 0)
                client_free(c);
        return 0;
}

static int control_address(const char *dir, struct sockaddr_un *ret)
{
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        return (size_t) snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/control", dir) >=
                               sizeof(ret->sun_path)
                       ? -ENAMETOOLONG
                       : 0;
}

int control_listen(Server *s, const char *dir)
{
        struct sockaddr_un address;
        int fd, r = control_address(dir, &address);

        if (r < 0)
                return r;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        (void) unlink(address.sun_path);
        if (bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 || listen(fd, 8) < 0) {
                r = -errno;
                safe_close(fd);
                return r;
        }
        return sd_event_add_io(s->event, NULL, fd, EPOLLIN, on_connect, s);
}

int control_ask(const char *dir, char **argv)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        _cleanup_fclose_ FILE *stream = NULL;
        char reply[LINE_LENGTH_MAX];
        struct sockaddr_un address;

        if (fd < 0 || control_address(dir, &address) < 0 ||
            connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0) {
                fprintf(stderr, "evertape-model: %s/control: %s\n", dir, strerror(errno));
                return EXIT_FAILURE;
        }
        for (; *argv; argv++)
                dprintf(fd, "%s%c", *argv, argv[1] ? ' ' : '\n');
        stream = fdopen(fd, "r");
        if (stream)
                fd = -EBADF;
        if (!stream || !fgets(reply, sizeof(reply), stream))
                snprintf(reply, sizeof(reply), "error no reply\n");
        fputs(reply, stdout);
        return strncmp(reply, "ok", 2) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
