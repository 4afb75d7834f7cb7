// SPDX-License-Identifier: Apache-2.0
// A small service with a classic leak: sessions are remembered and never forgotten.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct session {
	struct session *next;
	int number;
	char basket[64 * 1024];
};

static struct session *sessions;
static int session_count;
static volatile sig_atomic_t stop;

static void on_term(int signal)
{
	stop = signal;
}

static void handle_request(int number)
{
	struct session *s = malloc(sizeof(*s)); /* the leak */

	if (!s)
		abort();
	memset(s, 'x', sizeof(*s));
	s->number = number;
	s->next = sessions;
	sessions = s;
	session_count++;
}

int main(void)
{
	signal(SIGTERM, on_term);
	while (!stop) {
		handle_request(session_count);
		usleep(5 * 1000);
	}
	printf("leaky: asked to stop; finishing after %d requests\n", session_count);
	return 0;
}
