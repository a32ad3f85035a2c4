/* cli/model_args.c: --model and the named architecture's own options, for commands that build one. */
#include "cli/model_args.h"

#include <string.h>

mf_status
mf_cli_model_choose(mf_model *m, mf_cli_set *set, int argc, char **argv, const char *fallback, mf_err *err)
{
    const char *given = mf_cli_peek(argc, argv, "model");
    mf_status   st    = mf_model_make(m, given && given[0] ? given : fallback, 2, 3, 224, 224, err);

    *set = (mf_cli_set){0};
    if (st == MF_OK) *set = (mf_cli_set){m->def->opts, m->cfg};
    return st;
}

mf_status
mf_cli_model_size(mf_model *m, int classes, int in_channels, int size, mf_err *err)
{
    mf_model  own = *m;
    mf_status st  = mf_model_make(m, own.def->name, classes, in_channels, size, size, err);

    memcpy(m->cfg, own.cfg, sizeof m->cfg);
    return st;
}
