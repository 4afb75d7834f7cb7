/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per event on stderr, as text or JSON. Never allocates, never uses stdio, keeps errno.
 * A reader of stderr that has stopped reading cannot hold up the guard: a line that the pipe does
 * not take at once is dropped and counted, and the count is told with the next line that fits.
 * Lines are cut at LOG_LINE_MAX bytes.
 * Leaves do not log. Whoever decides logs once: what, on what, what next.
 */
#ifndef OOMGUARD_BASE_LOG_H
#define OOMGUARD_BASE_LOG_H

#include <stdbool.h>

#define LOG_LINE_MAX 2048

enum log_level {
	LOG_LEVEL_ERROR,   /* something that the user asked for cannot be done */
	LOG_LEVEL_WARNING, /* it goes on, but less well */
	LOG_LEVEL_NOTICE,  /* an event: a level, a dump, a restart (the default) */
	LOG_LEVEL_INFO,	   /* -v */
	LOG_LEVEL_DEBUG,
};

enum log_format {
	LOG_FORMAT_TEXT, /* oomguard: MESSAGE */
	LOG_FORMAT_JSON, /* {"time":..., "level":..., "message":...} */
};

void log_init(enum log_format format, enum log_level threshold);

/* True when a line of that level would be written. */
bool log_enabled(enum log_level level);

/* Where lines go; 2 unless a test says otherwise. */
void log_set_fd(int fd);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)	 log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
