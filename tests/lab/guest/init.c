/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first process of a lab guest, and the one that runs the scenario in it.
 *
 * User-mode Linux starts with the host's whole file system as its root, by hostfs. init lays an overlay over
 * it, so that nothing the guest does can reach the host: a tmpfs above, then the layer made by
 * tests/lab/mk-layer (evertape as installed, masked units), then the host. One folder of the host is
 * writable, LAB_OUT. A program instead of a shell script, because fork and exec cost 40 ms in such a guest
 * and this would need thirty of them.
 *
 * What is left to the host's side is in LAB_OUT when the guest is off: "status", the scenario's exit status,
 * and "stuck", the processes that were still in uninterruptible sleep. The guest goes off with everything
 * running: stopping an iSCSI target or a TCMU handler first would make the kernel wait for it.
 *
 * In a KVM guest (LAB_KVM is its kernel's version) it is the init of an initrd, which has the modules it
 * takes to see the same: the host's root comes by 9p, and LAB_OUT by a second 9p that may be written.
 *
 * Called as PID 1 with LAB_* in its environment (the kernel passes on what it does not know of its command
 * line), or as `lab-init service` by systemd, which then is PID 1. */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define NEW_ROOT "/mnt/root"
#define HOST     "/mnt/host" /* by 9p */
#define HOST_9P  "trans=virtio,version=9p2000.L,msize=512000,cache=loose"
#define OUT_9P   "trans=virtio,version=9p2000.L,msize=512000"
#define GRACE_MS                                                                                             \
        10000 /* processes may be in uninterruptible sleep for a moment, one after the other; not for so     \
                 long */
#define POLL_MS 20

typedef struct Mount {
        const char *what, *where;
        unsigned long flags;
        const char *options;
} Mount;

static const Mount new_root[] = {
        {"proc", NEW_ROOT "/proc", 0, NULL},
        {"sysfs", NEW_ROOT "/sys", 0, NULL},
        {"devtmpfs", NEW_ROOT "/dev", 0, NULL},
        {"tmpfs", NEW_ROOT "/run", 0, "mode=755"},
        {"tmpfs", NEW_ROOT "/tmp", 0, "mode=1777"},
        {"tmpfs", NEW_ROOT "/dev/shm", 0, "mode=1777"},
        {"devpts", NEW_ROOT "/dev/pts", 0, "gid=5,mode=620,ptmxmode=666"},
};

/* What the host keeps of its own in these must not be seen by a guest. */
static const char *const own_state[] = {
        "/etc/evertape", "/var/lib/evertape", "/etc/iscsi/nodes", "/etc/iscsi/send_targets", "/var/lib/iscsi",
};

static _Noreturn void power_off(void)
{
        sync();
        reboot(RB_POWER_OFF);
        for (;;)
                pause();
}

static void must(int r, const char *what, const char *which)
{
        if (r >= 0)
                return;
        dprintf(STDERR_FILENO, "lab-init: %s %s: %s\n", what, which, strerror(errno));
        power_off();
}

static const char *need(const char *name)
{
        const char *value = getenv(name);

        if (!value)
                errno = EINVAL;
        must(value ? 0 : -1, "not on the kernel's command line:", name);
        return value;
}

static const char *join(char ret_path[static PATH_MAX], const char *a, const char *b)
{
        int n = snprintf(ret_path, PATH_MAX, "%s%s", a, b);

        errno = ENAMETOOLONG;
        must(n < PATH_MAX ? 0 : -1, a, b);
        return ret_path;
}

static void make_path(const char *path)
{
        char part[PATH_MAX];

        for (size_t i = 1; path[i - 1]; i++)
                if (path[i] == '/' || !path[i]) {
                        snprintf(part, sizeof part, "%.*s", (int) i, path);
                        (void) mkdir(part, 0755);
                }
}

static void mount_on(const Mount *m)
{
        make_path(m->where);
        must(mount(m->what, m->where, m->what, m->flags, m->options), "cannot mount", m->where);
}

static void bind_on(const char *what, const char *where)
{
        make_path(where);
        must(mount(what, where, NULL, MS_BIND, NULL), "cannot bind to", where);
}

/* A folder of the host at where. */
static void mount_host_on(const char *folder, const char *where, unsigned long flags)
{
        char there[PATH_MAX];

        if (getenv("LAB_KVM"))
                bind_on(join(there, HOST, folder), where);
        else
                mount_on(&(Mount){"hostfs", where, flags, folder});
}

/* At its own path, also where a tmpfs of the guest would hide it. */
static void mount_host(const char *folder, unsigned long flags)
{
        char where[PATH_MAX];

        mount_host_on(folder, join(where, NEW_ROOT, folder), flags);
}

static void load_module(const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        must(fd, "cannot open", path);
        must((int) syscall(SYS_finit_module, fd, "", 0), "cannot load", path);
        close(fd);
}

static void uml_host(void)
{
        struct utsname u;
        char path[PATH_MAX];

        must(uname(&u), "cannot read", "uname");
        snprintf(path, sizeof path, "/usr/lib/uml/modules/%s/kernel/fs/overlayfs/overlay.ko", u.release);
        load_module(path);
        mount_host_on(need("LAB_LAYER"), "/mnt/layer", MS_RDONLY);
}

/* The names of the initrd's modules begin with a number: their order. */
static void load_initrd_modules(void)
{
        struct dirent **entries;
        char path[PATH_MAX];
        int n = scandir("/modules", &entries, NULL, alphasort);

        must(n, "cannot read", "/modules");
        for (int i = 0; i < n; i++)
                if (entries[i]->d_name[0] != '.')
                        load_module(join(path, "/modules/", entries[i]->d_name));
}

static void kvm_host(void)
{
        load_initrd_modules();
        make_path(HOST);
        must(mount("host", HOST, "9p", MS_RDONLY, HOST_9P), "cannot mount", HOST);
        /* an overlay wants its layers apart */
        make_path("/mnt/layer");
        must(mount("layer", "/mnt/layer", "9p", MS_RDONLY, HOST_9P), "cannot mount", "/mnt/layer");
}

/* What is written here is read by the host. The modules are where modprobe looks for them. */
static void kvm_folders(void)
{
        char path[PATH_MAX];

        join(path, NEW_ROOT, need("LAB_OUT"));
        make_path(path);
        must(mount("out", path, "9p", 0, OUT_9P), "cannot mount", path);
        snprintf(path, sizeof path, NEW_ROOT "/usr/lib/modules/%s", need("LAB_KVM"));
        mount_host_on(need("LAB_MODULES"), path, 0);
}

/* The root of an initrd cannot be pivoted away from. */
static void kvm_enter_root(void)
{
        must(chdir(NEW_ROOT), "cannot enter", NEW_ROOT);
        must(mount(".", "/", NULL, MS_MOVE, NULL), "cannot move", NEW_ROOT);
        must(chroot("."), "cannot change to", NEW_ROOT);
}

static void pivot(void)
{
        must(chdir(NEW_ROOT), "cannot enter", NEW_ROOT);
        must((int) syscall(SYS_pivot_root, ".", "."), "cannot pivot to", NEW_ROOT);
        must(umount2(".", MNT_DETACH), "cannot detach", "the old root");
}

/* Removes below path, in the new root, what the layer does not bring. An overlay cannot hide a folder of its
 * lower layers from the start: hostfs has no extended attributes to say so. */
static void remove_foreign(const char *path)
{
        char full[PATH_MAX], child[PATH_MAX];
        struct dirent *e;
        DIR *d = opendir(join(full, NEW_ROOT, path));

        if (!d)
                return;
        while ((e = readdir(d))) {
                if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
                        continue;
                join(child, path, join(full, "/", e->d_name));
                if (e->d_type == DT_DIR)
                        remove_foreign(child);
                if (access(join(full, "/mnt/layer", child), F_OK) < 0)
                        (void) remove(join(full, NEW_ROOT, child));
        }
        closedir(d);
}

static void build_root(void)
{
        bool kvm = getenv("LAB_KVM");

        make_path("/mnt");
        mount_on(&(Mount){"tmpfs", "/mnt", 0, "mode=755"});
        make_path("/mnt/upper");
        make_path("/mnt/work");
        if (kvm)
                kvm_host();
        else
                uml_host();
        mount_on(&(Mount){"overlay", NEW_ROOT, 0,
                          kvm ? "lowerdir=/mnt/layer:" HOST ",upperdir=/mnt/upper,workdir=/mnt/work"
                              : "lowerdir=/mnt/layer:/,upperdir=/mnt/upper,workdir=/mnt/work"});
        for (size_t i = 0; i < sizeof new_root / sizeof new_root[0]; i++)
                mount_on(&new_root[i]);
        mount_host(need("LAB_TOP"), MS_RDONLY);
        mount_host(need("LAB_BUILD"), MS_RDONLY);
        if (kvm)
                kvm_folders();
        else
                mount_host(need("LAB_OUT"), 0);
        for (size_t i = 0; i < sizeof own_state / sizeof own_state[0]; i++)
                remove_foreign(own_state[i]);

        (kvm ? kvm_enter_root : pivot)();
        must(chdir("/"), "cannot enter", "/");
        make_path("/run/lock/iscsi");
        must(symlink("/proc/self/fd", "/dev/fd"), "cannot link", "/dev/fd");
}

static void loopback_up(void)
{
        struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        must(fd, "cannot make", "socket");
        must(ioctl(fd, SIOCSIFFLAGS, &r), "cannot bring up", "lo");
        close(fd);
}

/* The kernel's messages go to ttyS0, which is a file of the host; tty0, or ttyS1, is the scenario's alone. */
static void open_console(void)
{
        const char *tty = getenv("LAB_KVM") ? "/dev/ttyS1" : "/dev/tty0";
        struct termios t;
        int fd = open(tty, O_RDWR | O_NOCTTY);

        must(fd, "cannot open", tty);
        if (tcgetattr(fd, &t) == 0) {
                t.c_oflag &= ~(tcflag_t) OPOST;
                (void) tcsetattr(fd, TCSANOW, &t);
        }
        must(dup2(fd, STDOUT_FILENO), "cannot use", tty);
        must(dup2(fd, STDERR_FILENO), "cannot use", tty);
        close(fd);
        fd = open("/dev/null", O_RDONLY);
        must(fd, "cannot open", "/dev/null");
        must(dup2(fd, STDIN_FILENO), "cannot use", "/dev/null");
        close(fd);
}

static int run_scenario(void)
{
        char path[PATH_MAX];
        int status;
        pid_t pid, p;

        join(path, need("LAB_TOP"), "/tests/lab/guest/main");
        pid = fork();
        must(pid, "cannot fork for", path);
        if (pid == 0) {
                setsid();
                execl("/bin/bash", "bash", path, (char *) NULL);
                _exit(127);
        }
        do
                p = wait(&status);
        while (p != pid && (p > 0 || errno == EINTR));
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A user process has an executable; a kernel thread has none (readlink gives ENOENT). */
static bool is_stuck(const char *pid, char *ret_name, size_t n_name)
{
        char path[64], stat[512], exe[8], *end;
        FILE *f;
        bool read;

        snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
        f = fopen(path, "re");
        if (!f)
                return false;
        read = fgets(stat, sizeof stat, f);
        fclose(f);
        end = read ? strrchr(stat, ')') : NULL;
        if (!end || end[1] != ' ' || end[2] != 'D')
                return false;
        snprintf(path, sizeof path, "/proc/%.20s/exe", pid);
        if (readlink(path, exe, sizeof exe) < 0)
                return false;
        snprintf(ret_name, n_name, "%.*s)", (int) (end - stat), stat);
        return true;
}

/* Writes one line for each process in uninterruptible sleep to f, if there is an f. Returns their number. */
static unsigned count_stuck(FILE *f)
{
        DIR *d = opendir("/proc");
        struct dirent *e;
        unsigned n = 0;
        char name[64];

        if (!d)
                return 0;
        while ((e = readdir(d)))
                if (isdigit((unsigned char) e->d_name[0]) && is_stuck(e->d_name, name, sizeof name)) {
                        n++;
                        if (f)
                                fprintf(f, "%s\n", name);
                }
        closedir(d);
        return n;
}

static FILE *open_report(const char *name)
{
        char path[PATH_MAX];
        FILE *f;

        f = fopen(join(path, need("LAB_OUT"), name), "we");
        must(f ? 0 : -1, "cannot write", path);
        return f;
}

static void report(int status)
{
        FILE *f;

        for (int ms = 0; ms < GRACE_MS && count_stuck(NULL) > 0; ms += POLL_MS)
                nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
        f = open_report("/stuck");
        (void) count_stuck(f);
        fclose(f);
        f = open_report("/status");
        fprintf(f, "%d\n", status);
        fclose(f);
}

int main(int argc, char *argv[])
{
        if (argc < 2 || strcmp(argv[1], "service")) {
                build_root();
                loopback_up();
                must(sethostname("guest", 5), "cannot set", "the host name");
                open_console();
                setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
                setenv("LANG", "C.UTF-8", 1);
                setenv("HOME", "/root", 1);
                if (!strcmp(need("LAB_MODE"), "systemd")) {
                        /* as on any machine that boots: what is mounted later is seen by udevd in its own
                         * mount namespace */
                        must(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), "cannot share", "/");
                        execl("/lib/systemd/systemd", "systemd", "--log-target=kmsg", "--show-status=no",
                              (char *) NULL);
                        must(-1, "cannot run", "systemd");
                }
        } else
                open_console();

        report(run_scenario());
        power_off();
}
