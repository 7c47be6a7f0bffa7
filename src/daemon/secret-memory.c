/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is in here must reach no disk. An ordinary memfd would be swapped out while no process has it mapped
 * and locked, which is just when a dead evertaped's key is to be kept. What memfd_secret() gives never is,
 * and not even the kernel maps it; it needs Linux 5.14, before 6.5 with secretmem.enable=1. Without it the
 * memory is the process's own, and a key ends with it. */

#include "daemon/secret-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"

static int new_secret_fd(size_t n)
{
        _cleanup_close_ int fd = -EBADF;

#ifdef SYS_memfd_secret
        fd = (int) syscall(SYS_memfd_secret, O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (ftruncate(fd, (off_t) n) < 0)
                return -errno;
        return TAKE_FD(fd);
#else
        return -ENOSYS;
#endif
}

static void *map_secret_fd(int fd, size_t n)
{
        void *map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        return map == MAP_FAILED ? NULL : map;
}

/* Its pages are locked before anything is in them; not by mlock(), which does nothing under the address
 * sanitizer. */
static void *map_private(size_t n)
{
        void *map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (map == MAP_FAILED)
                return NULL;
        if (mlock2(map, n, 0) < 0 || madvise(map, n, MADV_DONTDUMP) < 0) {
                munmap(map, n);
                return NULL;
        }
        return map;
}

static bool is_large_enough(int fd, size_t n)
{
        struct stat st;

        return fstat(fd, &st) == 0 && (uint64_t) st.st_size >= n;
}

int secret_memory_open(size_t n, int saved, bool store, SecretMemory *ret)
{
        _cleanup_close_ int fd = saved;
        SecretMemory s = {.n = n, .fd = -EBADF};
        bool kept = fd >= 0;

        *ret = s;
        if (fd >= 0 && !is_large_enough(fd, n)) {
                fd = safe_close(fd);
                kept = false;
        }
        if (fd < 0 && store)
                fd = new_secret_fd(n);
        if (fd >= 0)
                s.map = map_secret_fd(fd, n);
        if (s.map) {
                s.fd = TAKE_FD(fd);
                s.kept = kept;
        } else {
                s.map = map_private(n);
        }
        if (!s.map)
                return -errno;
        (void) madvise(s.map, n, MADV_DONTFORK);
        *ret = s;
        return 0;
}

void secret_memory_wipe(SecretMemory *s)
{
        if (s->map)
                explicit_bzero(s->map, s->n);
}

void secret_memory_close(SecretMemory *s)
{
        if (!s->kept)
                secret_memory_wipe(s);
        if (s->map)
                munmap(s->map, s->n);
        safe_close(s->fd);
        *s = (SecretMemory){.fd = -EBADF};
}
