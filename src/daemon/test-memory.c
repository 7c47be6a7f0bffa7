/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The memory that outlives the daemon, both ways: as files (built with the current directory for
 * /run/evertape), and as memfds given to a service manager, which is a socket of ours here. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

#include "daemon/memory.h"
#include "util/cleanup.h"

#define RING (UINT64_C(8) << 20)

static char directory[64], before[512];

static int setup(void **state)
{
        snprintf(directory, sizeof(directory), "/tmp/test-memory-XXXXXX");
        return getcwd(before, sizeof(before)) && mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
        char command[128];

        snprintf(command, sizeof(command), "rm -r %s", directory);
        return chdir(before) == 0 ? system(command) : -1;
}

static void check_zero(const Memory *m)
{
        assert_true(m->unit.n_state >= sizeof(UnitState));
        assert_true(m->unit.n_scratch >= HOLD_SCRATCH_SIZE);
        assert_int_equal(m->unit.state->magic, 0);
        assert_int_equal(m->unit.ring[0], 0);
        assert_int_equal(m->unit.ring[m->unit.n_ring - 1], 0);
        assert_non_null(m->unit.secrets);
        assert_int_equal(m->unit.secrets->secret[0].number, 0);
}

static void leave_marks(Memory *m)
{
        m->unit.state->magic = 0x11223344;
        m->unit.ring[m->unit.n_ring - 1] = 0x55;
        m->unit.secrets->secret[1].number = 7;
}

static void check_marks(const Memory *m)
{
        assert_int_equal(m->unit.n_ring, RING);
        assert_int_equal(m->unit.state->magic, 0x11223344);
        assert_int_equal(m->unit.ring[m->unit.n_ring - 1], 0x55);
}

/* ---- as files ---- */

static void test_files(void **state)
{
        struct stat st;
        Memory m;

        assert_int_equal(memory_open(7, RING, &m), 0);
        assert_int_equal(m.unit.n_ring, RING);
        check_zero(&m);
        leave_marks(&m);
        memory_close(&m);
        assert_int_equal(stat("unit-7.journal", &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(memory_open(7, 2 * RING, &m), 0); /* another Journal= does not move what is there */
        check_marks(&m);
        memory_discard(7, &m);
        assert_int_equal(stat("unit-7.journal", &st), -1);
        assert_int_equal(stat("unit-7.state", &st), -1);
        assert_int_equal(memory_open(7, RING, &m), 0);
        check_zero(&m);
        memory_close(&m);
        memory_close(&m); /* it is closed */
}

static void test_units_apart(void **state)
{
        Memory a, b;

        assert_int_equal(memory_open(1, RING, &a), 0);
        leave_marks(&a);
        assert_int_equal(memory_open(11, RING, &b), 0);
        check_zero(&b);
        memory_discard(11, &b);
        check_marks(&a);
        memory_close(&a);
}

/* A predecessor that died before it had allocated all of it. */
static void test_short_file(void **state)
{
        _cleanup_close_ int fd = open("unit-3.state", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        Memory m;

        assert_int_equal(ftruncate(fd, 100), 0);
        assert_int_equal(memory_open(3, RING, &m), 0);
        check_zero(&m);
        memory_close(&m);
}

/* Nobody leads us to another file. */
static void test_link(void **state)
{
        Memory m = {.state_fd = 77};

        assert_int_equal(symlink("/etc/passwd", "unit-4.state"), 0);
        assert_int_equal(memory_open(4, RING, &m), -ELOOP);
        assert_int_equal(m.state_fd, 77);
}

/* More than there is: less, as long as it is enough. */
static void test_too_much(void **state)
{
        struct rlimit unlimited, limit;
        Memory m;

        assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
        limit = unlimited;
        limit.rlim_cur = RING + RING / 2;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        assert_int_equal(memory_open(5, 4 * RING, &m), 0);
        assert_int_equal(m.unit.n_ring, RING);
        memory_discard(5, &m);
        limit.rlim_cur = RING / 4;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        assert_int_equal(memory_open(5, 4 * RING, &m), -ENOSPC);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
}

/* ---- kept by the service manager ---- */

#define FIRST 3 /* SD_LISTEN_FDS_START */

static int manager;

static int setup_manager(void **state)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd;

        if (setup(state) < 0)
                return -1;
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", directory);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        manager = fcntl(fd, F_DUPFD_CLOEXEC, 100); /* out of the way of what is passed */
        safe_close(fd);
        if (bind(manager, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -1;
        return setenv("NOTIFY_SOCKET", address.sun_path, 1) < 0 || setenv("EVERTAPE_FD_STORE", "1", 1) < 0
                       ? -1
                       : 0;
}

static int teardown_manager(void **state)
{
        manager = safe_close(manager);
        unsetenv("NOTIFY_SOCKET");
        unsetenv("EVERTAPE_FD_STORE");
        memory_take_stored(); /* no store any more */
        return teardown(state);
}

/* One message, and the descriptor that came with it, or -EBADF. */
static int receive(char *text, size_t n_text)
{
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec iov = {.iov_base = text, .iov_len = n_text - 1};
        struct msghdr message = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
        ssize_t n = recvmsg(manager, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        int fd = -EBADF;

        assert_true(n > 0);
        text[n] = '\0';
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
                if (c->cmsg_type == SCM_RIGHTS)
                        memcpy(&fd, CMSG_DATA(c), sizeof(fd));
        return fd;
}

static int receive_stored(const char *name)
{
        char text[256], expected[256];
        int fd = receive(text, sizeof(text));

        snprintf(expected, sizeof(expected), "FDSTORE=1\nFDNAME=%s", name);
        assert_string_equal(text, expected);
        assert_true(fd >= 0);
        return fd;
}

/* As a service manager starts the next daemon. */
static void pass(const int *fds, size_t n, const char *names)
{
        char number[16];
        int copies[4];

        assert_true(n <= ELEMENTSOF(copies));
        for (size_t i = 0; i < n; i++)
                copies[i] = fcntl(fds[i], F_DUPFD, 50);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(dup2(copies[i], FIRST + (int) i), FIRST + (int) i);
                safe_close(copies[i]);
        }
        snprintf(number, sizeof(number), "%d", getpid());
        setenv("LISTEN_PID", number, 1);
        snprintf(number, sizeof(number), "%zu", n);
        setenv("LISTEN_FDS", number, 1);
        setenv("LISTEN_FDNAMES", names, 1);
        memory_take_stored();
        unsetenv("LISTEN_FDS");
        unsetenv("LISTEN_PID");
        unsetenv("LISTEN_FDNAMES");
}

/* The journal is the manager's, the small state a file, which is there after a stop too. */
static void test_store(void **state)
{
        char text[256];
        int kept[2] = {-EBADF, -EBADF};
        struct stat st;
        Memory m;

        memory_take_stored();
        assert_int_equal(memory_open(9, RING, &m), 0);
        assert_int_equal(stat("unit-9.state", &st), 0);
        assert_int_equal(stat("unit-9.journal", &st), -1);
        kept[0] = fcntl(receive_stored("unit-9.journal"), F_DUPFD, 60);
        check_zero(&m);
        if (m.secret.fd >= 0) /* otherwise this kernel has no memfd_secret() */
                kept[1] = fcntl(receive_stored("unit-9.secret"), F_DUPFD, 60);
        leave_marks(&m);
        memory_close(&m);
        pass(kept, kept[1] < 0 ? 1 : 2, kept[1] < 0 ? "unit-9.journal" : "unit-9.journal:unit-9.secret");
        assert_int_equal(memory_open(9, 2 * RING, &m), 0);
        assert_true(fcntl(m.ring_fd, F_GETFD) & FD_CLOEXEC);
        check_marks(&m);
        assert_int_equal(m.unit.secrets->secret[1].number, kept[1] < 0 ? 0 : 7);
        assert_int_equal(recv(manager, text, sizeof(text), MSG_DONTWAIT),
                         -1); /* it is in the store already */
        memory_discard(9, &m);
        assert_int_equal(receive(text, sizeof(text)), -EBADF);
        assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=unit-9.state");
        assert_int_equal(receive(text, sizeof(text)), -EBADF);
        assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=unit-9.journal");
        assert_int_equal(receive(text, sizeof(text)), -EBADF);
        assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=unit-9.secret");
        assert_int_equal(stat("unit-9.state", &st), -1);
        assert_int_equal(stat("unit-9.secret", &st), -1);
        safe_close(kept[0]);
        safe_close(kept[1]);
}

/* Taken once: the same descriptor is not given to two. */
static void test_taken_once(void **state)
{
        int kept;
        Memory m;

        memory_take_stored();
        assert_int_equal(memory_open(2, RING, &m), 0);
        kept = fcntl(receive_stored("unit-2.journal"), F_DUPFD, 60);
        leave_marks(&m);
        memory_close(&m);
        pass(&kept, 1, "unit-2.journal");
        assert_int_equal(memory_open(2, RING, &m), 0);
        check_marks(&m);
        memory_close(&m);
        assert_int_equal(memory_open(2, RING, &m), 0);
        assert_int_equal(m.unit.ring[m.unit.n_ring - 1], 0);
        memory_close(&m);
        safe_close(kept);
}

/* ---- a stop of the service, which empties the store ---- */

static void open_stored(Memory *ret)
{
        assert_int_equal(memory_open(4, RING, ret), 0);
        safe_close(receive_stored("unit-4.journal"));
        if (ret->secret.fd >= 0)
                safe_close(receive_stored("unit-4.secret"));
}

static void fill_ring(Memory *m, uint64_t begin, uint64_t end)
{
        for (uint64_t i = begin; i < end; i++)
                m->unit.ring[i % RING] = (uint8_t) (i * 7 + (i >> 12));
}

static void check_ring(const Memory *m, uint64_t begin, uint64_t end)
{
        for (uint64_t i = begin; i < end; i++)
                if (m->unit.ring[i % RING] != (uint8_t) (i * 7 + (i >> 12)))
                        fail_msg("byte %llu is another one", (unsigned long long) i);
}

/* What counts is there again, also around the end of the ring, and only once. */
static void save_and_open(uint64_t begin, uint64_t end)
{
        struct stat st;
        Memory m;

        open_stored(&m);
        fill_ring(&m, begin, end);
        memory_save(4, &m, begin, end);
        memory_close(&m);
        assert_int_equal(stat("unit-4.saved", &st), begin < end ? 0 : -1);
        assert_true(begin >= end || (st.st_mode & 0777) == 0600);
        open_stored(&m);
        check_ring(&m, begin, end);
        assert_int_equal(stat("unit-4.saved", &st), -1);
        memory_close(&m);
        open_stored(&m);
        assert_int_equal(m.unit.ring[begin % RING], 0);
        memory_close(&m);
}

static void test_saved(void **state)
{
        memory_take_stored();
        save_and_open(1, 70000);
        save_and_open(3 * RING - 5000, 3 * RING + 100000);
        save_and_open(0, RING);
        save_and_open(12, 12);
}

static void test_saved_and_discarded(void **state)
{
        struct stat st;
        Memory m;

        memory_take_stored();
        open_stored(&m);
        memory_save(4, &m, 0, 100);
        memory_discard(4, &m);
        assert_int_equal(stat("unit-4.saved", &st), -1);
}

/* A ring that the store has kept is newer than any file. */
static void test_saved_and_kept(void **state)
{
        struct stat st;
        int kept;
        Memory m;

        memory_take_stored();
        assert_int_equal(memory_open(4, RING, &m), 0);
        kept = fcntl(receive_stored("unit-4.journal"), F_DUPFD, 60);
        memory_save(4, &m, 0, 100);
        leave_marks(&m);
        memory_close(&m);
        pass(&kept, 1, "unit-4.journal");
        assert_int_equal(memory_open(4, RING, &m), 0);
        check_marks(&m);
        assert_int_equal(stat("unit-4.saved", &st), -1);
        memory_close(&m);
        safe_close(kept);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_files, setup, teardown),
                cmocka_unit_test_setup_teardown(test_units_apart, setup, teardown),
                cmocka_unit_test_setup_teardown(test_short_file, setup, teardown),
                cmocka_unit_test_setup_teardown(test_link, setup, teardown),
                cmocka_unit_test_setup_teardown(test_too_much, setup, teardown),
                cmocka_unit_test_setup_teardown(test_store, setup_manager, teardown_manager),
                cmocka_unit_test_setup_teardown(test_taken_once, setup_manager, teardown_manager),
                cmocka_unit_test_setup_teardown(test_saved, setup_manager, teardown_manager),
                cmocka_unit_test_setup_teardown(test_saved_and_discarded, setup_manager, teardown_manager),
                cmocka_unit_test_setup_teardown(test_saved_and_kept, setup_manager, teardown_manager),
        };

        (void) signal(SIGXFSZ, SIG_IGN); /* of test_too_much; fallocate says EFBIG */
        return cmocka_run_group_tests(tests, NULL, NULL);
}
