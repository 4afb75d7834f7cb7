/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the static binary only, linked after the libraries and before the C library. libcgroup.a
 * (rules, templates, ownership) and libevent_core.a (resolving) refer to these in functions that we
 * never call. The C library's
 * own versions load shared objects at run time, which a static file in an empty image cannot do,
 * and each draws a linker warning. Ours answer "there is no such user", "no such host".
 */
#include <grp.h>
#include <netdb.h>
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

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
	struct addrinfo **ret_list)
{
	(void)host;
	(void)service;
	(void)hints;
	*ret_list = NULL;
	return EAI_FAIL;
}

void freeaddrinfo(struct addrinfo *list)
{
	(void)list;
}

struct servent *getservbyname(const char *name, const char *protocol)
{
	(void)name;
	(void)protocol;
	return NULL;
}

struct protoent *getprotobynumber(int number)
{
	(void)number;
	return NULL;
}
