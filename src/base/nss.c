/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the static binary only, linked after the libraries and before the C library. libcgroup.a
 * refers to these in functions that we never call (rules, templates, ownership). The C library's
 * own versions load shared objects at run time, which a static file in an empty image cannot do,
 * and each draws a linker warning. Ours answer "there is no such user".
 */
#include <grp.h>
#include <pwd.h>
#include <stddef.h>

struct passwd *getpwnam(const char *name)
{
	(void)name;
	return NULL;
}

struct passwd *getpwuid(uid_t uid)
{
	(void)uid;
	return NULL;
}

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
	struct passwd **ret_entry)
{
	(void)name;
	(void)entry;
	(void)buffer;
	(void)size;
	*ret_entry = NULL;
	return 0;
}

struct group *getgrnam(const char *name)
{
	(void)name;
	return NULL;
}

struct group *getgrgid(gid_t gid)
{
	(void)gid;
	return NULL;
}

int getgrnam_r(
	const char *name, struct group *entry, char *buffer, size_t size, struct group **ret_entry)
{
	(void)name;
	(void)entry;
	(void)buffer;
	(void)size;
	*ret_entry = NULL;
	return 0;
}
