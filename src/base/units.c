/* SPDX-License-Identifier: Apache-2.0 */
#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

#define TIB (UINT64_C(1) << 40)
#define PIB (UINT64_C(1) << 50)
#define EIB (UINT64_C(1) << 60)

#define USEC_PER_MIN  (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_DAY  (24 * USEC_PER_HOUR)

#define DECIMALS_MAX 9

struct unit {
	const char *name;
	uint64_t scale;
};

/* Case does not matter when reading: docker's "128m" is as clear as Kubernetes' "128Mi". */
static const struct unit byte_units[] = {
	{ .name = "", .scale = 1 },
	{ .name = "B", .scale = 1 },
	{ .name = "K", .scale = KIB },
	{ .name = "Ki", .scale = KIB },
	{ .name = "KiB", .scale = KIB },
	{ .name = "KB", .scale = UINT64_C(1000) },
	{ .name = "M", .scale = MIB },
	{ .name = "Mi", .scale = MIB },
	{ .name = "MiB", .scale = MIB },
	{ .name = "MB", .scale = UINT64_C(1000000) },
	{ .name = "G", .scale = GIB },
	{ .name = "Gi", .scale = GIB },
	{ .name = "GiB", .scale = GIB },
	{ .name = "GB", .scale = UINT64_C(1000000000) },
	{ .name = "T", .scale = TIB },
	{ .name = "Ti", .scale = TIB },
	{ .name = "TiB", .scale = TIB },
	{ .name = "TB", .scale = UINT64_C(1000000000000) },
};

static const struct unit duration_units[] = {
	{ .name = "us", .scale = 1 },
	{ .name = "ms", .scale = USEC_PER_MSEC },
	{ .name = "s", .scale = USEC_PER_SEC },
	{ .name = "m", .scale = USEC_PER_MIN },
	{ .name = "h", .scale = USEC_PER_HOUR },
	{ .name = "d", .scale = USEC_PER_DAY },
};

/* Basis points. */
static const struct unit share_units[] = {
	{ .name = "%", .scale = 100 },
};

/* For people and for exact output: from small to large. */
static const struct unit byte_steps[] = {
	{ .name = "B", .scale = 1 },
	{ .name = "KiB", .scale = KIB },
	{ .name = "MiB", .scale = MIB },
	{ .name = "GiB", .scale = GIB },
	{ .name = "TiB", .scale = TIB },
	{ .name = "PiB", .scale = PIB },
	{ .name = "EiB", .scale = EIB },
};
#define BYTE_STEPS_READ_BACK 5 /* nobody writes PiB; the parser does not know it */

struct number {
	uint64_t whole;
	uint64_t fraction; /* in units of 1 / fraction_scale */
	uint64_t fraction_scale;
	unsigned decimals;
	char unit[8];
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* "12.50XY" with blanks around it. */
static int number_parse(const char *text, struct number *ret_number)
{
	struct number n = { .fraction_scale = 1 };
	bool overflow = false;
	size_t len;

	while (is_blank(*text))
		text++;
	if (!is_digit(*text))
		return -EINVAL;
	for (; is_digit(*text); text++)
		if (__builtin_mul_overflow(n.whole, 10u, &n.whole) ||
			__builtin_add_overflow(n.whole, (uint64_t)(*text - '0'), &n.whole))
			overflow = true;
	if (*text == '.') {
		for (text++; is_digit(*text) && n.decimals < DECIMALS_MAX; text++, n.decimals++) {
			n.fraction = n.fraction * 10 + (uint64_t)(*text - '0');
			n.fraction_scale *= 10;
		}
		if (!n.decimals)
			return -EINVAL;
	}
	len = strlen(text);
	while (len && is_blank(text[len - 1]))
		len--;
	if (len >= sizeof(n.unit))
		return -EINVAL;
	memcpy(n.unit, text, len);
	*ret_number = n;
	return overflow ? -ERANGE : 0;
}

static int scale_number(
	const struct number *n, const struct unit *units, size_t n_units, uint64_t *ret_value)
{
	for (size_t i = 0; i < n_units; i++) {
		unsigned __int128 value;

		if (strcasecmp(n->unit, units[i].name))
			continue;
		if (units[i].scale == 1 && n->decimals)
			return -EINVAL; /* half a byte, half a microsecond */
		value = (unsigned __int128)n->whole * units[i].scale +
			(unsigned __int128)n->fraction * units[i].scale / n->fraction_scale;
		if (value > UINT64_MAX)
			return -ERANGE;
		*ret_value = (uint64_t)value;
		return 0;
	}
	return -EINVAL;
}

static int scaled_parse(const char *text, const struct unit *units, size_t n_units,
	struct number *ret_number, uint64_t *ret_value)
{
	struct number n = { 0 };
	int range = number_parse(text, &n);
	uint64_t value;
	int r;

	if (range == -EINVAL)
		return range;
	r = scale_number(&n, units, n_units, &value);
	if (r < 0)
		return r;
	if (range < 0)
		return range;
	*ret_number = n;
	*ret_value = value;
	return 0;
}

int units_parse_bytes(const char *text, uint64_t *ret_bytes)
{
	struct number n;

	return scaled_parse(text, byte_units, ARRAY_LEN(byte_units), &n, ret_bytes);
}

int units_parse_share(const char *text, uint32_t *ret_bp)
{
	struct number n;
	uint64_t bp;
	int r = scaled_parse(text, share_units, ARRAY_LEN(share_units), &n, &bp);

	if (r < 0)
		return r;
	if (n.decimals > 2)
		return -EINVAL;
	if (bp > BP_WHOLE)
		return -ERANGE;
	*ret_bp = (uint32_t)bp;
	return 0;
}

int units_parse_duration(const char *text, uint64_t *ret_usec)
{
	struct number n;

	/* Nothing is nothing in every unit; any other bare number could be seconds or minutes. */
	if (!number_parse(text, &n) && !n.unit[0] && !n.whole && !n.decimals) {
		*ret_usec = 0;
		return 0;
	}
	return scaled_parse(text, duration_units, ARRAY_LEN(duration_units), &n, ret_usec);
}

static const struct unit *largest_divisor(const struct unit *units, size_t n_units, uint64_t value)
{
	size_t i = n_units - 1;

	while (i && value % units[i].scale)
		i--;
	return &units[i];
}

void units_print_bytes(char *out, size_t size, uint64_t bytes)
{
	const struct unit *u = largest_divisor(byte_steps, BYTE_STEPS_READ_BACK, bytes);

	if (!bytes || u->scale == 1)
		snprintf(out, size, "%" PRIu64, bytes);
	else
		snprintf(out, size, "%" PRIu64 "%s", bytes / u->scale, u->name);
}

void units_print_share(char *out, size_t size, uint32_t bp)
{
	if (bp % 100 == 0)
		snprintf(out, size, "%u%%", bp / 100);
	else if (bp % 10 == 0)
		snprintf(out, size, "%u.%u%%", bp / 100, bp % 100 / 10);
	else
		snprintf(out, size, "%u.%02u%%", bp / 100, bp % 100);
}

void units_print_duration(char *out, size_t size, uint64_t usec)
{
	const struct unit *u = largest_divisor(duration_units, ARRAY_LEN(duration_units), usec);

	if (!usec)
		snprintf(out, size, "0s");
	else
		snprintf(out, size, "%" PRIu64 "%s", usec / u->scale, u->name);
}

/* Two significant digits below ten, whole numbers above; "9.97" is "10", "1023.7KiB" is "1MiB". */
static struct units_text human(const struct unit *units, size_t n_units, uint64_t value)
{
	struct units_text text;
	uint64_t whole, tenths;
	size_t i = 0;

	for (;; i++) {
		unsigned __int128 wide = value;

		whole = (uint64_t)((wide + units[i].scale / 2) / units[i].scale);
		tenths = (uint64_t)((wide * 10 + units[i].scale / 2) / units[i].scale);
		if (i + 1 == n_units || whole < units[i + 1].scale / units[i].scale)
			break;
	}
	if (tenths < 100 && tenths % 10)
		snprintf(text.s, sizeof(text.s), "%u.%u%s", (unsigned)tenths / 10,
			(unsigned)tenths % 10, units[i].name);
	else
		snprintf(text.s, sizeof(text.s), "%" PRIu64 "%s", whole, units[i].name);
	return text;
}

struct units_text units_human_bytes(uint64_t bytes)
{
	return human(byte_steps, ARRAY_LEN(byte_steps), bytes);
}

struct units_text units_human_duration(uint64_t usec)
{
	if (!usec)
		return (struct units_text){ .s = "0s" };
	return human(duration_units, ARRAY_LEN(duration_units), usec);
}

uint32_t units_share_bp(uint64_t part, uint64_t whole)
{
	unsigned __int128 bp;

	if (!whole)
		return 0;
	bp = (unsigned __int128)part * BP_WHOLE / whole;
	return bp > UINT32_MAX ? UINT32_MAX : (uint32_t)bp;
}

uint64_t units_of_share(uint64_t whole, uint32_t bp)
{
	unsigned __int128 part = (unsigned __int128)whole * bp / BP_WHOLE;

	return part > UINT64_MAX ? UINT64_MAX : (uint64_t)part;
}
