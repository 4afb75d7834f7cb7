/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text into memory that the caller owns. Never allocates. Always NUL-terminated. What does not fit
 * is left out and `truncated` is set.
 */
#ifndef OOMGUARD_BASE_BUF_H
#define OOMGUARD_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;
	size_t size; /* of data, the NUL included; at least 1 */
	size_t len;  /* without the NUL */
	bool truncated;
};

#define BUF_ON(array) ((struct buf){ .data = (array), .size = sizeof(array) })

void buf_reset(struct buf *b);
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Copies text into out, cut at size - 1, NUL-terminated. */
void buf_copy(char *out, size_t size, const char *text);

/*
 * As a quoted JSON string (RFC 8259): control characters escaped, bytes that are not UTF-8 replaced
 * by U+FFFD, so that a hostile process name cannot break the document.
 */
void buf_json_string(struct buf *b, const char *text, size_t len);

#endif
