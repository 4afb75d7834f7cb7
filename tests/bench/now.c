/* SPDX-License-Identifier: Apache-2.0 */
/* now: tells when its main() began (CLOCK_MONOTONIC, nanoseconds). */
#include <stdio.h>
#include <time.h>

int main(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	printf("%lld\n", (long long)ts.tv_sec * 1000000000 + ts.tv_nsec);
	return 0;
}
