/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Memory for keys: what the kernel itself says of it, and that it is empty when it is given back. */

#include "daemon/secret-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/text.h"

#define SIZE 4096

/* The VmFlags of the mapping at this address (Documentation/filesystems/proc.rst). */
static bool has_flag(const void *map, const char *flag)
{
        _cleanup_fclose_ FILE *f = fopen("/proc/self/smaps", "re");
        char line[512], start[32];
        bool here = false;

        assert_non_null(f);
        snprintf(start, sizeof(start), "%lx-", (unsigned long) (uintptr_t) map);
        while (fgets(line, sizeof(line), f)) {
                if (strncmp(line, start, strlen(start)) == 0)
                        here = true;
                if (here && strncmp(line, "VmFlags:", 8) == 0)
                        return strstr(line, flag) != NULL;
        }
        return false;
}

static bool is_zero(const uint8_t *p, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (p[i] != 0)
                        return false;
        return true;
}

static void test_private(void **state)
{
        SecretMemory s;

        assert_int_equal(secret_memory_open(SIZE, -EBADF, false, &s), 0);
        assert_true(s.fd < 0);
        assert_true(is_zero(s.map, SIZE));
        assert_true(has_flag(s.map, " lo")); /* locked */
        assert_true(has_flag(s.map, " dd")); /* not dumped */
        assert_true(has_flag(s.map, " dc")); /* no child has it */
        memset(s.map, 0x55, SIZE);
        secret_memory_wipe(&s);
        assert_true(is_zero(s.map, SIZE));
        secret_memory_close(&s);
        assert_null(s.map);
        secret_memory_close(&s);
}

/* No memory that can be swapped out in place of one that cannot. */
static void test_nothing_to_lock(void **state)
{
        struct rlimit none = {0, 0};
        SecretMemory s;
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                if (setrlimit(RLIMIT_MEMLOCK, &none) < 0 || (geteuid() == 0 && setuid(65534) < 0))
                        _exit(2);
                _exit(secret_memory_open(SIZE, -EBADF, false, &s) < 0 && !s.map ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

/* What is handed on is not wiped, and what is not is. */
static void test_handed_on(void **state)
{
        SecretMemory s;
        void *other;
        int fd;

        assert_int_equal(secret_memory_open(SIZE, -EBADF, true, &s), 0);
        if (s.fd < 0) { /* an old kernel, or secretmem.enable=0: its own memory instead */
                assert_true(has_flag(s.map, " lo"));
                secret_memory_close(&s);
                skip();
        }
        assert_true(fcntl(s.fd, F_GETFD) & FD_CLOEXEC);
        fd = fcntl(s.fd, F_DUPFD_CLOEXEC, 0);
        other = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
        assert_true(other != MAP_FAILED);
        memset(s.map, 0x55, SIZE);
        s.kept = true;
        secret_memory_close(&s);
        assert_int_equal(secret_memory_open(SIZE, fd, true, &s), 0);
        assert_true(s.kept);
        assert_memory_equal(s.map, other, SIZE);
        assert_false(is_zero(s.map, SIZE));
        s.kept = false;
        secret_memory_close(&s);
        assert_true(is_zero(other, SIZE));
        munmap(other, SIZE);
}

/* Not what we left there: another one is made. */
static void test_saved_too_small(void **state)
{
        int fd = memfd_create("small", MFD_CLOEXEC);
        SecretMemory s;

        assert_int_equal(ftruncate(fd, 100), 0);
        assert_int_equal(secret_memory_open(SIZE, fd, false, &s), 0);
        assert_false(s.kept);
        assert_true(is_zero(s.map, SIZE));
        secret_memory_close(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_private),
                cmocka_unit_test(test_nothing_to_lock),
                cmocka_unit_test(test_handed_on),
                cmocka_unit_test(test_saved_too_small),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
