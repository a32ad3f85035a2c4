/* train/crossval_opts.c: how methods are compared, as option rows, and which runs of a fold use which. */
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "train/crossval.h"

static const char *const folds_words[] = {"people", "msde-code", NULL};

const mf_opt mf_crossval_rows[] = {
    MF_OPT_STR(mf_crossval_opts, methods, "baseline-nm,baseline-m,baseline,contrastive,distill", "methods to compare, with commas between"),
    MF_OPT_STR(mf_crossval_opts, begin, "", "METHOD=METHOD,...: begin from the weights of the fold's own run of another, like hinton=baseline-m"),
    MF_OPT_INT(mf_crossval_opts, folds, 10, 2, 1000, "folds"),
    MF_OPT_ENUM(mf_crossval_opts, folds_from, 0, folds_words, "msde-code: the published division, whose folds overlap"),
    MF_OPT_BOOL(mf_crossval_opts, keep_weights, 1, "keep the chosen weights of every fold"),
    MF_OPT_END,
};

/* "a=b,c=d": what stands behind `name`, "" for nothing. */
static mf_status
begins_from(char out[64], const char *list, const char *name, mf_err *err)
{
    out[0] = '\0';
    for (const char *at = list != NULL ? list : ""; *at != '\0';) {
        const size_t n     = strcspn(at, ",");
        const char  *equal = memchr(at, '=', n);
        char         left[64];
        mf_method    m;

        if (equal == NULL || equal == at || (size_t)(equal - at) >= sizeof left || (size_t)(at + n - equal - 1) >= 64) {
            return mf_fail(err, MF_E_USAGE, "option '--begin': expected METHOD=METHOD,... like hinton=baseline-m, not '%.80s'", list);
        }
        snprintf(left, sizeof left, "%.*s", (int)(equal - at), at);
        if (mf_str_eq(left, name)) {
            snprintf(out, 64, "%.*s", (int)(at + n - equal - 1), equal + 1);
        }
        left[strcspn(left, "@")] = '\0'; /* METHOD@MODEL */
        if (mf_method_make(&m, left, err) < 0) {
            return mf_fail_in(err, MF_E_USAGE, "option '--begin'");
        }
        if (m.def->joins[0] != NULL) {
            return mf_fail(err, MF_E_USAGE, "option '--begin': %s trains no network that could begin from another", left);
        }
        at += n + (at[n] == ',');
    }
    return MF_OK;
}

mf_status
mf_crossval_needs(char out[3][64], const mf_settings *s, const char *begin, mf_err *err)
{
    const char *const given[2] = {s->t.join_a.s, s->t.join_b.s}, *at = strchr(s->method.name, '@');
    mf_method         m;
    mf_status         st;

    memset(out, 0, 3 * 64);
    for (int i = 0; i < 2 && s->method.def->joins[i] != NULL; i++) {
        const char *name = given[i][0] != '\0' ? given[i] : s->method.def->joins[i];

        if (strlen(name) < 64 && mf_method_make(&m, name, NULL) == MF_OK) {
            snprintf(out[i], 64, "%s%s", name, at != NULL ? at : ""); /* of the same architecture */
        } else if (!mf_path_exists(name)) {
            return mf_fail(err, MF_E_USAGE, "option '--join-%c': '%s' is neither a method nor a weight file", 'a' + i, name);
        }
    }
    if ((st = begins_from(out[2], begin, s->method.name, err)) < 0) {
        return st;
    }
    for (int i = 0; i < 3; i++) {
        if (out[i][0] == '\0') {
            continue;
        }
        char alone[64];

        snprintf(alone, sizeof alone, "%.*s", (int)strcspn(out[i], "@"), out[i]);
        if (mf_method_make(&m, alone, err) < 0) {
            return mf_fail_in(err, MF_E_USAGE, "%s needs the fold's own run of another method", s->method.name);
        }
        if (m.def->joins[0] != NULL) {
            return mf_fail(err, MF_E_USAGE, "%s cannot begin from '%s', or join it: that is no single network", s->method.name, out[i]);
        }
    }
    return MF_OK;
}
