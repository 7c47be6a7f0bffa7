/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Ownership by scope: every owner of a resource is declared with one of these, and hands over by a TAKE_. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(cleanup_free)
#define _cleanup_close_ _cleanup_(cleanup_close)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)
#define _printf_(a, b) __attribute__((format(printf, a, b)))

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))

#define TAKE_GENERIC(var, type, null)                                                                        \
        ({                                                                                                   \
                type *_p = &(var);                                                                           \
                type _v = *_p;                                                                               \
                *_p = null;                                                                                  \
                _v;                                                                                          \
        })
#define TAKE_PTR(p) TAKE_GENERIC(p, typeof(p), NULL)
#define TAKE_FD(fd) TAKE_GENERIC(fd, int, -EBADF)

/* Defines cleanup function FUNCp for a destructor that takes NULL and returns NULL. */
#define DEFINE_CLEANUP(type, func)                                                                           \
        static inline void func##p(type *p)                                                                  \
        {                                                                                                    \
                if (*p)                                                                                      \
                        *p = func(*p);                                                                       \
        }

static inline void cleanup_free(void *p)
{
        free(*(void **) p);
}

/* Keeps errno, so that a return of -errno after it stays right. Returns -EBADF for assignment. */
static inline int safe_close(int fd)
{
        if (fd >= 0) {
                int saved = errno;

                close(fd);
                errno = saved;
        }
        return -EBADF;
}

static inline void cleanup_close(int *fd)
{
        safe_close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
        if (*f)
                fclose(*f);
}
