/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The proxy by itself, for scenarios of the lab: iscsi-proxy TARGET-PORT CUTS BYTES. Prints the port it
 * listens at, cuts so often, each time after some BYTES or fewer, prints a line for each cut, and goes on
 * forwarding. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "iscsi/proxy.h"

int main(int argc, char **argv)
{
        unsigned n_cuts;
        uint64_t n_bytes;
        Proxy p;

        if (argc != 4)
                return 2;
        n_cuts = (unsigned) strtoul(argv[2], NULL, 0);
        n_bytes = strtoull(argv[3], NULL, 0);
        if (n_bytes == 0)
                return 2;
        setvbuf(stdout, NULL, _IOLBF, 0);
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
