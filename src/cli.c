/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "report/explain.h"
#include "report/render.h"
#include "report/replay.h"
#include "check.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

static int run_config(const struct cli *cli, char *const *envp);
static int run_explain(const struct cli *cli, char *const *envp);
static int run_replay(const struct cli *cli, char *const *envp);
static int run_report(const struct cli *cli, char *const *envp);

/* A subcommand without `run` is promised and not built yet: it answers so, and --help is silent. */
static const struct subcommand {
	const char *name;
	const char *synopsis, *help;
	int (*run)(const struct cli *cli, char *const *envp);
	unsigned takes;
} subcommands[] = {
#define SUBCOMMAND(name, synopsis, help, run, takes) { name, synopsis, help, run, takes },
#include "cli.def"
};

static const struct option long_options[] = {
#define OPTION(name, letter, argument, help, takes)                                                \
	{ name, (const char *)(argument) ? required_argument : no_argument, NULL, letter },
#include "cli.def"
	{ 0 },
};

static const struct option_help {
	const char *name, *argument, *help;
	unsigned takes;
	char letter;
} option_helps[] = {
#define OPTION(name, letter, argument, help, takes) { name, argument, help, takes, letter },
#include "cli.def"
};

static void print_option(const struct option_help *o)
{
	char text[64];

	if (o->takes)
		return; /* in the synopsis of those that have it */
	snprintf(text, sizeof(text), "-%c, --%s%s%s", o->letter, o->name, o->argument ? " " : "",
		o->argument ? o->argument : "");
	printf("  %-29s %s\n", text, o->help);
}

static void print_help(void)
{
	fputs("usage: oomguard [OPTIONS] -- COMMAND [ARG...]   run COMMAND under guard\n", stdout);
	for (unsigned i = 0; i < ARRAY_LEN(subcommands); i++)
		if (subcommands[i].run)
			printf("       oomguard %s %s%s%s\n", subcommands[i].name,
				subcommands[i].synopsis, subcommands[i].synopsis[0] ? "  " : " ",
				subcommands[i].help);
	putchar('\n');
	for (unsigned i = 0; i < ARRAY_LEN(option_helps); i++)
		print_option(&option_helps[i]);
	fputs("\n"
	      "Every key can also be set as OOMGUARD_SECTION_KEY in the environment. Precedence:\n"
	      "option > environment > file > default. Exit status: the command's own (128+N when "
	      "it\n"
	      "died of signal N), 75 when the guard stopped it, 126/127 when it cannot be run,\n"
	      "64 usage, 65 unreadable input, 78 configuration.\n",
		stdout);
}

static int usage_error(const char *format, const char *what)
{
	fputs("oomguard: ", stderr);
	/* The formats are literals of this file. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	fprintf(stderr, format, what);
#pragma GCC diagnostic pop
	fputs("; see oomguard --help\n", stderr);
	return EXIT_USAGE;
}

static const struct subcommand *find_subcommand(const char *name)
{
	for (unsigned i = 0; i < ARRAY_LEN(subcommands); i++)
		if (!strcmp(subcommands[i].name, name))
			return &subcommands[i];
	return NULL;
}

static int add_set(struct cli *cli, const char *set)
{
	if (cli->n_sets == CLI_SETS_MAX)
		return usage_error("more than 256 settings: use a file (-c)%s", "");
	cli->sets[cli->n_sets++] = set;
	return -1;
}

static int take_option(struct cli *cli, int option, char *const *argv)
{
	switch (option) {
	case 'c':
		cli->file = optarg;
		return -1;
	case 's':
		return add_set(cli, optarg);
	case 'q':
		return add_set(cli, "guard.log-level=error");
	case 'v':
		return add_set(cli, "guard.log-level=info");
	case 'd':
		cli->defaults = true;
		return -1;
	case 'j':
		cli->json = true;
		return -1;
	case 'w':
		cli->watch = true;
		return -1;
	case 'f':
		cli->format = optarg;
		return -1;
	case 'h':
		print_help();
		return 0;
	case 'V':
		puts("oomguard " PACKAGE_VERSION);
		return 0;
	case ':':
		return usage_error("option '%s' needs a value", argv[optind - 1]);
	default:
		return usage_error("unknown option '%s'", argv[optind - 1]);
	}
}

/* Options up to the first word that is none. */
static int take_options(struct cli *cli, int argc, char *const *argv)
{
	int option, r;

	while ((option = getopt_long(argc, argv, "+:c:s:qvhV", long_options, NULL)) != -1) {
		r = take_option(cli, option, argv);
		if (r >= 0)
			return r;
	}
	return -1;
}

static unsigned options_given(const struct cli *cli)
{
	return (cli->defaults ? TAKES_DEFAULTS : 0u) | (cli->json ? TAKES_JSON : 0u) |
	       (cli->watch ? TAKES_WATCH : 0u) | (cli->format ? TAKES_FORMAT : 0u);
}

static bool stopped_at_dashes(char *const *argv)
{
	return optind > 1 && !strcmp(argv[optind - 1], "--");
}

/* What stands after the options of a subcommand. */
static int take_operands(struct cli *cli, const struct subcommand *sub, int argc, char *const *argv)
{
	unsigned n = (unsigned)(argc - optind);

	if (options_given(cli) & ~sub->takes)
		return usage_error("the command '%s' does not take that option", sub->name);
	if (n && (sub->takes & TAKES_COMMAND) && stopped_at_dashes(argv)) {
		cli->argv = argv + optind;
		return -1;
	}
	if (n > ((sub->takes & TAKES_OPERANDS) ? n : (sub->takes & TAKES_ONE) ? 1u : 0u))
		return usage_error("unexpected argument '%s'", argv[argc - 1]);
	cli->operands = argv + optind;
	cli->n_operands = n;
	return -1;
}

/* The word at optind is no option and there was no "--" before it. */
static int take_subcommand(struct cli *cli, int argc, char *const *argv)
{
	const char *word = argv[optind];
	const struct subcommand *sub = find_subcommand(word);
	int r;

	if (!sub)
		return usage_error("unknown command '%s'; to run a program under guard, put -- in "
				   "front of it",
			word);
	if (!sub->run) {
		fprintf(stderr, "oomguard: %s: not built yet\n", word);
		return EXIT_USAGE;
	}
	cli->command = word;
	optind++;
	r = take_options(cli, argc, argv);
	return r >= 0 ? r : take_operands(cli, sub, argc, argv);
}

int cli_parse(int argc, char *const *argv, struct cli *ret_cli)
{
	struct cli cli = { 0 };
	int r;

	opterr = 0;
	r = take_options(&cli, argc, argv);
	if (r >= 0)
		return r;
	if (optind >= argc)
		return usage_error("no command%s", stopped_at_dashes(argv) ? " after --" : "");
	if (!stopped_at_dashes(argv)) {
		r = take_subcommand(&cli, argc, argv);
		if (r >= 0)
			return r;
	} else if (options_given(&cli)) {
		return usage_error("--%s belongs to a command", cli.defaults ? "defaults"
								: cli.json   ? "json"
								: cli.watch  ? "watch"
									     : "format");
	} else {
		cli.argv = argv + optind;
	}
	*ret_cli = cli;
	return -1;
}

static void warn(const char *message)
{
	log_warning("%s", message);
}

int cli_read_conf(
	const struct cli *cli, char *const *envp, struct conf *ret_conf, char error[CONF_ERROR_MAX])
{
	struct conf_input input = {
		.file = cli->file,
		.environ = envp,
		.sets = cli->sets,
		.n_sets = cli->n_sets,
		.warn = warn,
	};

	return conf_load(&input, ret_conf, error);
}

int cli_load_conf(const struct cli *cli, char *const *envp, struct conf *ret_conf)
{
	char error[CONF_ERROR_MAX];

	if (cli_read_conf(cli, envp, ret_conf, error) < 0) {
		log_error("%s", error);
		return EXIT_CONFIG;
	}
	return -1;
}

static int run_config(const struct cli *cli, char *const *envp)
{
	static struct conf conf;
	int r;

	if (cli->defaults) {
		conf_defaults(&conf);
	} else {
		r = cli_load_conf(cli, envp, &conf);
		if (r >= 0)
			return r;
	}
	r = conf_print(&conf, STDOUT_FILENO);
	if (r < 0)
		log_error("standard output: %s", strerror(-r));
	return r < 0 ? 1 : 0;
}

static int run_explain(const struct cli *cli, char *const *envp)
{
	(void)envp;
	return explain_run(cli->operands, cli->n_operands, cli->json, stdout, stderr);
}

static int run_replay(const struct cli *cli, char *const *envp)
{
	static struct conf conf;
	auto_fclose FILE *file = NULL;
	char error[CSV_ERROR_MAX];
	const char *name;
	int r;

	if (cli->n_operands != 1)
		return usage_error("replay takes one file%s", "");
	name = cli->operands[0];
	r = cli_load_conf(cli, envp, &conf);
	if (r >= 0)
		return r;
	file = strcmp(name, "-") ? fopen(name, "re") : fdopen(dup(STDIN_FILENO), "r");
	if (!file) {
		log_error("%s: %s", name, strerror(errno));
		return EXIT_INPUT;
	}
	r = replay_run(&conf, file, name, STDOUT_FILENO, error);
	if (r < 0)
		log_error("%s", error[0] ? error : strerror(-r));
	if (r == -ENODATA)
		return EXIT_USAGE;
	return r == 0 ? 0 : error[0] ? EXIT_INPUT : 1;
}

static int run_report(const struct cli *cli, char *const *envp)
{
	static struct conf conf;
	int r = cli_load_conf(cli, envp, &conf);

	if (r >= 0)
		return r;
	r = render_report(
		&conf, cli->format, cli->n_operands ? cli->operands[0] : NULL, stdout, stderr);
	return r >= 0 ? r : usage_error("--format is text, json or html, not '%s'", cli->format);
}

int cli_run_command(const struct cli *cli, char *const *envp)
{
	return find_subcommand(cli->command)->run(cli, envp);
}
