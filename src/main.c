/* SPDX-License-Identifier: Apache-2.0 */
/* Start-up in order; the only file that may exit. */
#include "base/log.h"
#include "child/favour.h"
#include "cli.h"
#include "conf/conf.h"
#include "guard.h"

/* Static: it lives as long as we do, and everybody reads it. */
static struct conf conf;

int main(int argc, char **argv, char **envp)
{
	struct favour favour;
	struct cli cli;
	int r;

	favour_take(&favour);
	log_init(LOG_FORMAT_TEXT, LOG_LEVEL_NOTICE);
	r = cli_parse(argc, argv, &cli);
	if (r >= 0)
		return r;
	if (cli.command)
		return cli_run_command(&cli, envp);
	/* Everything that the user may have got wrong is told before the application starts. */
	r = cli_load_conf(&cli, envp, &conf);
	if (r >= 0)
		return r;
	log_init(conf.guard.log_json ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT,
		(enum log_level)conf.guard.log_level);
	return guard_run(&conf, &cli, envp, &favour);
}
