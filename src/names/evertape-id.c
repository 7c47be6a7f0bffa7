/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* /usr/lib/udev/evertape-id: the helper of 61-evertape.rules. udev runs it for every event of a tape node, so
 * it reads a few small files and is done. */

#include <errno.h>
#include <string.h>

#include "names/export.h"
#include "names/registry.h"
#include "util/log.h"
#include "util/root.h"
#include "util/text.h"

static int usage(FILE *out)
{
        fprintf(out, "Usage: evertape-id --export|--export-text [SYSPATH]\n"
                     "Prints the udev properties of a tape or changer node; without SYSPATH of $DEVPATH.\n"
                     "--export-text: if the registry cannot be read, by the last text of its names.\n");
        return out == stdout ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
        ExportSource source = {.registry = EVERTAPE_STATEDIR "/evertape.db"};
        const char *devpath = getenv("DEVPATH");
        _cleanup_close_ int root = -EBADF;
        char syspath[4096];
        int r, no_name = 0;

        if (argc == 2 && text_equal(argv[1], "--help"))
                return usage(stdout);
        if (argc < 2 || argc > 3 || (argc == 2 && !devpath))
                return usage(stderr);
        if (text_equal(argv[1], "--export-text"))
                source.text = EVERTAPE_STATEDIR "/names.txt";
        else if (!text_equal(argv[1], "--export"))
                return usage(stderr);
        r = argc == 3 ? snprintf(syspath, sizeof(syspath), "%s", argv[2])
                      : snprintf(syspath, sizeof(syspath), "/sys%s", devpath);
        if (r < 0 || (size_t) r >= sizeof(syspath))
                return usage(stderr);
        root = root_open("/");
        r = root < 0 ? root : export_properties(root, syspath, &source, stdout, &no_name);
        if (r == -ENODEV)
                return EXIT_FAILURE;
        if (r < 0) {
                log_error("evertape-id: %s: %s", syspath, strerror(-r));
                return EXIT_FAILURE;
        }
        /* The rule must know a held LUN also when the registry cannot be read, so this is no failure. */
        if (no_name < 0 && no_name != -ENOENT)
                log_warning("evertape-id: %s keeps its name: " EVERTAPE_STATEDIR "/evertape.db: %s", syspath,
                            registry_explain(no_name));
        return EXIT_SUCCESS;
}
