/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape names: all of them as text. evertaped does it where it runs, since it must follow what is
 * imported. Where it does not, the registry is used directly: one that was lost is brought back before
 * evertaped starts. */

#include <getopt.h>
#include <string.h>

#include "ctl/ctl-agent.h"
#include "ctl/ctl-bus.h"
#include "ctl/ctl.h"
#include "names/portable.h"
#include "util/replace-file.h"
#include "util/text.h"

#define REGISTRY EVERTAPE_STATEDIR "/evertape.db"

static int complain_registry(const char *path, int r)
{
        complain("%s: %s", path, registry_explain(r));
        return r;
}

/* ---- export ---- */

/* 0, or -ENOTCONN without a word: there is no evertaped. */
static int export_by_daemon(char **ret)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        const char *text;
        int r;

        r = bus_open(&bus);
        if (r < 0)
                return r;
        r = bus_ask(bus, "ExportNames", &error, &reply, "");
        if (r >= 0)
                r = sd_bus_message_read(reply, "s", &text);
        if (client_error_is_absent(&error))
                return -ENOTCONN;
        if (r < 0) {
                bus_complain(r == -ENXIO ? -EBADMSG : r, &error);
                return r;
        }
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

static int export_registry(const char *path, char **ret)
{
        _cleanup_(registry_closep) Registry *registry = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n;
        FILE *out;
        int r;

        r = registry_open_readonly(path, &registry);
        if (r < 0)
                return complain_registry(path, r);
        out = open_memstream(&text, &n);
        if (!out)
                return -ENOMEM;
        r = portable_export(registry, out);
        if (fclose(out) == EOF && r >= 0)
                r = -ENOMEM;
        if (r < 0)
                return complain_registry(path, r);
        *ret = TAKE_PTR(text);
        return 0;
}

static int write_file(const char *path, const char *text)
{
        int r = replace_file(path, text, strlen(text), 0644);

        if (r < 0)
                complain("%s: %s", path, strerror(-r));
        return r;
}

static int names_export(const char *registry, const char *file)
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = registry ? -ENOTCONN : export_by_daemon(&text);
        if (r == -ENOTCONN)
                r = export_registry(registry ? registry : REGISTRY, &text);
        if (r < 0)
                return EXIT_FAILURE;
        if (file && !text_equal(file, "-"))
                return write_file(file, text) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        fputs(text, stdout);
        return EXIT_SUCCESS;
}

/* ---- import ---- */

static int read_file(const char *path, char **ret)
{
        _cleanup_fclose_ FILE *f =
                text_equal(path, "-") ? fdopen(dup(STDIN_FILENO), "re") : fopen(path, "re");
        _cleanup_free_ char *text = malloc(PORTABLE_SIZE_MAX + 2);
        size_t n;

        if (!f || !text) {
                complain("%s: %s", path, strerror(errno));
                return -errno;
        }
        n = fread(text, 1, PORTABLE_SIZE_MAX + 1, f);
        text[n] = '\0';
        if (ferror(f) || n > PORTABLE_SIZE_MAX || strlen(text) != n) {
                complain("%s: cannot be read, or is no text", path);
                return -EINVAL;
        }
        *ret = TAKE_PTR(text);
        return 0;
}

/* Prints the report. 0: done, or would be; -EEXIST: refused. */
static int import_by_daemon(const char *text, bool dry_run)
{
        _cleanup_(sd_bus_message_releasep) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        const char *report;
        int r, done;

        r = bus_open(&bus);
        if (r < 0)
                return r;
        agent_start();
        r = bus_ask(bus, "ImportNames", &error, &reply, "sb", text, (int) dry_run);
        if (r >= 0)
                r = sd_bus_message_read(reply, "bs", &done, &report);
        if (client_error_is_absent(&error))
                return -ENOTCONN;
        if (r < 0) {
                bus_complain(r == -ENXIO ? -EBADMSG : r, &error);
                return r;
        }
        fputs(report, stdout);
        return done ? 0 : -EEXIST;
}

static int import_registry(const char *path, const char *text, bool dry_run)
{
        _cleanup_(registry_closep) Registry *registry = NULL;
        int r;

        r = registry_open(path, &registry);
        if (r < 0)
                return complain_registry(path, r);
        r = portable_import(registry, text, strlen(text), dry_run, stdout);
        if (r < 0 && r != -EEXIST && r != -EBADMSG)
                return complain_registry(path, r);
        return r;
}

static int names_import(const char *registry, const char *file, bool dry_run)
{
        _cleanup_free_ char *text = NULL;
        int r;

        if (read_file(file, &text) < 0)
                return EXIT_FAILURE;
        r = registry ? -ENOTCONN : import_by_daemon(text, dry_run);
        if (r == -ENOTCONN)
                r = import_registry(registry ? registry : REGISTRY, text, dry_run);
        if (r == -EEXIST || r == -EBADMSG)
                complain("%s: nothing was imported", file);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int verb_names(int argc, char **argv)
{
        enum {
                ARG_REGISTRY = 256
        };
        static const struct option options[] = {
                {"dry-run", no_argument, NULL, 'n'},
                {"registry", required_argument, NULL, ARG_REGISTRY},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        const char *registry = NULL, *what;
        bool dry_run = false;
        int c, n;

        while ((c = getopt_long(argc, argv, "nh", options, NULL)) >= 0) {
                if (c != 'n' && c != ARG_REGISTRY)
                        return verb_other_option(argv[0], c);
                dry_run |= c == 'n';
                registry = c == ARG_REGISTRY ? optarg : registry;
        }
        n = argc - optind;
        what = n > 0 ? argv[optind] : "";
        if (text_equal(what, "export") && n <= 2 && !dry_run)
                return names_export(registry, n == 2 ? argv[optind + 1] : NULL);
        if (text_equal(what, "import") && n == 2)
                return names_import(registry, argv[optind + 1], dry_run);
        return usage_error(argv[0], "say export [FILE] or import [--dry-run] FILE");
}
