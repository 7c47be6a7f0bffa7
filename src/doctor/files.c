/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A site's files can be anything: a FIFO, a core dump of gigabytes, a link into nowhere. Nothing here waits
 * for one or takes more memory than FILE_TEXT_MAX. */

#include "doctor/files.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util/dir.h"
#include "util/root.h"
#include "util/text.h"

/* Looked at before it is opened: a link may lead to the node of a tape, and opening that would send commands.
 */
static int open_regular(int root, const char *path, size_t *ret_size)
{
        _cleanup_close_ int fd = openat(root, path, O_PATH | O_CLOEXEC);
        char self[32];
        struct stat st;
        int opened;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADMSG;
        if (st.st_size > FILE_TEXT_MAX)
                return -EFBIG;
        snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
        opened = open(self, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (opened < 0)
                return -errno;
        *ret_size = (size_t) st.st_size;
        return opened;
}

int file_read_text(int root, const char *path, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0, n = 0;
        _cleanup_close_ int fd = open_regular(root, path, &size);
        ssize_t k = 1;

        if (fd < 0)
                return fd;
        text = malloc(size + 1);
        if (!text)
                return -ENOMEM;
        while (n < size && k != 0) {
                k = read(fd, text + n, size - n);
                if (k < 0 && errno != EINTR)
                        return -errno;
                n += k > 0 ? (size_t) k : 0;
        }
        for (size_t i = 0; i < n; i++)
                if (text[i] == '\0')
                        text[i] = '?';
        text[n] = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

char *line_next(char **rest, unsigned *line)
{
        if (!*rest || **rest == '\0')
                return NULL;
        (*line)++;
        return strsep(rest, "\n");
}

static bool is_word_character(char c)
{
        return isalnum((unsigned char) c) || c == '_';
}

static bool line_has_word(const char *line, const char *word)
{
        size_t n = strlen(word);

        for (const char *p = line; (p = strstr(p, word)); p++)
                if ((p == line || !is_word_character(p[-1])) && !is_word_character(p[n]))
                        return true;
        return false;
}

int file_find_word(int root, const char *path, const char *word)
{
        _cleanup_free_ char *text = NULL;
        unsigned number = 0;
        char *rest, *line;
        int r = file_read_text(root, path, &text);

        if (r < 0)
                return r;
        rest = text;
        while ((line = line_next(&rest, &number))) {
                line[strcspn(line, "#")] = '\0';
                if (line_has_word(line, word))
                        return (int) number;
        }
        return 0;
}

bool file_exists(int root, const char *path)
{
        struct stat st;

        return fstatat(root, path, &st, 0) == 0;
}

int file_read_number(int root, const char *path, long long *ret)
{
        char text[32], *end;
        long long number;
        int r = root_read_text(root, path, text, sizeof(text));

        if (r < 0)
                return r;
        errno = 0;
        number = strtoll(text, &end, 10);
        if (errno != 0 || end == text || *end != '\0')
                return -ERANGE;
        *ret = number;
        return 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
        size_t n = strlen(name), n_suffix = strlen(suffix);

        return n > n_suffix && text_equal(name + n - n_suffix, suffix);
}

const char *conf_name(const ConfFile *file)
{
        return strrchr(file->path, '/') + 1;
}

static bool is_listed(const ConfFile *files, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (text_equal(conf_name(&files[i]), name))
                        return true;
        return false;
}

static bool is_masked(int root, const char *path)
{
        char target[16];
        ssize_t n = readlinkat(root, path, target, sizeof(target) - 1);

        if (n < 0)
                return false;
        target[n] = '\0';
        return text_equal(target, "/dev/null");
}

static int list_directory(int root, const char *path, const char *suffix, ConfFile **files, size_t *n)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;

        if (root_opendir(root, path, &dir) < 0)
                return 0;
        while ((entry = dir_next(dir))) {
                ConfFile *grown, f = {0};

                if (!has_suffix(entry->d_name, suffix) || is_listed(*files, *n, entry->d_name) ||
                    (size_t) snprintf(f.path, sizeof(f.path), "%s/%s", path, entry->d_name) >= sizeof(f.path))
                        continue;
                f.masked = is_masked(root, f.path);
                grown = reallocarray(*files, *n + 1, sizeof(f));
                if (!grown)
                        return -ENOMEM;
                *files = grown;
                (*files)[(*n)++] = f;
        }
        return 0;
}

static int compare_files(const void *a, const void *b)
{
        return strcmp(conf_name(a), conf_name(b));
}

int conf_list(int root, const char *const *dirs, size_t n_dirs, const char *suffix, ConfFile **ret,
              size_t *ret_n)
{
        _cleanup_free_ ConfFile *files = NULL;
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n_dirs; i++)
                r = list_directory(root, dirs[i], suffix, &files, &n);
        if (r < 0)
                return r;
        if (n > 1)
                qsort(files, n, sizeof(*files), compare_files);
        *ret = TAKE_PTR(files);
        *ret_n = n;
        return 0;
}

bool process_runs(int root, const char *name)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        char path[300], comm[32];

        if (root_opendir(root, "proc", &dir) < 0)
                return false;
        while ((entry = dir_next(dir))) {
                if (!isdigit((unsigned char) entry->d_name[0]))
                        continue;
                snprintf(path, sizeof(path), "proc/%s/comm", entry->d_name);
                if (root_read_text(root, path, comm, sizeof(comm)) == 0 && text_equal(comm, name))
                        return true;
        }
        return false;
}
