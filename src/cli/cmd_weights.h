/* cli/cmd_weights.h: the subcommands of `maskfer weights`. */
#ifndef MF_CLI_CMD_WEIGHTS_H
#define MF_CLI_CMD_WEIGHTS_H

#include "cli/cli.h"

extern const mf_cmd mf_cmd_weights, mf_cmd_weights_verify;

#endif
