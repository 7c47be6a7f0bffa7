/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape metrics: the same text that evertape-web serves, for a site that has another way to its
 * Prometheus: the textfile collector of the node exporter reads files, which must never be half there. */

#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/ctl-bus.h"
#include "ctl/ctl.h"
#include "util/replace-file.h"
#include "view/metrics.h"

static int write_file(const Site *s, const char *path)
{
        _cleanup_free_ char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return -ENOMEM;
        metrics_print(s, f);
        return fclose(f) == EOF ? -ENOMEM : replace_file(path, text, n, 0644);
}

int verb_metrics(int argc, char **argv)
{
        static const struct option options[] = {
                {"output", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {0}};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        _cleanup_(site_deinit) Site site = {};
        const char *path = NULL;
        int c, r, k = 0;

        while ((c = getopt_long(argc, argv, "o:h", options, NULL)) >= 0) {
                if (c != 'o')
                        return verb_other_option(argv[0], c);
                path = optarg;
        }
        if (optind < argc)
                return usage_error(argv[0], "takes no names: it tells of all devices");
        if (bus_open(&bus) < 0)
                return EXIT_FAILURE;
        r = client_read_site(bus, &site, &error);
        if (r < 0)
                bus_complain(r, &error);
        /* that evertaped does not answer is a number too */
        if (path)
                k = write_file(r < 0 ? NULL : &site, path);
        else
                metrics_print(r < 0 ? NULL : &site, stdout);
        if (k < 0)
                complain("%s cannot be written: %s", path, strerror(-k));
        return r < 0 || k < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
