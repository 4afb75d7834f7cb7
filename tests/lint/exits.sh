#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Exit is legal only in main.c: a PID 1 that ends takes the container with it. Children and helpers
# use _exit.
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"

# Comments are taken out by the preprocessor's own rules, so that prose may say "exit".
code() {
	find src -name '*.[ch]' -print | sort | while read -r file; do
		gcc -fpreprocessed -dD -E -P "$file" 2>/dev/null | sed "s|^|$file: |"
	done
}
needs gcc
code | grep -Ev '^src/main\.c: ' | grep -E '[^_[:alnum:]](exit|abort|quick_exit|err|errx)[[:space:]]*\(' |
	rule "nothing but main.c calls exit() or abort()"
code | grep -E '[^_[:alnum:]]assert[[:space:]]*\(' | rule "no assert() in the program: it would abort PID 1"
code | grep -E '^[^:]*: .*[^_[:alnum:]](sleep|usleep|nanosleep)[[:space:]]*\(' |
	grep -Ev '^src/(dump|action)/' | rule "no sleeps outside of helpers"
code | grep -E '[^_[:alnum:]](system|popen|strcat|gets|strtok|alloca)[[:space:]]*\(' |
	rule "no system() or popen(), nothing without bounds by nature"
finish
