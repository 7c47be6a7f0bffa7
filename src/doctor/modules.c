/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* modules.dep and modules.builtin (depmod(8)) and modprobe.d(5). '-' and '_' are the same in names of
 * modules. */

#include "doctor/modules.h"

#include <errno.h>
#include <string.h>

#include "doctor/files.h"
#include "util/text.h"

#define DELIMITERS " \t\r"

static const char *const modprobe_dirs[] = {"etc/modprobe.d", "run/modprobe.d", "usr/local/lib/modprobe.d",
                                            "usr/lib/modprobe.d", "lib/modprobe.d"};

static bool name_equal(const char *a, size_t n, const char *b)
{
        for (size_t i = 0; i < n; i++)
                if (a[i] != b[i] && !(a[i] == '-' && b[i] == '_'))
                        return false;
        return b[n] == '\0';
}

/* "kernel/drivers/scsi/st.ko.xz: ..." is st. */
static bool line_is_module(const char *line, const char *name)
{
        size_t n = strcspn(line, ":");
        const char *slash = memrchr(line, '/', n), *begin = slash ? slash + 1 : line;

        return name_equal(begin, strcspn(begin, ".:"), name);
}

/* modules.dep of a kernel with everything is larger than what a site writes by hand, and still below 1 MiB.
 */
static int list_has_module(int root, const char *release, const char *file, const char *name)
{
        static const char *const bases[] = {"lib/modules", "usr/lib/modules"};
        _cleanup_free_ char *text = NULL;
        unsigned number = 0;
        char path[256], *rest, *line;
        int r = -ENOENT;

        for (size_t i = 0; r < 0 && i < ELEMENTSOF(bases); i++) {
                snprintf(path, sizeof(path), "%s/%s/%s", bases[i], release, file);
                r = file_read_text(root, path, &text);
        }
        if (r < 0)
                return r;
        rest = text;
        while ((line = line_next(&rest, &number)))
                if (line_is_module(line, name))
                        return 1;
        return 0;
}

typedef struct ModprobeLine {
        const char *command, *module, *rest;
} ModprobeLine;

static bool split_line(char *line, ModprobeLine *ret)
{
        char *save, *hash = strchr(line, '#');

        if (hash)
                *hash = '\0';
        ret->command = strtok_r(line, DELIMITERS, &save);
        ret->module = ret->command ? strtok_r(NULL, DELIMITERS, &save) : NULL;
        ret->rest = ret->module ? save + strspn(save, DELIMITERS) : NULL;
        return ret->rest && *ret->rest != '\0';
}

/* Last value wins: modprobe passes all and the kernel keeps the last. */
static void take_option(const char *rest, const char *option, char *value, size_t n_value, bool *found)
{
        size_t n = strlen(option);

        for (const char *p = rest; *p; p += strspn(p, DELIMITERS)) {
                size_t n_word = strcspn(p, DELIMITERS);

                if (n_word > n && strncmp(p, option, n) == 0 && p[n] == '=') {
                        snprintf(value, n_value, "%.*s", (int) (n_word - n - 1), p + n + 1);
                        *found = true;
                }
                p += n_word;
        }
}

/* option NULL: "install module ...", whose command is the value. */
static bool search_file(int root, const ConfFile *file, const char *module, const char *option, char *value,
                        size_t n_value, char *where, size_t n_where)
{
        _cleanup_free_ char *text = NULL;
        unsigned number = 0;
        bool found = false;
        char *rest, *line;

        if (file_read_text(root, file->path, &text) < 0)
                return false;
        rest = text;
        while ((line = line_next(&rest, &number))) {
                bool here = false;
                ModprobeLine l;

                if (!split_line(line, &l) || !text_equal(l.command, option ? "options" : "install") ||
                    !name_equal(l.module, strlen(l.module), module))
                        continue;
                if (option)
                        take_option(l.rest, option, value, n_value, &here);
                else
                        here = snprintf(value, n_value, "%s", l.rest) > 0;
                if (here)
                        snprintf(where, n_where, "/%s:%u", file->path, number);
                found |= here;
        }
        return found;
}

static int search_modprobe(int root, const char *module, const char *option, char *value, size_t n_value,
                           char *where, size_t n_where)
{
        _cleanup_free_ ConfFile *files = NULL;
        bool found = false;
        size_t n;
        int r = conf_list(root, modprobe_dirs, ELEMENTSOF(modprobe_dirs), ".conf", &files, &n);

        for (size_t i = 0; r >= 0 && i < n; i++)
                found |= search_file(root, &files[i], module, option, value, n_value, where, n_where);
        return r < 0 ? r : found ? 0 : -ENOENT;
}

int module_option(int root, const char *module, const char *option, char *ret_value, size_t n_value,
                  char *ret_where, size_t n_where)
{
        return search_modprobe(root, module, option, ret_value, n_value, ret_where, n_where);
}

/* "install NAME /bin/false" is how sites forbid a module; any other command may well load it. */
static bool is_refused(int root, const char *name, char *where, size_t n_where)
{
        static const char *const refusals[] = {"/bin/false",    "/bin/true", "/usr/bin/false",
                                               "/usr/bin/true", "false",     "true"};
        char command[64];

        if (search_modprobe(root, name, NULL, command, sizeof(command), where, n_where) < 0)
                return false;
        command[strcspn(command, DELIMITERS)] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(refusals); i++)
                if (text_equal(command, refusals[i]))
                        return true;
        return false;
}

ModuleState module_state(int root, const char *release, const char *name, char *ret_where, size_t n_where)
{
        char path[128];
        int r;

        ret_where[0] = '\0';
        snprintf(path, sizeof(path), "sys/module/%s", name);
        if (file_exists(root, path))
                return MODULE_LOADED;
        if (list_has_module(root, release, "modules.builtin", name) > 0)
                return MODULE_BUILTIN;
        if (is_refused(root, name, ret_where, n_where))
                return MODULE_REFUSED;
        ret_where[0] = '\0';
        r = list_has_module(root, release, "modules.dep", name);
        return r < 0 ? MODULE_UNKNOWN : r > 0 ? MODULE_LOADABLE : MODULE_MISSING;
}
