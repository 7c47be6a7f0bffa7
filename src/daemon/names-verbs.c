/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Changes of names that people ask for. The registry is changed first; then links, bus and held devices
 * follow, as they do when a library was read (manager_name_changed). */

#include "daemon/names-verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/bus.h"
#include "names/portable.h"
#include "util/replace-file.h"
#include "util/log.h"

static int failed(sd_bus_error *error, const char *name, int r)
{
        return manager_refuse(error, BUS_ERROR_FAILED, r, "%s: the registry: %s", name, registry_explain(r));
}

int names_rename(Manager *m, const char *name, const char *new_name, sd_bus_error *error)
{
        DeviceView v;
        char text[2 * NAME_LENGTH_MAX];
        int r;

        r = manager_find_or_refuse(m, name, &v, error);
        if (r < 0)
                return r;
        name = v.device.name;
        r = registry_rename(manager_registry(m), v.device.id, new_name);
        if (r == -EINVAL)
                return manager_refuse(
                        error, BUS_ERROR_INVALID_NAME, r,
                        "'%s' can be no name: letters, digits, '.', '_' and '-', a letter or digit first, "
                        "at most %d, no end like -nst or -changer, no node's name",
                        new_name, NAME_LENGTH_MAX - 1);
        if (r == -EEXIST)
                return manager_refuse(
                        error, BUS_ERROR_NAME_TAKEN, r,
                        "%s: '%s' is or was the name of another device; `evertape forget %s` gives one "
                        "free that is not needed any more",
                        name, new_name, new_name);
        if (r < 0)
                return failed(error, name, r);
        if (r > 0)
                return r;
        snprintf(text, sizeof(text), "was %s", name);
        manager_add_event(m, v.device.id, "renamed", text);
        r = registry_find_id(manager_registry(m), v.device.id, &v.device);
        if (r < 0)
                return failed(error, new_name, r);
        manager_name_changed(m, &v.device, NULL);
        return 0;
}

int names_replace(Manager *m, const char *name, const char *with, sd_bus_error *error)
{
        DeviceView v, w;
        RegistryDevice now;
        char text[240];
        int r;

        r = manager_find_or_refuse(m, name, &v, error);
        if (r >= 0)
                r = manager_find_or_refuse(m, with, &w, error);
        if (r < 0)
                return r;
        name = v.device.name;
        if (v.device.id == w.device.id)
                return manager_refuse(error, BUS_ERROR_FAILED, -EINVAL, "%s: is that device already", name);
        if (w.held)
                return manager_refuse(
                        error, BUS_ERROR_IN_USE, -EBUSY,
                        "%s: the device that is to have its name is held as %s; release that first", name,
                        w.device.name);
        if (v.real && v.held && v.held->unit->phase == UNIT_HELD)
                return manager_refuse(error, BUS_ERROR_IN_USE, -EBUSY,
                                      "%s: its drive (serial number %s) is there, and held; release it first",
                                      name, v.device.identity.serial);
        r = registry_replace(manager_registry(m), v.device.id, w.device.id);
        if (r == -EINVAL)
                return manager_refuse(error, BUS_ERROR_FAILED, r,
                                      "%s: a drive cannot replace a changer, nor a changer a drive", name);
        if (r < 0)
                return failed(error, name, r);
        snprintf(text, sizeof(text), "serial number %.60s, before %.60s; %s is reserved",
                 w.device.identity.serial, v.device.identity.serial, w.device.name);
        manager_add_event(m, v.device.id, "replaced", text);
        r = registry_find_id(manager_registry(m), v.device.id, &now);
        if (r < 0)
                return failed(error, name, r);
        manager_name_changed(m, &now, &v.device.identity);
        return 0;
}

int names_forget(Manager *m, const char *name, sd_bus_error *error)
{
        char path_name[DEVICE_PATH_NAME_MAX];
        RegistryDevice d;
        DeviceView v = {};
        uint32_t owner = 0;
        int r;

        (void) registry_find_owner(manager_registry(m), name, &owner);
        r = registry_find_name(manager_registry(m), name, &d);
        if (r >= 0)
                r = manager_find_or_refuse(m, name, &v, error);
        if (r < 0 && r != -ENOENT)
                return r;
        if (v.held || (r >= 0 && d.hold))
                return manager_refuse(error, BUS_ERROR_IN_USE, -EBUSY, "%s: is held; release it first", name);
        if (v.real)
                return manager_refuse(
                        error, BUS_ERROR_IN_USE, -EBUSY,
                        "%s: is there (serial number %s, %s), and would only get a new name; to give "
                        "it another one: evertape rename",
                        name, d.identity.serial, device_path_name(v.real, path_name));
        r = registry_forget(manager_registry(m), name);
        if (r == -ENOENT)
                return manager_refuse(
                        error, BUS_ERROR_NO_SUCH_DEVICE, r,
                        "%s: no device has or had this name; `evertape list` shows what there is", name);
        if (r < 0)
                return failed(error, name, r);
        manager_add_forgotten(m, owner, name);
        manager_names_changed(m);
        return 0;
}

int names_export(Manager *m, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t n;
        FILE *out = open_memstream(&text, &n);
        int r;

        if (!out)
                return -ENOMEM;
        r = portable_export(manager_registry(m), out);
        if (fclose(out) == EOF && r >= 0)
                r = -ENOMEM;
        if (r >= 0)
                *ret = TAKE_PTR(text);
        return r;
}

int names_save(Manager *m, const char *path)
{
        _cleanup_free_ char *text = NULL;
        int r = names_export(m, &text);

        return r < 0 ? r : replace_file(path, text, strlen(text), 0644);
}

static void use_imported(Manager *m)
{
        _cleanup_free_ RegistryDevice *devices = NULL;
        size_t n;

        if (registry_list(manager_registry(m), &devices, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++)
                manager_name_changed(m, &devices[i], NULL);
}

int names_import(Manager *m, const char *text, bool dry_run, bool *ret_done, char **ret_report)
{
        _cleanup_free_ char *report = NULL;
        size_t n;
        FILE *out = open_memstream(&report, &n);
        int r;

        if (!out)
                return -ENOMEM;
        r = portable_import(manager_registry(m), text, strlen(text), dry_run, out);
        if (fclose(out) == EOF)
                return -ENOMEM;
        if (r < 0 && r != -EEXIST && r != -EBADMSG)
                return r;
        if (r > 0 && !dry_run) {
                log_notice("names were imported");
                use_imported(m);
        }
        *ret_done = r >= 0;
        *ret_report = TAKE_PTR(report);
        return 0;
}
