/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A piece of a text, not terminated. */
struct piece {
	const char *at;
	size_t len;
};

static bool piece_is(struct piece p, const char *text)
{
	return strlen(text) == p.len && !memcmp(p.at, text, p.len);
}

/* Up to the separator; the cursor goes behind it. At the end of `rest` the piece is empty. */
static struct piece next_piece(struct piece *rest, char separator)
{
	const char *end = memchr(rest->at, separator, rest->len);
	struct piece p = { rest->at, end ? (size_t)(end - rest->at) : rest->len };
	size_t used = p.len + (end ? 1 : 0);

	rest->at += used;
	rest->len -= used;
	return p;
}

static bool list_has(struct piece list, const char *word)
{
	while (list.len) {
		if (piece_is(next_piece(&list, ','), word))
			return true;
	}
	return false;
}

static void copy_path(struct piece p, char out[CGROUP_PATH_MAX])
{
	if (p.len >= CGROUP_PATH_MAX || !p.len || p.at[0] != '/')
		return;
	memcpy(out, p.at, p.len);
	out[p.len] = '\0';
}

void resolve_membership(const char *cgroup_text, struct cgroup_membership *ret)
{
	struct piece text = { cgroup_text, strlen(cgroup_text) };
	struct cgroup_membership m = { 0 };

	while (text.len) {
		/* HIERARCHY:CONTROLLERS:PATH, and the path may hold colons */
		struct piece line = next_piece(&text, '\n');
		struct piece id = next_piece(&line, ':');
		struct piece controllers = next_piece(&line, ':');

		if (piece_is(id, "0") && !controllers.len)
			copy_path(line, m.v2_path);
		else if (list_has(controllers, "memory"))
			copy_path(line, m.v1_path);
	}
	*ret = m;
}

/* mountinfo writes blank, tab, newline and backslash as \ooo. False when it does not fit. */
static bool unescape(struct piece p, char out[CGROUP_PATH_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < p.len; i++) {
		unsigned value = 0, digits = 0;

		if (n + 1 >= CGROUP_PATH_MAX)
			return false;
		while (p.at[i] == '\\' && digits < 3 && i + 1 + digits < p.len &&
			p.at[i + 1 + digits] >= '0' && p.at[i + 1 + digits] <= '7') {
			value = value * 8 + (unsigned)(p.at[i + 1 + digits] - '0');
			digits++;
		}
		if (digits == 3) {
			out[n++] = (char)value;
			i += 3;
		} else {
			out[n++] = p.at[i];
		}
	}
	out[n] = '\0';
	return n > 0;
}

struct mount {
	enum cgroup_version version;
	char root[CGROUP_PATH_MAX], point[CGROUP_PATH_MAX];
};

/* "36 35 98:0 /root /point rw,noatime shared:1 - cgroup2 cgroup2 rw"; optional fields up to "-". */
static bool parse_mount(struct piece line, struct mount *ret)
{
	struct piece root, point, word, type;

	for (int i = 0; i < 3; i++)
		next_piece(&line, ' ');
	root = next_piece(&line, ' ');
	point = next_piece(&line, ' ');
	do {
		word = next_piece(&line, ' ');
	} while (line.len && !piece_is(word, "-"));
	type = next_piece(&line, ' ');
	next_piece(&line, ' ');
	if (piece_is(type, "cgroup2"))
		ret->version = CGROUP_V2;
	else if (piece_is(type, "cgroup") && list_has(line, "memory"))
		ret->version = CGROUP_V1;
	else
		return false;
	return unescape(root, ret->root) && unescape(point, ret->point);
}

/* What of `path` lies below `root`: "" or "/...". NULL when it does not. */
static const char *strip_root(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (!strcmp(root, "/"))
		return strcmp(path, "/") ? path : "";
	if (strncmp(path, root, len) || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}

static bool has_dot_dot(const char *path)
{
	for (const char *at = path; (at = strstr(at, "/..")); at += 3) {
		if (!at[3] || at[3] == '/')
			return true;
	}
	return false;
}

static bool place_in_mount(const char *path, const struct mount *mount, struct cgroup_place *place)
{
	const char *below = strip_root(path, mount->root);
	int len;

	if (below && has_dot_dot(below))
		below = NULL; /* we are outside of our own namespace's root, and of this mount */
	place->version = mount->version;
	place->exact = below != NULL;
	place->depth = 1;
	for (const char *c = below ? below : ""; *c; c++)
		place->depth += *c == '/';
	strcpy(place->mount, mount->point);
	len = snprintf(place->dir, sizeof(place->dir), "%s%s", mount->point, below ? below : "");
	return len < (int)sizeof(place->dir);
}

/* A mount on the same point hides the older one. */
static bool is_better(const struct cgroup_place *new, const struct cgroup_place *old)
{
	if (old->version != new->version)
		return new->version == CGROUP_V1 || old->version == CGROUP_NONE;
	if (!strcmp(new->mount, old->mount))
		return true;
	if (new->exact != old->exact)
		return new->exact;
	return new->depth >= old->depth;
}

int resolve_place(const struct cgroup_membership *membership, const char *mountinfo_text,
	const char *only_mount, struct cgroup_place *ret)
{
	struct piece text = { mountinfo_text, strlen(mountinfo_text) };
	struct cgroup_place best = { .version = CGROUP_NONE };
	bool v2_mounted = false;

	while (text.len) {
		struct mount mount;
		struct cgroup_place place;
		const char *path;

		if (!parse_mount(next_piece(&text, '\n'), &mount))
			continue;
		v2_mounted |= mount.version == CGROUP_V2;
		if (only_mount && strcmp(only_mount, mount.point))
			continue;
		path = mount.version == CGROUP_V1 ? membership->v1_path : membership->v2_path;
		/* A v1 memory hierarchy that is not mounted here leaves v2 without the controller.
		 */
		if (!*path || (mount.version == CGROUP_V2 && *membership->v1_path))
			continue;
		if (place_in_mount(path, &mount, &place) && is_better(&place, &best))
			best = place;
	}
	if (best.version == CGROUP_NONE)
		return -ENOENT;
	best.hybrid = best.version == CGROUP_V1 && v2_mounted;
	*ret = best;
	return 0;
}
