/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OOMGUARD_REPORT_HTML_H
#define OOMGUARD_REPORT_HTML_H

#include <stdio.h>

#define HTML_EVENTS_MAX 40u /* listed and marked */

/* Escaped for text and for quoted attributes. */
void html_put(const char *text, FILE *out);

#endif
