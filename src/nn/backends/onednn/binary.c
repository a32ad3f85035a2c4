/* nn/backends/onednn/binary.c: a + b, a - b, a b, a / b, max(a, b) with numpy's broadcasting.
 *
 * Four ways: equal shapes run over storage; one side of shape [C,1,1], [1,C,1,1] or [N,C,1,1] runs by rows of channels, one
 * of shape [N,1,H,W] pixel by pixel; anything else runs over row-major storage with strides, element by element. */
#include "nn/backends/onednn/flat.h"
#include "nn/backends/onednn/map.h"

#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

typedef enum binary_how { HOW_SAME, HOW_CHANNEL, HOW_PIXEL, HOW_STRIDED } binary_how;

typedef struct binary_state {
    binary_how        how;
    const mf_dn_simd *simd;
    mf_dn_op2         op;
    bool              bf16, swap; /* swap: in[0] is the small side */
    size_t            elems;
    mf_dn_chan        chan;
    mf_dn_map         map;  /* HOW_PIXEL: of the large side */
    bool              padded, per_sample;
    size_t            samples, part_bytes;
    mf_shape          out;
    int64_t           sa[MF_MAX_DIMS], sb[MF_MAX_DIMS]; /* strides, 0 where broadcast */
} binary_state;

typedef struct binary_job {
    const binary_state *s;
    char               *y;
    const char         *a, *b;
    char               *scratch;
} binary_job;

static mf_dn_op2
op_of(int32_t kind)
{
    switch ((mf_binary_kind)kind) {
    case MF_B_SUB: return MF_DN_SUB;
    case MF_B_MUL: return MF_DN_MUL;
    case MF_B_DIV: return MF_DN_DIV;
    case MF_B_MAX: return MF_DN_MAX;
    case MF_B_ADD:
    case MF_B_COUNT: break;
    }
    return MF_DN_ADD;
}

/* Is `small` a vector over the channels of `big` ([N,C,H,W]), the same for all samples or one a sample? */
static bool
channel_vector(const mf_shape *big, const mf_shape *small, bool *per_sample)
{
    int64_t n = 1, c;

    if (big->ndim != 4 || big->dim[2] * big->dim[3] == 1) {
        return false;
    }
    if (small->ndim == 4) {
        n = small->dim[0];
    } else if (small->ndim != 3) {
        return false;
    }
    c           = small->dim[small->ndim - 3];
    *per_sample = n > 1;
    return c == big->dim[1] && small->dim[small->ndim - 2] == 1 && small->dim[small->ndim - 1] == 1 && (n == 1 || n == big->dim[0]);
}

/* Is `small` one value a pixel of `big` ([N,C,H,W]), the same for all channels? */
static bool
pixel_vector(const mf_shape *big, const mf_shape *small)
{
    return big->ndim == 4 && small->ndim == 4 && small->dim[0] == big->dim[0] && small->dim[1] == 1 && small->dim[2] == big->dim[2] &&
           small->dim[3] == big->dim[3];
}

static void
strides_of(int64_t stride[MF_MAX_DIMS], const mf_shape *s, const mf_shape *out)
{
    int64_t step = 1;
    int     d, k;

    for (d = out->ndim - 1; d >= 0; d--) {
        k         = d - (out->ndim - s->ndim);
        stride[d] = k < 0 || s->dim[k] == 1 ? 0 : step;
        step *= k < 0 ? 1 : s->dim[k];
    }
}

static mf_status
binary_prepare(mf_prep *p, mf_err *err)
{
    binary_state   *s = mf_calloc(1, sizeof *s);
    const mf_shape *a = &p->in[0].shape, *b = &p->in[1].shape;
    mf_tdesc       *out = &p->out[0], *big;
    int             i;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "an element-wise kernel");
    }
    s->simd = p->ctx->simd;
    s->op   = op_of(((const mf_binary_attrs *)p->attrs)->kind);
    s->bf16 = out->dtype == MF_DTYPE_BF16;
    s->out  = out->shape;
    p->in[0].dtype = p->in[1].dtype = out->dtype;
    if (mf_shape_eq(a, b)) {
        /* prefer the side that is blocked */
        big    = mf_layout_is_plain(a, &p->in[0].layout) ? &p->in[1] : &p->in[0];
        s->how = HOW_SAME;
        if (!mf_dn_flat_dense(big) || big->layout.nblk > 1 ||
            (big->layout.nblk == 1 && !mf_dn_chan_of(&s->chan, big))) {
            big->layout = mf_layout_plain(a);
        }
        out->layout   = big->layout;
        p->in[0]      = p->in[1] = *out;
        s->elems      = (size_t)mf_layout_elems(&out->shape, &out->layout);
        s->padded     = s->elems != (size_t)mf_shape_elems(&out->shape);
        p->inplace[0] = 0;
    } else if ((mf_shape_eq(a, &out->shape) && channel_vector(a, b, &s->per_sample)) ||
               (mf_shape_eq(b, &out->shape) && channel_vector(b, a, &s->per_sample))) {
        s->swap     = !mf_shape_eq(a, &out->shape);
        big         = &p->in[s->swap];
        s->how      = HOW_CHANNEL;
        big->layout = mf_dn_chan_layout(big, mf_dn_home_layout(p->ctx, big));
        if (!mf_dn_chan_of(&s->chan, big)) {
            mf_free(s);
            return mf_fail(err, MF_E_UNSUPPORTED, "element-wise: a layout without rows of channels");
        }
        p->in[!s->swap].layout = mf_layout_plain(&p->in[!s->swap].shape);
        p->in[!s->swap].dtype  = MF_DTYPE_F32;
        out->layout            = big->layout;
        s->padded              = s->chan.padded != s->chan.c;
        s->samples             = (size_t)out->shape.dim[0];
        s->part_bytes          = mf_dn_align(s->chan.padded * sizeof(float));
        p->scratch             = s->part_bytes * (s->per_sample ? s->samples : 1);
        p->inplace[0]          = s->swap;
    } else if ((mf_shape_eq(a, &out->shape) && pixel_vector(a, b)) || (mf_shape_eq(b, &out->shape) && pixel_vector(b, a))) {
        s->swap     = !mf_shape_eq(a, &out->shape);
        big         = &p->in[s->swap];
        s->how      = HOW_PIXEL;
        big->layout = mf_dn_chan_layout(big, mf_dn_home_layout(p->ctx, big));
        if (!mf_dn_chan_of(&s->chan, big) || !mf_dn_map_of(&s->map, big)) {
            mf_free(s);
            return mf_fail(err, MF_E_UNSUPPORTED, "element-wise: a layout without rows of channels");
        }
        p->in[!s->swap].layout = mf_layout_plain(&p->in[!s->swap].shape);
        p->in[!s->swap].dtype  = MF_DTYPE_F32;
        out->layout            = big->layout;
        s->padded              = s->chan.padded != s->chan.c;
        p->inplace[0]          = s->swap;
    } else {
        s->how      = HOW_STRIDED;
        out->layout = mf_layout_plain(&out->shape);
        for (i = 0; i < 2; i++) {
            p->in[i].layout = mf_layout_plain(&p->in[i].shape);
        }
        strides_of(s->sa, a, &out->shape);
        strides_of(s->sb, b, &out->shape);
        s->elems = (size_t)mf_shape_elems(&out->shape);
    }
    p->state = s;
    return MF_OK;
}

static void
same_span(void *arg, size_t begin, size_t end)
{
    const binary_job *j  = arg;
    size_t            at = begin * (j->s->bf16 ? 2 : 4);

    j->s->simd->flat->binary[j->s->bf16](j->s->op, j->y + at, j->a + at, j->b + at, end - begin);
}

/* Rows of one sample: [nb] blocks of HW pixels. */
static void
channel_rows(void *arg, size_t begin, size_t end, int thread)
{
    const binary_job   *j = arg;
    const binary_state *s = j->s;
    size_t              b = s->chan.b, nb = s->chan.padded / b, hw = s->chan.values / s->samples, k, es = s->bf16 ? 2 : 4;

    (void)thread;
    for (k = begin; k < end; k++) {
        const float *v  = (const float *)(void *)(j->scratch + (s->per_sample ? k / nb * s->part_bytes : 0)) + k % nb * b;
        size_t       at = k * hw * b * es;

        s->simd->flat->by_channel[s->bf16](s->op, j->y + at, j->a + at, hw, b, v, s->swap);
    }
}

static float
element(const void *p, size_t at, bool bf16)
{
    return bf16 ? mf_bf16_to_f32(((const uint16_t *)p)[at]) : ((const float *)p)[at];
}

static float
combine(mf_dn_op2 op, float a, float b)
{
    switch (op) {
    case MF_DN_SUB: return a - b;
    case MF_DN_MUL: return a * b;
    case MF_DN_DIV: return a / b;
    case MF_DN_MAX: return a >= b || a != a ? a : b;
    case MF_DN_ADD:
    case MF_DN_OP2_COUNT: break;
    }
    return a + b;
}

/* Blocks of channels: every pixel of one meets its own value. j->a is the large side, j->b the small one. */
static void
pixel_blocks(void *arg, size_t begin, size_t end, int thread)
{
    const binary_job   *j = arg;
    const binary_state *s = j->s;
    const mf_dn_map    *m = &s->map;
    size_t              q, es = s->bf16 ? 2 : 4;

    (void)thread;
    for (q = begin; q < end; q++) {
        size_t       at = mf_dn_map_block(m, q / m->nb, q % m->nb);
        const float *v  = (const float *)(const void *)j->b + q / m->nb * m->hw;

        s->simd->flat->by_pixel[s->bf16](s->op, j->y + at * es, j->a + at * es, m->hw, m->b, v, s->swap);
    }
}

static void
strided_span(void *arg, size_t begin, size_t end)
{
    const binary_job   *j = arg;
    const binary_state *s = j->s;
    int64_t             idx[MF_MAX_DIMS] = {0}, rest = (int64_t)begin, ia = 0, ib = 0;
    int                 d, nd = s->out.ndim;
    size_t              k;

    for (d = nd - 1; d >= 0; d--) {
        idx[d] = rest % s->out.dim[d];
        rest /= s->out.dim[d];
        ia += idx[d] * s->sa[d];
        ib += idx[d] * s->sb[d];
    }
    for (k = begin; k < end; k++) {
        float v = combine(s->op, element(j->a, (size_t)ia, s->bf16), element(j->b, (size_t)ib, s->bf16));

        if (s->bf16) {
            ((uint16_t *)(void *)j->y)[k] = mf_f32_to_bf16(v);
        } else {
            ((float *)(void *)j->y)[k] = v;
        }
        for (d = nd - 1; d >= 0; d--) {
            ia += s->sa[d];
            ib += s->sb[d];
            if (++idx[d] < s->out.dim[d]) {
                break;
            }
            idx[d] = 0;
            ia -= s->sa[d] * s->out.dim[d];
            ib -= s->sb[d] * s->out.dim[d];
        }
    }
}

static mf_status
binary_run(void *state, const mf_run *r, mf_err *err)
{
    const binary_state *s = state;
    binary_job          j = {s, r->out[0], r->in[0], r->in[1], r->scratch};

    (void)err;
    if (s->how == HOW_SAME) {
        mf_dn_spans(s->elems, MF_DN_FLAT_GRAIN, same_span, &j);
    } else if (s->how == HOW_STRIDED) {
        mf_dn_spans(s->elems, MF_DN_FLAT_GRAIN, strided_span, &j);
        return MF_OK;
    } else if (s->how == HOW_PIXEL) {
        j.a = r->in[s->swap];
        j.b = r->in[!s->swap];
        mf_parallel_for(s->map.n * s->map.nb, s->chan.elems < MF_DN_FLAT_GRAIN ? SIZE_MAX : 1, pixel_blocks, &j);
        if (s->padded) {
            mf_dn_chan_clear_padding(&s->chan, s->bf16 ? 2 : 4, r->out[0]);
        }
        return MF_OK;
    } else {
        const float *v = r->in[!s->swap];
        size_t       n = s->per_sample ? s->samples : 1, i;

        memset(r->scratch, 0, n * s->part_bytes);
        for (i = 0; i < n; i++) {
            memcpy((char *)r->scratch + i * s->part_bytes, v + i * s->chan.c, s->chan.c * sizeof(float));
        }
        j.a = r->in[s->swap];
        mf_parallel_for(s->samples * (s->chan.padded / s->chan.b), s->chan.elems < MF_DN_FLAT_GRAIN ? SIZE_MAX : 1, channel_rows, &j);
    }
    if (s->padded && (s->op == MF_DN_DIV)) {
        mf_dn_chan_clear_padding(&s->chan, s->bf16 ? 2 : 4, r->out[0]);
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_binary = {
    .op = "binary", .name = "onednn.binary", .supports = mf_dn_flat_dtypes, .prepare = binary_prepare, .run = binary_run,
    .release = mf_free,
};
