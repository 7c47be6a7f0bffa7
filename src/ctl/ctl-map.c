/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape map: a picture of libraries. UTF-8 and colours only where they are understood: characters by the
 * locale, colours on a terminal that is not told otherwise (no-color.org). */

#include <getopt.h>
#include <langinfo.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/ctl-bus.h"
#include "ctl/ctl.h"
#include "util/text.h"
#include "view/draw.h"

#define WIDTH_DEFAULT 80
#define WIDTH_SVG     110
#define WIDTH_MOST    1000

typedef struct Map {
        bool json, ascii, refresh;
        const char *svg;
        unsigned width; /* 0: as the terminal */
        const char *library;
} Map;

static unsigned terminal_width(void)
{
        const char *columns = getenv("COLUMNS");
        struct winsize size;
        unsigned long n;

        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
                return size.ws_col;
        n = columns ? strtoul(columns, NULL, 10) : 0;
        return n > 0 && n <= WIDTH_MOST ? (unsigned) n : WIDTH_DEFAULT;
}

static TextStyle terminal_style(const Map *map)
{
        const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
        bool tty = isatty(STDOUT_FILENO);

        return (TextStyle){
                .ascii = map->ascii || !tty || !text_equal(nl_langinfo(CODESET), "UTF-8"),
                .colour = tty && !(no_colour && no_colour[0]) && !(term && text_equal(term, "dumb")),
        };
}

/* The name of the library that is meant, from Show. */
static int find_library(sd_bus *bus, const char *name, Device **ret)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = bus_show(bus, name, ret, &error);
        if (r < 0)
                bus_complain(r, &error);
        else if (!text_equal(device_text(*ret, FIELD_KIND), "changer")) {
                complain("%s is no library; its own: evertape map %s", device_text(*ret, FIELD_NAME),
                         device_text(*ret, FIELD_LIBRARY));
                return -EINVAL;
        }
        return r;
}

static int refresh(sd_bus *bus, const Site *s, const char *only)
{
        int result = 0, r;

        for (size_t i = 0; i < s->n_libraries; i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                const char *name = site_library_name(&s->libraries[i]);

                if (only && !text_equal(only, name))
                        continue;
                r = bus_change(bus, "ReadElements", name, &error);
                if (r < 0) {
                        bus_complain(r, &error);
                        result = r;
                }
        }
        return result;
}

static int read_site(sd_bus *bus, Site *ret)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = client_read_site(bus, ret, &error);

        if (r < 0)
                bus_complain(r, &error);
        return r;
}

/* ---- output ---- */

static int write_svg(const Layout *l, const char *library, const char *path)
{
        _cleanup_fclose_ FILE *file = NULL;
        char title[128];
        FILE *f = stdout;

        if (!text_equal(path, "-"))
                f = file = fopen(path, "we");
        snprintf(title, sizeof(title), "%s", library ? library : "Libraries and drives");
        if (!f || draw_svg(l, title, f) < 0 || fflush(f) != 0) {
                complain("%s cannot be written: %s", path, strerror(errno));
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}

static int print_map(const Site *s, const Map *map)
{
        _cleanup_(layout_deinit) Layout l = {};
        int r;

        if (map->json)
                return draw_json(s, map->library, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        r = layout_site(s, map->library,
                        map->width ? map->width
                        : map->svg ? WIDTH_SVG
                                   : terminal_width(),
                        &l);
        if (r >= 0 && map->svg)
                return write_svg(&l, map->library, map->svg);
        if (r >= 0)
                r = draw_text(&l, terminal_style(map), stdout);
        if (r < 0)
                complain("cannot draw: %s", strerror(-r));
        if (r >= 0 && l.n_boxes == 0)
                complain("there is no library and no drive; what evertape knows: evertape list");
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(Map *map)
{
        _cleanup_(device_freep) Device *library = NULL;
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        _cleanup_(site_deinit) Site site = {};
        int status;

        if (bus_open(&bus) < 0)
                return EXIT_FAILURE;
        if (map->library) {
                if (find_library(bus, map->library, &library) < 0)
                        return EXIT_FAILURE;
                map->library = device_text(library, FIELD_NAME);
        }
        if (read_site(bus, &site) < 0)
                return EXIT_FAILURE;
        if (map->refresh) {
                if (refresh(bus, &site, map->library) < 0)
                        return EXIT_FAILURE;
                site_deinit(&site);
                if (read_site(bus, &site) < 0)
                        return EXIT_FAILURE;
        }
        status = print_map(&site, map);
        return status;
}

static int take_width(Map *map, const char *command)
{
        char *end;
        unsigned long n = strtoul(optarg, &end, 10);

        if (*end || n < LAYOUT_WIDTH_MIN || n > WIDTH_MOST)
                return usage_error(command, "'%s' is no width from %d to %d", optarg, LAYOUT_WIDTH_MIN,
                                   WIDTH_MOST);
        map->width = (unsigned) n;
        return 0;
}

int verb_map(int argc, char **argv)
{
        static const struct option options[] = {
                {"json", no_argument, NULL, 'J'},
                {"svg", required_argument, NULL, 's'},
                {"width", required_argument, NULL, 'w'},
                {"ascii", no_argument, NULL, 'A'},
                {"refresh", no_argument, NULL, 'r'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        Map map = {};
        int c;

        while ((c = getopt_long(argc, argv, "Js:w:Arh", options, NULL)) >= 0) {
                if (c == 'w' && take_width(&map, argv[0]) != 0)
                        return EXIT_USAGE;
                if (!strchr("JswAr", c))
                        return verb_other_option(argv[0], c);
                map.json |= c == 'J';
                map.ascii |= c == 'A';
                map.refresh |= c == 'r';
                map.svg = c == 's' ? optarg : map.svg;
        }
        if (argc - optind > 1)
                return usage_error(argv[0], "give the NAME of one library, or none for all");
        if (map.json && map.svg)
                return usage_error(argv[0], "either --json or --svg");
        map.library = argv[optind];
        return run(&map);
}
