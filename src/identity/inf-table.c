/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which entry is a device's. A site's own files come before the shipped one, but a site's entry for a vendor
 * does not hide a shipped one for the very product. */

#include "identity/inf-table.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "identity/inf-decode.h"

#define POSITION_MAX 1024
#define PREFIX_MAX   32 /* > HWID_VENDOR + HWID_PRODUCT */

/* As in Windows: hardware ids on both sides; a hardware id of the device that is a compatible one of the
 * file; the other way round; compatible ids on both sides. */
static size_t match_class(const InfEntry *entry, HwidKind kind)
{
        return 2 * (size_t) hwid_is_compatible(kind) + (entry->position > 0);
}

static size_t rank(const InfEntry *entry, HwidKind kind)
{
        size_t position = entry->position < POSITION_MAX ? entry->position : POSITION_MAX - 1, missing = 0;

        if (entry->vendor)
                missing = HWID_VENDOR + HWID_PRODUCT - strlen(entry->vendor) - strlen(entry->product);
        return ((match_class(entry, kind) * _HWID_KIND_MAX + kind) * PREFIX_MAX + missing) * POSITION_MAX +
               position;
}

size_t inf_entry_rank(const InfEntry *entry, const HwidSet *device, HwidKind *ret_kind)
{
        for (HwidKind kind = 0; kind < _HWID_KIND_MAX; kind++) {
                bool matches;

                if (kind == HWID_PREFIX)
                        matches = entry->vendor &&
                                  hwid_prefix_matches(entry->vendor, entry->product, &device->inquiry);
                else
                        matches = !entry->vendor && hwid_matches(entry->id, kind, device);
                if (!matches)
                        continue;
                *ret_kind = kind;
                return rank(entry, kind);
        }
        return SIZE_MAX;
}

InfMatch inf_table_match(const InfTable *t, const HwidInquiry *inquiry)
{
        InfMatch best = {};
        size_t best_rank = SIZE_MAX;
        HwidSet device;

        hwid_set_init(&device, inquiry);
        for (size_t i = 0; i < t->n_files; i++) {
                const InfFile *f = t->files[i];

                for (size_t j = 0; j < f->n_entries; j++) {
                        HwidKind kind = 0;
                        size_t r = inf_entry_rank(&f->entries[j], &device, &kind);

                        if (r >= best_rank)
                                continue;
                        best_rank = r;
                        best = (InfMatch){.file = f, .entry = &f->entries[j], .kind = kind};
                }
        }
        return best;
}

/* ---- files ---- */

/* The whole file, at most one byte more than may be read; devices and pipes are none. */
static int read_bytes(const char *path, uint8_t **ret, size_t *ret_n)
{
        _cleanup_free_ uint8_t *data = NULL;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat st;
        size_t n = 0;
        ssize_t r;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
        if (st.st_size > INF_FILE_MAX)
                return -EFBIG;
        data = malloc(INF_FILE_MAX + 1);
        if (!data)
                return -ENOMEM;
        while ((r = read(fd, data + n, INF_FILE_MAX + 1 - n)) > 0)
                n += (size_t) r;
        if (r < 0)
                return -errno;
        *ret = TAKE_PTR(data);
        *ret_n = n;
        return 0;
}

int inf_load(const char *path, InfFile **ret)
{
        _cleanup_free_ uint8_t *data = NULL;
        size_t n = 0;
        int r;

        r = read_bytes(path, &data, &n);
        return r < 0 ? r : inf_parse(path, data, n, ret);
}

int inf_table_add(InfTable *t, InfFile *file)
{
        InfFile **grown = reallocarray(t->files, t->n_files + 1, sizeof(*grown));

        if (!grown) {
                inf_free(file);
                return -ENOMEM;
        }
        t->files = grown;
        t->files[t->n_files++] = file;
        return 0;
}

static int load_into(InfTable *t, const char *path, bool needed)
{
        InfFile *file = NULL;
        int r, status;

        status = inf_load(path, &file);
        if (status == -ENOENT && !needed)
                return 0;
        if (status < 0) {
                r = inf_parse(path, NULL, 0, &file);
                if (r < 0)
                        return r;
                file->problems = (InfProblems){};
                inf_error(&file->problems, 0, 0, "%s",
                          status == -EFBIG ? "larger than 1 MiB, which no INF file is" : strerror(-status));
        }
        return inf_table_add(t, file);
}

static int is_inf(const struct dirent *e)
{
        size_t n = strlen(e->d_name);

        return n > 4 && e->d_name[0] != '.' && strcasecmp(e->d_name + n - 4, ".inf") == 0;
}

static int load_directory(InfTable *t, const char *directory)
{
        struct dirent **entries = NULL;
        int n, r = 0;

        n = scandir(directory, &entries, is_inf, alphasort);
        if (n < 0)
                return errno == ENOMEM ? -ENOMEM : 0;
        for (int i = 0; i < n; i++) {
                char path[4096];

                snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
                if (r >= 0)
                        r = load_into(t, path, true);
                free(entries[i]);
        }
        free(entries);
        return r;
}

int inf_table_load(InfTable *t, const char *directory, const char *shipped)
{
        int r = directory ? load_directory(t, directory) : 0;

        return r < 0 || !shipped ? r : load_into(t, shipped, false);
}

void inf_table_deinit(InfTable *t)
{
        for (size_t i = 0; i < t->n_files; i++)
                inf_free(t->files[i]);
        free(t->files);
        *t = (InfTable){};
}
