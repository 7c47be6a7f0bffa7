/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files of a configuration. They have passwords in them: a new one is made with the mode of the old one, and
 * never readable for others on the way. */

#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "ctl/configure.h"
#include "ctl/ctl.h"
#include "util/replace-file.h"
#include "util/text.h"

#define FILE_MAX (16u << 20)

int new_texts_add(NewTexts *t, const char *path, char *old, size_t n_old, char *new, size_t n_new)
{
        NewText *grown = reallocarray(t->items, t->n_items + 1, sizeof(*grown));
        char *copy = strdup(path);

        if (grown)
                t->items = grown;
        if (!grown || !copy) {
                free(copy);
                free(old);
                free(new);
                return -ENOMEM;
        }
        t->items[t->n_items++] = (NewText){copy, old, new, n_old, n_new};
        return 0;
}

void new_texts_deinit(NewTexts *t)
{
        for (size_t i = 0; i < t->n_items; i++) {
                free(t->items[i].path);
                free(t->items[i].old);
                free(t->items[i].new);
        }
        free(t->items);
        *t = (NewTexts){0};
}

char *configure_path(const Configure *c, const char *format, ...)
{
        _cleanup_free_ char *path = NULL;
        char *full;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&path, format, ap);
        va_end(ap);
        if (r < 0) {
                path = NULL;
                return NULL;
        }
        return asprintf(&full, "%s%s", c->root, path) < 0 ? NULL : full;
}

static int read_file(const char *path, char **ret, size_t *ret_n)
{
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        _cleanup_free_ char *text = NULL;
        struct stat st;
        size_t n;

        if (!f)
                return -errno;
        if (fstat(fileno(f), &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return S_ISDIR(st.st_mode) ? -EISDIR : -EBADMSG;
        if (st.st_size > FILE_MAX)
                return -EFBIG;
        text = malloc((size_t) st.st_size + 1);
        if (!text)
                return -ENOMEM;
        n = fread(text, 1, (size_t) st.st_size, f);
        if (ferror(f))
                return -EIO;
        text[n] = '\0';
        if (strlen(text) != n)
                return -EBADMSG;
        *ret = TAKE_PTR(text);
        *ret_n = n;
        return 0;
}

int configure_read(const Configure *c, const char *path, char **ret, size_t *ret_n)
{
        _cleanup_free_ char *full = configure_path(c, "%s", path);

        return full ? read_file(full, ret, ret_n) : -ENOMEM;
}

int configure_load(void *userdata, const char *path, char **ret, size_t *ret_n)
{
        const Configure *c = userdata;
        _cleanup_free_ char *copy = strdup(c->config), *beside = NULL;

        if (!copy)
                return -ENOMEM;
        if (path[0] == '/' || text_equal(path, c->config))
                return configure_read(c, path, ret, ret_n);
        if (asprintf(&beside, "%s/%s", dirname(copy), path) < 0) {
                beside = NULL;
                return -ENOMEM;
        }
        return configure_read(c, beside, ret, ret_n);
}

int configure_resolve(void *userdata, const char *path, char **ret)
{
        const Configure *c = userdata;
        _cleanup_free_ char *full = configure_path(c, "%s", path), *real = NULL;
        size_t n = strlen(c->root);

        if (!full)
                return -ENOMEM;
        real = realpath(full, NULL);
        if (!real)
                return -errno;
        *ret = strdup(strncmp(real, c->root, n) == 0 ? real + n : real);
        return *ret ? 0 : -ENOMEM;
}

/* ---- writing ---- */

/* Access lists and labels. What a file system does not take is left out. */
static void copy_attributes(int from, int to)
{
        char names[4096], value[4096];
        ssize_t n = flistxattr(from, names, sizeof(names)), n_value;

        for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
                n_value = fgetxattr(from, name, value, sizeof(value));
                if (n_value >= 0)
                        (void) fsetxattr(to, name, value, (size_t) n_value, 0);
        }
}

static int be_like(int old, int new)
{
        struct stat st;

        if (fstat(old, &st) < 0)
                return -errno;
        if (fchown(new, st.st_uid, st.st_gid) < 0 || fchmod(new, st.st_mode & 07777) < 0)
                return -errno;
        copy_attributes(old, new);
        return 0;
}

/* Beside the file, so that it can be renamed. */
static int prepare(const char *path, const NewText *t, char **ret_temporary)
{
        _cleanup_close_ int old = open(path, O_RDONLY | O_CLOEXEC), new = -EBADF;
        _cleanup_free_ char *temporary = NULL;
        int r;

        if (old < 0)
                return -errno;
        if (asprintf(&temporary, "%s.evertape-XXXXXX", path) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }
        new = mkostemp(temporary, O_CLOEXEC);
        if (new < 0)
                return -errno;
        r = be_like(old, new);
        if (r >= 0)
                r = write_whole(new, t->new, t->n_new);
        if (r < 0) {
                unlink(temporary);
                return r;
        }
        *ret_temporary = TAKE_PTR(temporary);
        return 0;
}

static void sync_folder(const char *path)
{
        _cleanup_free_ char *copy = strdup(path);
        _cleanup_close_ int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;

        if (fd >= 0)
                (void) fsync(fd);
}

typedef struct Prepared {
        char *path, *temporary;
} Prepared;

/* A link stays one: what it leads to is replaced. */
static int prepare_all(const Configure *c, const NewTexts *texts, Prepared *all)
{
        for (size_t i = 0; i < texts->n_items; i++) {
                _cleanup_free_ char *full = configure_path(c, "%s", texts->items[i].path);
                int r = full ? 0 : -ENOMEM;

                if (r >= 0) {
                        all[i].path = realpath(full, NULL);
                        r = all[i].path ? prepare(all[i].path, &texts->items[i], &all[i].temporary) : -errno;
                }
                if (r < 0) {
                        complain("%s: cannot be replaced: %s; nothing was changed", texts->items[i].path,
                                 strerror(-r));
                        return r;
                }
        }
        return 0;
}

static int rename_all(const NewTexts *texts, Prepared *all)
{
        for (size_t i = 0; i < texts->n_items; i++) {
                if (rename(all[i].temporary, all[i].path) < 0) {
                        int r = -errno;

                        complain("%s: cannot be replaced: %s%s", texts->items[i].path, strerror(-r),
                                 i > 0 ? "; those before it were" : "; nothing was changed");
                        return r;
                }
                free(TAKE_PTR(all[i].temporary));
                sync_folder(all[i].path);
        }
        return 0;
}

int configure_replace(const Configure *c, const NewTexts *texts)
{
        _cleanup_free_ Prepared *all = calloc(texts->n_items + 1, sizeof(*all));
        int r;

        if (!all)
                return -ENOMEM;
        r = prepare_all(c, texts, all);
        if (r >= 0)
                r = rename_all(texts, all);
        for (size_t i = 0; i < texts->n_items; i++) {
                if (all[i].temporary)
                        unlink(all[i].temporary);
                free(all[i].temporary);
                free(all[i].path);
        }
        return r;
}

static int make_folders(const char *path, mode_t mode)
{
        _cleanup_free_ char *copy = strdup(path);

        if (!copy)
                return -ENOMEM;
        for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
                *p = '\0';
                if (mkdir(copy, mode) < 0 && errno != EEXIST)
                        return -errno;
                *p = '/';
        }
        return 0;
}

int configure_write_own(const Configure *c, const char *path, const char *text, size_t n, bool secret)
{
        _cleanup_free_ char *full = configure_path(c, "%s", path);
        int r = full ? make_folders(full, 0755) : -ENOMEM;

        if (r >= 0)
                r = replace_file(full, text, n, secret ? 0600 : 0644);
        if (r < 0)
                complain("%s: cannot be written: %s", path, strerror(-r));
        return r;
}
