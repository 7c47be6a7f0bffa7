/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What attached targets have, as paths of devices, and the sessions over them. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/attached-internal.h"
#include "daemon/attached-login.h"
#include "daemon/manager-internal.h"
#include "util/text.h"

static void portal_of(const IscsiUrl *url, char *dst, size_t n_dst)
{
        char portal[ISCSI_PORTAL_MAX];

        snprintf(dst, n_dst, "%.*s", (int) n_dst - 1, iscsi_portal_format(url->host, url->port, portal));
}

static bool is_of(const IscsiUrl *url, const LunFound *unit)
{
        return unit->usable && (url->lun == ISCSI_ALL_LUNS || (unsigned) url->lun == unit->lun);
}

bool attached_leads_to(const Attached *a, const IscsiUrl *url, const Identity *identity)
{
        const Target *t = attached_target(a, url);

        for (size_t i = 0; t && i < t->n_units; i++)
                if (is_of(url, &t->units[i]) && identity_equal(&t->units[i].identity, identity))
                        return true;
        return false;
}

static bool is_wanted(const Attached *a, const Target *t, const LunFound *unit)
{
        for (size_t i = 0; i < a->n_urls; i++)
                if (attached_same_target(&a->urls[i], &t->url) && is_of(&a->urls[i], unit))
                        return true;
        return false;
}

static bool is_held(const Attached *a, const Identity *identity)
{
        const Manager *m = a->manager;

        for (size_t i = 0; i < m->n_helds; i++)
                if (identity_equal(identity, &m->helds[i]->device.identity))
                        return true;
        return false;
}

static void fill_path(const Target *t, const LunFound *u, DevicePath *ret)
{
        *ret = (DevicePath){.lun = u->lun, .identity = u->identity, .state = "running"};
        portal_of(&t->url, ret->portal, sizeof(ret->portal));
        snprintf(ret->iscsi_target, sizeof(ret->iscsi_target), "%s", t->url.target);
        for (size_t i = 0; i < t->n_units; i++)
                ret->apart |= t->units[i].usable && t->units[i].lun != u->lun &&
                              identity_claims_equal(&t->units[i].identity, &u->identity);
}

int attached_add_paths(Attached *a, DevicePath **paths, size_t *n_paths)
{
        for (size_t i = 0; a && i < a->n_targets; i++) {
                const Target *t = a->targets[i];

                for (size_t k = 0; k < t->n_units; k++) {
                        const LunFound *u = &t->units[k];
                        DevicePath *grown;

                        if (!is_wanted(a, t, u) || !(t->state == TARGET_ONLINE || is_held(a, &u->identity)))
                                continue;
                        grown = reallocarray(*paths, *n_paths + 1, sizeof(*grown));
                        if (!grown)
                                return -ENOMEM;
                        *paths = grown;
                        fill_path(t, u, &grown[(*n_paths)++]);
                }
        }
        return 0;
}

static Target *find_target(Attached *a, const DevicePath *path)
{
        char portal[DEVICE_PORTAL_MAX];

        for (size_t i = 0; i < a->n_targets; i++) {
                portal_of(&a->targets[i]->url, portal, sizeof(portal));
                if (text_equal(portal, path->portal) &&
                    text_equal(a->targets[i]->url.target, path->iscsi_target))
                        return a->targets[i];
        }
        return NULL;
}

int attached_open(Attached *a, const DevicePath *path, TransportDone done, void *userdata, Transport **ret,
                  char *why, size_t n_why)
{
        Target *t = find_target(a, path);
        AttachedLogin login;
        int r;

        if (!t) {
                snprintf(why, n_why, "it is not attached any more");
                return -ENODEV;
        }
        r = attached_login_init(&login, manager_config(a->manager), &t->url, false,
                                (uint16_t) (path->lun + 1), why, n_why);
        if (r >= 0) {
                r = transport_iscsi_new(&login.login, path->lun, done, userdata, ret);
                if (r < 0)
                        snprintf(why, n_why, "no session: %s", strerror(-r));
        }
        attached_login_wipe(&login);
        return r;
}

void attached_path_failed(Attached *a, const DevicePath *path)
{
        Target *t = a ? find_target(a, path) : NULL;

        if (t)
                attached_ask_soon(t);
}

void attached_count(const Attached *a, const IscsiUrl *url, uint32_t *ret_n_devices, uint32_t *ret_n_held)
{
        const Target *t = attached_target(a, url);

        *ret_n_devices = *ret_n_held = 0;
        for (size_t i = 0; t && i < t->n_units; i++)
                if (is_of(url, &t->units[i])) {
                        ++*ret_n_devices;
                        *ret_n_held += is_held(a, &t->units[i].identity);
                }
}
