/* SPDX-License-Identifier: Apache-2.0 */
#include "report/explain_parts.h"

#include <string.h>

/* FNV-1a, 64 bits. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	while (len--)
		hash = (hash ^ *at++) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t fingerprint(const struct kernlog_facts *kill)
{
	static const enum kernlog_number numbers[] = { KERNLOG_PID, KERNLOG_TOTAL_VM_KB,
		KERNLOG_ANON_RSS_KB, KERNLOG_FILE_RSS_KB, KERNLOG_SHMEM_RSS_KB };
	const char *comm = kill->text[KERNLOG_COMM];
	uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), comm, strlen(comm));

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (kill->told[numbers[i]])
			hash = mix(hash, &kill->number[numbers[i]], sizeof(int64_t));
	return hash;
}

bool explain_was_told(struct explain *x, const struct kernlog_facts *kill)
{
	uint64_t hash = fingerprint(kill);
	struct explain_told *t = &x->told[hash % EXPLAIN_TOLD];

	/* Without its sizes a kill is too like others. */
	if (!kill->told[KERNLOG_PID] || !kill->told[KERNLOG_ANON_RSS_KB])
		return false;
	if (t->input && t->input != x->n_input && t->hash == hash)
		return true;
	*t = (struct explain_told){ .hash = hash, .input = x->n_input };
	return false;
}
