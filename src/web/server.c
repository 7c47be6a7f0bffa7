/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libmicrohttpd without threads: its epoll descriptor is one more source of the loop. What one reader can
 * take up is bounded: connections, memory of each, and how long it may say nothing; a page is made once for
 * an answer and freed with it. */

#include "web/server.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "util/crc32c.h"
#include "util/text.h"
#include "util/time.h"
#include "view/draw.h"
#include "view/metrics.h"

#define CONNECTIONS_MAX   32
#define CONNECTION_MEMORY (16 * 1024)
#define CONNECTION_SPAN   15 /* seconds of silence */
#define SVG_WIDTH         110

struct Server {
        struct MHD_Daemon *http;
        sd_event_source *io, *timer;
        HostRule rule;
        Source *source;
        unsigned n_connections;
        usec_t last_use;
};

/* ---- pages ---- */

static int print_map(const Site *site, const char *problem, FILE *f)
{
        static const Site nothing;
        _cleanup_(layout_deinit) Layout l = {};
        int r = layout_site(site ? site : &nothing, NULL, SVG_WIDTH, &l);

        return r < 0 ? r : draw_svg(&l, site ? "Libraries and drives" : problem, f);
}

static int print_page(Page page, const Site *site, const char *problem, FILE *f)
{
        static const Site nothing;

        switch (page) {
        case PAGE_INDEX:
                draw_html(site, problem, f);
                return 0;
        case PAGE_PARTS:
                draw_html_parts(site, problem, f);
                return 0;
        case PAGE_STYLE:
                fputs(draw_style, f);
                return 0;
        case PAGE_SCRIPT:
                fputs(draw_script, f);
                return 0;
        case PAGE_MAP:
                return print_map(site, problem, f);
        case PAGE_STATUS:
                return draw_json(site ? site : &nothing, NULL, f);
        case PAGE_METRICS:
                metrics_print(site, f);
                return 0;
        case PAGE_NONE:
        case _PAGE_MAX:
                break;
        }
        return -EINVAL;
}

static bool is_constant(Page page)
{
        return page == PAGE_STYLE || page == PAGE_SCRIPT;
}

/* 200 and the page; 503 if evertaped does not answer, but for metrics, which say so. */
static unsigned make_page(Server *s, Page page, char **ret, size_t *ret_n)
{
        const char *problem = "";
        const Site *site = is_constant(page) ? NULL : source_get(s->source, &problem);
        FILE *f = open_memstream(ret, ret_n);
        int r;

        if (!f)
                return MHD_HTTP_INTERNAL_SERVER_ERROR;
        r = print_page(page, site, problem, f);
        if (fclose(f) != 0 || r < 0)
                return MHD_HTTP_INTERNAL_SERVER_ERROR;
        return site || is_constant(page) || page == PAGE_METRICS ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

/* ---- answers ---- */

static void add_headers(struct MHD_Response *answer, Page page, const char *etag, unsigned status)
{
        const struct {
                const char *name, *value;
        } rows[] = {
                {"Content-Type", page_content_type(page)},
                {"Content-Security-Policy", page_policy(page)},
                {"X-Content-Type-Options", "nosniff"},
                {"X-Frame-Options", "DENY"},
                {"Referrer-Policy", "no-referrer"},
                {"Cross-Origin-Resource-Policy", "same-origin"},
                {"Cache-Control", "no-cache"},
                {"ETag", etag},
                {"Allow", status == MHD_HTTP_METHOD_NOT_ALLOWED ? "GET, HEAD" : NULL},
                {"Retry-After", status == MHD_HTTP_SERVICE_UNAVAILABLE ? "5" : NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].value)
                        (void) MHD_add_response_header(answer, rows[i].name, rows[i].value);
}

/* memory: whether text is given away. */
static enum MHD_Result send_answer(struct MHD_Connection *c, unsigned status, Page page, char *text, size_t n,
                                   const char *etag, enum MHD_ResponseMemoryMode memory)
{
        struct MHD_Response *answer = MHD_create_response_from_buffer(n, text, memory);
        enum MHD_Result r;

        if (!answer) {
                if (memory == MHD_RESPMEM_MUST_FREE)
                        free(text);
                return MHD_NO;
        }
        add_headers(answer, page, etag, status);
        r = MHD_queue_response(c, status, answer);
        MHD_destroy_response(answer);
        return r;
}

static enum MHD_Result send_error(struct MHD_Connection *c, unsigned status, const char *text)
{
        return send_answer(c, status, PAGE_NONE, (char *) (uintptr_t) text, strlen(text), NULL,
                           MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result send_page(Server *s, struct MHD_Connection *c, Page page)
{
        const char *known = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "If-None-Match");
        _cleanup_free_ char *text = NULL;
        char etag[48];
        size_t n = 0;
        unsigned status = make_page(s, page, &text, &n);

        if (status == MHD_HTTP_INTERNAL_SERVER_ERROR)
                return send_error(c, status, "No memory.\n");
        snprintf(etag, sizeof(etag), "W/\"%zx-%08x\"", n, crc32c(0, text, n));
        if (status == MHD_HTTP_OK && known && text_equal(known, etag))
                return send_answer(c, MHD_HTTP_NOT_MODIFIED, page, NULL, 0, etag, MHD_RESPMEM_PERSISTENT);
        return send_answer(c, status, page, TAKE_PTR(text), n, etag, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *n_upload, void **state)
{
        Server *s = userdata;
        Decision d;

        if (!*state) { /* headers are there; a body may follow, of which nothing is taken */
                *state = s;
                return MHD_YES;
        }
        if (*n_upload > 0) {
                *n_upload = 0;
                return MHD_YES;
        }
        s->last_use = usec_now(CLOCK_MONOTONIC);
        d = request_decide(method, url, MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host"), &s->rule);
        if (d.status != MHD_HTTP_OK)
                return send_error(c, d.status, d.text);
        return send_page(s, c, d.page);
}

static void on_connection(void *userdata, struct MHD_Connection *c, void **state,
                          enum MHD_ConnectionNotificationCode code)
{
        Server *s = userdata;

        s->n_connections += code == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1u;
        s->last_use = usec_now(CLOCK_MONOTONIC);
}

uint64_t server_last_use(const Server *s)
{
        return s->n_connections > 0 ? USEC_INFINITY : s->last_use;
}

/* ---- the loop ---- */

/* At its limit MHD lets nobody in until the run after the one in which somebody has left, and no event comes
 * for that. */
static int turn(Server *s)
{
        MHD_UNSIGNED_LONG_LONG span;
        unsigned before;

        do {
                before = s->n_connections;
                (void) MHD_run(s->http);
        } while (s->n_connections < before);
        if (MHD_get_timeout(s->http, &span) != MHD_YES)
                return sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
        (void) sd_event_source_set_time(s->timer, usec_now(CLOCK_MONOTONIC) + span * USEC_PER_MSEC);
        return sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        return turn(userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        return turn(userdata);
}

static int watch(Server *s, sd_event *event)
{
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->http, MHD_DAEMON_INFO_EPOLL_FD);
        int r;

        if (!info)
                return -ENOTSUP;
        r = sd_event_add_io(event, &s->io, info->epoll_fd, EPOLLIN, on_io, s);
        if (r >= 0)
                r = sd_event_add_time(event, &s->timer, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC, on_timer, s);
        return r < 0 ? r : sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
}

static bool is_unix(int fd)
{
        struct sockaddr_storage address = {};
        socklen_t n = sizeof(address);

        return getsockname(fd, (struct sockaddr *) &address, &n) == 0 && address.ss_family == AF_UNIX;
}

int server_new(sd_event *event, int fd, char *const *names, size_t n_names, Source *source, Server **ret)
{
        _cleanup_(server_freep) Server *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->source = source;
        s->rule = (HostRule){.any = is_unix(fd), .names = names, .n_names = n_names};
        s->last_use = usec_now(CLOCK_MONOTONIC);
        s->http = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
                                   MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
                                   MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) CONNECTION_MEMORY,
                                   MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_SPAN,
                                   MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_END);
        if (!s->http)
                return -EIO;
        r = watch(s, event);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

Server *server_free(Server *s)
{
        if (!s)
                return NULL;
        s->io = sd_event_source_disable_unref(s->io);
        s->timer = sd_event_source_disable_unref(s->timer);
        if (s->http)
                MHD_stop_daemon(s->http);
        free(s);
        return NULL;
}
