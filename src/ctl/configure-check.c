/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The program's own parser decides whether a text is a configuration. It gets copies of all files in a folder
 * of their own, whose includes lead to each other; beside them are links to what else is beside the real one.
 */

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "ctl/configure.h"
#include "ctl/ctl.h"
#include "util/dir.h"
#include "util/text.h"

#define EXIT_NO_PROGRAM 127

typedef struct Check {
        const Configure *configure;
        const NewTexts *texts;
        char folder[64];
} Check;

static int load_new(void *userdata, const char *path, char **ret, size_t *ret_n)
{
        const Check *k = userdata;

        for (size_t i = 0; i < k->texts->n_items; i++) {
                const NewText *t = &k->texts->items[i];

                if (!text_equal(t->path, path))
                        continue;
                *ret = strdup(t->new);
                *ret_n = t->n_new;
                return *ret ? 0 : -ENOMEM;
        }
        return configure_load((void *) k->configure, path, ret, ret_n);
}

/* Name of a file's copy in the folder. */
static int copy_name(const Check *k, int file, char **ret)
{
        int r = file == 0 ? asprintf(ret, "%s/%s", k->folder, k->configure->program->checked_as)
                          : asprintf(ret, "%s/included-%d", k->folder, file);

        return r < 0 ? -ENOMEM : 0;
}

static int redirect_include(const Check *k, Conf *conf, const ConfInclude *include)
{
        _cleanup_free_ char *name = NULL, *text = NULL;

        if (include->target < 0)
                return 0;
        if (copy_name(k, include->target, &name) < 0)
                return -ENOMEM;
        if (asprintf(&text, "%s\"%s\"", conf->dialect == DIALECT_BACULA ? "@" : "", name) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return edit_add(&conf->files[include->file].edits, include->raw, text);
}

static int write_copy(const char *path, const char *text, size_t n)
{
        _cleanup_fclose_ FILE *f = fopen(path, "wxe");

        if (!f)
                return -errno;
        return fwrite(text, 1, n, f) == n && fflush(f) == 0 ? 0 : -EIO;
}

static int write_copies(const Check *k, Conf *conf)
{
        int r = 0;

        for (size_t i = 0; i < conf->n_includes && r >= 0; i++)
                r = redirect_include(k, conf, &conf->includes[i]);
        for (size_t i = 0; i < conf->n_files && r >= 0; i++) {
                _cleanup_free_ char *name = NULL, *text = NULL;
                const ConfFile *f = &conf->files[i];
                size_t n;

                r = edit_apply(&f->edits, f->text, f->n_text, &text, &n);
                if (r >= 0)
                        r = copy_name(k, (int) i, &name);
                if (r >= 0)
                        r = write_copy(name, text, n);
        }
        return r;
}

/* Amanda looks for its disklist there. What has a copy is there already. */
static void link_neighbours(const Check *k)
{
        _cleanup_free_ char *config = configure_path(k->configure, "%s", k->configure->config);
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *e;
        const char *folder = config ? dirname(config) : "";
        char from[1024], to[1024];

        if (root_opendir(AT_FDCWD, folder, &dir) < 0)
                return;
        while ((e = dir_next(dir))) {
                snprintf(from, sizeof(from), "%s/%s", folder, e->d_name);
                snprintf(to, sizeof(to), "%s/%s", k->folder, e->d_name);
                (void) !symlink(from, to);
        }
}

static void remove_folder(const char *folder)
{
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *e;

        if (root_opendir(AT_FDCWD, folder, &dir) < 0)
                return;
        while ((e = dir_next(dir)))
                (void) unlinkat(dirfd(dir), e->d_name, 0);
        (void) rmdir(folder);
}

/* In the child. */
static void become_checker(const Check *k, int output)
{
        const char *const *checker = k->configure->program->checker;
        _cleanup_free_ char *file = NULL;
        const char *argv[ELEMENTSOF(k->configure->program->checker) + 1] = {0};
        const char *path = getenv("PATH");
        _cleanup_free_ char *wider = NULL;

        if (copy_name(k, 0, &file) < 0 || chdir(k->folder) < 0 ||
            asprintf(&wider, "%s:/usr/sbin:/usr/bin:/sbin:/bin", path ? path : "/usr/local/sbin") < 0)
                _exit(126);
        setenv("PATH", wider, 1);
        for (size_t i = 0; checker[i]; i++)
                argv[i] = text_equal(checker[i], "%s") ? file : checker[i];
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        execvp(argv[0], (char *const *) argv);
        _exit(errno == ENOENT ? EXIT_NO_PROGRAM : 126);
}

static void complain_output(int output)
{
        char text[2048];
        ssize_t n = pread(output, text, sizeof(text) - 1, 0);

        if (n <= 0)
                return;
        text[n] = '\0';
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                complain("  %s", line);
}

static int run_checker(const Check *k)
{
        const ConfigureProgram *program = k->configure->program;
        _cleanup_close_ int output = memfd_create("checker", MFD_CLOEXEC);
        int status;
        pid_t pid;

        if (output < 0)
                return -errno;
        pid = fork();
        if (pid == 0)
                become_checker(k, output);
        if (pid < 0 || waitpid(pid, &status, 0) < 0)
                return -errno;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_PROGRAM) {
                complain("%s is not installed, so the new configuration cannot be checked; nothing was "
                         "changed",
                         program->checker[0]);
                return -ENOENT;
        }
        complain("%s rejects the new configuration; nothing was changed. It says:", program->checker[0]);
        complain_output(output);
        return -EINVAL;
}

int configure_check(const Configure *c, const NewTexts *texts)
{
        _cleanup_(conf_freep) Conf *conf = NULL;
        Check k = {.configure = c, .texts = texts, .folder = "/tmp/evertape-configure-XXXXXX"};
        int r;

        r = conf_parse(c->program->dialect, c->config, load_new, &k, &conf);
        if (r < 0)
                return r;
        if (!mkdtemp(k.folder)) {
                r = -errno;
                complain("/tmp: cannot be written: %s; nothing was changed", strerror(-r));
                return r;
        }
        r = write_copies(&k, conf);
        if (r < 0)
                complain("%s: cannot be written: %s; nothing was changed", k.folder, strerror(-r));
        link_neighbours(&k);
        if (r >= 0)
                r = run_checker(&k);
        remove_folder(k.folder);
        return r;
}
