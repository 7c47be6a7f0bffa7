/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fuzz-main [-n MUTATIONS] SEED...: runs a fuzzer without libFuzzer, so that fuzzing is a test like any
 * other.
 *
 * A SEED is a file or a directory of files; *.hex is commented hex (util/hex.h), anything else is taken as
 * bytes. Every seed runs as it is, then MUTATIONS inputs made from them, always the same ones. An input ends
 * at a page that cannot be touched: reading one byte too many is a crash even without a sanitizer. On a crash
 * the input is printed as hex, which is a new seed. */

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "util/cleanup.h"
#include "util/hex.h"

#define INPUT_MAX (64 * 1024)
#define SEEDS_MAX 512

typedef struct Seed {
        uint8_t *data;
        size_t n;
} Seed;

static Seed seeds[SEEDS_MAX];
static size_t n_seeds;

static uint8_t *guard; /* the page behind every input */
static size_t n_current;

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

/* xorshift64* */
static uint32_t random_below(uint32_t limit)
{
        random_state ^= random_state >> 12;
        random_state ^= random_state << 25;
        random_state ^= random_state >> 27;
        return (uint32_t) ((random_state * UINT64_C(0x2545f4914f6cdd1d) >> 32) * limit >> 32);
}

static void dump_and_exit(int signal)
{
        static const char digits[] = "0123456789abcdef";
        const uint8_t *input = guard - n_current;
        char line[16 * 3];

        (void) !write(STDERR_FILENO, "# crashed on:\n", 14);
        for (size_t i = 0; i < n_current; i += 16) {
                size_t n = n_current - i < 16 ? n_current - i : 16;

                for (size_t j = 0; j < n; j++) {
                        line[3 * j] = digits[input[i + j] >> 4];
                        line[3 * j + 1] = digits[input[i + j] & 0xf];
                        line[3 * j + 2] = j + 1 < n ? ' ' : '\n';
                }
                (void) !write(STDERR_FILENO, line, 3 * n);
        }
        _exit(1);
}

static int make_guard(void)
{
        static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};
        size_t n_page = (size_t) sysconf(_SC_PAGESIZE);
        uint8_t *map;

        map = mmap(NULL, INPUT_MAX + n_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (map == MAP_FAILED)
                return -errno;
        guard = map + INPUT_MAX;
        if (mprotect(guard, n_page, PROT_NONE) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                signal(signals[i], dump_and_exit);
        return 0;
}

/* An input that takes longer than this loops for ever. */
#define INPUT_SECONDS 20

static void run(const uint8_t *data, size_t n)
{
        n_current = n;
        if (n > 0)
                memcpy(guard - n, data, n);
        alarm(INPUT_SECONDS);
        LLVMFuzzerTestOneInput(guard - n, n);
}

static int read_bytes(const char *path, uint8_t **ret, size_t *ret_n)
{
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        _cleanup_free_ uint8_t *data = NULL;

        if (!f)
                return -errno;
        data = malloc(INPUT_MAX);
        if (!data)
                return -ENOMEM;
        *ret_n = fread(data, 1, INPUT_MAX, f);
        if (ferror(f))
                return -EIO;
        *ret = TAKE_PTR(data);
        return 0;
}

static int add_file(const char *path)
{
        size_t n_path = strlen(path);
        bool hex = n_path > 4 && strcmp(path + n_path - 4, ".hex") == 0;
        uint8_t *data = NULL;
        size_t n = 0;
        int r;

        if (n_seeds == SEEDS_MAX)
                return -ENOBUFS;
        r = hex ? hex_load(path, &data, &n) : read_bytes(path, &data, &n);
        if (r < 0)
                return r;
        seeds[n_seeds++] = (Seed){data, n < INPUT_MAX ? n : INPUT_MAX};
        return 0;
}

static int is_visible(const struct dirent *entry)
{
        return entry->d_name[0] != '.';
}

/* Sorted, so that the mutations are the same on every file system. */
static int add_directory(const char *path)
{
        struct dirent **entries;
        int n, r = 0;

        n = scandir(path, &entries, is_visible, alphasort);
        if (n < 0)
                return -errno;
        for (int i = 0; i < n; i++) {
                char file[4096];

                snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
                if (r >= 0)
                        r = add_file(file);
                free(entries[i]);
        }
        free(entries);
        return r;
}

static int add_seeds(const char *path)
{
        struct stat st;

        if (stat(path, &st) < 0)
                return -errno;
        return S_ISDIR(st.st_mode) ? add_directory(path) : add_file(path);
}

/* Lengths, counts and flags live at the edges of their ranges. */
static uint8_t interesting_byte(void)
{
        static const uint8_t bytes[] = {0x00, 0x01, 0x02, 0x04, 0x07, 0x08, 0x0c, 0x10, 0x20,
                                        0x40, 0x7f, 0x80, 0x83, 0xc0, 0xf0, 0xfe, 0xff};

        return bytes[random_below(ELEMENTSOF(bytes))];
}

/* One change; returns the new length, at most INPUT_MAX. */
static size_t mutate(uint8_t *data, size_t n)
{
        size_t at = n > 0 ? random_below((uint32_t) n) : 0;
        const Seed *other;
        size_t n_copy;

        switch (n > 0 ? random_below(7) : 5) {
        case 0:
                data[at] ^= (uint8_t) (1U << random_below(8));
                return n;
        case 1:
                data[at] = (uint8_t) random_below(256);
                return n;
        case 2:
                data[at] = interesting_byte();
                return n;
        case 3:
                return at;
        case 4: /* take one byte out */
                memmove(data + at, data + at + 1, n - at - 1);
                return n - 1;
        case 5: /* put one byte in */
                if (n == INPUT_MAX)
                        return n;
                memmove(data + at + 1, data + at, n - at);
                data[at] = interesting_byte();
                return n + 1;
        default: /* go on as another seed does from there */
                other = &seeds[random_below((uint32_t) n_seeds)];
                n_copy = other->n > at ? other->n - at : 0;
                if (n_copy > 0)
                        memcpy(data + at, other->data + at, n_copy);
                return at + n_copy > n ? at + n_copy : n;
        }
}

static void run_mutation(uint8_t *buffer)
{
        const Seed *seed = &seeds[random_below((uint32_t) n_seeds)];
        size_t n = seed->n;

        if (n > 0)
                memcpy(buffer, seed->data, n);
        for (uint32_t changes = 1 + random_below(6); changes > 0; changes--)
                n = mutate(buffer, n);
        run(buffer, n);
}

int main(int argc, char *argv[])
{
        static uint8_t buffer[INPUT_MAX];
        unsigned long n_mutations = 20000;
        int option, r;

        while ((option = getopt(argc, argv, "n:")) != -1) {
                if (option != 'n')
                        return 2;
                n_mutations = strtoul(optarg, NULL, 0);
        }
        for (int i = optind; i < argc; i++) {
                r = add_seeds(argv[i]);
                if (r < 0) {
                        fprintf(stderr, "%s: %s\n", argv[i], strerror(-r));
                        return 2;
                }
        }
        if (n_seeds == 0 || make_guard() < 0) {
                fprintf(stderr, "no seeds, or no memory\n");
                return 2;
        }
        for (size_t i = 0; i < n_seeds; i++)
                run(seeds[i].data, seeds[i].n);
        for (unsigned long i = 0; i < n_mutations; i++)
                run_mutation(buffer);
        printf("%zu seeds, %lu mutations\n", n_seeds, n_mutations);
        for (size_t i = 0; i < n_seeds; i++)
                free(seeds[i].data);
        return 0;
}
