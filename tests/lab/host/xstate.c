/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Loaded before linux.uml (LD_PRELOAD): has the guest start on processors whose extended state is larger than
 * user-mode Linux thinks. It keeps 2696 bytes of a process (arch/x86/um/user-offsets.c, Linux 6.1), enough
 * for AVX-512; with AMX there are 11008. Reading gives as much as there is room for; writing must be the
 * whole, or it ends with EFAULT (xstateregs_set() in arch/x86/kernel/fpu/regset.c), and init dies of it. So
 * the rest is added from what the process has. */

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#define XSTATE_MAX (64 * 1024)

typedef long (*Ptrace)(enum __ptrace_request request, pid_t pid, void *addr, void *data);

static Ptrace next;
static char xstate[XSTATE_MAX]; /* the guest's kernel has one processor, and small stacks */

__attribute__((constructor)) static void find_next(void)
{
        next = (Ptrace) dlsym(RTLD_NEXT, "ptrace");
}

static long write_whole(pid_t pid, const struct iovec *part)
{
        struct iovec whole = {xstate, sizeof(xstate)};
        long r = next(PTRACE_GETREGSET, pid, (void *) NT_X86_XSTATE, &whole);

        if (r < 0 || part->iov_len >= whole.iov_len) {
                errno = EFAULT;
                return -1;
        }
        memcpy(xstate, part->iov_base, part->iov_len);
        return next(PTRACE_SETREGSET, pid, (void *) NT_X86_XSTATE, &whole);
}

__attribute__((visibility("default"))) long ptrace(enum __ptrace_request request, ...)
{
        va_list ap;
        pid_t pid;
        void *addr, *data;
        long r;

        va_start(ap, request);
        pid = va_arg(ap, pid_t);
        addr = va_arg(ap, void *);
        data = va_arg(ap, void *);
        va_end(ap);
        r = next(request, pid, addr, data);
        if (r < 0 && errno == EFAULT && request == PTRACE_SETREGSET && addr == (void *) NT_X86_XSTATE)
                return write_whole(pid, data);
        return r;
}
