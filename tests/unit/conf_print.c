/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "conf/conf.h"
#include "conf/keys.h"

static char path[] = "/tmp/oomguard-print-XXXXXX";
static char text[1 << 16], manual[1 << 16];

static void print(const struct conf *conf)
{
	auto_close int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(conf_print(conf, fd), 0);
	assert_true(file_read_text(AT_FDCWD, path, text, sizeof(text)) > 0);
}

static void the_defaults_are_the_manual(void **state)
{
	static struct conf conf;
	const char *srcdir = getenv("srcdir"); /* automake's */
	char name[4096];

	(void)state;
	conf_defaults(&conf);
	print(&conf);
	snprintf(name, sizeof(name), "%s/conf/oomguard.ini", srcdir ? srcdir : ".");
	assert_true(file_read_text(AT_FDCWD, name, manual, sizeof(manual)) > 0);
	assert_string_equal(text, manual);
}

static void check_explained(const struct conf_key *keys, unsigned n)
{
	char wanted[1024];

	for (unsigned i = 0; i < n; i++) {
		snprintf(wanted, sizeof(wanted), "\n; %s\n; allowed: %s\n%s =", keys[i].help,
			keys[i].allowed, keys[i].name);
		if (!strstr(text, wanted))
			fail_msg("%s.%s is not explained", keys[i].section, keys[i].name);
	}
}

static void every_key_is_explained(void **state)
{
	static struct conf conf;
	const struct conf_key *keys;
	unsigned n;

	(void)state;
	conf_defaults(&conf);
	print(&conf);
	keys = conf_keys(&n);
	check_explained(keys, n);
	keys = conf_level_keys(&n);
	check_explained(keys, n);
}

static const char *const changes[] = {
	"guard.basis=anon",
	"guard.limit=300M",
	"guard.request=64M",
	"guard.pod-limit=1G",
	"guard.container=web",
	"guard.state-dir=/s",
	"guard.termination-log=none",
	"guard.eta-above=12.34%",
	"guard.start-grace=1ms",
	"guard.max-cpu=1%",
	"guard.log-format=json",
	"guard.log-level=debug",
	"guard.survive-oom=yes",
	"child.forward=group",
	"child.rewrite=TERM:QUIT, USR1:0, RTMIN+3:TERM",
	"child.exit-remap=143:0, 1:2",
	"child.leftovers=0",
	"child.subreaper=no",
	"child.pdeathsig=KILL",
	"level.warn.actions=",
	"level.dump.at=200M",
	"level.dump.free=1.5%",
	"level.dump.eta=90s",
	"level.dump.growing=no",
	"level.dump.hold=7",
	"level.dump.rearm=0.05%",
	"level.dump.rearm-after=7s",
	"level.dump.cooldown=1d",
	"level.mine.eta=5s",
	"level.mine.actions=log,snapshot,profile,heap-dump,stacks,core,signal,command,relieve,"
	"drain,"
	"freeze,terminate-largest,restart",
	"dump.kind=command",
	"dump.inject=full",
	"dump.target=share:20%",
	"dump.signal=RTMAX-1",
	"dump.command=sh -c 'a;b # \"c\" = [d]'",
	"dump.path=/dumps/%p",
	"dump.max-pause=1500us",
	"dump.deadline=1.5h",
	"dump.compress=none",
	"dump.keep=0",
	"dump.max-bytes=12345",
	"dump.min-free=0%",
	"dump.cooldown=0",
	"restart.mode=never",
	"restart.exit-code=1",
	"restart.signal=33",
	"restart.grace=1s",
	"restart.pre-stop=/x y",
	"restart.max=0",
	"restart.per=1d",
	"restart.backoff=0..1h",
	"restart.jitter=10s",
	"drain.wait=0",
	"http.listen=0.0.0.0:9464",
	"http.app-probe=http://127.0.0.1/x",
	"tune.enabled=yes",
	"snapshot.cmdline=full",
};

static void load_file(struct conf *ret_conf)
{
	struct conf_input input = { .file = path };
	char error[CONF_ERROR_MAX];

	if (conf_load(&input, ret_conf, error) < 0)
		fail_msg("%s", error);
}

static void what_is_printed_is_read_back(void **state)
{
	static const char *const targets[] = { "dump.target=name:a b", "dump.target=largest" };
	static struct conf conf, back, defaults;
	struct conf_input input = {
		.file = "/dev/null", .sets = changes, .n_sets = ARRAY_LEN(changes)
	};
	char error[CONF_ERROR_MAX];
	const struct conf_key *keys;
	unsigned n, n_levels;

	(void)state;
	/* Each key differs from its default, so that none can be forgotten. */
	keys = conf_keys(&n);
	(void)keys;
	conf_level_keys(&n_levels);
	assert_int_equal(ARRAY_LEN(changes), n + n_levels + 2);
	if (conf_load(&input, &conf, error) < 0)
		fail_msg("%s", error);
	print(&conf);
	load_file(&back);
	assert_memory_equal(&back, &conf, sizeof(conf));
	conf_defaults(&defaults);
	assert_memory_not_equal(&defaults, &conf, sizeof(conf));
	print(&defaults);
	load_file(&back);
	assert_memory_equal(&back, &defaults, sizeof(conf));
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		input.sets = &targets[i];
		input.n_sets = 1;
		assert_int_equal(conf_load(&input, &conf, error), 0);
		print(&conf);
		load_file(&back);
		assert_memory_equal(&back, &conf, sizeof(conf));
	}
}

static void a_full_disk_is_said(void **state)
{
	auto_close int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	static struct conf conf;

	(void)state;
	conf_defaults(&conf);
	assert_int_equal(conf_print(&conf, -1), -EBADF);
	if (fd < 0)
		skip();
	assert_int_equal(conf_print(&conf, fd), -ENOSPC);
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
		cmocka_unit_test(the_defaults_are_the_manual),
		cmocka_unit_test(every_key_is_explained),
		cmocka_unit_test(what_is_printed_is_read_back),
		cmocka_unit_test(a_full_disk_is_said),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
