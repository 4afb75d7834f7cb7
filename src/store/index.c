/* SPDX-License-Identifier: Apache-2.0 */
#include "store/index.h"

#include <ctype.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "store/beneath.h"
#include "store/digest.h"
#include "store/retain.h"

#define INDEX_MAX (1 * MIB) /* 1000 dumps; a longer one is not ours */

bool index_is_dump(const char *name)
{
	static const char *const others[] = { ".json", ".txt", ".html", ".partial" };
	const char *dot = strrchr(name, '.');

	if (!dot)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (!strcmp(dot, others[i]))
			return false;
	return true;
}

static void put_text(json_t *o, const char *key, const char *text)
{
	json_t *value = text && text[0] ? json_string(text) : NULL;

	/* Text that is no UTF-8 has no place in it. */
	json_object_set_new(o, key, value ? value : json_null());
}

static void put_number(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, value ? json_integer((json_int_t)value) : json_null());
}

/* Size and check sum of incidents/INCIDENT/FILE. 0 or -errno: it is not there. */
static int put_file(json_t *o, int parent, const char *incident, const char *file, uint64_t until)
{
	auto_close int dirfd = beneath_open(parent, incident, O_RDONLY | O_DIRECTORY, 0);
	char sum[DIGEST_TEXT_MAX];
	struct stat st;

	if (dirfd < 0)
		return dirfd;
	if (fstatat(dirfd, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	put_text(o, "incident", incident);
	put_text(o, "file", file);
	json_object_set_new(o, "bytes", json_integer(st.st_size));
	put_text(o, "sha256", digest_file(dirfd, file, until, sum) == 0 ? sum : NULL);
	return 0;
}

static json_t *make_entry(int parent, const struct index_entry *e, uint64_t until)
{
	json_t *o = json_object();
	char when[CLOCK_TEXT_MAX];

	if (!o || put_file(o, parent, e->incident, e->file, until) < 0) {
		json_decref(o);
		return NULL;
	}
	clock_print_rfc3339(when, e->wall_usec);
	put_text(o, "time", when);
	put_text(o, "kind", e->kind);
	put_text(o, "runtime", e->runtime);
	put_number(o, "pid", (uint64_t)e->pid);
	put_text(o, "comm", e->comm);
	put_text(o, "exe", e->exe);
	put_text(o, "build_id", e->build_id);
	put_number(o, "raw_bytes", e->raw_bytes);
	put_number(o, "pause_usec", e->pause_usec);
	put_number(o, "took_usec", e->took_usec);
	put_text(o, "level", e->level);
	put_text(o, "reason", e->reason);
	put_number(o, "use_bytes", e->use_bytes);
	put_number(o, "limit_bytes", e->limit_bytes);
	put_number(o, "headroom_bytes", e->headroom_bytes);
	return o;
}

/* "core-17.elf.zst": what a name of ours tells when nothing else does. */
static json_t *entry_from_name(int parent, const char *incident, const char *file, uint64_t until)
{
	size_t kind = strcspn(file, "-.");
	json_t *o = json_object();

	if (!o || put_file(o, parent, incident, file, until) < 0) {
		json_decref(o);
		return NULL;
	}
	json_object_set_new(o, "kind", json_stringn(file, kind));
	put_number(o, "pid",
		file[kind] == '-' && isdigit((unsigned char)file[kind + 1])
			? strtoul(file + kind + 1, NULL, 10)
			: 0);
	return o;
}

static void add_dumps_of(json_t *files, int parent, const char *incident,
	const struct index_entry *but, uint64_t until)
{
	int fd = beneath_open(parent, incident, O_RDONLY | O_DIRECTORY, 0);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d)
		cleanup_close(&fd);
	while (d && (entry = readdir(d)))
		if (index_is_dump(entry->d_name) && entry->d_name[0] != '.' &&
			(strcmp(incident, but->incident) || strcmp(entry->d_name, but->file)))
			json_array_append_new(
				files, entry_from_name(parent, incident, entry->d_name, until));
}

static json_t *rebuild(int parent, const struct index_entry *but, uint64_t until)
{
	auto_free struct retain_item *items = NULL;
	int n = retain_list(parent, &items);
	json_t *files = json_array();

	if (n <= 0)
		return files;
	retain_sort(items, (unsigned)n);
	for (int i = 0; i < n; i++)
		add_dumps_of(files, parent, items[i].name, but, until);
	return files;
}

/* The entries that were there; NULL: none that can be read. */
static json_t *load(int parent)
{
	auto_close int fd = beneath_open(parent, INDEX_NAME, O_RDONLY | O_NONBLOCK, 0);
	auto_free char *text = malloc(INDEX_MAX);
	ssize_t n = fd < 0 || !text ? -1 : file_pread_text(fd, text, INDEX_MAX);
	json_t *all = n < 0 ? NULL : json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
	json_t *files = json_incref(json_object_get(all, "files"));

	json_decref(all);
	if (json_is_array(files))
		return files;
	json_decref(files);
	return NULL;
}

static bool is_there(int parent, const json_t *entry, const struct index_entry *but)
{
	const char *incident = json_string_value(json_object_get(entry, "incident"));
	const char *file = json_string_value(json_object_get(entry, "file"));
	auto_close int dirfd = -1;

	/* A file that comes again under its name gets a new entry. */
	if (!incident || !file || !retain_is_ours(incident) || strchr(file, '/') ||
		(!strcmp(incident, but->incident) && !strcmp(file, but->file)))
		return false;
	dirfd = beneath_open(parent, incident, O_RDONLY | O_DIRECTORY, 0);
	return dirfd >= 0 && faccessat(dirfd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void drop_gone(json_t *files, int parent, const struct index_entry *but)
{
	for (size_t i = json_array_size(files); i-- > 0;)
		if (!is_there(parent, json_array_get(files, i), but))
			json_array_remove(files, i);
}

static int save(int parent, json_t *files)
{
	json_t *all = json_pack("{s:i, s:O}", "version", 1, "files", files);
	auto_free char *text = all ? json_dumps(all, JSON_INDENT(1)) : NULL;

	json_decref(all);
	return text ? file_write_whole(parent, INDEX_NAME, text, strlen(text), true) : -ENOMEM;
}

int index_add(const struct store *st, const struct index_entry *e, uint64_t until_usec)
{
	auto_close int parent = beneath_open(st->dirfd, "incidents", O_RDONLY | O_DIRECTORY, 0);
	json_t *files, *entry;
	int r;

	if (parent < 0)
		return parent;
	entry = make_entry(parent, e, until_usec);
	if (!entry)
		return -ENOENT;
	files = load(parent);
	if (files)
		drop_gone(files, parent, e);
	else
		files = rebuild(parent, e, until_usec);
	r = !files || json_array_append(files, entry) < 0 ? -ENOMEM : save(parent, files);
	json_decref(entry);
	json_decref(files);
	return r;
}
