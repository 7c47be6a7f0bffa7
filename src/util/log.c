/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One line per call, written by a single write(2), so that lines of several processes on one terminal or pipe
 * never mix. The level prefix of sd-daemon(3) is added only when the journal reads us. */

#include "util/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int max_level = LOG_INFO;

void log_set_max_level(int level)
{
        max_level = level;
}

bool log_enabled(int level)
{
        return level <= max_level;
}

/* systemd sets JOURNAL_STREAM to the device and inode of the socket it gave us as stderr, sd-journal(3). */
bool log_is_journal(void)
{
        static int cached = -1;

        if (cached < 0) {
                const char *stream = getenv("JOURNAL_STREAM");
                unsigned long long dev, ino;
                struct stat st;

                cached = stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
                         fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
        }
        return cached;
}

/* What a device or a file says commands no terminal, and makes no line of its own. */
static void only_text(char *text)
{
        for (; *text; text++)
                if ((unsigned char) *text < ' ' || *text == '\177')
                        *text = '?';
}

void log_full(int level, const char *format, ...)
{
        char line[2048];
        size_t n = 0;
        va_list ap;
        int r;

        if (!log_enabled(level))
                return;
        if (log_is_journal())
                n = (size_t) snprintf(line, sizeof(line), "<%d>", level);
        va_start(ap, format);
        r = vsnprintf(line + n, sizeof(line) - n - 1, format, ap);
        va_end(ap);
        if (r < 0)
                return;
        only_text(line + n);
        n += (size_t) r < sizeof(line) - n - 1 ? (size_t) r : sizeof(line) - n - 2;
        line[n++] = '\n';
        (void) !write(STDERR_FILENO, line, n);
}
