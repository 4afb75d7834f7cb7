/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/pystack.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "dump/elf.h"
#include "dump/pystack_layout.h"
#include "dump/trace.h"

#define THREADS_MAX	 64
#define FRAMES_MAX	 64
#define INTERPRETERS_MAX 4
#define NAME_MAX_BYTES	 192
#define TABLE_MAX	 8192 /* of a code object; a longer one gives the line of its def */
#define BYTES_DATA	 32   /* PyBytesObject.ob_sval */
#define VAR_SIZE	 16   /* PyVarObject.ob_size */
#define TYPE		 8    /* PyObject.ob_type */
#define OWNER_C		 3    /* FRAME_OWNED_BY_CSTACK */

struct reader {
	pid_t pid;
	struct pystack_symbols symbols;
	struct pystack_layout layout;
	struct buf *out;
};

static int read_at(const struct reader *r, uint64_t address, void *out, size_t len)
{
	struct iovec local = { .iov_base = out, .iov_len = len };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)address, .iov_len = len };
	ssize_t n = process_vm_readv(r->pid, &local, 1, &remote, 1, 0);

	return n < 0 ? -errno : (size_t)n == len ? 0 : -EFAULT;
}

static uint64_t read_word(const struct reader *r, uint64_t address)
{
	uint64_t value = 0;

	return read_at(r, address, &value, sizeof(value)) < 0 ? 0 : value;
}

static bool has_type(const struct reader *r, uint64_t object, uint64_t type)
{
	return object && type && read_word(r, object + TYPE) == type;
}

/* A str: the state says how wide its characters are and whether they follow at once. */
static void put_text(const struct reader *r, uint64_t object, bool base_name)
{
	const struct pystack_layout *l = &r->layout;
	uint64_t length = read_word(r, object + 16);
	uint8_t data[NAME_MAX_BYTES] = { 0 };
	uint32_t state = 0;
	unsigned kind;
	uint64_t at;

	if (!has_type(r, object, r->symbols.unicode_type) ||
		read_at(r, object + 32, &state, sizeof(state)) < 0 || !(state >> 5 & 1)) {
		buf_puts(r->out, "?");
		return;
	}
	kind = state >> 2 & 7;
	at = object + (state >> 6 & 1 ? l->ascii_data : l->compact_data);
	/* Of a long path the end tells more. */
	if (length * kind > sizeof(data) && base_name) {
		at += (length - sizeof(data) / MAX_OF(kind, 1u)) * kind;
		buf_puts(r->out, "...");
	}
	length = MIN_OF(length, sizeof(data) / MAX_OF(kind, 1u));
	if (kind < 1 || kind > 4 || read_at(r, at, data, length * kind) < 0)
		return;
	for (size_t i = 0; i < length; i++) {
		uint8_t c = data[i * kind];
		bool wide = (kind > 1 && data[i * kind + 1]) ||
			    (kind > 2 && (data[i * kind + 2] | data[i * kind + 3]));

		buf_printf(r->out, "%c", !wide && c >= ' ' && c < 127 ? c : '?');
	}
}

static int find_line(const struct reader *r, uint64_t frame, uint64_t code)
{
	const struct pystack_layout *l = &r->layout;
	uint64_t table = read_word(r, code + l->co_lines), len = read_word(r, table + VAR_SIZE);
	static uint8_t data[TABLE_MAX];
	int32_t first = 0, lasti = 0;
	int64_t offset;

	read_at(r, code + l->co_firstlineno, &first, sizeof(first));
	if (!table || len > sizeof(data) || read_at(r, table + BYTES_DATA, data, len) < 0)
		return first;
	if (l->minor >= 11) {
		offset = (int64_t)(read_word(r, frame + l->lasti) - code - l->co_code);
	} else {
		read_at(r, frame + l->lasti, &lasti, sizeof(lasti));
		offset = l->minor == 10 ? 2 * (int64_t)lasti : lasti;
	}
	return pystack_line(l->minor, data, len, first, MAX_OF(offset, INT64_C(0)));
}

static void put_frames(const struct reader *r, uint64_t frame)
{
	const struct pystack_layout *l = &r->layout;
	uint64_t slow = frame; /* at half the speed: a ring meets itself */

	for (unsigned i = 0; frame && i < FRAMES_MAX; i++) {
		uint64_t code = read_word(r, frame + l->code);
		uint8_t owner = 0;

		if (l->owner)
			read_at(r, frame + l->owner, &owner, 1);
		if (owner != OWNER_C && has_type(r, code, r->symbols.code_type)) {
			buf_puts(r->out, "    ");
			put_text(r, read_word(r, code + l->co_filename), true);
			buf_printf(r->out, ":%d ", find_line(r, frame, code));
			put_text(r, read_word(r, code + l->co_name), false);
			buf_puts(r->out, "\n");
		}
		frame = read_word(r, frame + l->previous);
		if (i % 2)
			slow = read_word(r, slow + l->previous);
		if (frame && frame == slow)
			return;
	}
	if (frame)
		buf_puts(r->out, "    ...\n");
}

static void put_thread(const struct reader *r, uint64_t thread)
{
	const struct pystack_layout *l = &r->layout;
	uint64_t id = read_word(r, thread + (l->native_id ? l->native_id : l->pthread)), at;

	if (l->native_id)
		buf_printf(r->out, "  thread %llu\n", (unsigned long long)id);
	else
		buf_printf(r->out, "  thread 0x%llx (pthread_self)\n", (unsigned long long)id);
	at = l->cframe ? read_word(r, thread + l->cframe) : thread;
	put_frames(r, read_word(r, at + l->frame));
}

static void put_interpreters(const struct reader *r)
{
	const struct pystack_layout *l = &r->layout;
	uint64_t interp = read_word(r, r->symbols.runtime + l->interpreters);

	for (unsigned i = 0; interp && i < INTERPRETERS_MAX; i++) {
		uint64_t thread = read_word(r, interp + l->threads);

		for (unsigned k = 0; thread && k < THREADS_MAX; k++) {
			put_thread(r, thread);
			thread = read_word(r, thread + l->thread_next);
		}
		interp = read_word(r, interp + l->interp_next);
	}
}

static int choose_layout(struct reader *r)
{
	uint64_t version = 0;
	unsigned minor = r->symbols.minor;

	/* Its own word, since 3.11: PY_VERSION_HEX. */
	if (r->symbols.version && read_at(r, r->symbols.version, &version, sizeof(version)) == 0 &&
		version >> 24 == 3)
		minor = version >> 16 & 255;
	if (minor)
		buf_printf(r->out, "python 3.%u\n", minor);
	if (pystack_find_layout(minor, &r->layout) < 0) {
		buf_puts(r->out,
			minor ? "  its stacks are not known\n" : "python of an unknown version\n");
		return -ENOTSUP;
	}
	if (minor == 13) {
		uint64_t words[PYSTACK_OFFSETS_WORDS];

		if (read_at(r, r->symbols.runtime, words, sizeof(words)) == 0)
			pystack_take_offsets(words, &r->layout);
	}
	return 0;
}

int pystack_read(pid_t pid, const struct modules *maps, struct buf *out)
{
	struct reader r = { .pid = pid, .out = out };
	struct trace trace = { .threads = NULL };
	int e = pystack_find_symbols(maps, &r.symbols);

	if (e < 0)
		return e;
	e = choose_layout(&r);
	if (e == 0)
		e = trace_hold(pid, &trace);
	if (e == 0)
		put_interpreters(&r);
	trace_release(&trace);
	trace_free(&trace);
	return e;
}
