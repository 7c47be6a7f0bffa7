/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Read anew for every login, so that nothing is kept, and a changed secret counts at once. */

#include "transport/iscsi-secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/text.h"

#define FILE_MAX (64 * 1024)
#define BLANKS   " \t\r"
#define WORDS    5

void iscsi_secrets_wipe(IscsiSecrets *secrets)
{
        explicit_bzero(secrets, sizeof(*secrets));
}

/* The words of a line, which is cut into them; more than n_most count as one too many. */
static size_t split(char *line, char **words, size_t n_most)
{
        size_t n = 0;
        char *rest = NULL;

        for (char *word = strtok_r(line, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest)) {
                if (word[0] == '#')
                        break;
                if (n >= n_most)
                        return n_most + 1;
                words[n++] = word;
        }
        return n;
}

static int copy(char *dst, size_t n_dst, const char *word)
{
        size_t n = strlen(word);

        if (n >= n_dst)
                return -EINVAL;
        memcpy(dst, word, n + 1);
        return 0;
}

static int take_line(char **words, size_t n, IscsiSecrets *s)
{
        int r = copy(s->user, sizeof(s->user), words[1]);

        if (r >= 0)
                r = copy(s->secret, sizeof(s->secret), words[2]);
        if (r >= 0 && n == WORDS)
                r = copy(s->target_user, sizeof(s->target_user), words[3]);
        if (r >= 0 && n == WORDS)
                r = copy(s->target_secret, sizeof(s->target_secret), words[4]);
        return r;
}

int iscsi_secrets_find(char *text, size_t n, const char *target, const char *user, IscsiSecrets *ret,
                       unsigned *ret_line)
{
        char *line = text, *words[WORDS] = {};
        IscsiSecrets s = {};
        int r = 0;

        *ret_line = 0;
        if (memchr(text, '\0', n))
                return -EINVAL;
        for (char *end; line < text + n && r == 0; line = end + 1) {
                size_t n_words;

                end = memchr(line, '\n', (size_t) (text + n - line));
                end = end ? end : text + n;
                *end = '\0';
                ++*ret_line;
                n_words = split(line, words, WORDS);
                if (n_words == 0)
                        continue;
                if (n_words != 3 && n_words != WORDS)
                        return -EINVAL;
                if ((!text_equal(words[0], "*") && !text_equal(words[0], target)) ||
                    (user[0] && !text_equal(words[1], user)))
                        continue;
                r = take_line(words, n_words, &s);
                if (r >= 0)
                        r = 1;
        }
        if (r > 0)
                *ret = s;
        iscsi_secrets_wipe(&s);
        return r;
}

static int read_all(int fd, char *text, size_t n_most, size_t *ret_n)
{
        size_t n = 0;

        for (ssize_t k; n < n_most; n += (size_t) k) {
                k = read(fd, text + n, n_most - n);
                if (k < 0 && errno == EINTR)
                        k = 0;
                else if (k < 0)
                        return -errno;
                else if (k == 0)
                        break;
        }
        if (n >= n_most)
                return -EFBIG;
        *ret_n = n;
        return 0;
}

int iscsi_secrets_read(const char *path, const char *target, const char *user, IscsiSecrets *ret,
                       unsigned *ret_line)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        _cleanup_free_ char *text = NULL;
        struct stat st;
        size_t n = 0;
        int r;

        *ret_line = 0;
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & 077)
                return -EPERM;
        text = malloc(FILE_MAX + 1);
        if (!text)
                return -ENOMEM;
        r = read_all(fd, text, FILE_MAX, &n);
        if (r >= 0)
                r = iscsi_secrets_find(text, n, target, user, ret, ret_line);
        explicit_bzero(text, FILE_MAX + 1);
        return r;
}
