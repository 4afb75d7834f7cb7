/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/action.h"
#include "base/clock.h"
#include "base/units.h"

static struct conf conf;
static struct store store = { .dirfd = -1, .lockfd = -1, .path = "/state" };

static struct action_job make_job(uint64_t time_usec)
{
	struct action_job job = {
		.conf = &conf,
		.store = &store,
		.action = ACTION_COMMAND,
		.level = "dump",
		.reason = "a 'reason'; with $HOME",
		.incident = "incidents/x",
		.sample = { .use_bytes = 10, .limit_bytes = CGROUP_NO_LIMIT, .headroom_bytes = 7 },
		.deadline_usec = clock_now_usec() + time_usec,
	};

	return job;
}

static const struct {
	const char *command;
	int status; /* exit status */
} commands[] = {
	{ "/bin/true", 0 },
	{ "/bin/false", 1 },
	{ "  /bin/sh\t/dev/null ", 0 },
	{ "exit 7; true", 7 },
	{ "A=3 sh -c 'exit $A'", 3 },
	{ "/no/such/command", 127 },
	{ "/dev/null", 126 },
	{ "test \"$OOMGUARD_EVENT_LEVEL\" = dump", 0 },
	{ "test \"$OOMGUARD_EVENT_PID\" = 42", 0 },
	/* stdout is stderr */
	{ "test /proc/self/fd/1 -ef /proc/self/fd/2", 0 },
};

static void runs_with_and_without_a_shell(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct action_job job = make_job(20 * USEC_PER_SEC);
		auto_hook_env char **env = hook_environment(&job, 42);
		int status = hook_run(&job, commands[i].command, env);

		if (!WIFEXITED(status) || WEXITSTATUS(status) != commands[i].status)
			fail_msg("%s: wait status %#x, not exit %d", commands[i].command,
				(unsigned)status, commands[i].status);
	}
}

static void empty_command_is_refused(void **state)
{
	struct action_job job = make_job(USEC_PER_SEC);

	(void)state;
	assert_int_equal(hook_run(&job, "", environ), -EINVAL);
	assert_int_equal(hook_run(&job, "  \t", environ), -EINVAL);
}

/* The shell's child holds the write end too: the end of file says that the whole group has gone. */
static void deadline_kills_the_whole_group(void **state)
{
	struct action_job job = make_job(600 * USEC_PER_MSEC);
	uint64_t start = clock_now_usec();
	char command[64], byte;
	int pair[2], status;

	(void)state;
	assert_int_equal(pipe(pair), 0);
	snprintf(command, sizeof(command), "sleep 100 & sleep 100 3>&%d; true", pair[1]);
	status = hook_run(&job, command, environ);
	close(pair[1]);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_in_range(clock_now_usec() - start, 400 * USEC_PER_MSEC, 10 * USEC_PER_SEC);
	alarm(20);
	assert_int_equal(read(pair[0], &byte, 1), 0);
	alarm(0);
	close(pair[0]);
}

static const char *value_of(char **env, const char *name)
{
	const char *found = NULL;
	size_t len = strlen(name);

	for (; *env; env++) {
		if (strncmp(*env, name, len) || (*env)[len] != '=')
			continue;
		assert_null(found);
		found = *env + len + 1;
	}
	return found ? found : "(missing)";
}

static void environment_tells_the_event(void **state)
{
	struct action_job job = make_job(USEC_PER_SEC);
	auto_hook_env char **env = NULL;

	(void)state;
	setenv("OOMGUARD_EVENT_LEVEL", "inherited", 1);
	setenv("KEPT", "yes", 1);
	store.dirfd = 1000; /* there is a place */
	env = hook_environment(&job, 42);
	assert_string_equal(value_of(env, "OOMGUARD_EVENT_LEVEL"), "dump");
	assert_string_equal(value_of(env, "OOMGUARD_EVENT_REASON"), "a 'reason'; with $HOME");
	assert_string_equal(value_of(env, "OOMGUARD_EVENT_INCIDENT"), "/state/incidents/x");
	assert_string_equal(value_of(env, "OOMGUARD_EVENT_PID"), "42");
	assert_string_equal(value_of(env, "OOMGUARD_EVENT_USE_BYTES"), "10");
	assert_string_equal(value_of(env, "OOMGUARD_EVENT_LIMIT_BYTES"), "");
	assert_string_equal(value_of(env, "OOMGUARD_EVENT_HEADROOM_BYTES"), "7");
	assert_string_equal(value_of(env, "KEPT"), "yes");
	store.dirfd = -1;
	hook_free_environment(&env);
	env = hook_environment(&job, 0);
	assert_string_equal(value_of(env, "OOMGUARD_EVENT_INCIDENT"), "");
	assert_string_equal(value_of(env, "OOMGUARD_EVENT_PID"), "");
	unsetenv("OOMGUARD_EVENT_LEVEL");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_with_and_without_a_shell),
		cmocka_unit_test(empty_command_is_refused),
		cmocka_unit_test(deadline_kills_the_whole_group),
		cmocka_unit_test(environment_tells_the_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
