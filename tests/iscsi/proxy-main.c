/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The proxy by itself, for scenarios of the lab: iscsi-proxy TARGET-PORT CUTS BYTES. Prints the port it
 * listens at, cuts so often, each time after some BYTES or fewer, prints a line for each cut, and goes on
 * forwarding. Or iscsi-proxy TARGET-PORT garble|invent|babble: what the target says is spoilt. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iscsi/proxy.h"
#include "util/cleanup.h"

static const struct {
        const char *name;
        ProxyMode mode;
        uint64_t one_in;
} lies[] = {
        {"garble", PROXY_GARBLE, 200},
        {"invent", PROXY_INVENT, 1},
        {"babble", PROXY_BABBLE, 1},
};

static int lie(unsigned port, const char *how)
{
        Proxy p;

        for (size_t i = 0; i < ELEMENTSOF(lies); i++) {
                if (strcmp(lies[i].name, how) != 0)
                        continue;
                proxy_start(&p, port, 1);
                p.shared->n = lies[i].one_in;
                p.shared->mode = lies[i].mode;
                printf("port %u\n", p.port);
                for (;;)
                        pause();
        }
        return 2;
}

int main(int argc, char **argv)
{
        unsigned n_cuts;
        uint64_t n_bytes;
        Proxy p;

        setvbuf(stdout, NULL, _IOLBF, 0);
        if (argc == 3)
                return lie((unsigned) strtoul(argv[1], NULL, 0), argv[2]);
        if (argc != 4)
                return 2;
        n_cuts = (unsigned) strtoul(argv[2], NULL, 0);
        n_bytes = strtoull(argv[3], NULL, 0);
        if (n_bytes == 0)
                return 2;
        proxy_start(&p, (unsigned) strtoul(argv[1], NULL, 0), 1);
        printf("port %u\n", p.port);
        srandom(1);
        for (unsigned i = 0; i < n_cuts; i++) {
                proxy_cut(&p, CUT_AFTER_BYTES, (uint64_t) random() % n_bytes, i % 2);
                while (!proxy_has_cut(&p))
                        usleep(1000);
                printf("cut %u\n", i + 1);
        }
        for (;;)
                pause();
}
