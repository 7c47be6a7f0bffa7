/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A backup through a held drive over iSCSI whose connection is cut, again and again, at each class of place
 * in turn and at places that are drawn: cuts [--cuts N] [--mib N] [--seed N] [--class NAME] [--pipeline MIB]
 * [--header-digest], with which the proxy does not see where PDUs begin: --class bytes.
 */

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iscsi/proxy.h"
#include "iscsi/rig.h"
#include "iscsi/target.h"
#include "util/cleanup.h"

typedef struct Options {
        unsigned n_cuts, mib, pipeline;
        uint64_t seed;
        CutClass class; /* CUT_NONE: all in turn */
        bool header_digest;
} Options;

static uint64_t random_state;

static uint64_t draw(uint64_t n)
{
        random_state ^= random_state >> 12;
        random_state ^= random_state << 25;
        random_state ^= random_state >> 27;
        return (random_state * UINT64_C(2685821657736338717) >> 16) % n;
}

static void arm(Proxy *p, const Options *o, unsigned i, uint64_t n_between)
{
        CutClass class = o->class;

        if (class == CUT_NONE) /* every second one at any byte, the others by class */
                class = i % 2 ? CUT_AFTER_BYTES
                              : CUT_IN_COMMAND + (i / 2) % (_CUT_CLASS_MAX - CUT_IN_COMMAND);
        proxy_cut(p, class, class == CUT_AFTER_BYTES ? draw(n_between) : draw(1 << 20), draw(2));
}

static bool write_some(Rig *r)
{
        if (draw(12) == 0)
                return rig_write_filemark(r);
        return rig_write(r, draw(4) == 0 ? 1 + (uint32_t) draw(4096) : 1 + (uint32_t) draw(256 * 1024));
}

/* The next cut is asked for when the one before has happened, and some data were written since. */
static bool backup(Rig *r, Proxy *p, const Options *o, unsigned *ret_n_cuts)
{
        uint64_t n_all = (uint64_t) o->mib << 20, n_between = o->n_cuts ? n_all / o->n_cuts : n_all,
                 n_written = 0;
        unsigned i = 0;

        /* a cartridge without a serial number and with nothing on it could not be known again */
        if (!rig_begin(r) || !rig_write(r, 512) || !rig_write_filemark(r))
                return false;
        while (n_written < n_all || i < o->n_cuts || !proxy_has_cut(p)) {
                if (proxy_has_cut(p) && i < o->n_cuts && n_written >= i * n_between)
                        arm(p, o, i++, n_between);
                if (!write_some(r))
                        break;
                if (r->told[r->n_told - 1].n_data)
                        n_written += r->told[r->n_told - 1].n_data;
                if (n_written > 3 * n_all + (64u << 20))
                        break;
        }
        *ret_n_cuts = (unsigned) p->shared->n_cuts;
        return !r->failed;
}

static bool parse(int argc, char **argv, Options *o)
{
        static const struct option options[] = {
                {"cuts", required_argument, NULL, 'c'},
                {"mib", required_argument, NULL, 'm'},
                {"seed", required_argument, NULL, 's'},
                {"pipeline", required_argument, NULL, 'p'},
                {"class", required_argument, NULL, 'k'},
                {"header-digest", no_argument, NULL, 'd'},
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case 'c':
                        o->n_cuts = (unsigned) strtoul(optarg, NULL, 0);
                        break;
                case 'm':
                        o->mib = (unsigned) strtoul(optarg, NULL, 0);
                        break;
                case 'p':
                        o->pipeline = (unsigned) strtoul(optarg, NULL, 0);
                        break;
                case 's':
                        o->seed = strtoull(optarg, NULL, 0);
                        break;
                case 'k':
                        for (CutClass k = CUT_NONE; k < _CUT_CLASS_MAX; k++)
                                if (strcmp(optarg, cut_class_name(k)) == 0)
                                        o->class = k;
                        break;
                case 'd':
                        o->header_digest = true;
                        break;
                default:
                        return false;
                }
        return optind == argc;
}

int main(int argc, char **argv)
{
        IscsiLogin login = {.initiator = "iqn.2026-11.test:initiator", .target = TARGET_NAME};
        Options o = {.n_cuts = 100, .mib = 32, .seed = 1};
        usec_t begun = usec_now(CLOCK_MONOTONIC);
        unsigned n_cuts = 0;
        Target target;
        Proxy proxy;
        bool good;
        Rig rig;

        if (!parse(argc, argv, &o))
                return 2;
        if (!target_is_installed()) {
                printf("tgtd is not installed\n");
                return 77;
        }
        random_state = o.seed * 2 + 1;
        login.header_digest = o.header_digest;
        target_init(&target, o.mib * 4 + 256);
        target.header_digest = o.header_digest;
        target_start(&target);
        proxy_start(&proxy, target.port, o.seed);
        rig_init(&rig, &login, target.lun, RIG_JOURNAL);
        rig_add_portal(&rig, "127.0.0.1", proxy.port);
        unit_set_pipeline(rig.unit, o.pipeline << 20);
        good = backup(&rig, &proxy, &o, &n_cuts);
        proxy.shared->cut = CUT_NONE;
        if (good)
                good = rig_rewind(&rig) && rig_check_medium(&rig, target.tape) && rig_read_all(&rig);
        if (good && n_cuts < o.n_cuts) {
                good = false;
                snprintf(rig.why, sizeof(rig.why), "only %u cuts happened", n_cuts);
        }
        printf("seed %" PRIu64 ": %u cuts, %zu objects, %" PRIu64 " sessions, %" PRIu64 " in doubt, %" PRIu64
               " not sent, %.1f s%s%s\n",
               o.seed, n_cuts, rig.n_told, rig.n_sessions, rig.n_in_doubt, rig.n_not_sent,
               (double) (usec_now(CLOCK_MONOTONIC) - begun) / USEC_PER_SEC, good ? "" : ": ",
               good ? "" : rig.why);
        printf("%d passed, %d failed\n", good, !good);
        rig_deinit(&rig);
        proxy_stop(&proxy);
        target_deinit(&target);
        return !good;
}
