/* weights/load.c: named tensors into the parameters of a network. First everything is judged, then everything copied. */
#include <stdint.h>
#include <string.h>

#include "core/mem.h"
#include "core/str.h"
#include "weights/stats.h"
#include "weights/weights.h"

enum { LISTED = 5, MAX_PREFIXES = 16 };

typedef struct loader {
    mf_params          *ps;
    const mf_tensors   *ts;
    mf_tensors         *spent;  /* the same, if their data may go */
    const mf_load_opts *o;
    mf_load_report     *rep;
    mf_str              head;   /* glob of the classifier */
    const char         *prefix;
    size_t              n_prefix;
    const mf_tensor   **from;   /* for each parameter its tensor, or NULL */
    bool                head_kept;
    mf_err             *err;
} loader;

mf_load_opts
mf_load_opts_default(void)
{
    return (mf_load_opts){.strict = true};
}

void
mf_load_report_free(mf_load_report *r)
{
    mf_names_free(&r->missing);
    mf_names_free(&r->unexpected);
    mf_names_free(&r->kept);
    mf_free(r->prefix);
    *r = (mf_load_report){0};
}

/* Grows by powers of two without keeping a capacity: the list is full exactly when n is one. */
static mf_status
note(mf_names *names, const char *name, mf_err *err)
{
    char *copy;

    if ((names->n & (names->n - 1)) == 0) {
        size_t cap  = names->n != 0 ? names->n * 2 : 1;
        char **grown = mf_realloc(names->name, cap, sizeof *grown);

        if (grown == NULL) {
            return mf_oom(err, cap * sizeof *grown, "a list of names");
        }
        names->name = grown;
    }
    if ((copy = mf_strdup(name)) == NULL) {
        return mf_oom(err, strlen(name), "a name");
    }
    names->name[names->n++] = copy;
    return MF_OK;
}

/* ---- the prefix of the file's names, and the classifier's ---- */

static bool
has_prefix(const char *name, const char *prefix, size_t n)
{
    return strncmp(name, prefix, n) == 0;
}

static size_t
matches(const loader *l, const char *prefix, size_t n)
{
    size_t hits = 0;

    for (size_t i = 0; i < l->ts->n; i++) {
        const char *name = l->ts->t[i].name;

        hits += has_prefix(name, prefix, n) && mf_params_find(l->ps, name + n) != NULL;
    }
    return hits;
}

/* What stands before "." and a name of the network in the file: the one under which most names fit. Lends from `ts`. */
static void
find_prefix(loader *l)
{
    const char *first = mf_params_count(l->ps) > 0 ? mf_params_at(l->ps, 0)->name : NULL;
    size_t      best  = matches(l, "", 0), tried = 0;

    l->prefix = "";
    for (size_t i = 0; i < l->ts->n && first != NULL && tried < MAX_PREFIXES; i++) {
        const char *name = l->ts->t[i].name;
        size_t      n = strlen(name), k = strlen(first), hits;

        if (n > k + 1 && name[n - k - 1] == '.' && mf_str_eq(name + n - k, first)) {
            tried++;
            if ((hits = matches(l, name, n - k)) > best) {
                best        = hits;
                l->prefix   = name;
                l->n_prefix = n - k;
            }
        }
    }
}

static bool
same_shape(const mf_param *p, const mf_tensor *t)
{
    if (p->kind == MF_PARAM_COUNTER) { /* [] and [1] are both in use */
        return mf_shape_elems(&p->shape) == 1 && mf_shape_elems(&t->shape) == 1;
    }
    return mf_shape_eq(&p->shape, &t->shape);
}

size_t
mf_params_fit(size_t *shaped, mf_params *ps, const mf_tensors *ts)
{
    loader l    = {.ps = ps, .ts = ts};
    size_t hits = 0;

    *shaped = 0;
    find_prefix(&l);
    for (size_t i = 0; i < ts->n; i++) {
        const mf_tensor *t = &ts->t[i];
        const mf_param  *p = has_prefix(t->name, l.prefix, l.n_prefix) ? mf_params_find(ps, t->name + l.n_prefix) : NULL;

        hits += p != NULL;
        *shaped += p != NULL && same_shape(p, t);
    }
    return hits;
}

/* Where the caller names no classifier: the layer of the last trained parameter. */
static mf_status
find_head(loader *l)
{
    if (l->o->head != NULL) {
        mf_str_add(&l->head, l->o->head);
        return mf_str_ok(&l->head, l->err);
    }
    for (size_t i = mf_params_count(l->ps); i-- > 0;) {
        const mf_param *p   = mf_params_at(l->ps, i);
        const char     *dot = strrchr(p->name, '.');

        if (p->kind < MF_PARAM_BUFFER) {
            mf_str_addn(&l->head, p->name, dot != NULL ? (size_t)(dot + 1 - p->name) : strlen(p->name));
            mf_str_add(&l->head, dot != NULL ? "*" : "");
            break;
        }
    }
    return mf_str_ok(&l->head, l->err);
}

static bool
in_head(const loader *l, const mf_param *p)
{
    return p->kind < MF_PARAM_BUFFER && l->head.len != 0 && mf_str_glob_any(mf_str_c(&l->head), p->name);
}

/* ---- judging ---- */

static bool
is_float(mf_dtype t)
{
    return t == MF_DTYPE_F32 || t == MF_DTYPE_F64 || t == MF_DTYPE_F16 || t == MF_DTYPE_BF16;
}

/* No NaN and no infinity. */
static bool
is_finite(const mf_tensor *t)
{
    const unsigned char *at  = t->data;
    size_t               n   = t->bytes / sizeof(uint32_t);
    uint32_t             any = 0, u;

    if (t->dtype != MF_DTYPE_F32) {
        return mf_tensor_stats_of(t).nonfinite == 0;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(&u, at + i * sizeof u, sizeof u);
        any |= (u & 0x7f800000u) == 0x7f800000u;
    }
    return any == 0;
}

static mf_status
judge(const loader *l, const mf_param *p, const mf_tensor *t)
{
    char a[96], b[96];

    if (!same_shape(p, t)) {
        return mf_fail(l->err, MF_E_ARG, "tensor '%s' is %s in the file and %s in the network%s", t->name, mf_shape_text(a, &t->shape),
                       mf_shape_text(b, &p->shape), in_head(l, p) && !l->o->new_head ? "; --new-head starts the classifier anew" : "");
    }
    if (!is_float(t->dtype) && p->kind != MF_PARAM_COUNTER) {
        return mf_fail(l->err, MF_E_ARG, "tensor '%s' is %s in the file; a network's weights are floating point", t->name,
                       mf_dtype_name(t->dtype));
    }
    if (!is_finite(t)) {
        return mf_fail(l->err, MF_E_NUMERIC, "tensor '%s' holds NaN or infinity: what trained it went astray; take earlier weights", t->name);
    }
    return MF_OK;
}

/* Tensor t is a parameter under a second name: it may only repeat what stands under the first. */
static mf_status
check_alias(const loader *l, const mf_tensor *t, bool *is_alias)
{
    char             own[MF_ALIAS_MAX];
    mf_str           full = {0};
    const mf_tensor *first;
    mf_status        st;

    *is_alias = false;
    if (l->o->alias == NULL || !has_prefix(t->name, l->prefix, l->n_prefix) || !l->o->alias(own, t->name + l->n_prefix)) {
        return MF_OK;
    }
    mf_str_addn(&full, l->prefix, l->n_prefix);
    mf_str_add(&full, own);
    if ((st = mf_str_ok(&full, l->err)) == MF_OK && (first = mf_tensors_find(l->ts, mf_str_c(&full))) != NULL) {
        *is_alias = true;
        if (first->dtype != t->dtype || first->bytes != t->bytes || (t->bytes != 0 && memcmp(first->data, t->data, t->bytes) != 0)) {
            st = mf_fail(l->err, MF_E_ARG, "tensors '%s' and '%s' are one parameter under two names, but differ in the file", t->name, first->name);
        }
    }
    mf_str_free(&full);
    return st;
}

/* For each parameter its tensor. Parameters may be many, so the file's names are walked and looked up, not the reverse. */
static mf_status
match(loader *l)
{
    size_t    n_params = mf_params_count(l->ps), hits = 0;
    mf_status st;

    for (size_t i = 0; i < n_params; i++) {
        const mf_param *p = mf_params_at(l->ps, i);

        if (p->data == NULL && l->spent == NULL) {
            return mf_fail(l->err, MF_E_STATE, "parameter '%s' has no memory yet", p->name);
        }
    }
    for (size_t i = 0; i < l->ts->n; i++) {
        const mf_tensor *t = &l->ts->t[i];
        const mf_param  *p = has_prefix(t->name, l->prefix, l->n_prefix) ? mf_params_find(l->ps, t->name + l->n_prefix) : NULL;

        if (p == NULL) {
            bool is_alias;

            if ((st = check_alias(l, t, &is_alias)) < 0) {
                return st;
            }
            if (is_alias) {
                continue;
            }
            if ((st = note(&l->rep->unexpected, t->name, l->err)) < 0) {
                return st;
            }
            continue;
        }
        hits++;
        if (l->o->new_head && in_head(l, p) && !same_shape(p, t)) {
            l->head_kept = true;
        } else if ((st = judge(l, p, t)) < 0) {
            return st;
        }
    }
    if (hits == 0) {
        return mf_fail(l->err, MF_E_NOTFOUND, "none of the %zu tensors has a name of the network; the file's first is '%s', the network's is '%s'",
                       l->ts->n, l->ts->n > 0 ? l->ts->t[0].name : "", n_params > 0 ? mf_params_at(l->ps, 0)->name : "");
    }
    return MF_OK;
}

/* The tensor of parameter p, by a name of the file; NULL if absent. */
static const mf_tensor *
source_of(const loader *l, mf_str *name, const mf_param *p)
{
    mf_str_clear(name);
    mf_str_addn(name, l->prefix, l->n_prefix);
    mf_str_add(name, p->name);
    return name->oom ? NULL : mf_tensors_find(l->ts, mf_str_c(name));
}

static mf_status
find_sources(loader *l)
{
    mf_str    name = {0};
    size_t    n    = mf_params_count(l->ps);
    mf_status st   = MF_OK;

    if ((l->from = mf_calloc(n, sizeof *l->from)) == NULL) {
        return mf_oom(l->err, n * sizeof *l->from, "a list of tensors");
    }
    for (size_t i = 0; i < n && st == MF_OK; i++) {
        const mf_param *p = mf_params_at(l->ps, i);

        l->from[i] = source_of(l, &name, p);
        if ((st = mf_str_ok(&name, l->err)) == MF_OK && l->from[i] == NULL && l->o->new_head && in_head(l, p)) {
            l->head_kept = true;
        }
    }
    mf_str_free(&name);
    /* A classifier is kept or taken whole: a bias of one file on a weight of another would be nonsense. */
    for (size_t i = 0; i < n && st == MF_OK; i++) {
        const mf_param *p = mf_params_at(l->ps, i);

        if (l->head_kept && in_head(l, p)) {
            l->from[i] = NULL;
            st         = note(&l->rep->kept, p->name, l->err);
        } else if (l->from[i] == NULL && p->kind != MF_PARAM_COUNTER) {
            st = note(&l->rep->missing, p->name, l->err);
        }
    }
    return st;
}

/* "'a', 'b', 'c' and 12 more" */
static void
list_names(mf_str *s, const mf_names *names)
{
    for (size_t i = 0; i < names->n && i < LISTED; i++) {
        mf_str_printf(s, "%s'%s'", i > 0 ? ", " : "", names->name[i]);
    }
    if (names->n > LISTED) {
        mf_str_printf(s, " and %zu more", names->n - LISTED);
    }
}

static mf_status
check_strict(const loader *l)
{
    mf_str    s  = {0};
    mf_status st = MF_OK;

    if (l->rep->missing.n != 0) {
        list_names(&s, &l->rep->missing);
        st = mf_fail(l->err, MF_E_NOTFOUND, "the file lacks %zu tensors of the network: %s", l->rep->missing.n, mf_str_c(&s));
    } else if (l->rep->unexpected.n != 0) {
        list_names(&s, &l->rep->unexpected);
        st = mf_fail(l->err, MF_E_NOTFOUND, "the file holds %zu tensors that the network has not: %s", l->rep->unexpected.n, mf_str_c(&s));
    }
    mf_str_free(&s);
    return st;
}

static mf_status
copy_all(loader *l)
{
    mf_status st;

    for (size_t i = 0; i < mf_params_count(l->ps); i++) {
        mf_param *p = mf_params_at(l->ps, i);

        if (l->from[i] == NULL) {
            continue;
        }
        if ((st = mf_param_open(p, l->err)) < 0) {
            return st;
        }
        mf_param_set(p, l->from[i]->dtype, l->from[i]->data);
        l->rep->loaded++;
        if (l->spent != NULL) {
            mf_tensor *t = &l->spent->t[l->from[i] - l->ts->t];

            mf_free(t->data);
            t->data  = NULL;
            t->bytes = 0;
        }
    }
    mf_params_touch(l->ps);
    return MF_OK;
}

static mf_status
load(mf_params *ps, const mf_tensors *ts, mf_tensors *spent, const mf_load_opts *o, mf_load_report *rep, mf_err *err)
{
    const mf_load_opts usual = mf_load_opts_default();
    mf_load_report     own   = {0};
    loader             l     = {.ps = ps, .ts = ts, .spent = spent, .o = o != NULL ? o : &usual, .rep = rep != NULL ? rep : &own, .err = err};
    mf_status          st;

    if (l.o->prefix != NULL) {
        l.prefix   = l.o->prefix;
        l.n_prefix = strlen(l.prefix);
    } else {
        find_prefix(&l);
    }
    if ((st = find_head(&l)) < 0 || (st = match(&l)) < 0 || (st = find_sources(&l)) < 0) {
        goto done;
    }
    if (l.n_prefix != 0 && (l.rep->prefix = mf_strndup(l.prefix, l.n_prefix)) == NULL) {
        st = mf_oom(err, l.n_prefix, "a name");
        goto done;
    }
    if (l.o->strict && (st = check_strict(&l)) < 0) {
        goto done;
    }
    st = copy_all(&l);
done:
    mf_free(l.from);
    mf_str_free(&l.head);
    mf_load_report_free(&own);
    return st;
}

mf_status
mf_params_load(mf_params *ps, const mf_tensors *ts, const mf_load_opts *o, mf_load_report *rep, mf_err *err)
{
    return load(ps, ts, NULL, o, rep, err);
}

mf_status
mf_params_take(mf_params *ps, mf_tensors *ts, const mf_load_opts *o, mf_load_report *rep, mf_err *err)
{
    return load(ps, ts, ts, o, rep, err);
}
