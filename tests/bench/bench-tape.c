/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bench-tape write|read BLOCK COUNT NODE...: COUNT blocks of BLOCK bytes to or from each drive at once, from
 * the beginning of its tape. Prints the time of all of them, in microseconds, without rewinding and without
 * the start of a program, which in a guest takes longer than what is measured. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mtio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DRIVES_MAX 64

static _Noreturn void fail(const char *what, const char *which)
{
        fprintf(stderr, "bench-tape: %s %s: %s\n", what, which, strerror(errno));
        exit(EXIT_FAILURE);
}

static void transfer(int fd, int writing, void *data, size_t n_block, unsigned long count, const char *node)
{
        for (unsigned long i = 0; i < count; i++) {
                ssize_t n = writing ? write(fd, data, n_block) : read(fd, data, n_block);

                if (n != (ssize_t) n_block)
                        fail(writing ? "cannot write to" : "cannot read from", node);
        }
}

/* A child with its drive at the beginning: waits for a byte, works, ends. */
static pid_t start(const char *node, int writing, size_t n_block, unsigned long count, int go)
{
        struct mtop rewind = {.mt_op = MTREW, .mt_count = 1};
        int fd = open(node, O_RDWR | O_CLOEXEC);
        void *data;
        pid_t pid;
        char c;

        if (fd < 0 || ioctl(fd, MTIOCTOP, &rewind) < 0)
                fail("cannot rewind", node);
        data = mmap(NULL, n_block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (data == MAP_FAILED)
                fail("no memory for", node);
        memset(data, 0x5a, n_block);
        pid = fork();
        if (pid < 0)
                fail("cannot fork for", node);
        if (pid > 0) {
                close(fd);
                munmap(data, n_block);
                return pid;
        }
        if (read(go, &c, 1) < 0)
                fail("nobody says when:", node);
        transfer(fd, writing, data, n_block, count, node);
        _exit(EXIT_SUCCESS);
}

static long long microseconds(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (long long) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
        int go[2], status, bad = 0, n = argc - 4;
        long long begin;

        if (n < 1 || n > DRIVES_MAX || (strcmp(argv[1], "write") != 0 && strcmp(argv[1], "read") != 0)) {
                fprintf(stderr, "usage: bench-tape write|read BLOCK COUNT NODE...\n");
                return 2;
        }
        if (pipe(go) < 0)
                fail("cannot make", "a pipe");
        for (int i = 0; i < n; i++)
                (void) start(argv[4 + i], argv[1][0] == 'w', strtoul(argv[2], NULL, 10),
                             strtoul(argv[3], NULL, 10), go[0]);
        begin = microseconds();
        if (write(go[1], "................................................................", (size_t) n) != n)
                fail("cannot write to", "a pipe");
        while (wait(&status) > 0)
                bad |= !WIFEXITED(status) || WEXITSTATUS(status) != 0;
        if (!bad)
                printf("%lld\n", microseconds() - begin);
        return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
