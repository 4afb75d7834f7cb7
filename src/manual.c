/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the manual pages and the completion for bash out of the tables that the program uses.
 * Compiled and run by make; no part of the program.
 *
 * manual oomguard.1 | oomguard.ini.5 | oomguard.bash
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli.h"
#include "manual.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

static const struct option_row {
	const char *name;
	char letter;
	const char *argument, *help;
	unsigned takes;
} options[] = {
#define OPTION(name, letter, argument, help, takes) { name, letter, argument, help, takes },
#include "cli.def"
};

static const struct command_row {
	const char *name, *synopsis, *help;
	unsigned takes;
} commands[] = {
#define SUBCOMMAND(name, synopsis, help, run, takes) { name, synopsis, help, takes },
#include "cli.def"
};

static const struct key_row {
	const char *section, *name, *initial, *help, *allowed;
} keys[] = {
#define KEY(section, key, field, type, initial, help, allowed)                                     \
	{ section, key, initial, help, allowed },
#define LEVEL_KEY(key, field, type, initial, help, allowed)                                        \
	{ "level NAME", key, initial, help, allowed },
#include "conf/keys.def"
};

static const struct level_row {
	const char *level, *key, *value;
} levels[] = {
#define LEVEL_DEFAULT(level, key, value) { level, key, value },
#include "conf/keys.def"
};

/* --- roff --- */

/* Text that is no request and whose hyphens can be copied. */
static void put_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
}

static void put_line(const char *text)
{
	put_text(text);
	putchar('\n');
}

static void put_term(const char *bold, const char *plain)
{
	printf(".TP\n\\fB");
	put_text(bold);
	printf("\\fR%s", plain && *plain ? " " : "");
	put_line(plain ? plain : "");
}

static void put_options(void)
{
	char text[64];

	for (unsigned i = 0; i < ARRAY_LEN(options); i++) {
		if (options[i].takes)
			snprintf(text, sizeof(text), "--%s", options[i].name);
		else
			snprintf(text, sizeof(text), "-%c, --%s", options[i].letter,
				options[i].name);
		put_term(text, options[i].argument);
		put_line(options[i].help);
		for (unsigned c = 0; options[i].takes && c < ARRAY_LEN(commands); c++)
			if (commands[c].takes & options[i].takes)
				printf("(\\fB%s\\fR)\n", commands[c].name);
	}
}

static void put_page(const char *name, const char *section, const char *const *text)
{
	printf(".\\\" Generated out of the program's tables; see src/manual.c.\n");
	printf(".TH %s %s \"\" \"oomguard %s\"\n", name, section, PACKAGE_VERSION);
	for (; *text; text++) {
		if (**text == '.')
			puts(*text); /* a request */
		else
			put_line(*text);
	}
}

static void put_program_page(void)
{
	put_page("OOMGUARD", "1", manual_program);
	puts(".SH OPTIONS");
	put_options();
	puts(".SH COMMANDS");
	for (unsigned i = 0; i < ARRAY_LEN(commands); i++) {
		put_term(commands[i].name, commands[i].synopsis);
		put_line(commands[i].help);
	}
	for (const char *const *text = manual_program_end; *text; text++) {
		if (**text == '.')
			puts(*text);
		else
			put_line(*text);
	}
}

/* Levels come after [child], as `oomguard config` prints them. */
static void put_keys(void)
{
	const char *section = "";
	char value[256];

	for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(section, keys[i].section) != 0) {
			section = keys[i].section;
			printf(".SH [%s]\n", section);
		}
		snprintf(value, sizeof(value), "=%s%s", keys[i].initial[0] ? " " : "",
			keys[i].initial);
		put_term(keys[i].name, value);
		put_line(keys[i].help);
		puts(".br");
		printf("Allowed: ");
		put_line(keys[i].allowed);
	}
}

static void put_levels(void)
{
	const char *level = "";

	puts(".SH THE LEVELS THAT ARE THERE BY DEFAULT");
	for (unsigned i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcmp(level, levels[i].level) != 0) {
			level = levels[i].level;
			put_term(level, "");
		} else {
			puts(".br");
		}
		put_text(levels[i].key);
		fputs(" = ", stdout);
		put_line(levels[i].value);
	}
}

static void put_settings_page(void)
{
	put_page("OOMGUARD.INI", "5", manual_settings);
	put_keys();
	put_levels();
	puts(".SH SEE ALSO\n.BR oomguard (1)");
}

/* --- bash --- */

static void put_settings_words(void)
{
	const char *level = "";

	for (unsigned i = 0; i < ARRAY_LEN(keys); i++)
		if (strncmp(keys[i].section, "level", 5) != 0)
			printf(" %s.%s=", keys[i].section, keys[i].name);
	for (unsigned i = 0; i < ARRAY_LEN(levels); i++) {
		if (!strcmp(level, levels[i].level))
			continue;
		level = levels[i].level;
		for (unsigned k = 0; k < ARRAY_LEN(keys); k++)
			if (!strncmp(keys[k].section, "level", 5))
				printf(" level.%s.%s=", level, keys[k].name);
	}
}

static void put_option_words(unsigned takes)
{
	for (unsigned i = 0; i < ARRAY_LEN(options); i++) {
		if (!options[i].takes)
			printf(" -%c --%s", options[i].letter, options[i].name);
		else if (options[i].takes & takes)
			printf(" --%s", options[i].name);
	}
}

static void put_completion(void)
{
	puts("# SPDX-License-Identifier: Apache-2.0\n"
	     "# Completion of oomguard for bash. Generated out of the program's tables.");
	printf("_oomguard_commands='");
	for (unsigned i = 0; i < ARRAY_LEN(commands); i++)
		printf("%s%s", i ? " " : "", commands[i].name);
	printf("'\n_oomguard_settings='");
	put_settings_words();
	puts("'\n_oomguard_options() {\n\tcase $1 in");
	for (unsigned i = 0; i < ARRAY_LEN(commands); i++) {
		printf("\t%s) echo '", commands[i].name);
		put_option_words(commands[i].takes);
		printf("%s' ;;\n", commands[i].takes & TAKES_COMMAND ? " --" : "");
	}
	printf("\t*) echo '");
	put_option_words(0);
	puts(" --' ;;\n\tesac\n}");
	fputs(manual_completion, stdout);
}

static const struct {
	const char *name;
	void (*put)(void);
} papers[] = {
	{ "oomguard.1", put_program_page },
	{ "oomguard.ini.5", put_settings_page },
	{ "oomguard.bash", put_completion },
};

int main(int argc, char **argv)
{
	for (unsigned i = 0; argc == 2 && i < ARRAY_LEN(papers); i++) {
		if (strcmp(argv[1], papers[i].name) != 0)
			continue;
		papers[i].put();
		return fflush(stdout) || ferror(stdout) ? 1 : 0;
	}
	fputs("usage: manual oomguard.1 | oomguard.ini.5 | oomguard.bash\n", stderr);
	return 1;
}
