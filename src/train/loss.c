/* train/loss.c: the losses by name. */
#include "train/loss.h"

#include "core/registry.h"

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

static const char *
name_at(size_t i)
{
    return defs[i]->name;
}

mf_status
mf_loss_find(const mf_loss_def **out, const char *name, mf_err *err)
{
    size_t    at = 0;
    mf_status st = mf_registry_find(&at, "loss", name, name_at, N_DEFS, err);

    *out = st < 0 ? NULL : defs[at];
    return st;
}

mf_status
mf_loss_build(mf_graph *g, const mf_loss *loss, const mf_loss_in *in, mf_ref *out, mf_err *err)
{
    if (loss == NULL || loss->def == NULL) {
        return mf_loss_cross_entropy.build(g, in, NULL, out, err);
    }
    return loss->def->build(g, in, loss->cfg, out, err);
}
