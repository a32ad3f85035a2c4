/* nn/backends/onednn/via_ref.c: ops without a kernel of their own here: the reference kernel runs in f32 on row-major
 * copies and its results are rounded to bf16 where the program wants that. In f32 programs the compiler takes the
 * reference kernel itself. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/onednn.h"

#include <stdio.h>
#include "core/mem.h"

extern const mf_backend mf_backend_ref;

typedef struct via_state {
    const mf_kernel_def *ref;
    void                *state;
    const mf_dn_simd    *simd;
    int                  nout;
    size_t               at[MF_OP_MAX_OUT], elems[MF_OP_MAX_OUT]; /* elems 0: not converted */
} via_state;

static const mf_kernel_def *
ref_kernel(const char *op)
{
    size_t i;

    for (i = 0; mf_backend_ref.kernels[i] != NULL; i++) {
        if (strcmp(mf_backend_ref.kernels[i]->op, op) == 0) {
            return mf_backend_ref.kernels[i];
        }
    }
    return NULL;
}

/* The same question in f32. */
static mf_prep
as_f32(const mf_prep *p)
{
    mf_prep q = *p;
    int     o;

    for (o = 0; o < p->nout; o++) {
        if (q.out[o].dtype == MF_DTYPE_BF16) {
            q.out[o].dtype = MF_DTYPE_F32;
        }
    }
    return q;
}

static bool
via_supports(const mf_prep *p, char why[128])
{
    const mf_kernel_def *k = ref_kernel(p->op->name);
    mf_prep              q = as_f32(p);
    bool                 half = false;
    int                  o;

    for (o = 0; o < p->nout; o++) {
        half |= p->want_out[o] && p->out[o].dtype == MF_DTYPE_BF16;
    }
    if (k == NULL || !half) {
        if (why != NULL) {
            snprintf(why, 128, "onednn has no kernel of its own for it");
        }
        return false;
    }
    return k->supports(&q, why);
}

static void
via_release(void *state)
{
    via_state *s = state;

    if (s != NULL) {
        if (s->ref->release != NULL) {
            s->ref->release(s->state);
        }
        mf_free(s);
    }
}

static mf_status
via_prepare(mf_prep *p, mf_err *err)
{
    via_state *s = mf_calloc(1, sizeof *s);
    mf_prep    q = as_f32(p);
    mf_status  st;
    size_t     at;
    int        o, i;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a kernel");
    }
    s->ref = ref_kernel(p->op->name);
    if ((st = s->ref->prepare(&q, err)) < 0) {
        mf_free(s);
        return st;
    }
    s->state = q.state;
    s->simd  = p->ctx->simd;
    s->nout  = p->nout;
    for (i = 0; i < p->nin; i++) {
        p->in[i] = q.in[i];
    }
    at = mf_dn_align(q.scratch);
    for (o = 0; o < p->nout; o++) {
        p->out[o].layout = q.out[o].layout;
        if (p->out[o].dtype == MF_DTYPE_BF16 && p->want_out[o]) {
            s->at[o]    = at;
            s->elems[o] = (size_t)mf_layout_elems(&p->out[o].shape, &p->out[o].layout);
            at += mf_dn_align(s->elems[o] * sizeof(float));
        } else {
            p->inplace[o] = q.inplace[o];
        }
    }
    p->scratch = at;
    p->state   = s;
    return MF_OK;
}

typedef struct round_job {
    const via_state *s;
    uint16_t        *dst;
    const float     *src;
} round_job;

static void
round_span(void *arg, size_t begin, size_t end)
{
    const round_job *j = arg;

    j->s->simd->flat->to_bf16(j->dst + begin, j->src + begin, end - begin);
}

static mf_status
via_run(void *state, const mf_run *r, mf_err *err)
{
    const via_state *s = state;
    void            *out[MF_OP_MAX_OUT];
    mf_run           q = *r;
    mf_status        st;
    int              o;

    for (o = 0; o < s->nout; o++) {
        out[o] = s->elems[o] > 0 ? (char *)r->scratch + s->at[o] : r->out[o];
    }
    q.out = out;
    if ((st = s->ref->run(s->state, &q, err)) < 0) {
        return st;
    }
    for (o = 0; o < s->nout; o++) {
        if (s->elems[o] > 0) {
            round_job j = {s, r->out[o], out[o]};

            mf_dn_spans(s->elems[o], 1 << 15, round_span, &j);
        }
    }
    return MF_OK;
}

#define MF_VIA(NAME)                                                                                                       \
    extern const mf_kernel_def mf_onednn_via_##NAME;                                                                       \
    const mf_kernel_def        mf_onednn_via_##NAME = {                                                                    \
               .op = #NAME, .name = "onednn.via_ref." #NAME, .supports = via_supports, .prepare = via_prepare, .run = via_run,    \
               .release = via_release, .by_ref = true,                                                                            \
    };
#include "nn/backends/onednn/via_list.h"
#undef MF_VIA
