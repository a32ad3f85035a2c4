/* cli/info_lists.h: what can be chosen by name, one line an entry, from the registries. */
#ifndef MF_CLI_INFO_LISTS_H
#define MF_CLI_INFO_LISTS_H

#include "core/str.h"

void mf_cli_list_methods(mf_str *out);
void mf_cli_list_losses(mf_str *out);
void mf_cli_list_optimisers(mf_str *out);
void mf_cli_list_schedules(mf_str *out);

#endif
