/* data/adjudicate.c: the registry of rules, the counts that all of them start from, and decisions.csv. */
#include "data/adjudicate.h"

#include <math.h>
#include <string.h>
#include "core/csv.h"
#include "core/mem.h"
#include "core/registry.h"

#define MF_RULE(file, word) extern const mf_rule_def mf_rule_##file;
#include "data/rules/rule_list.h"
#undef MF_RULE

static const mf_rule_def *const list[] = {
#define MF_RULE(file, word) &mf_rule_##file,
#include "data/rules/rule_list.h"
#undef MF_RULE
};
enum { N_RULES = sizeof list / sizeof *list };

size_t
mf_rule_count(void)
{
    return N_RULES;
}

const mf_rule_def *
mf_rule_at(size_t i)
{
    MF_ASSERT(i < N_RULES);
    return list[i];
}

static const char *
name_at(size_t i)
{
    return list[i]->name;
}

mf_status
mf_rule_find(const mf_rule_def **out, const char *name, mf_err *err)
{
    size_t    at = 0;
    mf_status st = mf_registry_find(&at, "rule", name, name_at, N_RULES, err);

    *out = st < 0 ? NULL : list[at];
    return st;
}

const char *
mf_action_name(mf_action a)
{
    static const char *const words[MF_ACTION_COUNT] = {"keep", "relabel", "remove"};

    MF_ASSERT((int)a >= 0 && a < MF_ACTION_COUNT);
    return words[a];
}

mf_action
mf_adjudication_action(const mf_adjudication *a, size_t row)
{
    return a->label[row] < 0 ? MF_ACTION_REMOVE : a->label[row] == a->d->rows[row].label ? MF_ACTION_KEEP : MF_ACTION_RELABEL;
}

double
mf_adjudication_doubt(const mf_adjudication *a, size_t row)
{
    const double *p   = a->soft + row * (size_t)a->n_classes;
    double        top = 0;
    int           k;

    for (k = 0; k < a->n_classes; k++)
        top = p[k] > top ? p[k] : top;
    return a->judged[row] ? 1 - top * a->named[row] / a->judged[row] : 1;
}

/* ---- words ---- */

void
mf_adjudication_tell(mf_str *out, const mf_adjudication *a, size_t row)
{
    const uint32_t *n     = a->count + row * (size_t)a->n_classes;
    uint32_t        below = UINT32_MAX, abstain = a->judged[row] - a->named[row];
    bool            first = true;

    for (;;) { /* classes by falling number of votes */
        uint32_t next = 0;
        int      k;

        for (k = 0; k < a->n_classes; k++)
            if (n[k] < below && n[k] > next)
                next = n[k];
        if (next == 0)
            break;
        for (k = 0; k < a->n_classes; k++)
            if (n[k] == next) {
                if (first)
                    mf_str_printf(out, "%u of %u say%s %s", next, a->judged[row], next == 1 ? "s" : "", a->d->classes[k]);
                else
                    mf_str_printf(out, ", %u %s", next, a->d->classes[k]);
                first = false;
            }
        below = next;
    }
    if (abstain)
        mf_str_printf(out, "%s%u name%s no class", first ? "" : ", ", abstain, abstain == 1 ? "s" : "");
}

mf_status
mf_adjudication_decide(mf_adjudication *a, size_t row, int label, const mf_str *reason, mf_err *err)
{
    mf_status st;

    MF_ASSERT(label < a->n_classes);
    if ((st = mf_str_ok(reason, err)) < 0)
        return st;
    if (!(a->reason[row] = mf_arena_strdup(&a->arena, mf_str_c(reason))))
        return mf_oom(err, reason->len + 1, "a reason");
    a->label[row] = label < 0 ? -1 : label;
    return MF_OK;
}

void
mf_adjudication_csv(mf_str *out, const mf_adjudication *a)
{
    size_t i;
    int    k;

    mf_str_add(out, "image,original,new,action,reason");
    for (k = 0; k < a->n_classes; k++) {
        mf_str name = {0};

        mf_str_printf(&name, "votes_%s", a->d->classes[k]);
        mf_str_addc(out, ',');
        mf_csv_put(out, mf_str_c(&name));
        out->oom |= name.oom;
        mf_str_free(&name);
    }
    mf_str_addc(out, '\n');
    for (i = 0; i < a->n_rows; i++) {
        mf_csv_put(out, a->d->rows[i].image);
        mf_str_addc(out, ',');
        mf_csv_put(out, a->d->classes[a->d->rows[i].label]);
        mf_str_addc(out, ',');
        if (a->label[i] >= 0)
            mf_csv_put(out, a->d->classes[a->label[i]]);
        mf_str_printf(out, ",%s,", mf_action_name(mf_adjudication_action(a, i)));
        mf_csv_put(out, a->reason[i]);
        for (k = 0; k < a->n_classes; k++)
            mf_str_printf(out, ",%u", a->count[i * (size_t)a->n_classes + (size_t)k]);
        mf_str_addc(out, '\n');
    }
}

/* ---- counting and deciding ---- */

void
mf_adjudication_free(mf_adjudication *a)
{
    mf_free(a->judged);
    mf_free(a->named);
    mf_free(a->flagged);
    mf_free(a->count);
    mf_free(a->label);
    mf_free(a->reason);
    mf_free(a->soft);
    mf_free(a->skill);
    mf_free(a->confusion);
    mf_free(a->easiness);
    mf_arena_free(&a->arena);
    *a = (mf_adjudication){0};
}

static mf_status
make(mf_adjudication *a, const mf_dataset *d, const mf_votes *v, mf_err *err)
{
    size_t i, cells;

    *a = (mf_adjudication){.d = d, .v = v, .n_rows = d->n_rows, .n_classes = d->n_classes, .n_annotators = v->n_annotators};
    if (!mf_size_mul(&cells, d->n_rows, (size_t)d->n_classes))
        return mf_fail(err, MF_E_LIMIT, "%zu pictures and %d classes are too many", d->n_rows, d->n_classes);
    a->judged  = mf_calloc(d->n_rows, sizeof *a->judged);
    a->named   = mf_calloc(d->n_rows, sizeof *a->named);
    a->flagged = mf_calloc(d->n_rows, sizeof *a->flagged);
    a->count   = mf_calloc(cells, sizeof *a->count);
    a->label   = mf_calloc(d->n_rows, sizeof *a->label);
    a->reason  = mf_calloc(d->n_rows, sizeof *a->reason);
    a->soft    = mf_calloc(cells, sizeof *a->soft);
    if (!a->judged || !a->named || !a->flagged || !a->count || !a->label || !a->reason || !a->soft)
        return mf_oom(err, cells * sizeof *a->soft, "decisions");
    for (i = 0; i < v->n; i++) {
        const mf_vote *one = &v->vote[i];

        a->judged[one->row]++;
        a->flagged[one->row] += one->verdict != MF_VERDICT_AGREE;
        if (one->label >= 0) {
            a->named[one->row]++;
            a->count[one->row * (size_t)a->n_classes + (size_t)one->label]++;
        }
    }
    return MF_OK;
}

/* Rows that no rule can decide. */
static mf_status
decide_unvoted(mf_adjudication *a, int min_votes, mf_err *err)
{
    mf_status st  = MF_OK;
    mf_str    why = {0};
    size_t    i;

    for (i = 0; st == MF_OK && i < a->n_rows; i++) {
        uint32_t n     = a->judged[i];
        int      label = -1;

        if (n >= (uint32_t)min_votes && a->named[i])
            continue;
        mf_str_clear(&why);
        if (n < (uint32_t)min_votes) {
            if (n)
                mf_str_printf(&why, "only %u of the %d annotators needed judged it", n, min_votes);
            else
                mf_str_add(&why, "nobody judged it");
        } else if (n > 1) {
            mf_str_printf(&why, "none of its %u annotators names a class", n);
        } else if (n) {
            mf_str_add(&why, "its only annotator names no class");
        } else {
            label = a->d->rows[i].label;
            mf_str_add(&why, "nobody judged it, so nobody objects");
            a->soft[i * (size_t)a->n_classes + (size_t)label] = 1;
        }
        st = mf_adjudication_decide(a, i, label, &why, err);
    }
    mf_str_free(&why);
    return st;
}

mf_status
mf_adjudicate(mf_adjudication *out, const mf_rule_def *rule, const void *cfg, const mf_dataset *d, const mf_votes *v,
              int min_votes, mf_err *err)
{
    mf_status st;

    if ((st = make(out, d, v, err)) < 0 || (st = decide_unvoted(out, min_votes < 0 ? 0 : min_votes, err)) < 0)
        goto done;
    if ((st = rule->run(out, cfg, err)) < 0)
        mf_fail_in(err, st, "rule '%s'", rule->name);
done:
    if (st < 0)
        mf_adjudication_free(out);
    return st;
}
