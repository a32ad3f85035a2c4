/* train/settings.h: everything that decides a training run, as option rows: the run's own, and those of the chosen
 * method, architecture, optimiser, schedule and loss. Names are unique over all tables that can be chosen together. */
#ifndef MF_TRAIN_SETTINGS_H
#define MF_TRAIN_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/opt.h"
#include "core/str.h"
#include "core/yaml.h"
#include "data/loader.h"
#include "methods/method.h"
#include "models/model.h"
#include "nn/program.h"
#include "train/loss.h"
#include "train/mix.h"
#include "train/optim.h"
#include "train/schedule.h"

typedef enum mf_select { MF_SELECT_VAL, MF_SELECT_LAST, MF_SELECT_FOLD } mf_select;

typedef enum mf_class_weights { MF_CLASSES_EVEN, MF_CLASSES_BALANCED, MF_CLASSES_EFFECTIVE } mf_class_weights;

typedef struct mf_train_opts {
    mf_opt_str data, method, model, out;
    int64_t    size, channels, epochs, batch, seed, threads, workers;
    int        precision;   /* auto, f32, bf16 */
    mf_opt_str backend;
    mf_opt_str optimiser, schedule, loss;
    double     lr, head_lr, weight_decay, clip, ema, warmup, warmup_start, label_smoothing,
        centre_weight, centre_rate;
    bool       decay_all;
    int64_t    accumulate, early_stop;
    int        class_weights; /* mf_class_weights */
    double     effective_beta;
    bool       balanced, soft, draw_label;
    mf_opt_str freeze, head_params, init, teacher, join_a, join_b;
    bool       new_head;
    double     val_share;
    int        select;
    int        cache;
    mf_opt_str cache_dir;
    int64_t    save_every;
    double     save_seconds;
    mf_opt_list mean, std, eval_mean, eval_std;
    int        augment;     /* none, light, msde, mlfw, scan */
    double     aug_flip, aug_color_prob, aug_hue, aug_saturation, aug_value, aug_contrast_prob, aug_contrast,
        aug_brightness, aug_affine_prob, aug_rotate, aug_scale, aug_shift, aug_zoom_prob, aug_zoom, aug_pad,
        aug_erase_prob, aug_erase, aug_noise, aug_jitter_brightness, aug_jitter_contrast, aug_jitter_saturation, aug_jitter_hue;
    int        aug_border;  /* as the augmentation has it, mirrored, black */
    int        mix;         /* mf_mix_kind */
    double     mix_alpha, mix_prob;
    bool       tta;
    mf_opt_str occlude;     /* what hides faces: data/hide.h */
    double     occlude_prob;
    bool       draw_pairs;
} mf_train_opts;

extern const mf_opt mf_train_rows[];

typedef struct mf_settings {
    mf_train_opts          t;
    mf_method              method;
    const mf_model_def    *model;
    uint8_t                model_cfg[MF_MODEL_CFG_MAX];
    const mf_optim_def    *optim;
    uint8_t                optim_cfg[MF_OPTIM_CFG_MAX];
    const mf_schedule_def *schedule;
    uint8_t                schedule_cfg[MF_SCHEDULE_CFG_MAX];
    mf_loss                loss;
} mf_settings;

typedef struct mf_table { /* option rows and the struct they fill */
    const mf_opt *rows;
    void         *cfg;
} mf_table;
enum { MF_SETTINGS_TABLES = 6 };

/* Every default: supervised, resnet18, adam, cosine, cross-entropy. */
mf_status mf_settings_default(mf_settings *s, mf_err *err);
/* Choose by name; NULL leaves it. What is chosen anew starts from its defaults. A method "NAME@MODEL" chooses its architecture too, and
 * keeps the whole as its name. MF_E_USAGE: an unknown name. */
mf_status mf_settings_choose(mf_settings *s, const char *method, const char *model, const char *optimiser,
                             const char *schedule, const char *loss, mf_err *err);
/* The tables in the order run, method, model, optimiser, schedule, loss. */
void      mf_settings_tables(mf_settings *s, mf_table out[MF_SETTINGS_TABLES]);
mf_status mf_settings_set(mf_settings *s, const char *name, const char *value, mf_err *err);
/* Take the keys of a configuration file: first what they choose, unless `keep_choice` names a kind already chosen on
 * the command line, then the rest. Keys in rows of `extra`, tables ended by one without rows, go there (NULL: none). A key of a
 * method, model, optimiser, schedule or loss that exists but is not the chosen one is passed over when its choice was overridden, or
 * for a method when the file names `methods`, else MF_E_USAGE with file and line. */
enum { MF_KEEP_METHOD = 1, MF_KEEP_MODEL = 2, MF_KEEP_OPTIMISER = 4, MF_KEEP_SCHEDULE = 8,
       MF_KEEP_LOSS = 16 };
mf_status mf_settings_load(mf_settings *s, const char *path, unsigned keep_choice, const mf_table *extra, mf_err *err);
/* All as YAML, sections marked by comments. */
void      mf_settings_print(const mf_settings *s, mf_str *out);
/* What the bits of a run depend on: a hash of all rows but those of place and speed (out, cache, workers, saving). */
uint64_t  mf_settings_hash(const mf_settings *s);
/* Checks over several options, done once all are set. MF_E_USAGE. */
mf_status mf_settings_check(const mf_settings *s, mf_err *err);

/* Settings made concrete. */
mf_status  mf_settings_model(mf_model *out, const mf_settings *s, int classes, mf_err *err);
mf_recipe  mf_settings_recipe(const mf_settings *s, bool eval);
/* The ways in which pictures are changed; an epoch holds every sample under each. Returns how many, at least 1. */
int        mf_settings_augment(mf_augment out[MF_AUGMENT_VIEWS_MAX], const mf_settings *s);
/* The form of the batches and their classes are the caller's to fill in. */
mf_mix     mf_settings_mix(const mf_settings *s);
/* What each class weighs in the loss where `count` samples of it are trained on. BALANCED: n / (C n_c), so that every class
 * weighs the same in sum. EFFECTIVE: in proportion to (1 - beta) / (1 - beta^n_c), summing to the classes that occur (Cui et al. 2019,
 * equation 5; scan.md 7). A class without a sample weighs 1. */
void       mf_settings_class_weights(double *out, const mf_settings *s, const size_t *count, int classes);
mf_prec    mf_settings_prec(const mf_settings *s);
mf_cache_kind mf_settings_cache(const mf_settings *s);

#endif
