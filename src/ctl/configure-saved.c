/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For every file that was changed two texts are kept: as it would be without us, and as we left it. If it is
 * still as we left it, the first one goes back byte for byte. If somebody has changed it since, what lies
 * between the two is taken out of what is there now, and all else stays. */

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "configure/diff.h"
#include "ctl/configure.h"
#include "ctl/ctl.h"
#include "util/dir.h"
#include "util/text.h"

#define BEFORE ".before"
#define AFTER  ".after"

static char *folder_of(const Configure *c)
{
        char *folder;

        return asprintf(&folder, "%s/configure/%s", EVERTAPE_STATEDIR, c->program->name) < 0 ? NULL : folder;
}

/* The path of a file as the name of one: / is %2F, and % is %25. */
static char *escape(const char *path)
{
        char *name = malloc(3 * strlen(path) + 1), *to = name;

        if (!name)
                return NULL;
        for (; *path; path++)
                if (*path == '/' || *path == '%')
                        to = stpcpy(to, *path == '/' ? "%2F" : "%25");
                else
                        *to++ = *path;
        *to = '\0';
        return name;
}

static char *unescape(const char *name, size_t n)
{
        char *path = malloc(n + 1), *to = path;

        if (!path)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                bool escaped = name[i] == '%' && i + 2 < n;

                *to++ = !escaped ? name[i] : name[i + 2] == 'F' ? '/' : '%';
                i += escaped ? 2 : 0;
        }
        *to = '\0';
        return path;
}

static char *saved_path(const Configure *c, const char *path, const char *suffix)
{
        _cleanup_free_ char *folder = folder_of(c), *name = escape(path);
        char *full;

        if (!folder || !name)
                return NULL;
        return asprintf(&full, "%s/%s%s", folder, name, suffix) < 0 ? NULL : full;
}

static int read_saved(const Configure *c, const char *path, const char *suffix, char **ret, size_t *ret_n)
{
        _cleanup_free_ char *saved = saved_path(c, path, suffix);

        return saved ? configure_read(c, saved, ret, ret_n) : -ENOMEM;
}

static int write_saved(const Configure *c, const char *path, const char *suffix, const char *text, size_t n)
{
        _cleanup_free_ char *saved = saved_path(c, path, suffix);

        return saved ? configure_write_own(c, saved, text, n, true) : -ENOMEM;
}

/* What a file would be without us. -ENOENT: it was not changed by us; -EEXIST: cannot be told. */
static int without_us(const Configure *c, const char *path, const char *now, size_t n_now, char **ret,
                      size_t *ret_n)
{
        _cleanup_free_ char *before = NULL, *after = NULL;
        size_t n_before, n_after;
        int r = read_saved(c, path, BEFORE, &before, &n_before);

        if (r >= 0)
                r = read_saved(c, path, AFTER, &after, &n_after);
        if (r < 0)
                return r;
        if (n_now == n_before && memcmp(now, before, n_now) == 0) { /* never replaced, or put back by hand */
                *ret = TAKE_PTR(before);
                *ret_n = n_before;
                return 0;
        }
        return diff_merge((DiffText){after, n_after}, (DiffText){now, n_now}, (DiffText){before, n_before},
                          ret, ret_n);
}

/* On a second --write the text without us is the first one's, with what others did since. Where that cannot
 * be told, what is there now is taken for theirs. */
static int save(const Configure *c, const NewText *t)
{
        _cleanup_free_ char *before = NULL;
        size_t n_before = t->n_old;
        int r = without_us(c, t->path, t->old, t->n_old, &before, &n_before);

        if (r < 0 && r != -ENOENT && r != -EEXIST) {
                complain("what was saved of %s cannot be read: %s; nothing was changed", t->path,
                         strerror(-r));
                return r;
        }
        r = write_saved(c, t->path, BEFORE, before ? before : t->old, before ? n_before : t->n_old);
        return r < 0 ? r : write_saved(c, t->path, AFTER, t->new, t->n_new);
}

int configure_save(const Configure *c, const NewTexts *texts)
{
        int r = 0;

        for (size_t i = 0; i < texts->n_items && r >= 0; i++)
                r = save(c, &texts->items[i]);
        return r;
}

static int open_folder(const Configure *c, DIR **ret)
{
        _cleanup_free_ char *folder = folder_of(c), *full = folder ? configure_path(c, "%s", folder) : NULL;

        return full ? root_opendir(AT_FDCWD, full, ret) : -ENOMEM;
}

static bool is_as_it_was(const Configure *c, const char *path, const char *text, size_t n_text)
{
        _cleanup_free_ char *before = NULL;
        size_t n_before;

        return read_saved(c, path, BEFORE, &before, &n_before) >= 0 && n_text == n_before &&
               memcmp(text, before, n_text) == 0;
}

static int take_back(const Configure *c, const char *path, NewTexts *texts)
{
        _cleanup_free_ char *now = NULL, *before = NULL;
        size_t n_now, n_before;
        int r = configure_read(c, path, &now, &n_now);

        if (r == -ENOENT) {
                complain("%s: is gone, so there is nothing to take back in it", path);
                return 0;
        }
        if (r >= 0)
                r = without_us(c, path, now, n_now, &before, &n_before);
        if (r == -EEXIST) {
                _cleanup_free_ char *saved = saved_path(c, path, BEFORE);

                complain("%s: was changed where evertape had changed it, so put it back by hand; as it was "
                         "before: %s%s",
                         path, c->root, saved ? saved : "");
        } else if (r < 0) {
                complain("%s: cannot be put back: %s", path, strerror(-r));
        }
        if (r < 0 || (n_now == n_before && memcmp(now, before, n_now) == 0))
                return r;
        texts->merged |= !is_as_it_was(c, path, before, n_before);
        return new_texts_add(texts, path, TAKE_PTR(now), n_now, TAKE_PTR(before), n_before);
}

int configure_saved(const Configure *c, NewTexts *ret)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *e;
        int r = open_folder(c, &dir), all = 0;

        if (r == -ENOENT)
                return 0;
        while (r >= 0 && (e = dir_next(dir))) {
                size_t n = strlen(e->d_name), n_suffix = strlen(AFTER);
                _cleanup_free_ char *path = NULL;

                if (n <= n_suffix || !text_equal(e->d_name + n - n_suffix, AFTER))
                        continue;
                path = unescape(e->d_name, n - n_suffix);
                r = path ? take_back(c, path, ret) : -ENOMEM;
                if (r == -EEXIST) {
                        all = r;
                        r = 0;
                }
        }
        return r < 0 ? r : all;
}

int configure_forget(const Configure *c)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *e;
        int r = open_folder(c, &dir);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        while ((e = dir_next(dir)))
                if (unlinkat(dirfd(dir), e->d_name, 0) < 0)
                        return -errno;
        return 0;
}
