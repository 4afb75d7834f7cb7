/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "store/lifetime.h"

static void knows_whose_root_it_is(void **state)
{
	static const struct {
		const char *mountinfo;
		bool layer;
	} cases[] = {
		{ "1 0 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n", false },
		{ "9 8 0:45 / / rw,relatime master:3 - overlay overlay rw,lowerdir=/a\n", true },
		{ "9 8 254:0 /lib/docker/vfs/dir/abc / rw - ext4 /dev/vda rw\n", true },
		{ "9 8 0:20 /@rootfs / rw - btrfs /dev/sda2 rw,subvol=/@rootfs\n", false },
		{ "9 8 0:20 /var/lib/docker/btrfs/subvolumes/x / rw - btrfs /dev/sda2 rw\n", true },
		{ "5 1 0:2 / / rw - rootfs none rw\n9 5 0:45 / / rw - overlay o rw\n", true },
		{ "9 8 254:0 / / rw - ext4 /dev/vda rw\n10 9 0:45 / /x rw - overlay o rw\n",
			false },
		{ "garbage\n\n - -\n", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[256];

		snprintf(text, sizeof(text), "%s", cases[i].mountinfo);
		if (lifetime_root_is_layer(text) != cases[i].layer)
			fail_msg("%s: %d, expected %d", cases[i].mountinfo, !cases[i].layer,
				cases[i].layer);
	}
}

static void knows_memory(void **state)
{
	auto_close int shm = open("/dev/shm", O_RDONLY | O_DIRECTORY);
	auto_close int proc = open("/proc", O_RDONLY | O_DIRECTORY);

	(void)state;
	if (shm < 0)
		skip();
	assert_true(lifetime_is_memory(shm));
	assert_false(lifetime_is_memory(proc));
	assert_false(lifetime_is_container_layer(proc));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_whose_root_it_is),
		cmocka_unit_test(knows_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
