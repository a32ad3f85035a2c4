/* train/settings.c */
#include "train/settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/hash.h"

static const char *const precision_words[] = {"auto", "f32", "bf16", NULL};
static const char *const weights_words[]   = {"none", "balanced", "effective", NULL};
static const char *const select_words[]    = {"val", "last", "fold", NULL};
static const char *const cache_words[]     = {"ram", "disk", "none", NULL};
static const char *const mix_words[]       = {"none", "mixup", "cutmix", NULL};
static const char *const augment_words[]   = {"none", "light", "msde", "mlfw", "scan", NULL};
static const char *const border_words[]  = {"auto", "mirror", "black", NULL};

#define AUG(f, hi, help) MF_OPT_F64(mf_train_opts, f, -1, -1, hi, help)

const mf_opt mf_train_rows[] = {
    MF_OPT_STR(mf_train_opts, data, "", "data set folder (also the first argument)"),
    MF_OPT_STR(mf_train_opts, method, "supervised", "what is trained; 'maskfer help train' lists the methods"),
    MF_OPT_STR(mf_train_opts, model, "resnet18", "architecture"),
    MF_OPT_STR(mf_train_opts, out, "", "folder of the run"),
    MF_OPT_INT(mf_train_opts, size, 64, 32, 4096, "side of the input, in pixels"),
    MF_OPT_INT(mf_train_opts, channels, 3, 1, 3, "channels of the input: 3 or 1"),
    MF_OPT_INT(mf_train_opts, epochs, 40, 1, 100000, "passes over the training pictures"),
    MF_OPT_INT(mf_train_opts, batch, 64, 1, 4096, "samples a step"),
    MF_OPT_INT(mf_train_opts, seed, 1, 0, 9007199254740991, "all randomness follows from it"),
    MF_OPT_INT(mf_train_opts, threads, 0, 0, 4096, "threads for computing; 0 takes every core"),
    MF_OPT_INT(mf_train_opts, workers, 1, 0, 256, "threads that prepare batches"),
    MF_OPT_ENUM(mf_train_opts, precision, 0, precision_words, "auto takes bf16 where the CPU has AMX, else f32"),
    MF_OPT_STR(mf_train_opts, backend, "auto", "which kernels: auto, onednn, ref"),
    MF_OPT_STR(mf_train_opts, optimiser, "adam", "adam, adamw, radam, sgd"),
    MF_OPT_STR(mf_train_opts, schedule, "cosine", "learning rate over the run: constant, cosine, exponential, onecycle, plateau, step"),
    MF_OPT_STR(mf_train_opts, loss, "cross-entropy", "of logits against targets: cross-entropy, focal, multi-target"),
    MF_OPT_F64(mf_train_opts, lr, 0.001, 0, 100, "learning rate of the backbone"),
    MF_OPT_F64(mf_train_opts, head_lr, 0, 0, 100, "learning rate of the classifier; 0: the same"),
    MF_OPT_F64(mf_train_opts, weight_decay, 0.0001, 0, 10, "weight decay"),
    MF_OPT_F64(mf_train_opts, clip, 0, 0, 1e9, "largest norm of the gradient; 0: no clipping"),
    MF_OPT_F64(mf_train_opts, ema, 0, 0, 0.999999, "decay of an average of the weights that is scored and kept; 0: none"),
    MF_OPT_F64(mf_train_opts, warmup, 1, 0, 1000, "epochs in which the rate rises to its value"),
    MF_OPT_F64(mf_train_opts, warmup_start, 0.1, 0, 1, "share of the rate at the first step"),
    MF_OPT_F64(mf_train_opts, label_smoothing, 0, 0, 0.99, "share of the target spread over all classes"),
    MF_OPT_F64(mf_train_opts, centre_weight, 0, 0, 1000, "weight of the centre loss: embeddings near the centre of their class; 0: none"),
    MF_OPT_F64(mf_train_opts, centre_rate, 0.5, 0, 1, "rate at which the centres follow them"),
    MF_OPT_BOOL(mf_train_opts, decay_all, 0, "norms and biases decay too"),
    MF_OPT_INT(mf_train_opts, accumulate, 1, 1, 4096, "batches whose gradients make one step"),
    MF_OPT_INT(mf_train_opts, early_stop, 0, 0, 100000, "stop after so many epochs without progress; 0: never"),
    MF_OPT_ENUM(mf_train_opts, class_weights, 0, weights_words, "balanced: rare classes weigh more in the loss; effective: by Cui et al. 2019"),
    MF_OPT_F64(mf_train_opts, effective_beta, 0.9999, 0, 0.999999, "of the effective numbers of samples (1 - beta^n) / (1 - beta)"),
    MF_OPT_BOOL(mf_train_opts, balanced, 0, "draw classes evenly, with replacement"),
    MF_OPT_BOOL(mf_train_opts, soft, 0, "train on the votes' distribution where the data set has one"),
    MF_OPT_BOOL(mf_train_opts, draw_label, 0, "draw the class of a picture from its votes at each use"),
    MF_OPT_STR(mf_train_opts, freeze, "", "parameters that are not trained: patterns like 'conv1.*,layer1.*'"),
    MF_OPT_STR(mf_train_opts, head_params, "", "parameters that --head-lr is for, patterns like those of --freeze; empty: the classifier's"),
    MF_OPT_STR(mf_train_opts, init, "", "weight file to begin from"),
    MF_OPT_STR(mf_train_opts, teacher, "", "weight file of the teacher (distill, hinton, triplet)"),
    MF_OPT_STR(mf_train_opts, join_a, "", "combine: weight file of the first network; in a cross-validation also a method; empty: hinton"),
    MF_OPT_STR(mf_train_opts, join_b, "", "combine: the second; empty: triplet"),
    MF_OPT_BOOL(mf_train_opts, new_head, 0, "begin with a new classifier where --init has another one"),
    MF_OPT_F64(mf_train_opts, val_share, 0.1, 0, 0.9, "share of the training people kept for validation"),
    MF_OPT_ENUM(mf_train_opts, select, 0, select_words, "which weights count: best on the validation part, last, or best on the scored fold"),
    MF_OPT_ENUM(mf_train_opts, cache, 0, cache_words, "where decoded pictures are kept"),
    MF_OPT_STR(mf_train_opts, cache_dir, "", "folder of a disk cache; empty: in the data set"),
    MF_OPT_INT(mf_train_opts, save_every, -1, -1, 100000, "epochs between saved states; 0: only by time; -1: 1, in a cross-validation 0"),
    MF_OPT_F64(mf_train_opts, save_seconds, 120, 0, 1e9, "also save when this long has passed, in mid-epoch too; 0: never"),
    MF_OPT_LIST(mf_train_opts, mean, "", -10, 10, "mean of pixels in 0..1, one a channel; empty: ImageNet's"),
    MF_OPT_LIST(mf_train_opts, std, "", 1e-6, 1000, "their deviation; empty: ImageNet's"),
    MF_OPT_LIST(mf_train_opts, eval_mean, "", -10, 10, "another mean when scoring (MSD-E's program does that)"),
    MF_OPT_LIST(mf_train_opts, eval_std, "", 1e-6, 1000, "another deviation when scoring"),
    MF_OPT_ENUM(mf_train_opts, augment, 1, augment_words, "random changes of training pictures; the rows below override it"),
    AUG(aug_flip, 1, "probability of a mirror image"),
    AUG(aug_color_prob, 1, "probability of a change of colour"),
    AUG(aug_hue, 90, "half range of hue, in half degrees"),
    AUG(aug_saturation, 255, "half range of saturation, of 255"),
    AUG(aug_value, 255, "half range of value, of 255"),
    AUG(aug_contrast_prob, 1, "probability of a change of contrast"),
    AUG(aug_contrast, 1, "half range of contrast"),
    AUG(aug_brightness, 1, "half range of brightness"),
    AUG(aug_affine_prob, 1, "probability of rotation, scale and shift"),
    AUG(aug_rotate, 180, "half range of rotation, in degrees"),
    AUG(aug_scale, 0.9, "half range of scale"),
    AUG(aug_shift, 1, "half range of shift, share of the side"),
    AUG(aug_zoom_prob, 1, "probability of a zoom"),
    AUG(aug_zoom, 4, "largest zoom, above 1"),
    AUG(aug_pad, 1, "half range of a crop's shift, share of the side"),
    AUG(aug_erase_prob, 1, "probability of an erased rectangle"),
    AUG(aug_erase, 1, "largest share of the picture erased"),
    AUG(aug_noise, 1, "deviation of noise on pixels in 0..1"),
    AUG(aug_jitter_brightness, 1, "ColorJitter: half range of the factor of brightness"),
    AUG(aug_jitter_contrast, 1, "ColorJitter: of contrast, about the picture's mean"),
    AUG(aug_jitter_saturation, 1, "ColorJitter: of saturation"),
    AUG(aug_jitter_hue, 0.5, "ColorJitter: half range of hue, share of the circle"),
    MF_OPT_ENUM(mf_train_opts, aug_border, 0, border_words, "what is seen outside the picture; auto: black in mlfw, else mirrored"),
    MF_OPT_ENUM(mf_train_opts, mix, 0, mix_words, "mix the samples of a batch two by two: whole pictures, or a rectangle"),
    MF_OPT_F64(mf_train_opts, mix_alpha, 0, 0, 100, "the share of each is drawn from Beta(alpha, alpha); 0: 0.2 for mixup, 1 for cutmix"),
    MF_OPT_F64(mf_train_opts, mix_prob, 1, 0, 1, "probability of that for two samples"),
    MF_OPT_BOOL(mf_train_opts, tta, 0, "score each picture and its mirror image, and take the mean of the answers"),
    MF_OPT_STR(mf_train_opts, occlude, "", "hide faces anew each epoch: KIND[:option=value,...], several joined by + (data occlude --help)"),
    MF_OPT_F64(mf_train_opts, occlude_prob, 0.5, 0, 1, "probability of that for a training picture that shows a whole face"),
    MF_OPT_BOOL(mf_train_opts, draw_pairs, 0, "make pairs of each non-masked picture and itself hidden by --occlude, not of the data set's pairs"),
    MF_OPT_END,
};

/* Rows that place and pace a run but change no bit of it. */
static const char *const harmless[] = {"out", "workers", "cache", "cache_dir", "save_every", "save_seconds", "data", NULL};

mf_status
mf_settings_default(mf_settings *s, mf_err *err)
{
    memset(s, 0, sizeof *s);
    mf_opt_defaults(mf_train_rows, &s->t);
    return mf_settings_choose(s, s->t.method.s, s->t.model.s, s->t.optimiser.s, s->t.schedule.s, s->t.loss.s, err);
}

static void
put(mf_opt_str *to, const char *text)
{
    if (text != to->s) {
        snprintf(to->s, sizeof to->s, "%s", text);
    }
}

mf_status
mf_settings_choose(mf_settings *s, const char *method, const char *model, const char *optimiser, const char *schedule,
                   const char *loss, mf_err *err)
{
    const mf_optim_def    *optim;
    const mf_schedule_def *sched;
    const mf_loss_def     *of;
    mf_method              meth;
    mf_model               m;
    char                   alone[64];

    if (method != NULL) {
        const char *at = strchr(method, '@');

        snprintf(alone, sizeof alone, "%.*s", (int)(at == NULL ? strlen(method) : (size_t)(at - method)), method);
        if (mf_method_make(&meth, alone, err) < 0) {
            return mf_fail_in(err, MF_E_USAGE, "option '--method'");
        }
        if (at != NULL) {
            if (strlen(method) >= sizeof meth.name) {
                return mf_fail(err, MF_E_USAGE, "option '--method': '%.60s...' is longer than %d characters", method, (int)sizeof meth.name - 1);
            }
            snprintf(meth.name, sizeof meth.name, "%s", method);
            model = at + 1;
        }
        s->method = meth;
        put(&s->t.method, method);
    }
    if (model != NULL) {
        if (mf_model_make(&m, model, 2, 3, 224, 224, err) < 0) {
            return mf_fail_in(err, MF_E_USAGE, "option '--model'");
        }
        s->model = m.def;
        mf_opt_defaults(s->model->opts, s->model_cfg);
        put(&s->t.model, model);
    }
    if (optimiser != NULL) {
        if (mf_optim_find(&optim, optimiser, err) < 0) {
            return mf_fail_in(err, MF_E_USAGE, "option '--optimiser'");
        }
        s->optim = optim;
        mf_opt_defaults(s->optim->opts, s->optim_cfg);
        put(&s->t.optimiser, optimiser);
    }
    if (schedule != NULL) {
        if (mf_schedule_find(&sched, schedule, err) < 0) {
            return mf_fail_in(err, MF_E_USAGE, "option '--schedule'");
        }
        s->schedule = sched;
        mf_opt_defaults(s->schedule->opts, s->schedule_cfg);
        put(&s->t.schedule, schedule);
    }
    if (loss != NULL) {
        if (mf_loss_find(&of, loss, err) < 0) {
            return mf_fail_in(err, MF_E_USAGE, "option '--loss'");
        }
        s->loss.def = of;
        mf_opt_defaults(of->opts, s->loss.cfg);
        put(&s->t.loss, loss);
    }
    return MF_OK;
}

void
mf_settings_tables(mf_settings *s, mf_table out[MF_SETTINGS_TABLES])
{
    out[0] = (mf_table){mf_train_rows, &s->t};
    out[1] = (mf_table){s->method.def->opts, s->method.cfg};
    out[2] = (mf_table){s->model->opts, s->model_cfg};
    out[3] = (mf_table){s->optim->opts, s->optim_cfg};
    out[4] = (mf_table){s->schedule->opts, s->schedule_cfg};
    out[5] = (mf_table){s->loss.def->opts, s->loss.cfg};
}

mf_status
mf_settings_set(mf_settings *s, const char *name, const char *value, mf_err *err)
{
    mf_table t[MF_SETTINGS_TABLES];

    if (mf_str_eq(name, "method")) {
        return mf_settings_choose(s, value, NULL, NULL, NULL, NULL, err);
    }
    if (mf_str_eq(name, "model")) {
        return mf_settings_choose(s, NULL, value, NULL, NULL, NULL, err);
    }
    if (mf_str_eq(name, "optimiser")) {
        return mf_settings_choose(s, NULL, NULL, value, NULL, NULL, err);
    }
    if (mf_str_eq(name, "schedule")) {
        return mf_settings_choose(s, NULL, NULL, NULL, value, NULL, err);
    }
    if (mf_str_eq(name, "loss")) {
        return mf_settings_choose(s, NULL, NULL, NULL, NULL, value, err);
    }
    mf_settings_tables(s, t);
    for (int i = 0; i < MF_SETTINGS_TABLES; i++) {
        if (mf_opt_find(t[i].rows, name) != NULL) {
            return mf_opt_set(t[i].rows, t[i].cfg, name, value, err);
        }
    }
    return mf_opt_set(mf_train_rows, &s->t, name, value, err); /* fails, naming the nearest */
}

/* Whether some entry of the registry of kind `keep` has a row of that name. */
static bool
row_somewhere(unsigned keep, const char *name)
{
    for (size_t i = 0; keep & MF_KEEP_METHOD && i < mf_method_count(); i++) {
        if (mf_opt_find(mf_method_at(i)->opts, name) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; keep & MF_KEEP_MODEL && i < mf_model_count(); i++) {
        if (mf_opt_find(mf_model_at(i)->opts, name) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; keep & MF_KEEP_OPTIMISER && i < mf_optim_count(); i++) {
        if (mf_opt_find(mf_optim_at(i)->opts, name) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; keep & MF_KEEP_SCHEDULE && i < mf_schedule_count(); i++) {
        if (mf_opt_find(mf_schedule_at(i)->opts, name) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; keep & MF_KEEP_LOSS && i < mf_loss_count(); i++) {
        if (mf_opt_find(mf_loss_at(i)->opts, name) != NULL) {
            return true;
        }
    }
    return false;
}

static const char *
choice_in(const mf_yaml *y, const char *key, bool kept)
{
    const mf_yaml *v = mf_yaml_get(y, key);

    return v != NULL && !kept ? mf_yaml_text(v) : NULL;
}

static mf_status
take_key(mf_settings *s, const char *key, const mf_yaml *v, unsigned keep, const mf_table *extra, mf_err *err)
{
    static const char *const chosen[] = {"method", "model", "optimiser", "schedule", "loss", NULL};
    mf_table                 t[MF_SETTINGS_TABLES];
    mf_str                   text = {0};
    mf_status                st;

    for (int i = 0; chosen[i] != NULL; i++) {
        if (mf_str_eq(chosen[i], key)) {
            return MF_OK; /* done before */
        }
    }
    if ((st = mf_yaml_flat(v, &text, err)) < 0) {
        goto done;
    }
    for (; extra != NULL && extra->rows != NULL; extra++) {
        if (mf_opt_find(extra->rows, key) != NULL) {
            st = mf_opt_set(extra->rows, extra->cfg, key, mf_str_c(&text), err);
            goto done;
        }
    }
    mf_settings_tables(s, t);
    for (int i = 0; i < MF_SETTINGS_TABLES; i++) {
        if (mf_opt_find(t[i].rows, key) != NULL) {
            st = mf_opt_set(t[i].rows, t[i].cfg, key, mf_str_c(&text), err);
            goto done;
        }
    }
    st = row_somewhere(keep, key) ? MF_OK : mf_settings_set(s, key, mf_str_c(&text), err);
done:
    mf_str_free(&text);
    return st;
}

mf_status
mf_settings_load(mf_settings *s, const char *path, unsigned keep, const mf_table *extra, mf_err *err)
{
    mf_yaml    *y = NULL;
    const char *key;
    mf_status   st;

    if ((st = mf_yaml_load(&y, path, err)) < 0) {
        return st;
    }
    if (mf_yaml_text(y) != NULL || (mf_yaml_size(y) != 0 && mf_yaml_member(y, 0, &key) == NULL)) {
        st = mf_fail(err, MF_E_USAGE, "%s: expected keys and values", path);
        goto done;
    }
    st = mf_settings_choose(s, choice_in(y, "method", keep & MF_KEEP_METHOD), choice_in(y, "model", keep & MF_KEEP_MODEL),
                            choice_in(y, "optimiser", keep & MF_KEEP_OPTIMISER),
                            choice_in(y, "schedule", keep & MF_KEEP_SCHEDULE), choice_in(y, "loss", keep & MF_KEEP_LOSS), err);
    if (st < 0) {
        mf_fail_in(err, st, "%s", path);
        goto done;
    }
    keep |= mf_yaml_get(y, "methods") != NULL ? MF_KEEP_METHOD : 0u; /* a comparison: options of all of them */
    for (size_t i = 0; i < mf_yaml_size(y); i++) {
        const mf_yaml *v = mf_yaml_member(y, i, &key);

        if ((st = take_key(s, key, v, keep, extra, err)) < 0) {
            mf_fail_in(err, MF_E_USAGE, "%s: line %d", path, mf_yaml_line(v));
            st = MF_E_USAGE;
            goto done;
        }
    }
done:
    mf_yaml_free(y);
    return st;
}

void
mf_settings_print(const mf_settings *s, mf_str *out)
{
    mf_settings copy = *s;
    mf_table    t[MF_SETTINGS_TABLES];
    const char *names[MF_SETTINGS_TABLES] = {"the run",        s->t.method.s,   s->t.model.s,
                                             s->t.optimiser.s, s->t.schedule.s, s->t.loss.s};

    mf_settings_tables(&copy, t);
    for (int i = 0; i < MF_SETTINGS_TABLES; i++) {
        if (t[i].rows->type != MF_OPT_T_END) {
            mf_str_printf(out, "# %s\n", names[i]);
            mf_opt_print_all(t[i].rows, t[i].cfg, 0, out);
        }
    }
}

uint64_t
mf_settings_hash(const mf_settings *s)
{
    mf_settings copy = *s;
    mf_table    t[MF_SETTINGS_TABLES];
    mf_str      text = {0};
    uint64_t    h;

    mf_settings_tables(&copy, t);
    for (int i = 0; i < MF_SETTINGS_TABLES; i++) {
        for (const mf_opt *row = t[i].rows; row->type != MF_OPT_T_END; row++) {
            bool skip = false;

            for (int k = 0; i == 0 && harmless[k] != NULL; k++) {
                skip = skip || mf_str_eq(harmless[k], row->name);
            }
            if (!skip) {
                mf_str_printf(&text, "%s=", row->name);
                mf_opt_print(row, t[i].cfg, &text);
                mf_str_addc(&text, '\n');
            }
        }
    }
    h = text.oom ? 0 : mf_hash64(text.data, text.len);
    mf_str_free(&text);
    return h;
}

mf_status
mf_settings_check(const mf_settings *s, mf_err *err)
{
    const mf_train_opts *t = &s->t;
    const mf_opt_list   *lists[] = {&t->mean, &t->std, &t->eval_mean, &t->eval_std};
    const char          *names[] = {"mean", "std", "eval-mean", "eval-std"};
    mf_status            st;

    if (t->channels == 2) {
        return mf_fail(err, MF_E_USAGE, "option '--channels': expected 1 or 3, not 2");
    }
    if ((st = mf_model_fits(s->model, (int)t->size, (int)t->size, err)) < 0) {
        return mf_fail(err, MF_E_USAGE, "option '--size': %s", err != NULL ? err->msg : "");
    }
    for (int i = 0; i < 4; i++) {
        if (lists[i]->n != 0 && lists[i]->n != t->channels) {
            return mf_fail(err, MF_E_USAGE, "option '--%s': expected %lld numbers, one a channel, not %d", names[i],
                           (long long)t->channels, lists[i]->n);
        }
    }
    if (t->draw_pairs && (t->occlude.s[0] == '\0' || t->occlude_prob == 0.0)) {
        return mf_fail(err, MF_E_USAGE, "option '--draw-pairs': nothing hides the second picture of a pair; give --occlude mask (or upper, lower) too");
    }
    if (t->soft && t->draw_label) {
        return mf_fail(err, MF_E_USAGE, "options '--soft' and '--draw-label': the targets are the votes' distribution or a class drawn from it");
    }
    if (t->lr == 0.0 && t->head_lr == 0.0) {
        return mf_fail(err, MF_E_USAGE, "with --lr 0 nothing is learnt");
    }
    return MF_OK;
}

mf_status
mf_settings_model(mf_model *out, const mf_settings *s, int classes, mf_err *err)
{
    mf_status st;

    st = mf_model_make(out, s->t.model.s, classes, (int)s->t.channels, (int)s->t.size, (int)s->t.size, err);
    if (st < 0) {
        return st;
    }
    memcpy(out->cfg, s->model_cfg, s->model->cfg_size);
    out->norm = s->method.def->norm != NULL ? s->method.def->norm(s->method.cfg) : MF_NORM_NONE;
    return MF_OK;
}

mf_recipe
mf_settings_recipe(const mf_settings *s, bool eval)
{
    mf_recipe          r    = mf_model_recipe(s->model, s->model_cfg, (int)s->t.size, (int)s->t.size, (int)s->t.channels);
    const mf_opt_list *mean = eval && s->t.eval_mean.n != 0 ? &s->t.eval_mean : &s->t.mean;
    const mf_opt_list *sd   = eval && s->t.eval_std.n != 0 ? &s->t.eval_std : &s->t.std;

    for (int c = 0; c < 3; c++) {
        if (c < mean->n) {
            r.mean[c] = (float)mean->v[c];
        }
        if (c < sd->n) {
            r.std[c] = (float)sd->v[c];
        }
    }
    return r;
}

static void
override(mf_augment *a, const mf_train_opts *t)
{
#define TAKE(f) a->f = t->aug_##f >= 0.0 ? t->aug_##f : a->f
    TAKE(flip);
    TAKE(color_prob);
    TAKE(hue);
    TAKE(saturation);
    TAKE(value);
    TAKE(contrast_prob);
    TAKE(contrast);
    TAKE(brightness);
    TAKE(affine_prob);
    TAKE(rotate);
    TAKE(scale);
    TAKE(shift);
    TAKE(zoom_prob);
    TAKE(zoom);
    TAKE(pad);
    TAKE(erase_prob);
    TAKE(erase);
    TAKE(noise);
    TAKE(jitter_brightness);
    TAKE(jitter_contrast);
    TAKE(jitter_saturation);
    TAKE(jitter_hue);
#undef TAKE
    a->black = t->aug_border == 0 ? a->black : t->aug_border == 2;
}

int
mf_settings_augment(mf_augment out[MF_AUGMENT_VIEWS_MAX], const mf_settings *s)
{
    int n = 1;

    for (int k = 0; k < MF_AUGMENT_VIEWS_MAX; k++) {
        out[k] = mf_augment_none();
    }
    switch (s->t.augment) {
    case 1: out[0] = mf_augment_light(); break;
    case 2: out[0] = mf_augment_msde(); break;
    case 3: mf_augment_mlfw(out); n = MF_AUGMENT_VIEWS_MAX; break;
    case 4: out[0] = mf_augment_scan(); break;
    default: break;
    }
    for (int k = 0; k < n; k++) {
        override(&out[k], &s->t);
    }
    return n;
}

mf_mix
mf_settings_mix(const mf_settings *s)
{
    const mf_train_opts *t = &s->t;

    return (mf_mix){
        .kind = (mf_mix_kind)t->mix, .alpha = t->mix_alpha > 0.0 ? t->mix_alpha : t->mix == MF_MIX_CUTMIX ? 1.0 : 0.2,
        .prob = t->mix_prob, .pictures = s->method.def->pictures, .channels = (int)t->channels, .height = (int)t->size,
        .width = (int)t->size,
    };
}

void
mf_settings_class_weights(double *out, const mf_settings *s, const size_t *count, int classes)
{
    const double beta = s->t.effective_beta;
    double       n = 0, sum = 0, occur = 0;

    for (int c = 0; c < classes; c++) {
        n += (double)count[c];
        out[c] = 1.0;
        if (count[c] != 0 && s->t.class_weights == MF_CLASSES_EFFECTIVE) {
            out[c] = (1.0 - beta) / (1.0 - pow(beta, (double)count[c]));
            sum += out[c];
            occur += 1.0;
        }
    }
    for (int c = 0; c < classes; c++) {
        if (count[c] != 0 && s->t.class_weights != MF_CLASSES_EVEN) {
            out[c] = s->t.class_weights == MF_CLASSES_BALANCED ? n / ((double)classes * (double)count[c]) : out[c] * occur / sum;
        }
    }
}

mf_prec
mf_settings_prec(const mf_settings *s)
{
    return s->t.precision == 0 ? MF_PREC_AUTO : s->t.precision == 1 ? MF_PREC_F32 : MF_PREC_BF16;
}

mf_cache_kind
mf_settings_cache(const mf_settings *s)
{
    return s->t.cache == 0 ? MF_CACHE_RAM : s->t.cache == 1 ? MF_CACHE_DISK : MF_CACHE_NONE;
}
