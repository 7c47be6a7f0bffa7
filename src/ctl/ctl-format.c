/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values of a device as text. A zero that means "there was none" (an outage that never was, a process that
 * does not exist) is shown as nothing; in JSON, which programs read, numbers stay what the daemon said. */

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl-device.h"
#include "util/text.h"

char *format_time(uint64_t usec, bool iso)
{
        time_t seconds = (time_t) (usec / USEC_PER_SEC);
        char text[64] = "";
        struct tm tm;

        if (localtime_r(&seconds, &tm) && iso)
                strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm);
        else if (localtime_r(&seconds, &tm))
                strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
        return strdup(text);
}

/* Three digits at most, in powers of 1024, as lsblk has it. */
static char *format_bytes(uint64_t bytes)
{
        static const char units[] = "BKMGTPE";
        uint64_t whole = bytes, rest = 0;
        size_t unit = 0;
        char *text;
        int n;

        while (whole >= 1024) {
                rest = whole % 1024;
                whole /= 1024;
                unit++;
        }
        if (unit > 0 && whole < 100)
                n = asprintf(&text, "%" PRIu64 ".%" PRIu64 "%c", whole, rest * 10 / 1024, units[unit]);
        else
                n = asprintf(&text, "%" PRIu64 "%c", whole, units[unit]);
        return n < 0 ? NULL : text;
}

/* As vendors of drives count: 10^6 bytes. */
static char *format_rate(uint64_t rate)
{
        char *text;

        return asprintf(&text, "%" PRIu64 ".%" PRIu64 " MB/s", rate / 1000000, rate / 100000 % 10) < 0 ? NULL
                                                                                                       : text;
}

static char *format_number(uint64_t number)
{
        char *text;

        return asprintf(&text, "%" PRIu64, number) < 0 ? NULL : text;
}

static char *format_span(uint64_t usec)
{
        char text[64];

        return strdup(text_format_span(text, sizeof(text), usec));
}

char *number_format(uint64_t number, FieldType type, FieldStyle style)
{
        switch (type) {
        case FIELD_TYPE_BOOL:
                return strdup(number ? "yes" : "no");
        case FIELD_TYPE_COUNT:
                return format_number(number);
        case FIELD_TYPE_BYTES:
                return style == FIELD_STYLE_HUMAN ? format_bytes(number) : format_number(number);
        case FIELD_TYPE_RATE:
                if (number > 0 && style == FIELD_STYLE_HUMAN)
                        return format_rate(number);
                break;
        case FIELD_TYPE_TEXT:
        case FIELD_TYPE_LIST:
        case FIELD_TYPE_TALLY:
        case FIELD_TYPE_PID:
        case FIELD_TYPE_SPAN:
        case FIELD_TYPE_TIME:
        case _FIELD_TYPE_MAX:
                break;
        }
        if (number == 0)
                return strdup("");
        if (type == FIELD_TYPE_PID || type == FIELD_TYPE_TALLY || type == FIELD_TYPE_RATE)
                return format_number(number);
        return type == FIELD_TYPE_SPAN ? format_span(number) : format_time(number, false);
}

char *device_format(const Device *d, FieldId id, FieldStyle style)
{
        FieldType type = field_get(id)->type;

        if (type == FIELD_TYPE_TEXT || type == FIELD_TYPE_LIST)
                return strdup(device_text(d, id));
        return number_format(d->number[id], type, style);
}

/* n bytes of UTF-8 without control characters (device_read sees to that). */
static void print_json_string(const char *s, size_t n, FILE *f)
{
        fputc('"', f);
        for (size_t i = 0; i < n; i++) {
                if (s[i] == '"' || s[i] == '\\')
                        fputc('\\', f);
                fputc(s[i], f);
        }
        fputc('"', f);
}

void json_print_text(const char *text, FILE *f)
{
        if (text)
                print_json_string(text, strlen(text), f);
        else
                fputs("null", f);
}

static void print_json_list(const char *lines, FILE *f)
{
        fputc('[', f);
        while (*lines) {
                size_t n = strcspn(lines, "\n");

                print_json_string(lines, n, f);
                lines += n;
                if (*lines == '\n') {
                        lines++;
                        fputs(", ", f);
                }
        }
        fputc(']', f);
}

static void print_json_value(const Device *d, FieldId id, FILE *f)
{
        switch (field_get(id)->type) {
        case FIELD_TYPE_TEXT:
                json_print_text(d->text[id], f);
                break;
        case FIELD_TYPE_LIST:
                print_json_list(device_text(d, id), f);
                break;
        case FIELD_TYPE_BOOL:
                fputs(d->number[id] ? "true" : "false", f);
                break;
        case FIELD_TYPE_COUNT:
        case FIELD_TYPE_PID:
        case FIELD_TYPE_TALLY:
        case FIELD_TYPE_RATE:
        case FIELD_TYPE_BYTES:
        case FIELD_TYPE_SPAN:
        case FIELD_TYPE_TIME:
        case _FIELD_TYPE_MAX:
                fprintf(f, "%" PRIu64, d->number[id]);
                break;
        }
}

void json_print_key(const char *column, FILE *f)
{
        fputc('"', f);
        for (; *column; column++)
                fputc(*column >= 'A' && *column <= 'Z' ? *column + ('a' - 'A') : *column, f);
        fputs("\": ", f);
}

/* ids: NULL for all. */
static void print_json_fields(const Device *d, const FieldId *ids, size_t n_ids, FILE *f)
{
        for (size_t i = 0; i < n_ids; i++) {
                FieldId id = ids ? ids[i] : (FieldId) i;

                if (i > 0)
                        fputs(", ", f);
                json_print_key(field_get(id)->column, f);
                print_json_value(d, id, f);
        }
}

void device_print_json_fields(const Device *d, const FieldId *fields, size_t n_fields, FILE *f)
{
        fputc('{', f);
        print_json_fields(d, fields, n_fields, f);
        fputc('}', f);
}

void device_print_json(const Device *d, const char *time, const PathList *paths, FILE *f)
{
        fputc('{', f);
        if (time) {
                fputs("\"time\": ", f);
                print_json_string(time, strlen(time), f);
                fputs(", ", f);
        }
        print_json_fields(d, NULL, _FIELD_MAX, f);
        if (paths) {
                fputs(", \"paths\": ", f);
                path_list_print_json(paths, f);
        }
        fputc('}', f);
}
