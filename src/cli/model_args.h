/* cli/model_args.h: --model and the named architecture's own options, for commands that build one. */
#ifndef MF_CLI_MODEL_ARGS_H
#define MF_CLI_MODEL_ARGS_H

#include "cli/cli.h"
#include "models/model.h"

/* Before parsing: the architecture that --model names (else `fallback`), at its defaults, and in *set its own options, to be
 * parsed beside the command's. MF_E_NOTFOUND names the nearest. */
mf_status mf_cli_model_choose(mf_model *m, mf_cli_set *set, int argc, char **argv, const char *fallback, mf_err *err);
/* After parsing: the same architecture and options for these classes, channels and side. */
mf_status mf_cli_model_size(mf_model *m, int classes, int in_channels, int size, mf_err *err);
/* What 'maskfer help model NAME' prints: source, counts at 224 pixels and 7 classes, sizes, layers, pictures, options; without
 * a name all architectures, one a line. MF_E_NOTFOUND names the nearest. */
mf_status mf_cli_model_help(const char *name, mf_str *out, mf_err *err);

#endif
