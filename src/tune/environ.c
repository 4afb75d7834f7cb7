/* SPDX-License-Identifier: Apache-2.0 */
#include "tune/environ.h"

#include <string.h>

#include "base/cleanup.h"

static unsigned find(char *const *envp, const char *name)
{
	size_t len = strlen(name);
	unsigned i = 0;

	while (envp[i] && (strncmp(envp[i], name, len) != 0 || envp[i][len] != '='))
		i++;
	return i;
}

const char *environ_get(char *const *envp, const char *name)
{
	const char *var = envp[find(envp, name)];

	return var ? var + strlen(name) + 1 : NULL;
}

void environ_free(struct environ_copy *env)
{
	for (unsigned i = 0; i < env->n; i++)
		free(env->vars[i]);
	free(env->vars);
	*env = (struct environ_copy){ .vars = NULL };
}

int environ_copy(char *const *envp, struct environ_copy *ret)
{
	struct environ_copy env = { .vars = NULL };
	unsigned n = 0;

	while (envp[n])
		n++;
	env.vars = calloc(n + 1, sizeof(*env.vars));
	if (!env.vars)
		return -ENOMEM;
	for (; env.n < n; env.n++) {
		env.vars[env.n] = strdup(envp[env.n]);
		if (!env.vars[env.n]) {
			environ_free(&env);
			return -ENOMEM;
		}
	}
	*ret = env;
	return 0;
}

/* Takes `var` over in any case. */
static int put(struct environ_copy *env, unsigned at, char *var)
{
	char **vars;

	if (at < env->n) {
		free(env->vars[at]);
		env->vars[at] = var;
		return 0;
	}
	vars = realloc(env->vars, (env->n + 2) * sizeof(*vars));
	if (!vars) {
		free(var);
		return -ENOMEM;
	}
	env->vars = vars;
	vars[env->n++] = var;
	vars[env->n] = NULL;
	return 0;
}

int environ_add(struct environ_copy *env, const char *name, const char *text, enum environ_how how,
	char separator)
{
	unsigned at = find(env->vars, name);
	const char *old = environ_get(env->vars, name);
	char between[2] = { separator, '\0' };
	char *var;

	if (old && how == ENVIRON_ALONE)
		return -EEXIST;
	if (!old || !*old || how == ENVIRON_INSTEAD)
		old = "", between[0] = '\0';
	if (asprintf(&var, "%s=%s%s%s", name, how == ENVIRON_LAST ? old : text, between,
		    how == ENVIRON_LAST ? text : old) < 0)
		return -ENOMEM;
	return put(env, at, var);
}

static bool has_word(const char *text, const char *word)
{
	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if (at == text || strchr(" \t\n\"'=:,", at[-1]))
			return true;
	return false;
}

static bool any_has_word(char *const *texts, const char *word)
{
	for (; texts && *texts; texts++)
		if (has_word(*texts, word))
			return true;
	return false;
}

const char *environ_find_word(char *const *argv, char *const *envp, const char *const *words)
{
	for (; words && *words; words++)
		if (any_has_word(argv, *words) || any_has_word(envp, *words))
			return *words;
	return NULL;
}
