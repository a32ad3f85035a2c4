/* nn/backends/onednn/chan.c: per-channel work over dense activations, cut into items that threads share. */
#include "nn/backends/onednn/chan.h"

#include <string.h>
#include "core/thread.h"

enum { SMALL = 1 << 14 }; /* elements below which one thread is faster than waking the others */

bool
mf_dn_chan_of(mf_dn_chan *out, const mf_tdesc *d)
{
    const mf_shape  *s = &d->shape;
    const mf_layout *l = &d->layout;
    mf_dn_chan       g = {0};
    mf_layout        nhwc;
    int64_t          batch, pixels = 1;
    int              i;

    if (s->ndim < 2) {
        return false;
    }
    for (i = 2; i < s->ndim; i++) {
        pixels *= s->dim[i];
    }
    batch    = s->dim[0];
    g.c      = (size_t)s->dim[1];
    g.values = (size_t)(batch * pixels);
    if (mf_layout_is_plain(s, l)) {
        if (pixels == 1) {
            g.n = g.nb = 1;
            g.s        = (size_t)batch;
            g.b        = g.c;
        } else {
            g.n  = (size_t)batch;
            g.nb = g.c;
            g.s  = (size_t)pixels;
            g.b  = 1;
        }
    } else if (s->ndim == 4 && l->nblk == 1 && l->blk_dim[0] == 1) {
        mf_layout want = mf_layout_nchw_c(s, l->blk[0]);

        if (!mf_layout_eq(s, l, &want)) {
            return false;
        }
        g.n  = (size_t)batch;
        g.b  = (size_t)l->blk[0];
        g.nb = (g.c + g.b - 1) / g.b;
        g.s  = (size_t)pixels;
    } else if (s->ndim == 4 && l->nblk == 0) {
        nhwc = mf_layout_nhwc(s);
        if (!mf_layout_eq(s, l, &nhwc)) {
            return false;
        }
        g.n = g.nb = 1;
        g.s        = g.values;
        g.b        = g.c;
    } else {
        return false;
    }
    g.padded  = g.nb * g.b;
    g.elems   = g.n * g.padded * g.s;
    g.piece   = g.b == 1 ? 4096 : g.b <= 32 ? 256 : 64;
    g.piece   = g.piece < g.s || g.s == 0 ? g.piece : g.s;
    g.per_row = (g.s + g.piece - 1) / g.piece;
    g.items   = g.n * g.nb * g.per_row;
    g.parts   = g.elems < SMALL ? 1 : (size_t)mf_threads_get();
    if (g.parts > g.items) {
        g.parts = g.items > 0 ? g.items : 1;
    }
    /* Short rows far apart fall into few sets of the cache, and a large block leaves it before the second pass. */
    g.by_block = (g.nb >= 4 * g.parts || g.nb % g.parts == 0) && g.s * g.b >= 1024 && g.n * g.s * g.b <= 1 << 18;
    *out       = g;
    return true;
}

mf_layout
mf_dn_chan_layout(const mf_tdesc *d, mf_layout fallback)
{
    mf_dn_chan g;

    return mf_dn_chan_of(&g, d) ? d->layout : fallback;
}

typedef struct each_job {
    const mf_dn_chan *g;
    bool              backwards;
    mf_dn_item_fn    *fn;
    void             *arg;
} each_job;

static void
each_parts(void *arg, size_t begin, size_t end, int thread)
{
    const each_job   *j = arg;
    const mf_dn_chan *g = j->g;
    size_t            part, k;

    (void)thread;
    for (part = begin; part < end; part++) {
        size_t lo = g->items * part / g->parts, hi = g->items * (part + 1) / g->parts;

        for (k = lo; k < hi; k++) {
            size_t item = j->backwards ? hi - 1 - (k - lo) : k;
            size_t row = item / g->per_row, p0 = item % g->per_row * g->piece;
            size_t pix = g->s - p0 < g->piece ? g->s - p0 : g->piece;

            j->fn(j->arg, part, (row * g->s + p0) * g->b, row % g->nb * g->b, pix);
        }
    }
}

void
mf_dn_chan_each(const mf_dn_chan *g, bool backwards, mf_dn_item_fn *fn, void *arg)
{
    each_job j = {g, backwards, fn, arg};

    mf_parallel_for(g->parts, 1, each_parts, &j);
}

/* Scratch of the sums: for each part two double vectors [padded], counts [nb], two float rows [b]. */
typedef struct part_mem {
    double *a, *b, *count;
    float  *ra, *rb;
} part_mem;

static size_t
part_bytes(const mf_dn_chan *g)
{
    size_t d = (2 * g->padded + g->nb) * sizeof(double), f = 2 * g->b * sizeof(float);

    return (d + f + 127) & ~(size_t)63;
}

static part_mem
part_at(const mf_dn_chan *g, void *scratch, size_t part)
{
    part_mem m;

    m.a     = (double *)(void *)((char *)scratch + part * part_bytes(g));
    m.b     = m.a + g->padded;
    m.count = m.b + g->padded;
    m.ra    = (float *)(void *)(m.count + g->nb);
    m.rb    = m.ra + g->b;
    return m;
}

size_t
mf_dn_chan_scratch(const mf_dn_chan *g)
{
    return g->parts * part_bytes(g);
}

static void
clear_parts(const mf_dn_chan *g, void *scratch)
{
    memset(scratch, 0, mf_dn_chan_scratch(g));
}

typedef struct stats_job {
    const mf_dn_chan *g;
    const mf_dn_simd *simd;
    const void       *x;
    void             *scratch;
    bool              bf16;
} stats_job;

static void
stats_item(void *arg, size_t part, size_t at, size_t c0, size_t pix)
{
    const stats_job *j = arg;
    part_mem         m = part_at(j->g, j->scratch, part);
    size_t           b = j->g->b;
    const char      *x = (const char *)j->x + at * (j->bf16 ? 2 : 4);

    j->simd->chan->stats[j->bf16](x, pix, b, m.ra, m.rb);
    j->simd->chan->merge(m.a + c0, m.b + c0, m.count[c0 / b], m.ra, m.rb, (double)pix, b);
    m.count[c0 / b] += (double)pix;
}

void
mf_dn_chan_stats(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, const void *x, double *mean, double *m2, void *scratch)
{
    stats_job j = {g, simd, x, scratch, bf16};
    size_t    part, c;

    clear_parts(g, scratch);
    mf_dn_chan_each(g, false, stats_item, &j);
    for (c = 0; c < g->padded; c++) {
        double n = 0.0, mu = 0.0, s = 0.0;

        for (part = 0; part < g->parts; part++) {
            part_mem m  = part_at(g, scratch, part);
            double   nc = m.count[c / g->b], d = m.a[c] - mu;

            if (nc > 0.0) {
                mu += d * nc / (n + nc);
                s += m.b[c] + d * d * n * nc / (n + nc);
                n += nc;
            }
        }
        mean[c] = mu;
        m2[c]   = s;
    }
}

typedef struct grad_job {
    const mf_dn_chan     *g;
    const mf_dn_simd     *simd;
    const mf_dn_grad_row *row;
    void                 *scratch;
    bool                  bf16;
} grad_job;

static const void *
shift(const void *p, size_t at, bool bf16)
{
    return p == NULL ? NULL : (const char *)p + at * (bf16 ? 2 : 4);
}

static void *
shift_out(void *p, size_t at, bool bf16)
{
    return p == NULL ? NULL : (char *)p + at * (bf16 ? 2 : 4);
}

static mf_dn_grad_row
row_at(const grad_job *j, size_t at, size_t c0, size_t pix)
{
    mf_dn_grad_row r = *j->row;

    r.dy   = shift(r.dy, at, j->bf16);
    r.dy2  = shift(r.dy2, at, j->bf16);
    r.y    = shift(r.y, at, j->bf16);
    r.x    = shift(r.x, at, j->bf16);
    r.g    = shift_out(r.g, at, j->bf16);
    r.dx   = shift_out(r.dx, at, j->bf16);
    r.mean = r.mean == NULL ? NULL : r.mean + c0;
    r.a    = r.a == NULL ? NULL : r.a + c0;
    r.mg   = r.mg == NULL ? NULL : r.mg + c0;
    r.k    = r.k == NULL ? NULL : r.k + c0;
    r.s    = r.s == NULL ? NULL : r.s + c0;
    r.h    = r.h == NULL ? NULL : r.h + c0;
    r.pix  = pix;
    r.b    = j->g->b;
    return r;
}

static void
grad_item(void *arg, size_t part, size_t at, size_t c0, size_t pix)
{
    const grad_job *j = arg;
    part_mem        m = part_at(j->g, j->scratch, part);
    mf_dn_grad_row  r = row_at(j, at, c0, pix);

    r.sum_g  = m.ra;
    r.sum_gx = m.rb;
    j->simd->chan->grad_sums[j->bf16](&r);
    j->simd->chan->add_to(m.a + c0, m.ra, r.b);
    if (r.x != NULL) {
        j->simd->chan->add_to(m.b + c0, m.rb, r.b);
    }
}

void
mf_dn_chan_grad_sums(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, const mf_dn_grad_row *row, double *sum_g,
                     double *sum_gx, void *scratch)
{
    grad_job j = {g, simd, row, scratch, bf16};
    size_t   part, c;

    clear_parts(g, scratch);
    mf_dn_chan_each(g, false, grad_item, &j);
    for (c = 0; c < g->padded; c++) {
        double a = 0.0, b = 0.0;

        for (part = 0; part < g->parts; part++) {
            part_mem m = part_at(g, scratch, part);

            a += m.a[c];
            b += m.b[c];
        }
        sum_g[c] = a;
        if (sum_gx != NULL) {
            sum_gx[c] = b;
        }
    }
}

static void
apply_item(void *arg, size_t part, size_t at, size_t c0, size_t pix)
{
    const grad_job *j = arg;
    mf_dn_grad_row  r = row_at(j, at, c0, pix);

    (void)part;
    j->simd->chan->grad_apply[j->bf16](&r);
}

void
mf_dn_chan_grad_apply(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, const mf_dn_grad_row *row)
{
    grad_job j = {g, simd, row, NULL, bf16};

    mf_dn_chan_each(g, true, apply_item, &j); /* backwards: what the sums read last is still in the cache */
}

typedef struct affine_job {
    const mf_dn_chan *g;
    const mf_dn_simd *simd;
    void             *y;
    const void       *x, *res;
    const float      *mean, *scale, *shift;
    bool              relu, bf16;
} affine_job;

static void
affine_item(void *arg, size_t part, size_t at, size_t c0, size_t pix)
{
    const affine_job *j = arg;

    (void)part;
    j->simd->chan->affine[j->bf16](shift_out(j->y, at, j->bf16), shift(j->x, at, j->bf16), shift(j->res, at, j->bf16), pix,
                                   j->g->b, j->mean + c0, j->scale + c0, j->shift + c0, j->relu);
}

void
mf_dn_chan_affine(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, void *y, const void *x, const void *res,
                  const float *mean, const float *scale, const float *shift_, bool relu)
{
    affine_job j = {g, simd, y, x, res, mean, scale, shift_, relu, bf16};

    mf_dn_chan_each(g, true, affine_item, &j);
}

/* All items of one block of channels. */
static void
each_of_block(const mf_dn_chan *g, size_t block, size_t part, bool backwards, mf_dn_item_fn *fn, void *arg)
{
    size_t count = g->n * g->per_row, k;

    for (k = 0; k < count; k++) {
        size_t item = backwards ? count - 1 - k : k, p0 = item % g->per_row * g->piece;
        size_t pix  = g->s - p0 < g->piece ? g->s - p0 : g->piece;

        fn(arg, part, ((item / g->per_row * g->nb + block) * g->s + p0) * g->b, block * g->b, pix);
    }
}

void
mf_dn_chan_block_stats(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, size_t block, size_t part, const void *x,
                       double *mean, double *m2, void *scratch)
{
    stats_job j  = {g, simd, x, scratch, bf16};
    part_mem  m  = part_at(g, scratch, part);
    size_t    c0 = block * g->b;

    memset(m.a + c0, 0, g->b * sizeof(double));
    memset(m.b + c0, 0, g->b * sizeof(double));
    m.count[block] = 0.0;
    each_of_block(g, block, part, false, stats_item, &j);
    memcpy(mean + c0, m.a + c0, g->b * sizeof(double));
    memcpy(m2 + c0, m.b + c0, g->b * sizeof(double));
}

void
mf_dn_chan_block_affine(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, size_t block, void *y, const void *x,
                        const void *res, const float *mean, const float *scale, const float *shift_, bool relu)
{
    affine_job j = {g, simd, y, x, res, mean, scale, shift_, relu, bf16};

    each_of_block(g, block, 0, true, affine_item, &j);
}

void
mf_dn_chan_block_grad_sums(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, size_t block, size_t part,
                           const mf_dn_grad_row *row, double *sum_g, double *sum_gx, void *scratch)
{
    grad_job j  = {g, simd, row, scratch, bf16};
    part_mem m  = part_at(g, scratch, part);
    size_t   c0 = block * g->b;

    memset(m.a + c0, 0, g->b * sizeof(double));
    memset(m.b + c0, 0, g->b * sizeof(double));
    each_of_block(g, block, part, false, grad_item, &j);
    memcpy(sum_g + c0, m.a + c0, g->b * sizeof(double));
    memcpy(sum_gx + c0, m.b + c0, g->b * sizeof(double));
}

void
mf_dn_chan_block_grad_apply(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, size_t block, const mf_dn_grad_row *row)
{
    grad_job j = {g, simd, row, NULL, bf16};

    each_of_block(g, block, 0, true, apply_item, &j);
}

mf_layout
mf_dn_layout_like(const mf_tdesc *x, const mf_shape *s)
{
    if (x->shape.ndim == 4 && s->ndim == 4 && !mf_layout_is_plain(&x->shape, &x->layout)) {
        return x->layout.nblk == 1 ? mf_layout_nchw_c(s, x->layout.blk[0]) : mf_layout_nhwc(s);
    }
    return mf_layout_plain(s);
}

typedef struct part_job {
    mf_dn_part_fn *fn;
    void          *arg;
} part_job;

static void
some_parts(void *arg, size_t begin, size_t end, int thread)
{
    const part_job *j = arg;
    size_t          i;

    (void)thread;
    for (i = begin; i < end; i++) {
        j->fn(j->arg, i);
    }
}

void
mf_dn_parts(size_t parts, mf_dn_part_fn *fn, void *arg)
{
    part_job j = {fn, arg};

    mf_parallel_for(parts, 1, some_parts, &j);
}

typedef struct span_job {
    size_t         n;
    mf_dn_span_fn *fn;
    void          *arg;
} span_job;

static void
span_lines(void *arg, size_t begin, size_t end, int thread)
{
    const span_job *j = arg;

    (void)thread;
    j->fn(j->arg, begin * 64, end * 64 < j->n ? end * 64 : j->n);
}

void
mf_dn_spans(size_t n, size_t grain, mf_dn_span_fn *fn, void *arg)
{
    span_job j = {n, fn, arg};

    if (n <= grain) {
        if (n > 0) {
            fn(arg, 0, n);
        }
        return;
    }
    mf_parallel_for((n + 63) / 64, 1, span_lines, &j);
}

typedef struct copy_job {
    char       *dst;
    const char *src;
} copy_job;

static void
copy_span(void *arg, size_t begin, size_t end)
{
    const copy_job *j = arg;

    memcpy(j->dst + begin, j->src + begin, end - begin);
}

void
mf_dn_copy(void *dst, const void *src, size_t bytes)
{
    copy_job j = {dst, src};

    mf_dn_spans(bytes, 1 << 17, copy_span, &j);
}

void
mf_dn_chan_clear_padding(const mf_dn_chan *g, size_t elem_size, void *data)
{
    size_t n, p, pad = g->padded - g->c;

    if (pad == 0) {
        return;
    }
    for (n = 0; n < g->n; n++) {
        char *row = (char *)data + ((n * g->nb + g->nb - 1) * g->s * g->b + (g->b - pad)) * elem_size;

        for (p = 0; p < g->s; p++) {
            memset(row + p * g->b * elem_size, 0, pad * elem_size);
        }
    }
}
