/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes, shares and durations as people write them.
 * Parsers take the whole string (surrounding blanks allowed) and return 0, -EINVAL (not of that
 * form) or -ERANGE (does not fit); the output is untouched on failure.
 */
#ifndef OOMGUARD_BASE_UNITS_H
#define OOMGUARD_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC  UINT64_C(1000000)

/* One basis point is a hundredth of a percent: 10000 bp are the whole. */
#define BP_WHOLE 10000u

/*
 * "4096", "64KiB", "1.5GiB", "2MiB", also "64K" "64Ki" "64M" "2G" "1T" (all binary: operators mean
 * Mi when they write M in an ini file); "512MB" (decimal, as Kubernetes and disks have it).
 */
int units_parse_bytes(const char *text, uint64_t *ret_bytes);

/* "75%", "0.3%", at most two decimals; 0..100 %. */
int units_parse_share(const char *text, uint32_t *ret_bp);

/* "500us", "200ms", "10s", "5m", "1h", "2d", "1.5s"; a bare "0" is allowed, other bare numbers not.
 */
int units_parse_duration(const char *text, uint64_t *ret_usec);

/* Exact form that the parsers read back: the largest unit that divides, "128MiB", "1000B" ->
 * "1000". */
void units_print_bytes(char *out, size_t size, uint64_t bytes);
void units_print_share(char *out, size_t size, uint32_t bp);
void units_print_duration(char *out, size_t size, uint64_t usec);

#define UNITS_TEXT_MAX 24
struct units_text {
	char s[UNITS_TEXT_MAX];
};

/* Rounded for people: "216MiB", "3.1MiB", "612kB" is never used (KiB). Returned by value. */
struct units_text units_human_bytes(uint64_t bytes);
/* "12ms", "9.5s", "10s", "3m", "2h". */
struct units_text units_human_duration(uint64_t usec);

/* part * 10000 / whole without overflow; whole == 0 gives 0; more than UINT32_MAX is clamped. */
uint32_t units_share_bp(uint64_t part, uint64_t whole);
/* whole * bp / 10000 without overflow. */
uint64_t units_of_share(uint64_t whole, uint32_t bp);

#endif
