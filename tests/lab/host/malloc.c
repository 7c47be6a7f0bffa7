/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Counts what a program allocates, in a file that a scenario reads: loaded before it (LD_PRELOAD), with the
 * name of the file in LAB_MALLOC_COUNT. Through glibc's own names for its functions, since dlsym() allocates.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

static uint64_t ignored, *count = &ignored;

__attribute__((constructor)) static void map_count(void)
{
        const char *path = getenv("LAB_MALLOC_COUNT");
        int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
        void *map;

        if (fd < 0 || ftruncate(fd, sizeof(*count)) < 0)
                return;
        map = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        if (map != MAP_FAILED)
                count = map;
}

__attribute__((visibility("default"))) void *malloc(size_t n)
{
        ++*count;
        return __libc_malloc(n);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
        ++*count;
        return __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t n)
{
        ++*count;
        return __libc_realloc(p, n);
}

__attribute__((visibility("default"))) void *aligned_alloc(size_t alignment, size_t n)
{
        ++*count;
        return __libc_memalign(alignment, n);
}

__attribute__((visibility("default"))) int posix_memalign(void **ret, size_t alignment, size_t n)
{
        ++*count;
        *ret = __libc_memalign(alignment, n);
        return *ret ? 0 : ENOMEM;
}
