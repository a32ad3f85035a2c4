/* cli/adjudicate_report.c: decisions, agreement, annotators, and what to look at again. */
#include "cli/adjudicate_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/json.h"

enum { KAPPA_TABLE_MOST = 12, NAME_MOST = 24 };

typedef struct totals {
    size_t unflagged, action[MF_ACTION_COUNT];
    size_t kept[MF_CLASSES_MAX], moved_in[MF_CLASSES_MAX], moved_out[MF_CLASSES_MAX], removed[MF_CLASSES_MAX];
    size_t abstained;
} totals;

static totals
count(const mf_adjudication *a)
{
    totals t = {0};
    size_t i;

    for (i = 0; i < a->n_rows; i++) {
        mf_action what = mf_adjudication_action(a, i);
        int       old  = a->d->rows[i].label;

        t.action[what]++;
        t.unflagged += a->judged[i] > 0 && a->flagged[i] == 0;
        t.abstained += a->judged[i] - a->named[i];
        t.kept[old] += what == MF_ACTION_KEEP;
        t.removed[old] += what == MF_ACTION_REMOVE;
        t.moved_out[old] += what == MF_ACTION_RELABEL;
        if (what == MF_ACTION_RELABEL)
            t.moved_in[a->label[i]]++;
    }
    return t;
}

/* A share as "93.4 %", or "-". */
static const char *
percent(char buf[16], double v)
{
    if (isnan(v))
        return "-";
    snprintf(buf, 16, "%.1f %%", 100 * v);
    return buf;
}

static const char *
decimal(char buf[16], double v)
{
    if (isnan(v))
        return "-";
    snprintf(buf, 16, "%.3f", v);
    return buf;
}

/* Bytes of the longest name, at most NAME_MOST and at least `least`. */
static int
width_of(char **names, int n, int least)
{
    int i, w = least;

    for (i = 0; i < n; i++)
        w = (int)strlen(names[i]) > w ? (int)strlen(names[i]) : w;
    return w < NAME_MOST ? w : NAME_MOST;
}

/* ---- text ---- */

static void
put_decisions(mf_str *out, const mf_adjudicate_report *r, const totals *t)
{
    const mf_adjudication *a = &r->a;
    int                    w = width_of(a->d->classes, a->n_classes, 5), k;

    mf_str_printf(out, "%s: %zu votes of %d annotators on %zu pictures, rule '%s'", r->votes, a->v->n, a->n_annotators, a->n_rows,
                  r->rule);
    if (a->iterations)
        mf_str_printf(out, " (%d rounds)", a->iterations);
    mf_str_printf(out, "\n%zu pictures stay: %zu keep their label (%zu of them never flagged), %zu get another; %zu are removed\n",
                  t->action[MF_ACTION_KEEP] + t->action[MF_ACTION_RELABEL], t->action[MF_ACTION_KEEP], t->unflagged,
                  t->action[MF_ACTION_RELABEL], t->action[MF_ACTION_REMOVE]);
    if (a->v->n_quarantined)
        mf_str_printf(out, "%zu votes on pictures that quarantine.csv leaves out are not counted\n", a->v->n_quarantined);
    if (r->before.n)
        mf_str_printf(out, "%zu of %zu pairs are still whole with one label; %zu lost a picture or both, in %zu the labels now differ\n",
                      r->after.kept, r->before.n,
                      r->before.n - r->after.n + r->after.pairs_by[MF_PAIR_NO_CLEAR] + r->after.pairs_by[MF_PAIR_NO_OCCLUDED],
                      r->after.pairs_by[MF_PAIR_LABELS]);
    mf_str_printf(out, "\n  %-*s %8s %8s %8s %8s %8s\n", w, "class", "before", "kept", "moved in", "away", "removed");
    for (k = 0; k < a->n_classes; k++)
        mf_str_printf(out, "  %-*.*s %8zu %8zu %8zu %8zu %8zu\n", w, w, a->d->classes[k],
                      t->kept[k] + t->moved_out[k] + t->removed[k], t->kept[k], t->moved_in[k], t->moved_out[k], t->removed[k]);
}

static void
put_agreement(mf_str *out, const mf_adjudicate_report *r, const totals *t)
{
    const mf_adjudication *a = &r->a;
    const mf_agreement    *g = &r->g;
    int                    w = width_of(a->d->classes, a->n_classes, 5), k;
    char                   b[3][16];

    mf_str_printf(out, "\nAgreement on the %zu pictures with two votes for a class or more (%zu verdicts name none):\n",
                  g->pictures, t->abstained);
    mf_str_printf(out, "  two votes agree       %8s      unanimous            %8s\n", percent(b[0], g->percent),
                  percent(b[1], g->pictures ? (double)g->unanimous / (double)g->pictures : (double)NAN));
    mf_str_printf(out, "  Fleiss' kappa         %8s      Krippendorff's alpha %8s\n", decimal(b[0], g->fleiss),
                  decimal(b[1], g->krippendorff));
    mf_str_printf(out, "  votes for the label that was there  %s\n", percent(b[0], g->with_label));
    mf_str_printf(out, "\n  %-*s %10s %10s %10s\n", w, "class", "votes", "specific", "kappa");
    for (k = 0; k < a->n_classes; k++)
        mf_str_printf(out, "  %-*.*s %10s %10s %10s\n", w, w, a->d->classes[k], percent(b[0], g->cls[k].share),
                      percent(b[1], g->cls[k].specific), decimal(b[2], g->cls[k].kappa));
}

static void
put_annotators(mf_str *out, const mf_adjudicate_report *r)
{
    const mf_adjudication *a = &r->a;
    int                    w = width_of(a->v->annotators, a->n_annotators, 9), i;
    char                   b[6][16];

    mf_str_printf(out, "\n  %-*s %8s %9s %10s %10s %10s %8s %9s%s\n", w, "annotator", "votes", "abstained", "old label", "others",
                  "decision", "kappa", "balanced", a->skill ? "  rule" : "");
    for (i = 0; i < a->n_annotators; i++) {
        const mf_agreement_annotator *p = &r->g.annotator[i];

        mf_str_printf(out, "  %-*.*s %8zu %9zu %10s %10s %10s %8s %9s", w, w, a->v->annotators[i], p->named, p->judged - p->named,
                      percent(b[0], p->with_label), percent(b[1], p->with_others), percent(b[2], p->with_decision),
                      decimal(b[3], p->kappa_decision), percent(b[4], p->balanced));
        if (a->skill)
            mf_str_printf(out, "  %s", decimal(b[5], a->skill[i]));
        mf_str_addc(out, '\n');
    }
    mf_str_add(out, "  (agreement with the label that was there, with the other annotators, with what was decided; of the last also\n"
                    "   Cohen's kappa and the mean over classes");
    if (a->skill)
        mf_str_printf(out, "; rule: %s as '%s' estimates it", a->skill_name, r->rule);
    mf_str_add(out, ")\n");
}

static void
put_kappas(mf_str *out, const mf_adjudicate_report *r)
{
    const mf_adjudication *a = &r->a;
    int                    w = width_of(a->v->annotators, a->n_annotators, 9), i, k, wide;
    size_t                 p;
    char                   b[16];

    if (a->n_annotators < 2 || a->n_annotators > KAPPA_TABLE_MOST)
        return;
    wide = w > 6 ? w : 6;
    mf_str_printf(out, "\n  %-*s", w, "Cohen");
    for (k = 1; k < a->n_annotators; k++)
        mf_str_printf(out, " %*.*s", wide, wide, a->v->annotators[k]);
    mf_str_addc(out, '\n');
    for (i = 0, p = 0; i + 1 < a->n_annotators; i++) {
        mf_str_printf(out, "  %-*.*s", w, w, a->v->annotators[i]);
        for (k = 1; k < a->n_annotators; k++) {
            const mf_agreement_pair *two = p < r->g.n_pairs ? &r->g.pair[p] : NULL;
            bool                     is  = two && two->a == i && two->b == k;

            mf_str_printf(out, " %*s", wide, k <= i ? "" : is ? decimal(b, two->kappa) : "-");
            p += is;
        }
        mf_str_addc(out, '\n');
    }
}

/* For each annotator the class most often taken for another, where that happened. */
static void
put_confusions(mf_str *out, const mf_adjudicate_report *r)
{
    const mf_adjudication *a = &r->a;
    size_t                 K = (size_t)a->n_classes, i, k, best;
    int                    w = width_of(a->v->annotators, a->n_annotators, 9);
    bool                   head = false;

    for (i = 0; i < (size_t)a->n_annotators && i < KAPPA_TABLE_MOST; i++) {
        const uint32_t *t   = r->g.confusion + i * K * K;
        size_t          of  = 0;

        for (k = 0, best = 0; k < K * K; k++)
            if (k / K != k % K && (best / K == best % K || t[k] > t[best]))
                best = k;
        if (K < 2 || t[best] == 0)
            continue;
        for (k = 0; k < K; k++)
            of += t[best / K * K + k];
        if (!head)
            mf_str_add(out, "\nTaken for something else most often (all confusions: --json):\n");
        head = true;
        mf_str_printf(out, "  %-*.*s %s for %s, %u of %zu times\n", w, w, a->v->annotators[i], a->d->classes[best / K],
                      a->d->classes[best % K], t[best], of);
    }
}

void
mf_adjudicate_report_text(mf_str *out, const mf_adjudicate_report *r)
{
    totals t = count(&r->a);
    size_t i;

    put_decisions(out, r, &t);
    put_agreement(out, r, &t);
    put_annotators(out, r);
    put_kappas(out, r);
    put_confusions(out, r);
    if (r->n_second)
        mf_str_add(out, "\nMost worth a second look:\n");
    for (i = 0; i < r->n_second; i++) {
        size_t row = r->second[i];

        mf_str_printf(out, "  %.2f  %s (%s): %s, %s\n", mf_adjudication_doubt(&r->a, row), r->a.d->rows[row].image,
                      r->a.d->classes[r->a.d->rows[row].label], mf_action_name(mf_adjudication_action(&r->a, row)), r->a.reason[row]);
    }
    if (*r->out)
        mf_str_printf(out, "\nwritten to %s, with decisions.csv and agreement.json\n", r->out);
}

/* ---- JSON ---- */

static void
json_decisions(mf_json_out *j, const mf_adjudicate_report *r, const totals *t)
{
    const mf_adjudication *a = &r->a;
    int                    k;

    mf_json_put_str(j, "votes_file", r->votes);
    mf_json_put_str(j, "rule", r->rule);
    mf_json_put_int(j, "rounds", a->iterations);
    mf_json_put_int(j, "pictures", (int64_t)a->n_rows);
    mf_json_put_int(j, "annotators", a->n_annotators);
    mf_json_put_int(j, "votes", (int64_t)a->v->n);
    mf_json_put_int(j, "quarantined_votes", (int64_t)a->v->n_quarantined);
    mf_json_put_int(j, "abstentions", (int64_t)t->abstained);
    mf_json_put_int(j, "unflagged", (int64_t)t->unflagged);
    mf_json_put_int(j, "kept", (int64_t)t->action[MF_ACTION_KEEP]);
    mf_json_put_int(j, "relabelled", (int64_t)t->action[MF_ACTION_RELABEL]);
    mf_json_put_int(j, "removed", (int64_t)t->action[MF_ACTION_REMOVE]);
    mf_json_put_num(j, "rule_seconds", r->seconds);
    mf_json_open(j, "by_class", '{');
    for (k = 0; k < a->n_classes; k++) {
        mf_json_open(j, a->d->classes[k], '{');
        mf_json_put_int(j, "before", (int64_t)(t->kept[k] + t->moved_out[k] + t->removed[k]));
        mf_json_put_int(j, "kept", (int64_t)t->kept[k]);
        mf_json_put_int(j, "moved_in", (int64_t)t->moved_in[k]);
        mf_json_put_int(j, "moved_out", (int64_t)t->moved_out[k]);
        mf_json_put_int(j, "removed", (int64_t)t->removed[k]);
        mf_json_close(j, '}');
    }
    mf_json_close(j, '}');
    mf_json_open(j, "pairs", '{');
    mf_json_put_int(j, "before", (int64_t)r->before.n);
    mf_json_put_int(j, "whole", (int64_t)r->after.kept);
    mf_json_put_int(j, "lost_both", (int64_t)(r->before.n - r->after.n));
    mf_json_put_int(j, "lost_one", (int64_t)(r->after.pairs_by[MF_PAIR_NO_CLEAR] + r->after.pairs_by[MF_PAIR_NO_OCCLUDED]));
    mf_json_put_int(j, "labels_differ", (int64_t)r->after.pairs_by[MF_PAIR_LABELS]);
    mf_json_close(j, '}');
}

static void
json_agreement(mf_json_out *j, const mf_adjudicate_report *r)
{
    const mf_adjudication *a = &r->a;
    const mf_agreement    *g = &r->g;
    size_t                 i;
    int                    k;

    mf_json_open(j, "agreement", '{');
    mf_json_put_int(j, "pictures", (int64_t)g->pictures);
    mf_json_put_int(j, "unanimous", (int64_t)g->unanimous);
    mf_json_put_num(j, "percent", 100 * g->percent);
    mf_json_put_num(j, "fleiss_kappa", g->fleiss);
    mf_json_put_num(j, "krippendorff_alpha", g->krippendorff);
    mf_json_put_num(j, "with_label_percent", 100 * g->with_label);
    mf_json_open(j, "classes", '{');
    for (k = 0; k < a->n_classes; k++) {
        mf_json_open(j, a->d->classes[k], '{');
        mf_json_put_num(j, "votes_percent", 100 * g->cls[k].share);
        mf_json_put_num(j, "specific_percent", 100 * g->cls[k].specific);
        mf_json_put_num(j, "kappa", g->cls[k].kappa);
        mf_json_close(j, '}');
    }
    mf_json_close(j, '}');
    mf_json_open(j, "cohen", '[');
    for (i = 0; i < g->n_pairs; i++) {
        mf_json_open(j, NULL, '{');
        mf_json_put_str(j, "a", a->v->annotators[g->pair[i].a]);
        mf_json_put_str(j, "b", a->v->annotators[g->pair[i].b]);
        mf_json_put_int(j, "pictures", (int64_t)g->pair[i].shared);
        mf_json_put_num(j, "percent", 100 * g->pair[i].agree);
        mf_json_put_num(j, "kappa", g->pair[i].kappa);
        mf_json_close(j, '}');
    }
    mf_json_close(j, ']');
    mf_json_close(j, '}');
}

/* Rows of a matrix [K, K], by class decided. */
static void
json_matrix(mf_json_out *j, const char *key, const mf_adjudication *a, const uint32_t *n, const double *p)
{
    size_t K = (size_t)a->n_classes, i, k;

    mf_json_open(j, key, '[');
    for (i = 0; i < K; i++) {
        mf_json_open(j, NULL, '[');
        for (k = 0; k < K; k++)
            if (n)
                mf_json_put_int(j, NULL, n[i * K + k]);
            else
                mf_json_put_num(j, NULL, p[i * K + k]);
        mf_json_close(j, ']');
    }
    mf_json_close(j, ']');
}

static void
json_annotators(mf_json_out *j, const mf_adjudicate_report *r)
{
    const mf_adjudication *a  = &r->a;
    size_t                 KK = (size_t)a->n_classes * (size_t)a->n_classes;
    int                    i;

    if (a->skill)
        mf_json_put_str(j, "skill_is", a->skill_name);
    mf_json_open(j, "by_annotator", '[');
    for (i = 0; i < a->n_annotators; i++) {
        const mf_agreement_annotator *p = &r->g.annotator[i];

        mf_json_open(j, NULL, '{');
        mf_json_put_str(j, "name", a->v->annotators[i]);
        mf_json_put_int(j, "verdicts", (int64_t)p->judged);
        mf_json_put_int(j, "votes", (int64_t)p->named);
        mf_json_put_num(j, "with_label_percent", 100 * p->with_label);
        mf_json_put_num(j, "with_others_percent", 100 * p->with_others);
        mf_json_put_num(j, "with_decision_percent", 100 * p->with_decision);
        mf_json_put_num(j, "kappa_decision", p->kappa_decision);
        mf_json_put_num(j, "balanced_percent", 100 * p->balanced);
        if (a->skill)
            mf_json_put_num(j, "skill", a->skill[i]);
        json_matrix(j, "decided_by_named", a, r->g.confusion + (size_t)i * KK, NULL);
        if (a->confusion)
            json_matrix(j, "rule_confusion", a, NULL, a->confusion + (size_t)i * KK);
        mf_json_close(j, '}');
    }
    mf_json_close(j, ']');
}

void
mf_adjudicate_report_json(mf_str *out, const mf_adjudicate_report *r)
{
    const mf_adjudication *a = &r->a;
    totals                 t = count(a);
    mf_json_out            j = mf_json_begin(out, 2);
    size_t                 i;
    int                    k;

    mf_json_open(&j, NULL, '{');
    json_decisions(&j, r, &t);
    mf_json_open(&j, "classes", '[');
    for (k = 0; k < a->n_classes; k++)
        mf_json_put_str(&j, NULL, a->d->classes[k]);
    mf_json_close(&j, ']');
    json_agreement(&j, r);
    json_annotators(&j, r);
    mf_json_open(&j, "second_look", '[');
    for (i = 0; i < r->n_second; i++) {
        size_t row = r->second[i];

        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "image", a->d->rows[row].image);
        mf_json_put_str(&j, "original", a->d->classes[a->d->rows[row].label]);
        mf_json_put_str(&j, "action", mf_action_name(mf_adjudication_action(a, row)));
        mf_json_put_num(&j, "doubt", mf_adjudication_doubt(a, row));
        if (a->easiness && !isnan(a->easiness[row]))
            mf_json_put_num(&j, "easiness", a->easiness[row]);
        mf_json_put_str(&j, "reason", a->reason[row]);
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}
