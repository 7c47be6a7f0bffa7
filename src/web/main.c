/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape-web: what evertaped knows, over HTTP, for browsers and Prometheus. It has no right but to ask
 * evertaped, and changes nothing. systemd opens its sockets, starts it when somebody comes, and it ends when
 * nobody has come for a while: a connection that comes meanwhile waits in systemd's socket for the next one.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "util/log.h"
#include "util/text.h"
#include "util/time.h"
#include "web/server.h"

#define SOCKETS_MAX  16
#define IDLE_DEFAULT (120 * USEC_PER_SEC)

typedef struct Web {
        sd_event *event;
        Source *source;
        Server *servers[SOCKETS_MAX];
        size_t n_servers;
        usec_t idle;
        unsigned port; /* 0: sockets are systemd's */
        char *names[SOCKETS_MAX];
        size_t n_names;
} Web;

static int usage(void)
{
        puts("evertape-web [OPTION...]\n\n"
             "Serves what evertaped knows over HTTP: / /map.svg /status.json /metrics\n\n"
             "      --port PORT        listen on 127.0.0.1; without it systemd gives the sockets\n"
             "      --allow-host NAME  answer to this name, too, beside localhost and loopback addresses\n"
             "      --idle SPAN        end when nobody came for so long (2min); infinity: never\n"
             "  -h, --help             this text\n"
             "  -V, --version          the version\n\nSee evertape-web(8).");
        return EXIT_SUCCESS;
}

/* ---- idle ---- */

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata)
{
        Web *w = userdata;
        usec_t last = 0;

        for (size_t i = 0; i < w->n_servers; i++) {
                usec_t use = server_last_use(w->servers[i]);

                last = use > last ? use : last;
        }
        if (last == USEC_INFINITY)
                last = usec_now(CLOCK_MONOTONIC);
        if (usec_now(CLOCK_MONOTONIC) >= usec_add(last, w->idle))
                return sd_event_exit(w->event, 0);
        (void) sd_event_source_set_time(source, usec_add(last, w->idle));
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int watch_idle(Web *w)
{
        if (w->idle == USEC_INFINITY)
                return 0;
        return sd_event_add_time(w->event, NULL, CLOCK_MONOTONIC,
                                 usec_add(usec_now(CLOCK_MONOTONIC), w->idle), USEC_PER_SEC, on_idle, w);
}

/* ---- sockets ---- */

static int listen_on(unsigned port)
{
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_port = htons((uint16_t) port),
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const int one = 1;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
            bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 || listen(fd, 64) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int serve(Web *w, int fd)
{
        int r;

        if (w->n_servers >= SOCKETS_MAX)
                return -E2BIG;
        if (fcntl(fd, F_SETFL, O_NONBLOCK) <
            0) /* systemd's block: another process may have taken the connection */
                return -errno;
        r = server_new(w->event, fd, w->names, w->n_names, w->source, &w->servers[w->n_servers]);
        w->n_servers += r >= 0;
        return r;
}

static int open_sockets(Web *w)
{
        int n = sd_listen_fds(1), r = 0;

        if (w->port > 0) {
                int fd = listen_on(w->port);

                return fd < 0 ? fd : serve(w, fd);
        }
        if (n <= 0)
                return n < 0 ? n : -ENOENT;
        for (int i = 0; i < n && r >= 0; i++)
                r = serve(w, SD_LISTEN_FDS_START + i);
        return r;
}

/* ---- life ---- */

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int start(Web *w)
{
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;
        (void) signal(SIGPIPE, SIG_IGN);
        r = sd_event_default(&w->event);
        if (r >= 0)
                r = sd_event_add_signal(w->event, NULL, SIGTERM, on_signal, NULL);
        if (r >= 0)
                r = sd_event_add_signal(w->event, NULL, SIGINT, on_signal, NULL);
        if (r >= 0)
                r = source_new(&w->source);
        if (r >= 0)
                r = open_sockets(w);
        return r < 0 ? r : watch_idle(w);
}

static int run(Web *w)
{
        int r = start(w);

        if (r == -ENOENT)
                log_error("no socket was given: systemctl start evertape-web.socket, or give --port");
        else if (r < 0)
                log_error("cannot serve: %s", strerror(-r));
        if (r >= 0)
                (void) sd_notify(0, "READY=1");
        if (r >= 0)
                r = sd_event_loop(w->event);
        for (size_t i = 0; i < w->n_servers; i++)
                server_free(w->servers[i]);
        source_free(w->source);
        sd_event_unref(w->event);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* 0, or what is wrong with an option. */
static const char *take_option(Web *w, int c)
{
        char *end;
        unsigned long port;

        switch (c) {
        case 'p':
                port = strtoul(optarg, &end, 10);
                w->port = *end || port > UINT16_MAX ? 0 : (unsigned) port;
                return w->port ? NULL : "--port takes a number from 1 to 65535";
        case 'n':
                if (w->n_names >= SOCKETS_MAX)
                        return "too many names";
                w->names[w->n_names++] = optarg;
                return NULL;
        default:
                return text_parse_span(optarg, &w->idle) < 0 || w->idle == 0
                               ? "--idle takes a span of time such as 2min, or infinity"
                               : NULL;
        }
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                {"port", required_argument, NULL, 'p'}, {"allow-host", required_argument, NULL, 'n'},
                {"idle", required_argument, NULL, 'i'}, {"help", no_argument, NULL, 'h'},
                {"version", no_argument, NULL, 'V'},    {0},
        };
        Web web = {.idle = IDLE_DEFAULT};
        int c;

        while ((c = getopt_long(argc, argv, "hV", options, NULL)) >= 0) {
                const char *wrong = NULL;

                if (c == 'h')
                        return usage();
                if (c == 'V')
                        return puts("evertape-web " EVERTAPE_VERSION) < 0;
                if (c == '?' || (wrong = take_option(&web, c))) {
                        fprintf(stderr, "%s%sSee: evertape-web --help\n", wrong ? wrong : "",
                                wrong ? "\n" : "");
                        return 2;
                }
        }
        if (optind < argc) {
                fprintf(stderr, "evertape-web takes no names\nSee: evertape-web --help\n");
                return 2;
        }
        return run(&web);
}
