/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "control.h"
#include "fixture.h"
#include "wire.h"

static void our_user_and_root_may_ask(void **state)
{
	(void)state;
	assert_true(control_may(&(struct ucred){ .pid = 1, .uid = 0 }));
	assert_true(control_may(&(struct ucred){ .pid = 1, .uid = geteuid() }));
	assert_false(control_may(&(struct ucred){ .pid = 1, .uid = geteuid() + 1 }));
	/* What SO_PEERCRED leaves where there is no peer. */
	assert_false(control_may(&(struct ucred){ .pid = 0, .uid = (uid_t)-1 }));
}

static void a_short_path_is_the_address(void **state)
{
	struct sockaddr_un sa;

	(void)state;
	assert_int_equal(control_address(-1, "/var/lib/oomguard", &sa), 0);
	assert_int_equal(sa.sun_family, AF_UNIX);
	assert_string_equal(sa.sun_path, "/var/lib/oomguard/" WIRE_SOCKET);
}

/* sun_path has 108 bytes: a longer directory is gone through by its descriptor, for real. */
static void a_long_path_can_be_bound_and_connected_to(void **state)
{
	char top[] = "/tmp/oomguard-control.XXXXXX";
	char dir[256];
	struct sockaddr_un sa;
	int dirfd, server, client;

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/%0150d", top, 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(control_address(dirfd, dir, &sa), 0);
	server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(server, 1), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(faccessat(dirfd, WIRE_SOCKET, F_OK, 0), 0);
	close(client);
	close(server);
	close(dirfd);
	fixture_remove(top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_user_and_root_may_ask),
		cmocka_unit_test(a_short_path_is_the_address),
		cmocka_unit_test(a_long_path_can_be_bound_and_connected_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
