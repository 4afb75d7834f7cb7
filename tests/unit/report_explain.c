/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each NAME.txt of tests/fixtures/kernlog and .../pod goes with a NAME.json: {"exit", "kills", and
 * what must be found in "verdict", "advice" and "stderr"}.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <dirent.h>
#include <jansson.h>
#include <sys/resource.h>

#include "fixture.h"
#include "report/explain.h"

struct result {
	int status;
	char *out, *err;
	json_t *json;
};

static struct result explain_files(char *const *files, unsigned n)
{
	struct result r = { 0 };
	size_t out_len, err_len;
	FILE *out = open_memstream(&r.out, &out_len), *err = open_memstream(&r.err, &err_len);

	r.status = explain_run(files, n, true, out, err);
	fclose(out);
	fclose(err);
	r.json = json_loads(r.out, 0, NULL);
	if (!r.json)
		fail_msg("not JSON: %s", r.out);
	return r;
}

static void result_free(struct result *r)
{
	json_decref(r->json);
	free(r->out);
	free(r->err);
}

static void expect_words(const json_t *words, const char *text, const char *name)
{
	const json_t *word;
	size_t i;

	json_array_foreach(words, i, word)
	{
		if (!strstr(text, json_string_value(word)))
			fail_msg("%s: no \"%s\" in: %s", name, json_string_value(word), text);
	}
}

static void check_fixture(const char *top, const char *name)
{
	char log[FIXTURE_PATH_MAX + 300], expected[FIXTURE_PATH_MAX + 300], *files[] = { log };
	struct result r;
	json_t *want;

	snprintf(log, sizeof(log), "%s/%s.txt", top, name);
	snprintf(expected, sizeof(expected), "%s/%s.json", top, name);
	want = json_load_file(expected, 0, NULL);
	if (!want)
		fail_msg("cannot read %s", expected);
	r = explain_files(files, 1);
	if (!json_equal(json_object_get(r.json, "kills"), json_object_get(want, "kills")))
		fail_msg("%s: got %s", name, r.out);
	if (r.status != json_integer_value(json_object_get(want, "exit")))
		fail_msg("%s: exit status %d", name, r.status);
	expect_words(json_object_get(want, "verdict"),
		json_string_value(json_object_get(r.json, "verdict")), name);
	expect_words(json_object_get(want, "advice"),
		json_string_value(json_object_get(r.json, "advice")), name);
	expect_words(json_object_get(want, "stderr"), r.err, name);
	if (!json_object_get(want, "stderr") && r.err[0])
		fail_msg("%s: stderr: %s", name, r.err);
	json_decref(want);
	result_free(&r);
}

static bool is_fixture(char *name)
{
	char *end = strstr(name, ".txt");

	if (end)
		*end = '\0';
	return end != NULL;
}

static unsigned check_fixtures(const char *folder)
{
	char top[FIXTURE_PATH_MAX];
	struct dirent *entry;
	unsigned n = 0;
	DIR *dir;

	fixture_path(folder, top);
	dir = opendir(top);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (!is_fixture(entry->d_name))
			continue;
		check_fixture(top, entry->d_name);
		n++;
	}
	closedir(dir);
	return n;
}

static void every_form_of_kernel_log_is_read(void **state)
{
	(void)state;
	assert_true(check_fixtures("kernlog") >= 30);
}

static void what_kubectl_tells_is_read(void **state)
{
	(void)state;
	assert_true(check_fixtures("pod") >= 18);
}

/* The same however the bytes come, as read() may cut them anywhere. */
static void pieces_of_any_size(void **state)
{
	static const char text[] =
		"[ 1.0] Out of memory: Killed process 4 (abc) total-vm:100kB, "
		"anon-rss:9kB\n{\"kind\": \"Pod\",\n \"spec\": {\"containers\": []}\n}\n";

	(void)state;
	for (size_t size = 1; size < sizeof(text); size++) {
		char *out_text, *err_text;
		size_t out_len, err_len;
		FILE *out = open_memstream(&out_text, &out_len);
		FILE *err = open_memstream(&err_text, &err_len);
		struct explain *x = explain_new(true, out, err);

		explain_begin(x, "x");
		for (size_t at = 0; at < sizeof(text) - 1; at += size)
			explain_feed(x, text + at,
				sizeof(text) - 1 - at < size ? sizeof(text) - 1 - at : size);
		explain_end(x);
		assert_int_equal(explain_finish(x), EXPLAIN_FOUND);
		explain_free(x);
		fclose(out);
		fclose(err);
		assert_non_null(strstr(out_text, "\"pid\":4,\"comm\":\"abc\""));
		assert_string_equal(err_text, "");
		free(out_text);
		free(err_text);
	}
}

static struct result explain_text(const char *text, size_t len)
{
	char path[] = "/tmp/oomguard-explain-XXXXXX", *files[] = { path };
	int fd = mkstemp(path);
	struct result r;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
	r = explain_files(files, 1);
	unlink(path);
	return r;
}

/* Bounded: what grows with the input is written, not kept. */
static void much_input_takes_little_memory(void **state)
{
	static const char line[] = "[ 1.0] Memory cgroup out of memory: Killed process %6u (abc) "
				   "total-vm:100kB, anon-rss:9kB, file-rss:0kB, shmem-rss:0kB\n";
	struct rusage before, after;
	FILE *out = fopen("/dev/null", "w");
	struct explain *x = explain_new(true, out, out);
	char text[256];

	(void)state;
	getrusage(RUSAGE_SELF, &before);
	explain_begin(x, "x");
	for (unsigned i = 0; i < 100000; i++) {
		/* The format is the literal above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		explain_feed(x, text, (size_t)snprintf(text, sizeof(text), line, i));
#pragma GCC diagnostic pop
	}
	explain_end(x);
	assert_int_equal(explain_finish(x), EXPLAIN_FOUND);
	getrusage(RUSAGE_SELF, &after);
	explain_free(x);
	fclose(out);
	assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 8192);
}

static void a_line_of_megabytes_is_cut(void **state)
{
	size_t len = 3u << 20;
	char *text = malloc(len);
	struct result r;

	(void)state;
	memset(text, 'x', len);
	text[len - 1] = '\n';
	memcpy(text, "[ 1.0] Out of memory: Killed process 4 (abc) total-vm:100kB ", 60);
	r = explain_text(text, len);
	assert_int_equal(r.status, EXPLAIN_FOUND);
	assert_int_equal(json_array_size(json_object_get(r.json, "kills")), 1);
	result_free(&r);
	free(text);
}

static void random_bytes_do_no_harm(void **state)
{
	static const char *const words[] = { "Killed process ",
		"oom-kill:constraint=", "[ pid ] uid name", "\n[ 12] 5 ",
		"total-vm:", "{\"log\":", "apiVersion: ", "Name:  x\nContainers:\n",
		"\n  a:\n    State: ", "Memory cgroup stats for ", "(", ")", ",task=", "\n",
		"\n}\n" };
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		char text[2048];
		size_t len = 0;
		struct result r;

		while (len < sizeof(text) - 64) {
			seed = seed * 1103515245u + 12345u;
			if (seed & 0x10000) {
				const char *word =
					words[(seed >> 20) % (sizeof(words) / sizeof(*words))];

				memcpy(text + len, word, strlen(word));
				len += strlen(word);
			} else {
				text[len++] = (char)(seed >> 22);
			}
		}
		r = explain_text(text, len);
		result_free(&r);
	}
}

/* dmesg and the journal of the same node; within one input the kernel is believed. */
static void inputs_that_overlap_tell_once(void **state)
{
	char one[FIXTURE_PATH_MAX], two[FIXTURE_PATH_MAX];
	char *files[] = { one, two, one };
	struct result r;

	(void)state;
	fixture_path("kernlog/6.1-group.txt", one);
	fixture_path("kernlog/5.1-no-uid.txt", two);
	r = explain_files(files, 3);
	assert_int_equal(json_array_size(json_object_get(r.json, "kills")), 4);
	result_free(&r);
	r = explain_text("Out of memory: Killed process 4 (a) total-vm:1kB, anon-rss:9kB, f\n"
			 "Out of memory: Killed process 4 (a) total-vm:1kB, anon-rss:9kB, f\n",
		132);
	assert_int_equal(json_array_size(json_object_get(r.json, "kills")), 2);
	result_free(&r);
}

static void what_cannot_be_read_is_65(void **state)
{
	char *files[] = { (char *)"/nonexistent/log" }, *directory[] = { (char *)"/" };
	struct result r;

	(void)state;
	r = explain_files(files, 1);
	assert_int_equal(r.status, EXPLAIN_UNREADABLE);
	assert_non_null(strstr(r.err, "/nonexistent/log: No such file"));
	result_free(&r);
	r = explain_files(directory, 1);
	assert_int_equal(r.status, EXPLAIN_UNREADABLE);
	result_free(&r);
	r = explain_text("{\"kind\": \"Pod\",\n\"spec\": \n", 26);
	assert_int_equal(r.status, EXPLAIN_UNREADABLE);
	assert_non_null(strstr(r.err, ":3: not understood"));
	result_free(&r);
	r = explain_text("apiVersion: v1\nkind: [\n", 23);
	assert_int_equal(r.status, EXPLAIN_UNREADABLE);
	assert_non_null(strstr(r.err, "not understood: no YAML"));
	result_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(much_input_takes_little_memory),
		cmocka_unit_test(every_form_of_kernel_log_is_read),
		cmocka_unit_test(what_kubectl_tells_is_read),
		cmocka_unit_test(pieces_of_any_size),
		cmocka_unit_test(a_line_of_megabytes_is_cut),
		cmocka_unit_test(random_bytes_do_no_harm),
		cmocka_unit_test(inputs_that_overlap_tell_once),
		cmocka_unit_test(what_cannot_be_read_is_65),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
