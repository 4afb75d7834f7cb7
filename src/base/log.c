/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

struct level_text {
	const char *name;
	const char *prefix;
};

static const struct level_text level_texts[] = {
	[LOG_LEVEL_ERROR] = { .name = "error", .prefix = "oomguard: error: " },
	[LOG_LEVEL_WARNING] = { .name = "warning", .prefix = "oomguard: warning: " },
	[LOG_LEVEL_NOTICE] = { .name = "notice", .prefix = "oomguard: " },
	[LOG_LEVEL_INFO] = { .name = "info", .prefix = "oomguard: " },
	[LOG_LEVEL_DEBUG] = { .name = "debug", .prefix = "oomguard: " },
};

static struct {
	enum log_format format;
	enum log_level threshold;
	int fd;
	unsigned long dropped;
} state = {
	.format = LOG_FORMAT_TEXT,
	.threshold = LOG_LEVEL_NOTICE,
	.fd = STDERR_FILENO,
};

void log_init(enum log_format format, enum log_level threshold)
{
	state.format = format;
	state.threshold = threshold;
}

bool log_enabled(enum log_level level)
{
	return level <= state.threshold;
}

void log_set_fd(int fd)
{
	state.fd = fd;
	state.dropped = 0;
}

/*
 * O_NONBLOCK would change the application's stderr too: it is the same open file. So the room is
 * asked for first; POLLOUT promises PIPE_BUF (4096) bytes of a pipe. The application may take that
 * room in between: RWF_NOWAIT closes the gap where the kernel has it for pipes.
 */
static bool write_line(const struct buf *line)
{
	struct pollfd pfd = { .fd = state.fd, .events = POLLOUT };
	struct iovec iov = { .iov_base = line->data, .iov_len = line->len };
	struct stat st;
	ssize_t n;

	if (poll(&pfd, 1, 0) != 1 || !(pfd.revents & POLLOUT))
		return false;
	if (!fstat(state.fd, &st) && S_ISFIFO(st.st_mode)) {
		n = pwritev2(state.fd, &iov, 1, -1, RWF_NOWAIT);
		if (n >= 0 || errno == EAGAIN || errno == EPIPE)
			return n >= 0;
	}
	return write(state.fd, line->data, line->len) >= 0;
}

/* One event is one line, and a process name must not be able to drive a terminal. */
static void make_printable(struct buf *text)
{
	while (text->len && text->data[text->len - 1] == '\n')
		text->data[--text->len] = '\0';
	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->data[i];

		if (c < 0x20 || c == 0x7F)
			text->data[i] = c == '\t' ? ' ' : '?';
	}
}

static void compose_text(struct buf *line, enum log_level level, struct buf *message)
{
	make_printable(message);
	buf_puts(line, level_texts[level].prefix);
	buf_add(line, message->data, message->len);
}

static void compose_json(struct buf *line, enum log_level level, const struct buf *message)
{
	char time[CLOCK_TEXT_MAX];

	clock_print_rfc3339(time, clock_wall_usec());
	buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", time,
		level_texts[level].name);
	buf_json_string(line, message->data, message->len);
}

static bool emit(enum log_level level, struct buf *message)
{
	char data[LOG_LINE_MAX + 1];
	const char *end = state.format == LOG_FORMAT_JSON ? "}\n" : "\n";
	/* Room for the end is kept, so that a line that is cut is still a line, and still JSON. */
	struct buf line = { .data = data, .size = sizeof(data) - strlen(end) };

	if (state.format == LOG_FORMAT_JSON)
		compose_json(&line, level, message);
	else
		compose_text(&line, level, message);
	line.size = sizeof(data);
	line.truncated = false;
	buf_puts(&line, end);
	return write_line(&line);
}

static bool emit_dropped(void)
{
	char text[80];
	struct buf message = BUF_ON(text);

	buf_printf(&message, "%lu log lines dropped: nobody was reading", state.dropped);
	return emit(LOG_LEVEL_WARNING, &message);
}

void log_write(enum log_level level, const char *format, ...)
{
	int saved = errno;
	char text[LOG_LINE_MAX];
	struct buf message = BUF_ON(text);
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, format);
	buf_vprintf(&message, format, args);
	va_end(args);
	if (state.dropped && emit_dropped())
		state.dropped = 0;
	if (state.dropped || !emit(level, &message))
		state.dropped++;
	errno = saved;
}
