/* cli/train_args.c */
#include "cli/train_args.h"

#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/thread.h"

/* The configuration file to read: that of --config, or when resuming the run's own. Empty: none. */
static mf_status
config_path(mf_str *out, int argc, char **argv, mf_err *err)
{
    const char *given = mf_cli_peek(argc, argv, "config"), *run = mf_cli_peek(argc, argv, "out");
    bool        resume = false;

    for (int i = 0; i < argc && !mf_str_eq(argv[i], "--"); i++) {
        resume = resume || mf_str_eq(argv[i], "--resume") || mf_str_eq(argv[i], "--resume=true");
    }
    mf_str_clear(out);
    if (given != NULL) {
        mf_str_add(out, given);
    } else if (resume && run != NULL) {
        mf_path_join(out, run, "config.yaml");
        if (out->oom || !mf_path_exists(out->data)) {
            mf_str_clear(out);
        }
    }
    return mf_str_ok(out, err);
}

mf_status
mf_cli_single_method(char out[64], int argc, char **argv, mf_err *err)
{
    mf_str         path = {0};
    mf_yaml       *y    = NULL;
    const mf_yaml *v;
    mf_status      st;

    out[0] = '\0';
    if ((st = config_path(&path, argc, argv, err)) == MF_OK && path.len != 0 && (st = mf_yaml_load(&y, path.data, err)) == MF_OK &&
        mf_yaml_get(y, "methods") == NULL && (v = mf_yaml_get(y, "method")) != NULL && mf_yaml_text(v) != NULL) {
        snprintf(out, 64, "%s", mf_yaml_text(v));
    }
    mf_yaml_free(y);
    mf_str_free(&path);
    return st;
}

/* The rows of all methods as one table over memory of its own, each name once: where one method of several is being set
 * up, the options of the others are read into it and forgotten. */
static mf_status
other_methods(mf_opt **rows, void **cfg, mf_err *err)
{
    size_t n = 1, bytes = 0, used = 0, at = 0;

    for (size_t i = 0; i < mf_method_count(); i++) {
        for (const mf_opt *row = mf_method_at(i)->opts; row->type != MF_OPT_T_END; row++) {
            n++;
        }
        bytes += MF_METHOD_CFG_MAX;
    }
    *rows = mf_calloc(n, sizeof **rows);
    *cfg  = mf_calloc(bytes, 1);
    if (*rows == NULL || *cfg == NULL) {
        return mf_oom(err, n * sizeof **rows, "option rows");
    }
    for (size_t i = 0; i < mf_method_count(); i++, at += MF_METHOD_CFG_MAX) {
        for (const mf_opt *row = mf_method_at(i)->opts; row->type != MF_OPT_T_END; row++) {
            if (mf_opt_find(*rows, row->name) == NULL) {
                (*rows)[used] = *row;
                (*rows)[used++].offset += at;
            }
        }
    }
    mf_opt_defaults(*rows, *cfg);
    return MF_OK;
}

mf_status
mf_cli_settings(mf_settings *s, mf_cli *cli, const mf_cmd *cmd, const mf_table *extra, size_t n_shown, const char *method, int argc,
                char **argv, mf_err *err)
{
    static const char *const kind[5] = {"method", "model", "optimiser", "schedule", "loss"};
    const char              *choice[5];
    unsigned                 keep  = 0;
    mf_str                   path  = {0};
    mf_opt                  *other = NULL;
    void                    *forget = NULL;
    char                   **words = mf_calloc((size_t)argc + 1, sizeof *words);
    mf_table                 t[MF_SETTINGS_TABLES];
    mf_cli_set               sets[MF_SETTINGS_TABLES + 4];
    size_t                   n, n_sets = MF_SETTINGS_TABLES;
    mf_status                st;

    if (words == NULL) {
        return mf_oom(err, (size_t)argc * sizeof *words, "the command line");
    }
    for (int i = 0; i < argc; i++) {
        words[i] = argv[i];
    }
    for (int i = 0; i < 5; i++) {
        choice[i] = i == 0 && method != NULL ? method : mf_cli_peek(argc, argv, kind[i]);
        keep |= choice[i] != NULL ? 1u << i : 0;
    }
    keep |= choice[0] != NULL && strchr(choice[0], '@') != NULL ? MF_KEEP_MODEL : 0;
    if ((st = mf_settings_default(s, err)) < 0 ||
        (st = mf_settings_choose(s, choice[0], choice[1], choice[2], choice[3], choice[4], err)) < 0 ||
        (st = config_path(&path, argc, argv, err)) < 0 ||
        (path.len != 0 && (st = mf_settings_load(s, path.data, keep, extra, err)) < 0)) {
        goto done;
    }
    mf_settings_tables(s, t);
    for (int i = 0; i < MF_SETTINGS_TABLES; i++) {
        sets[i] = (mf_cli_set){t[i].rows, t[i].cfg};
    }
    for (size_t i = 0; i < n_shown; i++) {
        sets[n_sets++] = (mf_cli_set){extra[i].rows, extra[i].cfg};
    }
    if (method != NULL) {
        if ((st = other_methods(&other, &forget, err)) < 0) {
            goto done;
        }
        sets[n_sets++] = (mf_cli_set){other, forget};
    }
    if ((st = mf_cli_parse(cli, cmd, sets, n_sets, argc, words, &n, 0, 1, err)) < 0) {
        goto done;
    }
    if (n == 1) {
        snprintf(s->t.data.s, sizeof s->t.data.s, "%s", words[0]);
    }
    if (method != NULL) {
        snprintf(s->t.method.s, sizeof s->t.method.s, "%s", method);
    }
    snprintf(s->t.model.s, sizeof s->t.model.s, "%s", s->model->name); /* a method may have brought its own */
    if (s->t.threads > 0) {
        mf_threads_set((int)s->t.threads);
    }
    st = mf_settings_check(s, err);
done:
    mf_str_free(&path);
    mf_free(words);
    mf_free(other);
    mf_free(forget);
    return st;
}

mf_status
mf_cli_cache(mf_cache **out, mf_cli *cli, const mf_settings *s, const mf_dataset *d, const uint32_t *rows, size_t n,
             mf_err *err)
{
    mf_cache_opts o = {
        .kind = mf_settings_cache(s), .dir = s->t.cache_dir.s[0] != '\0' ? s->t.cache_dir.s : NULL,
        .width = (int)s->t.size, .height = (int)s->t.size, .channels = (int)s->t.channels, .progress = cli->progress,
    };

    return mf_cache_build(out, d, rows, n, &o, err);
}

static void
put_part(mf_str *out, const char *title, const mf_json *part)
{
    const mf_json *nm = mf_json_get(part, "non_masked"), *m = mf_json_get(part, "masked");

    if (part == NULL) {
        return;
    }
    mf_str_printf(out, "%-12s accuracy %6.2f %%   macro F1 %6.2f %%   loss %.4f   (%lld pictures)", title,
                  mf_json_num(mf_json_get(part, "accuracy"), 0), mf_json_num(mf_json_get(part, "macro_f1"), 0),
                  mf_json_num(mf_json_get(part, "loss"), 0), (long long)mf_json_int(mf_json_get(part, "n"), 0));
    if (nm != NULL && m != NULL) {
        mf_str_printf(out, "   non-masked %.2f %%, masked %.2f %%", mf_json_num(mf_json_get(nm, "accuracy"), 0),
                      mf_json_num(mf_json_get(m, "accuracy"), 0));
    }
    mf_str_addc(out, '\n');
}

mf_status
mf_cli_run_text(mf_str *out, const char *run, bool json, mf_err *err)
{
    mf_str    path = {0};
    mf_blob   file = {0};
    mf_json  *j    = NULL;
    mf_status st;

    mf_path_join(&path, run, "summary.json");
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_file_read(&file, path.data, 64 << 20, err)) < 0) {
        goto done;
    }
    if (json) {
        mf_str_addn(out, (const char *)file.data, file.size);
        goto done;
    }
    if ((st = mf_json_parse(&j, (const char *)file.data, file.size, true, err)) < 0) {
        mf_fail_in(err, st, "%s", path.data);
        goto done;
    }
    put_part(out, "validation", mf_json_get(j, "val"));
    put_part(out, "test", mf_json_get(j, "test"));
    if (mf_json_int(mf_json_get(j, "epochs"), 0) != 0) { /* 0: a run that trains no network */
        mf_str_printf(out, "best epoch %lld of %lld, ", (long long)mf_json_int(mf_json_get(j, "best_epoch"), 0),
                      (long long)mf_json_int(mf_json_get(j, "epochs"), 0));
    }
    mf_str_printf(out, "%.1f seconds; %s\n", mf_json_num(mf_json_get(j, "seconds"), 0), run);
done:
    mf_json_free(j);
    mf_blob_free(&file);
    mf_str_free(&path);
    return st;
}

static void
entry(mf_str *out, const char *name, const char *summary, const mf_opt *opts)
{
    mf_str_printf(out, "%s: %s\n", name, summary);
    mf_opt_help(opts, out);
}

void
mf_cli_train_help(mf_str *out)
{
    mf_str_add(out, "Methods (--method). baseline-nm, baseline-m, baseline are supervised on non-masked,\n"
                    "masked, all pictures; NAME-paper and NAME-code are contrastive and distill in those forms;\n"
                    "contrastive-cosine, -supcon, -infonce name its --pull, hinton-privileged and combine-softmax\n"
                    "their option:\n");
    for (size_t i = 0; i < mf_method_count(); i++) {
        entry(out, mf_method_at(i)->name, mf_method_at(i)->summary, mf_method_at(i)->opts);
    }
    mf_str_add(out, "\nModels (--model):\n");
    for (size_t i = 0; i < mf_model_count(); i++) {
        entry(out, mf_model_at(i)->name, mf_model_at(i)->summary, mf_model_at(i)->opts);
    }
    mf_str_add(out, "\nOptimisers (--optimiser):\n");
    for (size_t i = 0; i < mf_optim_count(); i++) {
        entry(out, mf_optim_at(i)->name, mf_optim_at(i)->summary, mf_optim_at(i)->opts);
    }
    mf_str_add(out, "\nSchedules (--schedule):\n");
    for (size_t i = 0; i < mf_schedule_count(); i++) {
        entry(out, mf_schedule_at(i)->name, mf_schedule_at(i)->summary, mf_schedule_at(i)->opts);
    }
    mf_str_add(out, "\nLosses (--loss):\n");
    for (size_t i = 0; i < mf_loss_count(); i++) {
        entry(out, mf_loss_at(i)->name, mf_loss_at(i)->summary, mf_loss_at(i)->opts);
    }
}
