/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The state is a small file below /run, which is also there after the service was stopped and started again;
 * the journal is a memfd that systemd keeps while the service is restarted. A memfd takes its pages as they
 * are used. A file on tmpfs gets them all at once: there the limit of the file system would be a SIGBUS in
 * the middle of a backup. Neither is made larger than a share of the machine's memory, whatever Journal=
 * says: a smaller journal only means that the drive is asked to write its buffer more often. Keys have memory
 * of another kind (secret-memory.c). */

#include "daemon/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "util/cleanup.h"
#include "util/log.h"
#include "util/text.h"

#define STORED_MAX   256
#define RING_MIN     (UINT64_C(4) << 20)
#define MEMORY_SHARE 16

static struct Stored {
        char name[48];
        int fd;
} stored[STORED_MAX];
static size_t n_stored;
static bool has_store;

void memory_take_stored(void)
{
        char **names = NULL;
        const char *max = getenv("EVERTAPE_FD_STORE");
        int n;

        has_store = max && text_equal(max, "1") && getenv("NOTIFY_SOCKET");
        n = sd_listen_fds_with_names(0, &names);
        for (int i = 0; i < n; i++) {
                int fd = SD_LISTEN_FDS_START + i;

                (void) fcntl(fd, F_SETFD, FD_CLOEXEC);
                if (n_stored < STORED_MAX && strlen(names[i]) < sizeof(stored[0].name)) {
                        stored[n_stored].fd = fd;
                        memcpy(stored[n_stored++].name, names[i], strlen(names[i]) + 1);
                } else {
                        safe_close(fd);
                }
                free(names[i]);
        }
        free(names);
}

static int take_stored(const char *name)
{
        for (size_t i = 0; i < n_stored; i++)
                if (stored[i].fd >= 0 && text_equal(stored[i].name, name))
                        return TAKE_FD(stored[i].fd);
        return -ENOENT;
}

static int open_new(const char *name, bool store)
{
        char path[128];
        int fd;

        if (store) {
                fd = memfd_create(name, MFD_CLOEXEC);
                return fd < 0 ? -errno : fd;
        }
        snprintf(path, sizeof(path), "%s/%s", EVERTAPE_RUNDIR, name);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd < 0 ? -errno : fd;
}

/* Gives fd n bytes, or less (halved until it fits) down to n_min. */
static int allocate(int fd, uint64_t n, uint64_t n_min, uint64_t *ret_n)
{
        for (; n >= n_min; n /= 2) {
                int r = posix_fallocate(fd, 0, (off_t) n);

                if (r == 0) {
                        *ret_n = n;
                        return 0;
                }
                if (r != ENOSPC && r != ENOMEM && r != EFBIG)
                        return -r;
                if (ftruncate(fd, 0) < 0)
                        return -errno;
        }
        return -ENOSPC;
}

/* What one unit may take of the machine's memory. */
static uint64_t limit_to_memory(uint64_t n)
{
        uint64_t total = (uint64_t) sysconf(_SC_PHYS_PAGES) * (uint64_t) sysconf(_SC_PAGESIZE);
        uint64_t limit = total / MEMORY_SHARE;

        if (limit < RING_MIN)
                limit = RING_MIN;
        return n < limit ? n : limit & ~UINT64_C(0xfffff);
}

static int give_to_store(const char *name, int fd)
{
        char message[96];

        snprintf(message, sizeof(message), "FDSTORE=1\nFDNAME=%s", name);
        return sd_pid_notify_with_fds(0, 0, message, &fd, 1);
}

/* ---- a journal that outlives the store ---- */

static void saved_path(char path[static 128], uint32_t unit, const char *suffix)
{
        snprintf(path, 128, "%s/unit-%u.saved%s", EVERTAPE_RUNDIR, unit, suffix);
}

static void forget_saved(uint32_t unit)
{
        char path[128];

        saved_path(path, unit, "");
        (void) unlink(path);
}

static int write_all(int fd, const uint8_t *data, uint64_t n, uint64_t at)
{
        while (n > 0) {
                ssize_t k = pwrite(fd, data, n, (off_t) at);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0)
                        return k < 0 ? -errno : -EIO;
                data += k;
                at += (uint64_t) k;
                n -= (uint64_t) k;
        }
        return 0;
}

/* At the same places of a file of the same size, which has holes where there is nothing. */
static int save_ring(int fd, const uint8_t *ring, uint64_t n_ring, uint64_t begin, uint64_t end)
{
        int r = ftruncate(fd, (off_t) n_ring) < 0 ? -errno : 0;

        while (r >= 0 && begin < end) {
                uint64_t at = begin % n_ring, n = n_ring - at;

                if (n > end - begin)
                        n = end - begin;
                r = write_all(fd, ring + at, n, at);
                begin += n;
        }
        return r;
}

void memory_save(uint32_t unit, const Memory *m, uint64_t begin, uint64_t end)
{
        char path[128], new_path[128];
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!has_store || begin >= end || end - begin > m->unit.n_ring)
                return;
        saved_path(path, unit, "");
        saved_path(new_path, unit, ".new");
        fd = open(new_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        r = fd < 0 ? -errno : save_ring(fd, m->unit.ring, m->unit.n_ring, begin, end);
        if (r >= 0 && rename(new_path, path) < 0)
                r = -errno;
        if (r >= 0)
                return;
        log_warning("unit %u: %llu bytes that are not known to be on the tape cannot be kept in %s: %s", unit,
                    (unsigned long long) (end - begin), EVERTAPE_RUNDIR, strerror(-r));
        (void) unlink(new_path);
}

static int copy_data(int from, int to)
{
        off_t begin = 0, end;

        while ((begin = lseek(from, begin, SEEK_DATA)) >= 0) {
                end = lseek(from, begin, SEEK_HOLE);
                if (end < 0 || lseek(to, begin, SEEK_SET) < 0)
                        return -errno;
                while (begin < end) {
                        ssize_t k = sendfile(to, from, &begin, (size_t) (end - begin));

                        if (k <= 0)
                                return k < 0 ? -errno : -EIO;
                }
        }
        return errno == ENXIO ? 0 : -errno;
}

/* A memfd with what a predecessor saved, or -ENOENT. Whether it belongs to the state the journal's CRCs say.
 */
static int take_saved(uint32_t unit, const char *name)
{
        _cleanup_close_ int fd = -EBADF, copy = -EBADF;
        char path[128];
        struct stat st;
        int r;

        saved_path(path, unit, "");
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        (void) unlink(path);
        if (fstat(fd, &st) < 0)
                return -errno;
        copy = memfd_create(name, MFD_CLOEXEC);
        if (copy < 0 || ftruncate(copy, st.st_size) < 0)
                return -errno;
        r = copy_data(fd, copy);
        return r < 0 ? r : TAKE_FD(copy);
}

/* ---- a piece of memory ---- */

/* store: the journal of unit, which systemd keeps; or it was saved, which is the older one where there are
 * both. */
static int open_piece(const char *name, bool store, uint32_t unit, uint64_t n, uint64_t n_min, int *ret_fd,
                      uint64_t *ret_n, void **ret_map)
{
        _cleanup_close_ int fd = take_stored(name);
        bool kept = fd >= 0;
        struct stat st;
        void *map;
        int r;

        if (kept && store)
                forget_saved(unit);
        if (!kept && store)
                fd = take_saved(unit, name);
        if (fd < 0)
                fd = open_new(name, store);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if ((uint64_t) st.st_size < n_min) {
                r = store ? (ftruncate(fd, (off_t) n) < 0 ? -errno : 0) : allocate(fd, n, n_min, &n);
                if (r < 0)
                        return r;
        } else {
                n = (uint64_t) st.st_size;
        }
        map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED)
                return -errno;
        (void) madvise(map, n, MADV_DONTDUMP);
        if (store) /* where the machine lets shared memory have huge pages: docs/PERFORMANCE.md */
                (void) madvise(map, n, MADV_HUGEPAGE);
        if (store && !kept)
                (void) give_to_store(name, fd);
        *ret_fd = TAKE_FD(fd);
        *ret_n = n;
        *ret_map = map;
        return 0;
}

static void piece_name(char name[static 48], uint32_t unit, const char *what)
{
        snprintf(name, 48, "unit-%u.%s", unit, what);
}

/* ---- encryption keys ---- */

/* Without it a program that sets a key is told of a loss after the next reset; nothing else is missing. */
static void open_secrets(uint32_t unit, Memory *m)
{
        SecretMemory *s = &m->secret;
        char name[48];
        int r;

        piece_name(name, unit, "secret");
        r = secret_memory_open(sizeof(UnitSecrets), take_stored(name), has_store, s);
        if (r < 0)
                log_warning("unit %u: no memory can be locked for encryption keys, and none is kept: %s",
                            unit, strerror(-r));
        if (s->fd >= 0 && !s->kept)
                s->kept = give_to_store(name, s->fd) > 0;
        m->unit.secrets = s->map;
}

int memory_open(uint32_t unit, uint64_t n_ring, Memory *ret)
{
        Memory m = {.state_fd = -EBADF, .ring_fd = -EBADF, .secret.fd = -EBADF};
        uint64_t n_state, n;
        char name[48];
        void *map;
        int r;

        piece_name(name, unit, "state");
        r = open_piece(name, false, unit, sizeof(UnitState), sizeof(UnitState), &m.state_fd, &n_state, &map);
        if (r < 0)
                return r;
        m.unit.state = map;
        m.unit.n_state = n_state;
        piece_name(name, unit, "journal");
        r = open_piece(name, has_store, unit, limit_to_memory(n_ring), RING_MIN, &m.ring_fd, &n, &map);
        if (r < 0) {
                memory_close(&m);
                return r;
        }
        m.unit.ring = map;
        m.unit.n_ring = n;
        if (n < n_ring)
                log_warning("unit %u: only %llu MiB of memory for the journal of %llu MiB", unit,
                            (unsigned long long) n >> 20, (unsigned long long) n_ring >> 20);
        map = mmap(NULL, HOLD_SCRATCH_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (map == MAP_FAILED) {
                r = -errno;
                memory_close(&m);
                return r;
        }
        m.unit.scratch = map;
        m.unit.n_scratch = HOLD_SCRATCH_SIZE;
        open_secrets(unit, &m);
        *ret = m;
        return 0;
}

void memory_close(Memory *m)
{
        if (m->unit.state)
                munmap(m->unit.state, m->unit.n_state);
        if (m->unit.ring)
                munmap(m->unit.ring, m->unit.n_ring);
        if (m->unit.scratch)
                munmap(m->unit.scratch, m->unit.n_scratch);
        safe_close(m->state_fd);
        secret_memory_close(&m->secret);
        safe_close(m->ring_fd);
        *m = (Memory){.state_fd = -EBADF, .ring_fd = -EBADF, .secret.fd = -EBADF};
}

void memory_discard(uint32_t unit, Memory *m)
{
        static const char *const pieces[] = {"state", "journal", "secret"};
        char name[48], text[160];

        for (size_t i = 0; i < ELEMENTSOF(pieces); i++) {
                piece_name(name, unit, pieces[i]);
                snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
                (void) sd_notify(0, text);
                snprintf(text, sizeof(text), "%s/%s", EVERTAPE_RUNDIR, name);
                (void) unlink(text);
        }
        forget_saved(unit);
        secret_memory_wipe(&m->secret);
        memory_close(m);
}
