/* data/pairs.c: group rows by pair, then judge each group. */
#include "data/pairs.h"

#include "core/csv.h"
#include "core/mem.h"

const char *
mf_pair_fate_text(mf_pair_fate f)
{
    static const char *const text[MF_PAIR_FATES + 1] = {
        "kept", "no occluded picture", "no picture without occlusion", "more than one picture without occlusion", "the labels differ",
        "two people", "two splits", "in no pair",
    };

    MF_ASSERT((int)f >= 0 && f <= MF_PAIR_FATES);
    return text[f];
}

void
mf_pairs_free(mf_pairs *p)
{
    mf_free(p->of_row);
    *p = (mf_pairs){0};
}

/* Rows by pair: row[begin[p] .. begin[p+1]-1], ascending. */
static mf_status
group(size_t **row, size_t **begin, const mf_dataset *d, const int *label, mf_err *err)
{
    size_t n = (size_t)d->n_pairs, i, k;

    *row   = mf_calloc(d->n_rows, sizeof **row);
    *begin = mf_calloc(n + 2, sizeof **begin);
    if (!*row || !*begin)
        return mf_oom(err, d->n_rows * sizeof **row, "pairs");
    for (i = 0; i < d->n_rows; i++)
        if (d->rows[i].pair >= 0 && (!label || label[i] >= 0))
            (*begin)[d->rows[i].pair + 2]++;
    for (k = 2; k < n + 2; k++)
        (*begin)[k] += (*begin)[k - 1];
    for (i = 0; i < d->n_rows; i++)
        if (d->rows[i].pair >= 0 && (!label || label[i] >= 0))
            (*row)[(*begin)[d->rows[i].pair + 1]++] = i;
    return MF_OK;
}

static mf_pair_fate
compare(const mf_dataset *d, const int *label, size_t clear, size_t other)
{
    const mf_row *a = &d->rows[clear], *b = &d->rows[other];

    if (a->subject >= 0 && b->subject >= 0 && a->subject != b->subject)
        return MF_PAIR_SUBJECTS;
    if ((label ? label[clear] : a->label) != (label ? label[other] : b->label))
        return MF_PAIR_LABELS;
    return a->split != b->split ? MF_PAIR_SPLITS : MF_PAIR_KEPT;
}

/* Returns the fate of the pair as a whole: kept if a part of it is. */
static mf_pair_fate
judge(mf_pairs *p, const mf_dataset *d, const int *label, const size_t *row, size_t n)
{
    size_t       i, clear = n, clears = 0;
    mf_pair_fate whole = MF_PAIR_NO_OCCLUDED, one;

    for (i = 0; i < n; i++)
        if (d->rows[row[i]].occlusion == MF_OCC_NONE) {
            clear = i;
            clears++;
        }
    if (clears != 1) {
        whole = clears ? MF_PAIR_TWO_CLEAR : MF_PAIR_NO_CLEAR;
        for (i = 0; i < n; i++)
            p->of_row[row[i]] = (uint8_t)whole;
        return whole;
    }
    for (i = 0; i < n; i++) {
        if (i == clear)
            continue;
        one               = compare(d, label, row[clear], row[i]);
        p->of_row[row[i]] = (uint8_t)one;
        if (whole != MF_PAIR_KEPT)
            whole = one;
    }
    p->of_row[row[clear]] = (uint8_t)whole;
    return whole;
}

mf_status
mf_pairs_find(mf_pairs *p, const mf_dataset *d, const int *label, mf_err *err)
{
    mf_status st;
    size_t   *row = NULL, *begin = NULL, i;

    *p = (mf_pairs){0};
    if (!(p->of_row = mf_calloc(d->n_rows, 1))) {
        st = mf_oom(err, d->n_rows, "pairs");
        goto done;
    }
    for (i = 0; i < d->n_rows; i++)
        p->of_row[i] = MF_PAIR_FATES;
    if ((st = group(&row, &begin, d, label, err)) < 0)
        goto done;
    for (i = 0; i < (size_t)d->n_pairs; i++) {
        const size_t *first = row + begin[i];
        size_t        n     = begin[i + 1] - begin[i];
        mf_pair_fate  fate;

        if (n == 0)
            continue;
        fate = judge(p, d, label, first, n);
        p->n++;
        p->pairs_by[fate]++;
        if (fate == MF_PAIR_KEPT) {
            p->kept++;
            for (; p->of_row[*first] != MF_PAIR_KEPT; first++)
                continue;
            p->by_class[label ? label[*first] : d->rows[*first].label]++;
        }
    }
    for (i = 0; i < d->n_rows; i++) {
        if (label && label[i] < 0)
            continue;
        p->rows++;
        if (p->of_row[i] == MF_PAIR_FATES)
            p->unpaired++;
        else
            p->fate[p->of_row[i]]++;
    }
    p->rows_kept = p->fate[MF_PAIR_KEPT];
done:
    mf_free(row);
    mf_free(begin);
    if (st < 0)
        mf_pairs_free(p);
    return st;
}

void
mf_pairs_dropped_csv(mf_str *out, const mf_pairs *p, const mf_dataset *d)
{
    size_t i;

    mf_str_add(out, "image,pair,label,reason\n");
    for (i = 0; i < d->n_rows; i++) {
        if (p->of_row[i] == MF_PAIR_KEPT)
            continue;
        mf_csv_put(out, d->rows[i].image);
        mf_str_addc(out, ',');
        mf_csv_put(out, d->rows[i].pair < 0 ? "" : d->pairs[d->rows[i].pair]);
        mf_str_addc(out, ',');
        mf_csv_put(out, d->classes[d->rows[i].label]);
        mf_str_printf(out, ",%s\n", mf_pair_fate_text((mf_pair_fate)p->of_row[i]));
    }
}
