/* SPDX-License-Identifier: Apache-2.0 */
/* What the manual pages say beside the tables. A text that begins with a dot is a roff request. */
#ifndef OOMGUARD_MANUAL_H
#define OOMGUARD_MANUAL_H

static const char *const manual_program[] = {
	".SH NAME",
	"oomguard - guards an application against the out-of-memory kill",
	".SH SYNOPSIS",
	".B oomguard",
	"[OPTIONS] -- COMMAND [ARG...]",
	".br",
	".B oomguard",
	"COMMAND-WORD [OPTIONS]",
	".SH DESCRIPTION",
	"One small program in front of a container's application. It sees the out-of-memory kill "
	"coming, saves the evidence while there is still time, names the cause and the right "
	"limit, and lets the application go down gracefully instead of by the kernel's SIGKILL.",
	".PP",
	"To the application it is an init: signals, exit status, environment, file descriptors and "
	"the terminal are as without it. It needs no settings.",
	NULL,
};

static const char *const manual_program_end[] = {
	".SH ENVIRONMENT",
	"Every setting of",
	".BR oomguard.ini (5)",
	"can be given as OOMGUARD_SECTION_KEY, with hyphens as underscores: "
	"OOMGUARD_RESTART_GRACE=10s, OOMGUARD_LEVEL_DUMP_AT=80%. An option wins over the "
	"environment, the environment over the file.",
	".SH FILES",
	".TP",
	".I /etc/oomguard/oomguard.ini",
	"settings, if it exists",
	".TP",
	".I /var/lib/oomguard",
	"guard.state-dir: incidents, the flight record, the control socket",
	".TP",
	".I /dev/termination-log",
	"the last word, where Kubernetes looks for it",
	".SH EXIT STATUS",
	".TP",
	"The application's own,",
	"or 128+N when it died of signal N.",
	".TP",
	".B 75",
	"The guard has stopped it (restart.exit-code).",
	".TP",
	".B 126, 127",
	"The command cannot be run, is not there.",
	".TP",
	".B 64, 65, 78",
	"Usage, unreadable input, configuration.",
	".PP",
	"check: 0 well, 1 warnings, 2 would not protect. status: 0 quiet, 1 a level is active, 3 "
	"no guard. report: 3 nothing to report. explain: 0 there was a kill, 1 none.",
	".SH EXAMPLES",
	".nf",
	"oomguard -- java -jar /app.jar",
	"oomguard -s restart.mode=in-place -s http.listen=0.0.0.0:9464 -- node server.js",
	"oomguard check -- node server.js",
	"journalctl -k | oomguard explain",
	".fi",
	".SH SEE ALSO",
	".BR oomguard.ini (5)",
	NULL,
};

static const char *const manual_settings[] = {
	".SH NAME",
	"oomguard.ini - settings of oomguard",
	".SH DESCRIPTION",
	"Nothing is required: what is left out has its default, which is given here behind the "
	"key. Keys begin in the first column; a line has at most 198 bytes; ; begins a comment. "
	"A wrong value is an error with its place, before the application starts; at a reload the "
	"settings stay as they were.",
	".PP",
	"The same keys are options (-s SECTION.KEY=VALUE, -s level.NAME.KEY=VALUE) and variables "
	"of the environment (OOMGUARD_SECTION_KEY).",
	NULL,
};

static const char manual_completion[] =
	"_oomguard() {\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= i\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t--)\n"
	"\t\t\tif declare -F _command_offset >/dev/null; then\n"
	"\t\t\t\t_command_offset $((i + 1))\n"
	"\t\t\telif ((i + 1 == COMP_CWORD)); then\n"
	"\t\t\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$word\")\n"
	"\t\t\telse\n"
	"\t\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	"\t\t\tfi\n"
	"\t\t\treturn\n"
	"\t\t\t;;\n"
	"\t\t-c | --config | -s | --set | --format) ((i++)) ;;\n"
	"\t\t-*) ;;\n"
	"\t\t*) [ -n \"$command\" ] || command=${COMP_WORDS[i]} ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tcase $before in\n"
	"\t-s | --set)\n"
	"\t\tcompopt -o nospace 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$_oomguard_settings\" -- \"$word\")\n"
	"\t\t;;\n"
	"\t--format) mapfile -t COMPREPLY < <(compgen -W 'text json html' -- \"$word\") ;;\n"
	"\t-c | --config) mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
	"\t*)\n"
	"\t\tcase $word in\n"
	"\t\t-*) mapfile -t COMPREPLY < <(compgen -W \"$(_oomguard_options \"$command\")\" -- "
	"\"$word\") ;;\n"
	"\t\t*)\n"
	"\t\t\tif [ -z \"$command\" ]; then\n"
	"\t\t\t\tmapfile -t COMPREPLY < <(compgen -W \"$_oomguard_commands\" -- \"$word\")\n"
	"\t\t\telse\n"
	"\t\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	"\t\t\tfi\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\t\t;;\n"
	"\tesac\n"
	"}\n"
	"complete -F _oomguard oomguard\n";

#endif
