/* nn/backends/onednn/pairs.c: matrices over the pairs of a batch of N samples, in f32 whatever the program's precision.
 *
 * eye: [N, N], the identity.
 * triplet_pick: dp, dn [N, N], target [N, C] -> positive, negative [N, N]. Threads share the anchors twice: first each chooses
 * its positive and its negatives, then, the triplets of the batch being counted, writes its two rows. */
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"
#include "nn/triplet.h"

enum { GRAIN = 64 }; /* anchors below which one thread does all */

typedef struct pairs_state {
    mf_triplet_attrs a;
    size_t           n, classes;
} pairs_state;

static bool
pairs_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return p->out[0].dtype == MF_DTYPE_F32;
}

static mf_status
pairs_new(mf_prep *p, size_t classes, mf_err *err)
{
    pairs_state *s = mf_calloc(1, sizeof *s);
    int          o;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a matrix of pairs");
    }
    s->n       = (size_t)p->out[0].shape.dim[0];
    s->classes = classes;
    for (o = 0; o < p->nout; o++) {
        p->out[o].layout = mf_layout_plain(&p->out[o].shape);
    }
    p->state = s;
    return MF_OK;
}

static mf_status
eye_prepare(mf_prep *p, mf_err *err)
{
    return pairs_new(p, 0, err);
}

static mf_status
eye_run(void *state, const mf_run *r, mf_err *err)
{
    const pairs_state *s = state;
    float             *y = r->out[0];
    size_t             i;

    (void)err;
    memset(y, 0, s->n * s->n * sizeof *y);
    for (i = 0; i < s->n; i++) {
        y[i * (s->n + 1)] = 1.0f;
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_eye = {
    .op = "eye", .name = "onednn.eye", .supports = pairs_supports, .prepare = eye_prepare, .run = eye_run, .release = mf_free,
};

/* What an anchor chose. */
typedef struct choice {
    int32_t label, positive;
    int32_t negative; /* NOBODY, EVERYBODY of another class, or one sample */
    int32_t triplets;
} choice;
enum { NOBODY = -1, EVERYBODY = -2 };

typedef struct pick_job {
    const pairs_state *s;
    const float       *dp, *dn, *t;
    float             *wp, *wn;
    choice            *c; /* [n] */
    uint64_t           key;
    float              share; /* 1 / triplets of the batch */
} pick_job;

static mf_status
pick_prepare(mf_prep *p, mf_err *err)
{
    mf_status st = pairs_new(p, (size_t)p->in[2].shape.dim[1], err);
    int       i;

    if (st == MF_OK) {
        pairs_state *s = p->state;

        s->a       = *(const mf_triplet_attrs *)p->attrs;
        p->scratch = s->n * sizeof(choice);
        for (i = 0; i < 3; i++) {
            p->in[i].dtype  = MF_DTYPE_F32;
            p->in[i].layout = mf_layout_plain(&p->in[i].shape);
        }
    }
    return st;
}

static void
label_samples(const pick_job *j)
{
    size_t i, k;

    for (i = 0; i < j->s->n; i++) {
        const float *t    = j->t + i * j->s->classes;
        size_t       best = 0;

        for (k = 1; k < j->s->classes; k++) {
            best = t[k] > t[best] ? k : best;
        }
        j->c[i].label = (int32_t)best;
    }
}

/* The `pick`-th sample beside i whose class is that of i, or is not. There is one. */
static int32_t
nth(const pick_job *j, size_t i, bool same, int64_t pick)
{
    size_t k;

    for (k = 0; k < j->s->n; k++) {
        if (k != i && (j->c[k].label == j->c[i].label) == same && pick-- == 0) {
            break;
        }
    }
    return (int32_t)k;
}

/* The nearest negative of anchor i; where wanted, the nearest of those beyond its positive and within the margin. */
static int32_t
nearest(const pick_job *j, size_t i, float positive)
{
    const float *d    = j->dn + i * j->s->n;
    const float  end  = positive + j->s->a.margin;
    int32_t      near = NOBODY, semi = NOBODY;
    size_t       k;

    for (k = 0; k < j->s->n; k++) {
        if (j->c[k].label == j->c[i].label) {
            continue;
        }
        if (near < 0 || d[k] < d[near]) {
            near = (int32_t)k;
        }
        if (d[k] > positive && d[k] < end && (semi < 0 || d[k] < d[semi])) {
            semi = (int32_t)k;
        }
    }
    return j->s->a.mining == MF_MINE_SEMI_HARD && semi >= 0 ? semi : near;
}

static void
choose(void *arg, size_t begin, size_t end, int thread)
{
    const pick_job         *j = arg;
    const mf_triplet_attrs *a = &j->s->a;
    size_t                  i, k;

    (void)thread;
    for (i = begin; i < end; i++) {
        choice *c    = &j->c[i];
        int64_t mine = 0, others;

        for (k = 0; k < j->s->n; k++) {
            mine += j->c[k].label == c->label;
        }
        others      = (int64_t)j->s->n - mine;
        c->positive = (int32_t)i;
        if (--mine > 0 && (double)mf_triplet_draw(j->key, (int64_t)i, 0) >= (double)a->same * 4294967296.0) {
            c->positive = nth(j, i, true, (int64_t)(mf_triplet_draw(j->key, (int64_t)i, 1) * (uint64_t)mine >> 32));
        }
        c->triplets = others > 0;
        if (others == 0) {
            c->negative = NOBODY;
        } else if (a->mining == MF_MINE_ALL) {
            c->negative = EVERYBODY;
            c->triplets = (int32_t)others;
        } else if (a->mining == MF_MINE_RANDOM) {
            c->negative = nth(j, i, false, mf_triplet_draw_negative(j->key, (int64_t)i, others));
        } else {
            c->negative = nearest(j, i, j->dp[i * j->s->n + (size_t)c->positive]);
        }
    }
}

static void
write_rows(void *arg, size_t begin, size_t end, int thread)
{
    const pick_job *j = arg;
    const size_t    n = j->s->n;
    size_t          i, k;

    (void)thread;
    memset(j->wp + begin * n, 0, (end - begin) * n * sizeof *j->wp);
    memset(j->wn + begin * n, 0, (end - begin) * n * sizeof *j->wn);
    for (i = begin; i < end; i++) {
        const choice *c = &j->c[i];

        j->wp[i * n + (size_t)c->positive] = 1.0f;
        if (c->negative >= 0) {
            j->wn[i * n + (size_t)c->negative] = j->share;
        }
        for (k = 0; k < n && c->negative == EVERYBODY; k++) {
            j->wn[i * n + k] = j->c[k].label != c->label ? j->share : 0.0f;
        }
    }
}

static mf_status
pick_run(void *state, const mf_run *r, mf_err *err)
{
    const pairs_state *s = state;
    pick_job           j = {.s = s, .dp = r->in[0], .dn = r->in[1], .t = r->in[2], .wp = r->out[0], .wn = r->out[1], .c = r->scratch,
                            .key = mf_dropout_key(r->seed, r->step, s->a.id)};
    int64_t            triplets = 0;
    size_t             i;

    (void)err;
    if (j.wp == NULL || j.wn == NULL) {
        return MF_OK; /* half a triplet is of no use to anyone */
    }
    label_samples(&j);
    mf_parallel_for(s->n, GRAIN, choose, &j);
    for (i = 0; i < s->n; i++) {
        triplets += j.c[i].triplets;
    }
    j.share = triplets > 0 ? 1.0f / (float)triplets : 0.0f;
    mf_parallel_for(s->n, GRAIN, write_rows, &j);
    return MF_OK;
}

const mf_kernel_def mf_onednn_triplet_pick = {
    .op = "triplet_pick", .name = "onednn.triplet_pick", .supports = pairs_supports, .prepare = pick_prepare, .run = pick_run,
    .release = mf_free,
};
