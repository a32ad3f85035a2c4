/* cli/cmd_data.h: what the subcommands of `maskfer data` share. */
#ifndef MF_CLI_CMD_DATA_H
#define MF_CLI_CMD_DATA_H

#include "cli/cli.h"
#include "core/json.h"
#include "data/jobs.h"
#include "data/manifest.h"

extern const mf_cmd mf_cmd_data, mf_cmd_data_adjudicate, mf_cmd_data_check, mf_cmd_data_folds, mf_cmd_data_import, mf_cmd_data_landmarks,
    mf_cmd_data_occlude, mf_cmd_data_pairs, mf_cmd_data_stats, mf_cmd_data_synth;

/* Threads from --threads (all cores unless given), progress on the terminal, stopped by the first Ctrl-C. */
mf_jobs_opts mf_cmd_data_jobs(mf_cli *cli, const char *what);

/* Number of pictures by class, occlusion and split, and of people: a table ... */
void mf_cmd_data_counts(mf_str *out, const mf_dataset *d);
/* ... or the members "pictures", "classes", "occlusion", "split", "subjects" of the object that is open. */
void mf_cmd_data_counts_json(mf_json_out *j, const mf_dataset *d);

#endif
