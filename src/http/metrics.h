/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard's metrics as text. Pure. Two formats:
 * Prometheus text 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/) and
 * OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/).
 * What is not known is left out, not 0.
 */
#ifndef OOMGUARD_HTTP_METRICS_H
#define OOMGUARD_HTTP_METRICS_H

#include <stdbool.h>

#include "base/buf.h"
#include "http/view.h"

#define METRICS_TEXT_MAX (32 << 10)

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };

/* By the Accept header of the request (NULL: none was sent). */
enum metrics_format metrics_choose(const char *accept);
const char *metrics_content_type(enum metrics_format format);

/* The whole document; out->truncated when it does not fit (METRICS_TEXT_MAX always does). */
void metrics_print(const struct guard_view *view, enum metrics_format format, struct buf *out);

#endif
