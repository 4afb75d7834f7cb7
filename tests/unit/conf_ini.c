/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "conf/ini.h"

#define X50  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X200 X50 X50 X50 X50

static char path[] = "/tmp/oomguard-ini-XXXXXX";
static struct conf conf;
static char reason[CONF_ERROR_MAX];

static int load(const char *text, size_t len)
{
	struct buf error = BUF_ON(reason);
	auto_fclose FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fflush(f);
	conf_defaults(&conf);
	reason[0] = '\0';
	return ini_load(path, &conf, &error);
}

struct trap {
	const char *text;
	const char *error; /* behind "FILE:" */
};

static const struct trap traps[] = {
	{ "[guard]\nbasis = anon\n  limit = 1G\n",
		"3: indented (allowed: keys and sections begin in the first column)" },
	{ "[guard]\n\tbasis = anon\n",
		"2: indented (allowed: keys and sections begin in the first column)" },
	{ " [guard]\n", "1: indented (allowed: keys and sections begin in the first column)" },
	{ "[dump]\n\ncommand = " X200 "\nkeep = 3\n", "3: line of 210 bytes is too long (allowed: "
						      "198; put a long command into a script)" },
	{ "[" X50 "]\n", "1: section name of 50 bytes is too long (allowed: 49)" },
	{ "[level " X50 "]\n", "1: section name of 56 bytes is too long (allowed: 49)" },
	{ "[guard\nbasis = anon\n", "1: section without ] (allowed: [NAME])" },
	{ "[guard] basis = anon\n", "1: text after ] (allowed: a comment)" },
	{ "[gaurd]\n", "1: [gaurd]: no such section (allowed: level NAME, guard, child, dump, "
		       "restart, drain, http, tune, snapshot)" },
	{ "[]\n",
		"1: []: no such section (allowed: level NAME, guard, child, dump, restart, drain, "
		"http, tune, snapshot)" },
	{ "[level Dump]\n",
		"1: [level Dump]: no level name (allowed: a to z and 0 to 9, at most 31)" },
	{ "; c\nbasis = anon\n", "2: basis: key before the first [section]" },
	{ "[guard]\n\n\nbasis\n",
		"4: not understood (allowed: KEY = VALUE, [SECTION], ; comment)" },
	{ "[guard]\nbassis = anon\n", "2: guard.bassis: no such key (did you mean guard.basis?)" },
	{ "[guard]\n; " X200 "\nbasis = all\n[dump]\nkeep = x\n",
		"3: guard.basis: \"all\" is not one of the words (allowed: nonreclaimable | "
		"working-set | usage | anon)" },
	{ "[level dump]\nat = 101%\n",
		"2: level.dump.at: too large (allowed: 75% | BYTES such as 200MiB | empty: not a "
		"condition)" },
	{ "[guard]\r\nbasis = all\r\n",
		"2: guard.basis: \"all\" is not one of the words (allowed: nonreclaimable | "
		"working-set | usage | anon)" },
	{ "[dump]\ncommand =;x\n", "2: dump.command: a semicolon after a blank begins a comment "
				   "(allowed: none, or put "
				   "it into a script)" },
};

static void each_trap_is_an_exact_error(void **state)
{
	char wanted[CONF_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(traps); i++) {
		assert_int_equal(load(traps[i].text, strlen(traps[i].text)), -EINVAL);
		snprintf(wanted, sizeof(wanted), "%s:%s", path, traps[i].error);
		assert_string_equal(reason, wanted);
	}
}

static void a_nul_byte_is_an_error(void **state)
{
	static const char text[] = "[guard]\nbasis = anon\0x\n";
	char wanted[128];

	(void)state;
	assert_int_equal(load(text, sizeof(text) - 1), -EINVAL);
	snprintf(wanted, sizeof(wanted), "%s:2: NUL byte", path);
	assert_string_equal(reason, wanted);
}

static void what_the_sample_does_is_allowed(void **state)
{
	static const char text[] = "\xEF\xBB\xBF# of ours\r\n"
				   "[guard]   ; ; comment ]\r\n"
				   "basis      = anon   ; nonreclaimable | usage\r\n"
				   "   ; an indented comment " X200 "\n"
				   "   \t \n"
				   "limit=1G\n"
				   "[ level dump ]\n"
				   "at: 80%\n"
				   "[level  dump]# again\n"
				   "actions =\n"
				   "[http]\n"
				   "listen = [::]:9464\n"
				   "[dump]\n"
				   "command = a;b=c # d\n"
				   "[guard]\n"
				   "log-level = debug";

	(void)state;
	assert_int_equal(load(text, sizeof(text) - 1), 0);
	assert_int_equal(conf.guard.basis, BASIS_ANON);
	assert_int_equal(conf.guard.limit_bytes, GIB);
	assert_int_equal(conf_find_level(&conf, "dump")->at.share_bp, 8000);
	assert_int_equal(conf_find_level(&conf, "dump")->n_actions, 0);
	assert_string_equal(conf.http.listen, "[::]:9464");
	assert_string_equal(conf.dump.command, "a;b=c # d");
	assert_int_equal(conf.guard.log_level, 4);
}

static void the_longest_line_is_read_whole(void **state)
{
	char text[256] = "[dump]\ncommand = ", line[256];

	(void)state;
	memset(line, 'y', 188);
	line[188] = '\0';
	strcat(text, line);
	strcat(text, "\n");
	assert_int_equal(load(text, strlen(text)), 0);
	assert_string_equal(conf.dump.command, line);
	text[strlen(text) - 1] = 'y';
	assert_int_equal(load(text, strlen(text)), -EINVAL);
	assert_non_null(strstr(reason, ":2: line of 199 bytes is too long"));
}

static void an_empty_file_changes_nothing(void **state)
{
	static struct conf defaults;

	(void)state;
	conf_defaults(&defaults);
	assert_int_equal(load("", 0), 0);
	assert_memory_equal(&conf, &defaults, sizeof(conf));
}

static void what_cannot_be_read_is_said(void **state)
{
	struct buf error = BUF_ON(reason);

	(void)state;
	assert_int_equal(ini_load("/nonexistent/x.ini", &conf, &error), -ENOENT);
	assert_string_equal(reason, "/nonexistent/x.ini: cannot read: No such file or directory");
	assert_int_equal(ini_load("/", &conf, &error), -EISDIR);
	assert_string_equal(reason, "/: cannot read: Is a directory");
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_trap_is_an_exact_error),
		cmocka_unit_test(a_nul_byte_is_an_error),
		cmocka_unit_test(what_the_sample_does_is_allowed),
		cmocka_unit_test(the_longest_line_is_read_whole),
		cmocka_unit_test(an_empty_file_changes_nothing),
		cmocka_unit_test(what_cannot_be_read_is_said),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
