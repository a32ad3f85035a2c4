/* nn/backends/ref/pairs.c: matrices over the pairs of a batch: the identity, and the choice of triplets. Batches are small,
 * so the loops are plain. */
#include "nn/backends/ref/real.h"
#include "nn/triplet.h"

static mf_status
eye_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const int64_t    n = op->out[0].dim[0];
    real            *y = r->out[0];
    (void)err;
    memset(y, 0, (size_t)(n * n) * sizeof *y);
    for (int64_t i = 0; i < n; i++)
        y[i * n + i] = 1;
    return MF_OK;
}

MF_REF_KERNEL(eye, eye_run);

static int64_t
class_of(const real *t, int64_t classes)
{
    int64_t best = 0;
    for (int64_t c = 1; c < classes; c++)
        best = t[c] > t[best] ? c : best;
    return best;
}

/* The `pick`-th j of 0 .. n-1 with (class of j == class of i) == same, i itself left out; -1: there are not so many. */
static int64_t
other(const real *t, int64_t n, int64_t classes, int64_t i, bool same, int64_t pick)
{
    const int64_t mine = class_of(t + i * classes, classes);
    for (int64_t j = 0; j < n; j++)
        if (j != i && (class_of(t + j * classes, classes) == mine) == same && pick-- == 0)
            return j;
    return -1;
}

static int64_t
others(const real *t, int64_t n, int64_t classes, int64_t i, bool same)
{
    int64_t k = 0;
    while (other(t, n, classes, i, same, k) >= 0)
        k++;
    return k;
}

/* The negative of anchor i whose positive is at distance d: semi-hard where there is one, else the nearest. */
static int64_t
mine(const mf_triplet_attrs *a, const real *dn, const real *t, int64_t n, int64_t classes, int64_t i, real d)
{
    const int64_t own = class_of(t + i * classes, classes);
    int64_t       near = -1, semi = -1;

    for (int64_t j = 0; j < n; j++) {
        const real e = dn[i * n + j];
        if (class_of(t + j * classes, classes) == own)
            continue;
        if (near < 0 || e < dn[i * n + near])
            near = j;
        if (e > d && e < d + (real)a->margin && (semi < 0 || e < dn[i * n + semi]))
            semi = j;
    }
    return a->mining == MF_MINE_SEMI_HARD && semi >= 0 ? semi : near;
}

static mf_status
triplet_pick_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op        *op = state;
    const mf_triplet_attrs *a = op->attrs;
    const int64_t           n = op->in[0].dim[0], classes = op->in[2].dim[1];
    const uint64_t          key = mf_dropout_key(r->seed, r->step, a->id);
    const real             *dp = r->in[0], *dn = r->in[1], *t = r->in[2];
    real                   *wp = r->out[0], *wn = r->out[1];
    int64_t                 triplets = 0;
    (void)err;

    if (!wp || !wn)
        return MF_OK; /* half a triplet is of no use to anyone */
    memset(wp, 0, (size_t)(n * n) * sizeof *wp);
    memset(wn, 0, (size_t)(n * n) * sizeof *wn);
    for (int64_t i = 0; i < n; i++) {
        const int64_t negatives = others(t, n, classes, i, false), partners = others(t, n, classes, i, true);
        int64_t       p = i, first = 0, last = n - 1;

        if (partners > 0 && (double)mf_triplet_draw(key, i, 0) >= (double)a->same * 4294967296.0)
            p = other(t, n, classes, i, true, (int64_t)(mf_triplet_draw(key, i, 1) * (uint64_t)partners >> 32));
        wp[i * n + p] = 1;
        if (negatives == 0)
            continue;
        if (a->mining == MF_MINE_RANDOM)
            first = last = other(t, n, classes, i, false, mf_triplet_draw_negative(key, i, negatives));
        else if (a->mining != MF_MINE_ALL)
            first = last = mine(a, dn, t, n, classes, i, dp[i * n + p]);
        for (int64_t j = first; j <= last; j++)
            if (class_of(t + j * classes, classes) != class_of(t + i * classes, classes)) {
                wn[i * n + j] = 1;
                triplets++;
            }
    }
    for (int64_t k = 0; triplets > 0 && k < n * n; k++)
        wn[k] /= (real)triplets;
    return MF_OK;
}

MF_REF_KERNEL(triplet_pick, triplet_pick_run);
