/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape-lun: makes and removes held LUNs. A process of its own, because the scan of a new LUN and the
 * removal of an old one block in the kernel until the owner of the ring has answered, and the owner is
 * evertaped, which runs this. Usable by hand. Answers are one line of key=value pairs on stdout. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcmu/host.h"
#include "tcmu/lun.h"
#include "tcmu/nodes.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/root.h"
#include "util/text.h"

#define NODES_TIMEOUT (30 * USEC_PER_SEC)

typedef struct Request {
        int root;
        uint32_t unit;
        DeviceType type;
} Request;

static const char help[] =
        "evertape-lun create UNIT tape|changer\n"
        "evertape-lun backstore UNIT\n"
        "evertape-lun nexus UNIT tape|changer\n"
        "evertape-lun remove UNIT\n"
        "\n"
        "Makes and removes the LUN of a held device; evertaped runs this. UNIT is its number.\n"
        "\n"
        "  backstore  load modules, mount configfs, make the command ring; prints\n"
        "             uio=N size=BYTES existed=0|1 (1: of a predecessor, reset it)\n"
        "  nexus      make the LUN, wait for its device nodes, raise time limits; prints\n"
        "             host=H channel=C target=T lun=L sg=sgN tape=nstN|changer=schN.\n"
        "             The ring must be served, or this waits for ever\n"
        "  create     both\n"
        "  remove     everything away; what a dead owner left in the ring ends with an error\n"
        "\n"
        "  -h, --help      this text\n"
        "      --version   version\n";

/* What to do about an error, when that is known. */
static const char *advice(int r)
{
        switch (-r) {
        case EPERM:
        case EACCES:
        case EROFS:
                return "; run it as root, on the host and not in a container";
        case EOPNOTSUPP:
                return "; the kernel needs modules target_core_user and tcm_loop (CONFIG_TCM_USER2, "
                       "CONFIG_LOOPBACK_TARGET): install the package with the full set of modules of this "
                       "kernel";
        case ETIMEDOUT:
                return "; look into the kernel log, and whether the drivers are loaded";
        default:
                return "";
        }
}

static int failed(int r, const char *what)
{
        log_error("Cannot %s: %s%s.", what, strerror(-r), advice(r));
        return r;
}

static int load_modules(int root)
{
        static const char *const modules[] = {"target_core_user", "tcm_loop", "sg"};

        for (size_t i = 0; i < ELEMENTSOF(modules); i++) {
                char what[64];
                int r = host_load_module(root, modules[i], NULL);

                snprintf(what, sizeof(what), "load kernel module %s", modules[i]);
                if (r < 0)
                        return failed(r, what);
        }
        return 0;
}

static int make_backstore(const Request *q)
{
        bool existed;
        uint64_t size;
        unsigned uio;
        int r;

        r = load_modules(q->root);
        if (r < 0)
                return r;
        r = host_mount_configfs(q->root);
        if (r < 0)
                return failed(r, "mount configfs at /sys/kernel/config");
        r = lun_create_backstore(q->root, q->unit, &existed);
        if (r < 0)
                return failed(r, "make the command ring in /sys/kernel/config/target/core");
        r = lun_find_uio(q->root, q->unit, &uio, &size);
        if (r < 0)
                return failed(r, "find the command ring in /sys/class/uio");
        printf("uio=%u size=%" PRIu64 " existed=%d\n", uio, size, existed);
        fflush(stdout);
        return 0;
}

static int make_nexus(const Request *q)
{
        LunAddress a;
        LunNodes nodes;
        int r;

        r = host_load_driver(q->root, q->type);
        if (r < 0)
                return failed(r, q->type == DEVICE_TAPE ? "load kernel module st" : "load kernel module ch");
        r = lun_create_nexus(q->root, q->unit, &a);
        if (r < 0)
                return failed(r, "make the LUN in /sys/kernel/config/target/loopback");
        r = nodes_wait(q->root, &a, q->type, NODES_TIMEOUT, &nodes);
        if (r < 0)
                return failed(r, "find the device nodes of the LUN");
        if (q->type == DEVICE_TAPE)
                r = nodes_raise_tape_timeouts(q->root, nodes.tape);
        if (r < 0 && r != -EBUSY)
                return failed(r, "raise the time limits of the tape driver");
        printf("host=%u channel=%u target=%u lun=%u sg=%s ", a.host, a.channel, a.target, a.lun, nodes.sg);
        if (q->type == DEVICE_TAPE)
                printf("tape=%s\n", nodes.tape);
        else
                printf("changer=%s\n", nodes.changer);
        fflush(stdout);
        return 0;
}

static int create(const Request *q)
{
        int r = make_backstore(q);

        return r < 0 ? r : make_nexus(q);
}

static int remove_lun(const Request *q)
{
        int r = lun_abandon(q->root, q->unit);

        if (r < 0 && r != -EBUSY)
                return failed(r, "end what is held in the command ring");
        r = lun_remove(q->root, q->unit);
        return r < 0 ? failed(r, "remove the LUN from /sys/kernel/config/target") : 0;
}

typedef struct Verb {
        const char *name;
        bool wants_type;
        int (*run)(const Request *q);
} Verb;

static const Verb verbs[] = {
        {"create", true, create},
        {"backstore", false, make_backstore},
        {"nexus", true, make_nexus},
        {"remove", false, remove_lun},
};

static const Verb *find_verb(const char *name, int n_args)
{
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (text_equal(verbs[i].name, name) && n_args == (verbs[i].wants_type ? 2 : 1))
                        return &verbs[i];
        return NULL;
}

static int parse_request(const Verb *verb, char **args, Request *ret)
{
        char *end;
        unsigned long unit = strtoul(args[0], &end, 10);
        bool tape = verb->wants_type && text_equal(args[1], "tape");

        if (args[0][0] < '0' || args[0][0] > '9' || *end != '\0' || unit == 0 || unit > LUN_UNIT_MAX)
                return -EINVAL;
        if (verb->wants_type && !tape && !text_equal(args[1], "changer"))
                return -EINVAL;
        *ret = (Request){.unit = (uint32_t) unit, .type = tape ? DEVICE_TAPE : DEVICE_CHANGER};
        return 0;
}

static int run_verb(int n_args, char **args)
{
        const Verb *verb = n_args > 0 ? find_verb(args[0], n_args - 1) : NULL;
        _cleanup_close_ int root = root_open("/");
        Request q;

        if (!verb || parse_request(verb, args + 1, &q) < 0) {
                log_error("Wrong arguments; see evertape-lun --help.");
                return EXIT_FAILURE;
        }
        if (root < 0)
                return failed(root, "open /"), EXIT_FAILURE;
        q.root = root;
        return verb->run(&q) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        enum {
                OPTION_VERSION = 256
        };
        static const struct option options[] = {
                {"help", no_argument, NULL, 'h'},
                {"version", no_argument, NULL, OPTION_VERSION},
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                if (c == 'h')
                        return fputs(help, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
                if (c == OPTION_VERSION)
                        return puts("evertape-lun " EVERTAPE_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
                return EXIT_FAILURE;
        }
        return run_verb(argc - optind, argv + optind);
}
