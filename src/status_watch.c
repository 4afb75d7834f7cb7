/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `oomguard status --watch`: on a terminal the page is drawn again in its place each second, with
 * the use of the last minutes as a sparkline; elsewhere one line a second without escapes.
 */
#include "status.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/units.h"

#define PAGE_MAX	4096
#define DRAWN_MAX	(4 * PAGE_MAX)
#define COLUMNS_DEFAULT 80
#define ROWS_DEFAULT	24
#define LABEL_COLUMNS	10 /* "memory    " */

#define HIDE_CURSOR  "\033[?25l"
#define SHOW_CURSOR  "\033[?25h"
#define CLEAR_LINE   "\033[K"
#define CLEAR_BELOW  "\033[J"
#define CLEAR_SCREEN "\033[H\033[2J"

struct screen {
	bool is_terminal, plain, resized, ended;
	unsigned columns, rows;
	unsigned drawn; /* lines that stand above the cursor */
	int signals;	/* signalfd */
};

void status_sparkline(
	const uint32_t *history_bp, unsigned n, unsigned columns, bool plain, struct buf *out)
{
	static const char *const bars[2][8] = {
		{ "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588" },
		{ "_", ".", ":", "-", "=", "+", "*", "#" },
	};

	for (unsigned i = columns < n ? n - columns : 0; i < n; i++) {
		uint32_t bp = history_bp[i];

		buf_puts(out,
			bp == STATUS_NO_SAMPLE ? " " : bars[plain][MIN_OF(bp * 8 / BP_WHOLE, 7u)]);
	}
}

const char *status_cut(const char *text, unsigned columns, struct buf *out)
{
	size_t len = strcspn(text, "\n"), n = 0;
	unsigned used = 0;

	while (n < len && (used < columns || ((unsigned char)text[n] & 0xc0) == 0x80)) {
		used += ((unsigned char)text[n] & 0xc0) != 0x80; /* not the rest of a character */
		n++;
	}
	buf_add(out, text, n);
	return text + len + (text[len] == '\n');
}

/* Block elements are in every font; who has set another locale than UTF-8 gets none. */
static bool is_plain(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value && value[0])
			return !strcasestr(value, "utf-8") && !strcasestr(value, "utf8");
	}
	return false;
}

static void measure(struct screen *s)
{
	struct winsize size = { .ws_col = 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col) {
		size.ws_col = COLUMNS_DEFAULT;
		size.ws_row = ROWS_DEFAULT;
	}
	s->columns = size.ws_col;
	s->rows = size.ws_row ? size.ws_row : ROWS_DEFAULT;
}

static void draw(struct screen *s, const struct status *status)
{
	char text[PAGE_MAX], drawn[DRAWN_MAX];
	struct buf page = BUF_ON(text), out = BUF_ON(drawn);
	unsigned lines = 0;

	measure(s);
	buf_reset(&page);
	buf_reset(&out);
	buf_puts(&page, "last      ");
	status_sparkline(status->history_bp, STATUS_HISTORY,
		s->columns > LABEL_COLUMNS ? s->columns - LABEL_COLUMNS : 0, s->plain, &page);
	buf_puts(&page, "\n");
	status_print_page(status, &page);
	buf_puts(&out, HIDE_CURSOR);
	if (s->resized)
		buf_puts(&out, CLEAR_SCREEN); /* what stood there has been wrapped anew */
	else if (s->drawn)
		buf_printf(&out, "\033[%uA\r", s->drawn);
	for (const char *at = text; *at && lines + 1 < s->rows; lines++) {
		at = status_cut(at, s->columns, &out);
		buf_puts(&out, CLEAR_LINE "\r\n");
	}
	buf_puts(&out, CLEAR_BELOW);
	s->drawn = lines;
	s->resized = false;
	fwrite(drawn, 1, out.len, stdout);
}

static void tell(const struct cli *cli, struct screen *s, const struct status *status)
{
	char text[PAGE_MAX];
	struct buf line = BUF_ON(text);
	auto_free char *json = cli->json ? status_print_json(status) : NULL;

	buf_reset(&line);
	if (cli->json)
		puts(json ? json : "null");
	else if (s->is_terminal)
		draw(s, status);
	else
		status_print_line(status, &line);
	if (line.len)
		puts(text);
	fflush(stdout);
}

static void begin(struct screen *s, const struct cli *cli)
{
	const int watched[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH };
	sigset_t set;

	sigemptyset(&set);
	for (unsigned i = 0; i < ARRAY_LEN(watched); i++)
		sigaddset(&set, watched[i]);
	*s = (struct screen){ .is_terminal = isatty(STDOUT_FILENO) && !cli->json,
		.plain = is_plain() };
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Until the time has come or there is something else to do. */
static void wait_until(struct screen *s, uint64_t until_usec)
{
	struct pollfd p = { .fd = s->signals, .events = POLLIN };
	struct signalfd_siginfo info;
	uint64_t now = clock_now_usec();

	while (now < until_usec && !s->ended && !s->resized) {
		poll(&p, 1, (int)((until_usec - now) / USEC_PER_MSEC + 1));
		while (s->signals >= 0 && read(s->signals, &info, sizeof(info)) > 0) {
			if (info.ssi_signo == SIGWINCH)
				s->resized = s->is_terminal;
			else
				s->ended = true;
		}
		now = clock_now_usec();
	}
}

int status_watch(const struct cli *cli, const struct conf *conf)
{
	static struct status status;
	char names[CONF_LEVELS_MAX * (CONF_NAME_MAX + 2)];
	struct buf levels = BUF_ON(names);
	uint64_t next = clock_now_usec();
	struct screen screen;
	int r = 0;

	begin(&screen, cli);
	while (!screen.ended && !ferror(stdout)) {
		if (status_find(conf, &status) < 0) {
			r = EXIT_NO_GUARD;
			break;
		}
		buf_reset(&levels);
		r = status_levels(status.json, &levels) ? 1 : 0;
		tell(cli, &screen, &status);
		next = MAX_OF(next + USEC_PER_SEC, clock_now_usec());
		wait_until(&screen, next);
	}
	if (screen.is_terminal)
		fputs(SHOW_CURSOR, stdout);
	fflush(stdout);
	if (screen.signals >= 0)
		close(screen.signals);
	json_decref(status.json);
	return r;
}
