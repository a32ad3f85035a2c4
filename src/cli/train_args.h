/* cli/train_args.h: what train, crossval and demo share on the command line. */
#ifndef MF_CLI_TRAIN_ARGS_H
#define MF_CLI_TRAIN_ARGS_H

#include "cli/cli.h"
#include "data/loader.h"
#include "train/settings.h"

/* Settings from the defaults, then the file of --config, then the command line; a first argument is the data set.
 * `extra`: the command's own rows, with the row "config", then others, ended by one without rows; the first n_shown
 * of them are options of the command line too. With --resume and no --config, the config.yaml of --out is
 * the file where it exists. `method`: NULL, or the one that counts whatever file and command line say, options of other
 * methods being passed over then. argv's words are not moved. Checked. */
mf_status mf_cli_settings(mf_settings *s, mf_cli *cli, const mf_cmd *cmd, const mf_table *extra, size_t n_shown,
                          const char *method, int argc,
                          char **argv, mf_err *err);
/* The method that a file of --config names alone, without a list of `methods`: what crossval then compares. Else, or where
 * there is no file, *out is "". */
mf_status mf_cli_single_method(char out[64], int argc, char **argv, mf_err *err);
/* The pixel cache that the settings ask for. */
mf_status mf_cli_cache(mf_cache **out, mf_cli *cli, const mf_settings *s, const mf_dataset *d, const uint32_t *rows, size_t n,
                       mf_err *err);
/* What a finished training run came to, from its summary.json: a few lines, or the JSON itself. */
mf_status mf_cli_run_text(mf_str *out, const char *run, bool json, mf_err *err);
/* Help: methods, optimisers, schedules with their own options. */
void      mf_cli_train_help(mf_str *out);

#endif
