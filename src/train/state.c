/* train/state.c: state/last.ckpt, a safetensors file: "param/<name>", the optimiser's tensors, "best/<name>",
 * "state/counters", and the tables written so far as bytes. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/hash.h"
#include "train/trainer_i.h"
#include "weights/weights.h"

static mf_status
path_in(mf_str *out, const mf_trainer *t, const char *name, mf_err *err)
{
    mf_path_join(out, t->job->out, name);
    return mf_str_ok(out, err);
}

static mf_status
add_bytes(mf_tensors *ts, const char *name, const void *data, size_t n, mf_err *err)
{
    mf_shape   shape = mf_shape_of(1, (int64_t)n);
    mf_tensor *t;
    mf_status  st;

    if ((st = mf_tensors_add(ts, name, MF_DTYPE_U8, &shape, &t, err)) == MF_OK && n != 0) {
        memcpy(t->data, data, n);
    }
    return st;
}

static void
fingerprint_text(char out[24], const mf_trainer *t)
{
    uint8_t b[8];

    for (int i = 0; i < 8; i++) {
        b[i] = (uint8_t)(t->fingerprint >> (56 - 8 * i));
    }
    mf_hex(out, b, sizeof b);
}

mf_status
mf_trainer_save(mf_trainer *t, mf_err *err)
{
    mf_tensors ts   = {0};
    mf_str     path = {0};
    char       mark[24];
    mf_status  st;

    if (!mf_optim_finite(t->optim)) {
        return mf_fail(err, MF_E_NUMERIC, "a weight is not a finite number after step %lld of the run: the last saved state stays",
                       (long long)t->c.step);
    }
    t->c.seconds += mf_now() - t->began;
    t->began = mf_now();
    fingerprint_text(mark, t);
    if ((st = path_in(&path, t, "state", err)) < 0 || (st = mf_dir_make(path.data, err)) < 0 ||
        (st = mf_network_export(t->net, MF_NETWORK_STATE, &ts, err)) < 0 || (st = mf_optim_export(t->optim, &ts, err)) < 0 ||
        (st = add_bytes(&ts, "state/counters", &t->c, sizeof t->c, err)) < 0 ||
        (st = add_bytes(&ts, "state/results", mf_str_c(&t->results), t->results.len, err)) < 0 ||
        (st = add_bytes(&ts, "state/timings", mf_str_c(&t->timings), t->timings.len, err)) < 0) {
        goto done;
    }
    for (size_t i = 0; i < t->best.n; i++) {
        const mf_tensor *b = &t->best.t[i];
        mf_tensor       *to;

        if ((st = mf_tensors_add(&ts, b->name, b->dtype, &b->shape, &to, err)) < 0) {
            goto done;
        }
        memcpy(to->data, b->data, b->bytes);
    }
    if ((st = mf_tensors_set_meta(&ts, "maskfer.state", "1", err)) < 0 ||
        (st = mf_tensors_set_meta(&ts, "run", mark, err)) < 0 || (st = path_in(&path, t, "state/last.ckpt", err)) < 0 ||
        (st = mf_weights_save(path.data, &ts, err)) < 0) {
        goto done;
    }
    t->saved = mf_now();
done:
    mf_tensors_free(&ts);
    mf_str_free(&path);
    return st;
}

static mf_status
take_text(mf_str *out, const mf_tensors *ts, const char *name, mf_err *err)
{
    const mf_tensor *b = mf_tensors_find(ts, name);

    if (b == NULL || b->dtype != MF_DTYPE_U8) {
        return mf_fail(err, MF_E_FORMAT, "'%s' is missing", name);
    }
    mf_str_clear(out);
    mf_str_addn(out, b->data, b->bytes);
    return mf_str_ok(out, err);
}

static mf_status
take_best(mf_trainer *t, const mf_tensors *ts, mf_err *err)
{
    mf_status st;

    if (t->c.best_epoch == 0) {
        return MF_OK;
    }
    if (t->best.n == 0 && (st = mf_network_export(t->net, "best/", &t->best, err)) < 0) {
        return st;
    }
    for (size_t i = 0; i < t->best.n; i++) {
        mf_tensor       *to   = &t->best.t[i];
        const mf_tensor *from = mf_tensors_find(ts, to->name);

        if (from == NULL || from->dtype != to->dtype || from->bytes != to->bytes) {
            return mf_fail(err, MF_E_FORMAT, "'%s' is missing or of another shape", to->name);
        }
        memcpy(to->data, from->data, to->bytes);
    }
    return MF_OK;
}

mf_status
mf_trainer_load(mf_trainer *t, bool *found, mf_err *err)
{
    mf_tensors       ts   = {0};
    mf_str           path = {0};
    const mf_tensor *c;
    char             mark[24];
    const char      *theirs;
    mf_status        st;

    *found = false;
    fingerprint_text(mark, t);
    if ((st = path_in(&path, t, "state/last.ckpt", err)) < 0 || !mf_path_exists(path.data)) {
        goto done;
    }
    if ((st = mf_weights_load(&ts, path.data, err)) < 0) {
        goto done;
    }
    theirs = mf_tensors_meta(&ts, "run");
    if (mf_tensors_meta(&ts, "maskfer.state") == NULL || theirs == NULL) {
        st = mf_fail(err, MF_E_FORMAT, "'%s' is no saved state of a run", path.data);
        goto done;
    }
    if (!mf_str_eq(theirs, mark)) {
        st = mf_fail(err, MF_E_STATE,
                     "'%s' belongs to a run with other settings or another data set: resume with those of its config.yaml, "
                     "or give another --out", path.data);
        goto done;
    }
    c = mf_tensors_find(&ts, "state/counters");
    if (c == NULL || c->dtype != MF_DTYPE_U8 || c->bytes != sizeof t->c) {
        st = mf_fail(err, MF_E_FORMAT, "'state/counters' is missing or of another version of maskfer");
    } else {
        memcpy(&t->c, c->data, sizeof t->c);
        if ((st = mf_network_import(t->net, MF_NETWORK_STATE, &ts, err)) == MF_OK &&
            (st = mf_optim_import(t->optim, &ts, err)) == MF_OK && (st = take_best(t, &ts, err)) == MF_OK &&
            (st = take_text(&t->results, &ts, "state/results", err)) == MF_OK) {
            st = take_text(&t->timings, &ts, "state/timings", err);
        }
    }
    if (st < 0) {
        mf_fail_in(err, st, "%s", path.data);
        goto done;
    }
    *found = true;
done:
    mf_tensors_free(&ts);
    mf_str_free(&path);
    return st;
}

static mf_status
put_number(mf_tensors *ts, const char *key, double v, mf_err *err)
{
    char text[32];

    snprintf(text, sizeof text, "%.4f", v);
    return mf_tensors_set_meta(ts, key, text, err);
}

mf_status
mf_trainer_save_weights(mf_trainer *t, const char *name, bool best, mf_err *err)
{
    mf_recipe  recipe = mf_settings_recipe(t->s, true);
    mf_tensors ts     = {0};
    mf_str     path   = {0};
    char       epoch[32];
    mf_status  st;

    mf_str_printf(&path, "%s/weights", t->job->out);
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_dir_make(path.data, err)) < 0) {
        goto done;
    }
    if ((st = mf_network_export(t->net, "", &ts, err)) < 0) {
        goto done;
    }
    for (size_t i = 0; best && i < t->best.n; i++) { /* same network, same order */
        MF_ASSERT(mf_str_eq(t->best.t[i].name + sizeof "best/" - 1, ts.t[i].name));
        memcpy(ts.t[i].data, t->best.t[i].data, ts.t[i].bytes);
    }
    snprintf(epoch, sizeof epoch, "%lld", (long long)(best ? t->c.best_epoch : t->c.epoch));
    if ((st = mf_model_to_meta(&ts, mf_network_model(t->net), &recipe, (const char *const *)t->job->data->classes, err)) < 0 ||
        (st = mf_tensors_set_meta(&ts, "method", t->s->method.name, err)) < 0 ||
        (st = mf_tensors_set_meta(&ts, "dataset", t->job->data->name, err)) < 0 ||
        (st = mf_tensors_set_meta(&ts, "epoch", epoch, err)) < 0) {
        goto done;
    }
    if (t->val != NULL) {
        const mf_metrics *m = &t->figures.all;

        if ((st = put_number(&ts, "val_accuracy", m->accuracy, err)) < 0 ||
            (st = put_number(&ts, "val_macro_f1", m->macro_f1, err)) < 0 ||
            (st = put_number(&ts, "val_loss", m->loss, err)) < 0) {
            goto done;
        }
    }
    mf_str_printf(&path, "/%s.safetensors", name);
    if ((st = mf_str_ok(&path, err)) == MF_OK) {
        st = mf_weights_save(path.data, &ts, err);
    }
done:
    mf_tensors_free(&ts);
    mf_str_free(&path);
    return st;
}
