/* train/loss.c: the losses by name. */
#include "train/loss.h"

#include "core/str.h"

#define MF_LOSS(name) extern const mf_loss_def mf_loss_##name;
#include "train/loss_list.h"
#undef MF_LOSS

static const mf_loss_def *const defs[] = {
#define MF_LOSS(name) &mf_loss_##name,
#include "train/loss_list.h"
#undef MF_LOSS
};
enum { N_DEFS = sizeof defs / sizeof defs[0] };

size_t
mf_loss_count(void)
{
    return N_DEFS;
}

const mf_loss_def *
mf_loss_at(size_t i)
{
    return i < N_DEFS ? defs[i] : NULL;
}

mf_status
mf_loss_find(const mf_loss_def **out, const char *name, mf_err *err)
{
    const char *names[N_DEFS + 1] = {0};
    const char *near;

    for (size_t i = 0; i < N_DEFS; i++) {
        names[i] = defs[i]->name;
        if (mf_str_eq(defs[i]->name, name)) {
            *out = defs[i];
            return MF_OK;
        }
    }
    *out = NULL;
    near = mf_str_nearest(name, names);
    return mf_fail(err, MF_E_NOTFOUND, "no loss '%.80s'%s%s%s ('maskfer info --losses' lists them)", name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

mf_status
mf_loss_build(mf_graph *g, const mf_loss *loss, const mf_loss_in *in, mf_ref *out, mf_err *err)
{
    if (loss == NULL || loss->def == NULL) {
        return mf_loss_cross_entropy.build(g, in, NULL, out, err);
    }
    return loss->def->build(g, in, loss->cfg, out, err);
}
