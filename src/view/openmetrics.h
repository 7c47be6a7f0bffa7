/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* OpenMetrics text 1.0 (openmetrics.io): what Prometheus scrapes. */

#include <stdint.h>
#include <stdio.h>

#define OPENMETRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

typedef enum MetricType {
        METRIC_GAUGE,
        METRIC_COUNTER,
        METRIC_INFO,
        METRIC_STATESET,
        _METRIC_TYPE_MAX,
} MetricType;

typedef struct MetricFamily {
        const char *name; /* ends with _UNIT, if there is one; without _total and _info */
        MetricType type;
        const char *unit; /* NULL: none */
        const char *help;
} MetricFamily;

typedef struct MetricLabel {
        const char *name, *value;
} MetricLabel;

/* Before its first sample. All samples of a family stand together, each with other labels. */
void metric_family(const MetricFamily *m, FILE *f);
/* value is in units of 1/scale: 1000000 for what is counted in µs and shown in seconds. */
void metric_sample(const MetricFamily *m, const MetricLabel *labels, size_t n_labels, uint64_t value,
                   uint64_t scale, FILE *f);
void metric_end(FILE *f);
