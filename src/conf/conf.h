/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What did the user ask for? One struct, filled once from defaults < file < environment < options,
 * and read by everybody as `const struct conf *`. keys.def names every setting once.
 */
#ifndef OOMGUARD_CONF_CONF_H
#define OOMGUARD_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_LEVELS_MAX	  8
#define CONF_NAME_MAX	  32
#define CONF_VALUE_MAX	  199 /* inih 55 cuts longer lines without an error; we refuse them */
#define CONF_ACTIONS_MAX  16
#define CONF_REWRITES_MAX 64
#define CONF_REMAPS_MAX	  16

enum conf_basis { BASIS_NONRECLAIMABLE, BASIS_WORKING_SET, BASIS_USAGE, BASIS_ANON };
enum conf_forward { FORWARD_CHILD, FORWARD_GROUP };
enum conf_restart_mode { RESTART_EXIT, RESTART_IN_PLACE, RESTART_NEVER };
enum conf_tristate { TRI_NO, TRI_YES, TRI_AUTO };
enum conf_cmdline { CMDLINE_SAFE, CMDLINE_FULL };
enum conf_dump_kind {
	DUMP_AUTO,
	DUMP_HOTSPOT,
	DUMP_NODE,
	DUMP_GO,
	DUMP_PYTHON,
	DUMP_RUBY,
	DUMP_PHP,
	DUMP_BEAM,
	DUMP_DOTNET,
	DUMP_CORE,
	DUMP_SIGNAL,
	DUMP_COMMAND,
	DUMP_NONE,
};
enum conf_target_kind { TARGET_LARGEST, TARGET_SHARE, TARGET_NAME };

enum conf_action {
	ACTION_LOG,
	ACTION_SNAPSHOT,
	ACTION_PROFILE,
	ACTION_HEAP_DUMP,
	ACTION_STACKS,
	ACTION_CORE,
	ACTION_SIGNAL,
	ACTION_COMMAND,
	ACTION_RELIEVE,
	ACTION_DRAIN,
	ACTION_FREEZE,
	ACTION_TERMINATE_LARGEST,
	ACTION_RESTART,
	ACTION_COUNT,
};

/* "75%" (of the limit) or "200MiB"; not given: neither is set. */
struct conf_amount {
	bool set;
	bool is_share;
	uint32_t share_bp;
	uint64_t bytes;
};

struct conf_level {
	char name[CONF_NAME_MAX];
	bool present;
	struct conf_amount at;	 /* in use at least this */
	struct conf_amount free; /* left at most this, clamped to 2 MiB .. 256 MiB when a share */
	uint64_t eta_usec;	 /* predicted time to the limit at most this; 0: not a condition */
	bool growing;
	uint32_t hold;		   /* samples in a row; 1..1000; 3 */
	uint32_t rearm_bp;	   /* re-armed this much lower ...; 1000 (10 points) */
	uint64_t rearm_after_usec; /* ... for this long; 60 s */
	uint64_t cooldown_usec;	   /* not again within this time; 0 */
	enum conf_action actions[CONF_ACTIONS_MAX];
	unsigned n_actions;
};

/* from -> to; to == 0 drops the signal. */
struct conf_rewrite {
	uint8_t from, to;
};

struct conf_remap {
	uint8_t from, to;
};

struct conf {
	struct {
		enum conf_basis basis;
		uint64_t limit_bytes;		    /* 0: auto */
		uint64_t request_bytes;		    /* 0: auto */
		uint64_t pod_limit_bytes;	    /* 0: none */
		char container[CONF_VALUE_MAX + 1]; /* "": not given */
		char state_dir[CONF_VALUE_MAX + 1];
		char termination_log[CONF_VALUE_MAX + 1]; /* "auto", "none" or a path */
		uint32_t eta_above_bp;
		uint64_t start_grace_usec;
		uint32_t max_cpu_bp;
		bool log_json;
		int log_level; /* enum log_level of base/log.h */
		bool survive_oom;
	} guard;
	struct {
		enum conf_forward forward;
		struct conf_rewrite rewrite[CONF_REWRITES_MAX];
		unsigned n_rewrite;
		struct conf_remap exit_remap[CONF_REMAPS_MAX];
		unsigned n_exit_remap;
		uint64_t leftovers_usec;
		enum conf_tristate subreaper;
		int pdeathsig; /* signal number; 0: none */
	} child;
	struct conf_level levels[CONF_LEVELS_MAX]; /* in the order of definition */
	unsigned n_levels;
	struct {
		enum conf_dump_kind kind;
		char inject[8]; /* "no" | "cheap" | "full" */
		enum conf_target_kind target;
		uint32_t target_share_bp;
		char target_name[CONF_NAME_MAX];
		int signal; /* 0: none */
		char command[CONF_VALUE_MAX + 1];
		char path[CONF_VALUE_MAX +
			  1]; /* where a signalled application writes its dump; "" unknown */
		uint64_t max_pause_usec;
		uint64_t deadline_usec;
		char compress[8];
		uint32_t keep;
		uint64_t max_bytes;
		uint32_t min_free_bp;
		uint64_t cooldown_usec;
	} dump;
	struct {
		enum conf_restart_mode mode;
		uint8_t exit_code;
		int signal;
		uint64_t grace_usec;
		char pre_stop[CONF_VALUE_MAX + 1];
		uint32_t max;
		uint64_t per_usec;
		uint64_t backoff_min_usec, backoff_max_usec;
		uint64_t jitter_usec;
	} restart;
	struct {
		uint64_t wait_usec;
	} drain;
	struct {
		char listen[CONF_VALUE_MAX + 1];
		char app_probe[CONF_VALUE_MAX + 1];
	} http;
	struct {
		bool enabled;
	} tune;
	struct {
		enum conf_cmdline cmdline;
	} snapshot;
};

#define CONF_ERROR_MAX 512

/* What the user gave, in the order of precedence; all optional. */
struct conf_input {
	const char *file;	 /* -c; NULL: /etc/oomguard/oomguard.ini if it exists */
	char *const *environ;	 /* NULL: none */
	const char *const *sets; /* -s arguments, "SECTION.KEY=VALUE" */
	unsigned n_sets;
	/* Called for what is odd but not fatal (unknown OOMGUARD_* variable); may be NULL. */
	void (*warn)(const char *message);
};

/* The built-in policy of the contract. */
void conf_defaults(struct conf *ret_conf);

/*
 * Fills *ret_conf. On failure it is untouched and error says
 * "FILE:LINE: SECTION.KEY: reason (allowed: ...)" ("-s" or "environment OOMGUARD_X" as the place).
 * -EINVAL for what the user wrote, -errno when a file that was named cannot be read.
 */
int conf_load(const struct conf_input *input, struct conf *ret_conf, char error[CONF_ERROR_MAX]);

/* The level of that name or NULL. */
const struct conf_level *conf_find_level(const struct conf *conf, const char *name);

const char *conf_action_name(enum conf_action action);
const char *conf_basis_name(enum conf_basis basis);
const char *conf_dump_kind_name(enum conf_dump_kind kind);

/* Writes a valid ini with every key; what conf_load reads back gives the same struct. 0 or -errno.
 */
int conf_print(const struct conf *conf, int fd);

#endif
