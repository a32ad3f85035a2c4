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

mf_status
mf_cli_model_help(const char *name, mf_str *out, mf_err *err)
{
    enum { SIDE = 224, CLASSES = 7 };
    mf_model      m;
    mf_model_info info;
    mf_recipe     r;
    char          bytes[32];
    mf_status     st;

    if (!name) {
        for (size_t i = 0; i < mf_model_count(); i++) mf_str_printf(out, "%-20s %s (%s)\n", mf_model_at(i)->name, mf_model_at(i)->summary, mf_model_at(i)->source);
        return MF_OK;
    }
    if ((st = mf_model_make(&m, name, CLASSES, 3, SIDE, SIDE, err)) < 0 || (st = mf_model_inspect(&info, &m, err)) < 0) return st;
    r = mf_model_recipe(m.def, m.cfg, SIDE, SIDE, 3);
    mf_str_printf(out, "%s: %s\n\nSource:      %s\nCounts:      %lld parameters, %lld multiply-accumulates (%d classes, 3 x %d x %d)\n", m.def->name, m.def->summary,
                  m.def->source, (long long)info.parameters, (long long)info.macs, CLASSES, SIDE, SIDE);
    mf_str_printf(out, "Memory:      %s of activations a picture in f32, without reuse\n", mf_bytes_text(bytes, (uint64_t)info.activation_bytes));
    mf_str_printf(out, "Pictures:    from %d x %d pixels", m.def->min_size, m.def->min_size);
    if (m.def->size_step) mf_str_printf(out, ", sides multiples of %d", m.def->size_step);
    mf_str_printf(out, "; colour or grey; mean %.4g %.4g %.4g, deviation %.4g %.4g %.4g of 0..1\n", (double)r.mean[0], (double)r.mean[1], (double)r.mean[2],
                  (double)r.std[0], (double)r.std[1], (double)r.std[2]);
    mf_str_printf(out, "Attribution: %s\nEmbedding:   %s\nClassifier:  %s\n\nOptions:\n", m.def->map, m.def->embedding, m.def->head);
    mf_opt_help(m.def->opts, out);
    mf_model_info_free(&info);
    return MF_OK;
}
