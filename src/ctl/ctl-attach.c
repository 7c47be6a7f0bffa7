/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape attach, detach, discover: drives and changers behind iSCSI targets, without the kernel's
 * initiator. Names of hosts are looked up here, since that may take its time, which evertaped does not have;
 * what is attached is an address. */

#include <getopt.h>
#include <libsmartcols.h>
#include <netdb.h>
#include <string.h>

#include "ctl/ctl-agent.h"
#include "ctl/ctl-attached.h"
#include "ctl/ctl-bus.h"
#include "ctl/ctl.h"
#include "util/iscsi-url.h"
#include "util/text.h"

#define HOSTS_MAX 8
#define HOST_MAX  64 /* of an address, with its scope */

typedef struct Options {
        bool json, no_headings, targets_only;
        const char *user;
} Options;

/* ---- a table of texts ---- */

static struct libscols_table *new_table(const Options *o, const char *name, const char *const *columns,
                                        size_t n)
{
        struct libscols_table *table;

        scols_init_debug(0);
        table = scols_new_table();
        if (!table || scols_table_set_name(table, name) < 0)
                return table;
        for (size_t i = 0; i < n; i++)
                (void) scols_table_new_column(table, columns[i], 0, 0);
        scols_table_enable_json(table, o->json);
        scols_table_enable_noheadings(table, o->no_headings);
        return table;
}

static int add_line(struct libscols_table *table, const char *const *texts, size_t n)
{
        struct libscols_line *line = table ? scols_table_new_line(table, NULL) : NULL;
        int r = line ? 0 : -ENOMEM;

        for (size_t i = 0; i < n && r >= 0; i++)
                r = scols_line_set_data(line, i, texts[i]);
        return r;
}

static int print_table(struct libscols_table *table, int r)
{
        if (r >= 0)
                r = table ? scols_print_table(table) : -ENOMEM;
        if (table)
                scols_unref_table(table);
        return r;
}

/* ---- hosts ---- */

/* Up to HOSTS_MAX addresses. Complains. */
static size_t look_up(const char *host, char (*ret)[HOST_MAX])
{
        const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
        struct addrinfo *found = NULL;
        size_t n = 0;
        int r;

        if (iscsi_host_is_address(host)) {
                snprintf(ret[0], HOST_MAX, "%.*s", HOST_MAX - 1, host);
                return 1;
        }
        r = getaddrinfo(host, NULL, &hints, &found);
        if (r != 0) {
                complain("%s: %s", host, gai_strerror(r));
                return 0;
        }
        for (const struct addrinfo *a = found; a && n < HOSTS_MAX; a = a->ai_next)
                if (getnameinfo(a->ai_addr, a->ai_addrlen, ret[n], HOST_MAX, NULL, 0, NI_NUMERICHOST) == 0 &&
                    iscsi_host_is_address(ret[n]))
                        n++;
        freeaddrinfo(found);
        if (n == 0)
                complain("%s: has no address that can be used", host);
        return n;
}

/* ---- units ---- */

static int add_units(struct libscols_table *table, sd_bus_message *m, const char *target, const char *portal,
                     size_t *n_usable)
{
        const char *kind, *vendor, *product, *serial;
        uint32_t lun;
        int usable, r = sd_bus_message_enter_container(m, 'a', "(usssbs)");

        while (r >= 0 && (r = sd_bus_message_read(m, "(usssbs)", &lun, &kind, &vendor, &product, &usable,
                                                  &serial)) > 0) {
                char text[16];
                const char *texts[] = {target, portal, text, kind, vendor, product, serial};

                snprintf(text, sizeof(text), "%u", lun);
                *n_usable += (size_t) usable;
                r = add_line(table, texts, ELEMENTSOF(texts));
        }
        return r;
}

static const char *const unit_columns[] = {"TARGET", "PORTAL", "LUN", "KIND", "VENDOR", "PRODUCT", "SERIAL"};

static int attach_one(sd_bus *bus, const IscsiUrl *u, struct libscols_table *table, size_t *n_usable)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        char url[ISCSI_URL_MAX], portal[ISCSI_PORTAL_MAX];
        int r = bus_ask(bus, "Attach", &error, &reply, "s", iscsi_url_format(u, url));

        if (r >= 0)
                r = add_units(table, reply, u->target, iscsi_portal_format(u->host, u->port, portal),
                              n_usable);
        if (r < 0)
                bus_complain(r, &error);
        return r;
}

static int attach_all(const Options *o, const IscsiUrl *url)
{
        char addresses[HOSTS_MAX][HOST_MAX];
        size_t n = look_up(url->host, addresses), n_usable = 0;
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        struct libscols_table *table;
        int r = 0, good = 0;

        if (n == 0 || bus_open(&bus) < 0)
                return EXIT_FAILURE;
        agent_start();
        table = new_table(o, "attached", unit_columns, ELEMENTSOF(unit_columns));
        for (size_t i = 0; i < n; i++) {
                IscsiUrl u = *url;

                snprintf(u.host, sizeof(u.host), "%s", addresses[i]);
                r = attach_one(bus, &u, table, &n_usable);
                good += r >= 0;
        }
        if (good > 0 && print_table(table, 0) < 0)
                return EXIT_FAILURE;
        if (good == 0 && table)
                scols_unref_table(table);
        return good == (int) n ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int list_attached(const Options *o)
{
        static const char *const columns[] = {"URL", "STATE", "REASON"};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        _cleanup_free_ DoctorTarget *targets = NULL;
        struct libscols_table *table;
        size_t n = 0;
        int r;

        if (bus_open(&bus) < 0)
                return EXIT_FAILURE;
        r = attached_ask(bus, &targets, &n, &error);
        if (r < 0) {
                bus_complain(r, &error);
                return EXIT_FAILURE;
        }
        table = new_table(o, "attached", columns, ELEMENTSOF(columns));
        for (size_t i = 0; i < n && r >= 0; i++) {
                const char *texts[] = {targets[i].url, targets[i].state, targets[i].reason};

                r = add_line(table, texts, ELEMENTSOF(texts));
        }
        return print_table(table, r) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct option table_options[] = {
        {"json", no_argument, NULL, 'J'},       {"noheadings", no_argument, NULL, 'n'},
        {"user", required_argument, NULL, 'u'}, {"targets", no_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},       {0},
};

/* -1: go on; else the exit status. */
static int take_options(int argc, char **argv, const char *letters, Options *o)
{
        int c;

        while ((c = getopt_long(argc, argv, letters, table_options, NULL)) >= 0) {
                if (!strchr(letters, c) || c == 'h' || c == '?')
                        return verb_other_option(argv[0], c == 'h' ? 'h' : '?');
                o->json |= c == 'J';
                o->no_headings |= c == 'n';
                o->targets_only |= c == 't';
                if (c == 'u')
                        o->user = optarg;
        }
        return -1;
}

int verb_attach(int argc, char **argv)
{
        Options o = {.user = ""};
        int status = take_options(argc, argv, "Jnh", &o);
        const char *why;
        IscsiUrl u;

        if (status >= 0)
                return status;
        if (argc == optind)
                return list_attached(&o);
        if (argc - optind != 1)
                return usage_error(argv[0], "give one URL: iscsi://[USER@]HOST[:PORT]/TARGET[/LUN]");
        if (iscsi_url_parse(argv[optind], &u, &why) < 0)
                return usage_error(argv[0], "%s", why); /* not the URL: it may have a password in it */
        return attach_all(&o, &u);
}

int verb_detach(int argc, char **argv)
{
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        Options o = {};
        int status = take_options(argc, argv, "h", &o);

        if (status >= 0)
                return status;
        if (argc == optind)
                return usage_error(argv[0], "give the NAME of a device, or the URL that was attached");
        if (bus_open(&bus) < 0)
                return EXIT_FAILURE;
        status = EXIT_SUCCESS;
        for (int i = optind; i < argc; i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = bus_call_names(bus, "Detach", argv[i], NULL, &error);

                if (r < 0) {
                        bus_complain(r, &error);
                        status = EXIT_FAILURE;
                } else {
                        printf("%s: detached\n", argv[i]);
                }
                if (client_error_is_absent(&error))
                        break;
        }
        return status;
}

/* ---- discovery ---- */

/* What evertaped is let see of one target; a target that does not let it in is a line that says so. */
static int add_target(sd_bus *bus, const Options *o, struct libscols_table *table, const char *target,
                      const char *portal)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *bare[] = {target, portal, "", "", "", "", ""};
        IscsiUrl u = {.lun = ISCSI_ALL_LUNS};
        char url[ISCSI_URL_MAX];
        const char *why;
        size_t n_usable = 0;
        int r;

        if (o->targets_only || iscsi_portal_parse(portal, &u, &why) < 0 || !iscsi_host_is_address(u.host))
                return add_line(table, bare, ELEMENTSOF(bare));
        snprintf(u.target, sizeof(u.target), "%s", target);
        snprintf(u.user, sizeof(u.user), "%s", o->user);
        r = bus_ask(bus, "Look", &error, &reply, "s", iscsi_url_format(&u, url));
        if (r >= 0)
                return add_units(table, reply, target, portal, &n_usable);
        bus_complain(r, &error);
        return add_line(table, bare, ELEMENTSOF(bare));
}

static int discover(sd_bus *bus, const Options *o, const char *host, unsigned port)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        char portal[ISCSI_PORTAL_MAX];
        struct libscols_table *table;
        const char *target, *at;
        int r;

        r = bus_ask(bus, "Discover", &error, &reply, "ss", iscsi_portal_format(host, (uint16_t) port, portal),
                    o->user);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(ss)");
        if (r < 0) {
                bus_complain(r, &error);
                return r;
        }
        table = new_table(o, "targets", unit_columns, ELEMENTSOF(unit_columns));
        while (r >= 0 && (r = sd_bus_message_read(reply, "(ss)", &target, &at)) > 0)
                r = add_target(bus, o, table, target, at);
        return print_table(table, r);
}

int verb_discover(int argc, char **argv)
{
        char addresses[HOSTS_MAX][HOST_MAX];
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        Options o = {.user = ""};
        int status = take_options(argc, argv, "Jnu:th", &o);
        const char *why;
        IscsiUrl u;

        if (status >= 0)
                return status;
        if (argc - optind != 1)
                return usage_error(argv[0], "give one HOST[:PORT]");
        if (iscsi_portal_parse(argv[optind], &u, &why) < 0)
                return usage_error(argv[0], "%s: %s", argv[optind], why);
        if (look_up(u.host, addresses) == 0 || bus_open(&bus) < 0)
                return EXIT_FAILURE;
        agent_start();
        return discover(bus, &o, addresses[0], u.port) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
