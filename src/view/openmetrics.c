/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The clauses of OpenMetrics that count here: # TYPE, # UNIT and # HELP once a family and before its samples,
 * counters end with _total, \, " and line feeds are escaped in labels, # EOF is the last line. */

#include "view/openmetrics.h"

#include <inttypes.h>

static const struct {
        const char *name, *suffix;
} types[_METRIC_TYPE_MAX] = {
        [METRIC_GAUGE] = {"gauge", ""},
        [METRIC_COUNTER] = {"counter", "_total"},
        [METRIC_INFO] = {"info", "_info"},
        [METRIC_STATESET] = {"stateset", ""},
};

void metric_family(const MetricFamily *m, FILE *f)
{
        fprintf(f, "# TYPE %s %s\n", m->name, types[m->type].name);
        if (m->unit)
                fprintf(f, "# UNIT %s %s\n", m->name, m->unit);
        fprintf(f, "# HELP %s %s\n", m->name, m->help);
}

static void print_value(const char *value, FILE *f)
{
        for (const char *p = value; *p; p++)
                if (*p == '\n')
                        fputs("\\n", f);
                else if (*p == '"' || *p == '\\')
                        fprintf(f, "\\%c", *p);
                else
                        fputc(*p, f);
}

void metric_sample(const MetricFamily *m, const MetricLabel *labels, size_t n_labels, uint64_t value,
                   uint64_t scale, FILE *f)
{
        uint64_t rest = value % scale;

        fprintf(f, "%s%s", m->name, types[m->type].suffix);
        for (size_t i = 0; i < n_labels; i++) {
                fprintf(f, "%c%s=\"", i > 0 ? ',' : '{', labels[i].name);
                print_value(labels[i].value, f);
                fputc('"', f);
        }
        fprintf(f, "%s %" PRIu64, n_labels > 0 ? "}" : "", value / scale);
        if (rest > 0) {
                fputc('.', f);
                for (uint64_t unit = scale / 10; unit > 0 && rest > 0; rest %= unit, unit /= 10)
                        fputc('0' + (char) (rest / unit), f);
        }
        fputc('\n', f);
}

void metric_end(FILE *f)
{
        fputs("# EOF\n", f);
}
