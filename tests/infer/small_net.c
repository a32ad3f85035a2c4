/* infer/small_net.h: weights of a small untrained network. */
#include "infer/small_net.h"

#include "support.h"

#include "core/file.h"
#include "models/model.h"
#include "weights/weights.h"

const char *const mf_small_net_classes[] = {"left", "right", "slant", NULL};

static void
save(const char *path, const mf_model *m, const mf_recipe *r)
{
    mf_params *ps;
    mf_graph  *g;
    mf_tensors ts  = {0};
    mf_err     err = {0};

    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_model_eval_graph(&g, m, ps, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 3, &err), &err);
    assert_mf_ok(mf_params_export(ps, &ts, &err), &err);
    assert_mf_ok(mf_model_to_meta(&ts, m, r, mf_small_net_classes, &err), &err);
    assert_mf_ok(mf_weights_save(path, &ts, &err), &err);
    mf_tensors_free(&ts);
    mf_graph_free(g);
    mf_params_free(ps);
}

const char *
mf_small_net(int channels)
{
    const char *path = mf_test_path(channels == 3 ? "colour.safetensors" : "grey.safetensors");
    mf_model    m;
    mf_recipe   r   = mf_recipe_default(MF_SMALL_NET_SIDE, MF_SMALL_NET_SIDE, channels);
    mf_err      err = {0};

    if (mf_path_exists(path)) return path;
    assert_mf_ok(mf_model_make(&m, "resnet18", MF_SMALL_NET_CLASSES, channels, MF_SMALL_NET_SIDE, MF_SMALL_NET_SIDE, &err), &err);
    save(path, &m, &r);
    return path;
}

const char *
mf_small_net_landmarks(bool answers)
{
    const char *path = mf_test_path(answers ? "answers.safetensors" : "embeds.safetensors");
    mf_model    m;
    mf_recipe   r   = mf_recipe_default(MF_SMALL_NET_SIDE, MF_SMALL_NET_SIDE, 3);
    mf_err      err = {0};

    if (mf_path_exists(path)) return path;
    assert_mf_ok(mf_model_make(&m, "oadn", MF_SMALL_NET_CLASSES, 3, MF_SMALL_NET_SIDE, MF_SMALL_NET_SIDE, &err), &err);
    assert_mf_ok(mf_opt_set(m.def->opts, m.cfg, "width", "8", &err), &err);
    assert_mf_ok(mf_opt_set(m.def->opts, m.cfg, "fusion", answers ? "all" : "regions", &err), &err);
    save(path, &m, &r);
    return path;
}
