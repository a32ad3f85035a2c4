/* nn/backends/onednn/amx_dw.c: the weight gradient of a convolution on the tile unit (see amx.h).
 *
 * dy [N,Co,Ho,Wo], x [N,Ci,H,W] in bf16, channels last -> dw [Co,Ci,kh,kw] in f32, in cells of [16 in][16 out]. Images go in groups of
 * 32, rows of the output in chunks: a chunk of both operands is packed on all threads, then each thread takes its share of (32 output
 * channels, 32 input channels, tap) and adds the chunk's products to its cells.
 *
 * Few input channels (a stem): the values of a row of pixels lie as one run, and the kw Ci that a tap's row touches make the rows of
 * the tile; the sums are then brought into the weights' plain order. */
#include "nn/backends/onednn/amx.h"
#include "nn/backends/onednn/conv.h"

#include <stdio.h>
#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

enum { MIN_IMAGES = 8, GROUP = 32, CHUNK_BYTES = 3 << 19 };

typedef struct dw_state {
    const mf_dn_amx_loops *loops;
    mf_conv2d_attrs        a;
    bool                   merged;
    int                    n, k;                   /* images; of a group, rounded up to even */
    int                    h, w, ho, wo, kh, kw;
    int                    ci, co, taps;           /* taps: kh where merged */
    int                    mt, nt;                 /* tiles of rows and columns in all */
    size_t                 a_panels, b_panels;
    size_t                 a_row, a_panel;         /* elements of a packed row of x, of a panel */
    size_t                 b_row, b_panel;
    int                    chunk;                  /* output rows */
    int                    x_rows;                 /* input rows of a chunk, at most */
    size_t                 b_at, c_at;             /* scratch: packed dy; sums where merged */
} dw_state;

typedef struct dw_job {
    const dw_state *s;
    const uint16_t *x, *dy;
    uint16_t       *px, *pd;
    float          *c;
    int             image, images;  /* of this group */
    int             r0, r1;         /* output rows */
    int             x0, x1;         /* input rows packed */
    bool            add;
} dw_job;

static bool
dw_supports(const mf_prep *p, char why[128])
{
    const mf_conv2d_attrs *a = p->attrs;
    const mf_shape        *x = &p->in[1].shape, *w = &p->out[0].shape;
    bool                   whole = w->dim[0] % 16 == 0 && w->dim[1] % 16 == 0;
    bool                   stem  = w->dim[0] % 16 == 0 && w->dim[1] < 16 && w->dim[1] * w->dim[3] <= MF_DN_PANEL && a->dw == 1;

    if (p->ctx->amx == NULL || p->ctx->home_bf16 != DN_HOME_NHWC || p->in[1].dtype != MF_DTYPE_BF16 || p->out[0].dtype != MF_DTYPE_F32 ||
        a->groups != 1 || x->dim[0] < MIN_IMAGES || !(whole || stem)) {
        if (why != NULL) {
            snprintf(why, 128, "needs AMX, bf16, one group, 16 channels at a time and %d images", MIN_IMAGES);
        }
        return false;
    }
    return true;
}

static mf_status
dw_prepare(mf_prep *p, mf_err *err)
{
    const mf_shape *x = &p->in[1].shape, *y = &p->in[0].shape, *w = &p->out[0].shape;
    dw_state       *s = mf_calloc(1, sizeof *s);
    size_t          row, a_bytes;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a convolution's gradient");
    }
    s->loops  = p->ctx->amx;
    s->a      = *(const mf_conv2d_attrs *)p->attrs;
    s->merged = w->dim[1] % 16 != 0;
    s->n      = (int)x->dim[0];
    s->k      = s->n < GROUP ? (s->n + 1) / 2 * 2 : GROUP;
    s->ci     = (int)x->dim[1];
    s->h      = (int)x->dim[2];
    s->w      = (int)x->dim[3];
    s->co     = (int)y->dim[1];
    s->ho     = (int)y->dim[2];
    s->wo     = (int)y->dim[3];
    s->kh     = (int)w->dim[2];
    s->kw     = (int)w->dim[3];
    s->taps   = s->merged ? s->kh : s->kh * s->kw;
    s->mt     = s->merged ? (s->kw * s->ci + 15) / 16 : s->ci / 16;
    s->nt     = s->co / 16;
    s->a_panels = (size_t)(s->mt + 1) / 2;
    s->b_panels = (size_t)(s->nt + 1) / 2;
    s->a_row    = (size_t)s->k * (s->merged ? (size_t)((s->w + 2 * s->a.pw) * s->ci + MF_DN_PANEL) : (size_t)s->w * MF_DN_PANEL);
    s->b_row    = (size_t)s->k * (size_t)s->wo * MF_DN_PANEL;
    row         = (s->a_row * s->a_panels * (size_t)s->a.sh + s->b_row * s->b_panels) * sizeof(uint16_t);
    /* Large weights are added to once a chunk: then larger chunks. */
    s->chunk    = (int)((CHUNK_BYTES + (s->merged ? 0 : mf_tdesc_bytes(&p->out[0]) / 2)) / row);
    s->chunk    = s->chunk < 1 ? 1 : s->chunk > s->ho ? s->ho : s->chunk;
    s->chunk    = (s->ho + (s->ho + s->chunk - 1) / s->chunk - 1) / ((s->ho + s->chunk - 1) / s->chunk);
    s->x_rows   = (s->chunk - 1) * s->a.sh + (s->kh - 1) * s->a.dh + 1;
    s->x_rows   = s->x_rows > s->h ? s->h : s->x_rows;
    s->a_panel  = s->a_row * (size_t)s->x_rows;
    s->b_panel  = s->b_row * (size_t)s->chunk;
    a_bytes     = mf_dn_align(s->a_panel * s->a_panels * sizeof(uint16_t));
    s->b_at     = a_bytes;
    s->c_at     = s->b_at + mf_dn_align(s->b_panel * s->b_panels * sizeof(uint16_t));
    p->scratch  = s->c_at + (s->merged ? (size_t)(s->nt * s->taps * s->mt) * MF_DN_CELL * sizeof(float) : 0);
    p->in[0].dtype   = MF_DTYPE_BF16;
    p->in[0].layout  = mf_layout_nhwc(y);
    p->in[1].layout  = mf_layout_nhwc(x);
    p->out[0].layout = s->merged ? mf_layout_plain(w) : mf_dn_weight_cells(w);
    p->state         = s;
    return MF_OK;
}

/* Items: packed rows of x (by panel), then those of dy. */
static void
pack_items(void *arg, size_t begin, size_t end, int thread)
{
    const dw_job   *j  = arg;
    const dw_state *s  = j->s;
    size_t          nx = (size_t)(j->x1 - j->x0), ny = (size_t)(j->r1 - j->r0), item;
    int             q;

    (void)thread;
    for (item = begin; item < end; item++) {
        if (item < nx * s->a_panels) {
            size_t          panel = item / nx, r = item % nx, image = (size_t)s->h * (size_t)s->w * (size_t)s->ci;
            const uint16_t *from  = j->x + (size_t)j->image * image + ((size_t)j->x0 + r) * (size_t)(s->w * s->ci);
            uint16_t       *to    = j->px + panel * s->a_panel + r * s->a_row;

            if (s->merged) {
                int edge = s->a.pw * s->ci, run = s->w * s->ci;

                memset(to, 0, (size_t)(edge * s->k) * sizeof *to);
                for (q = 0; q < run; q += MF_DN_PANEL) {
                    s->loops->pack_rows(to + (size_t)((edge + q) * s->k), from + q, image, j->images, s->k, run - q < MF_DN_PANEL ? run - q : MF_DN_PANEL);
                }
                memset(to + (size_t)((edge + run) * s->k), 0, (size_t)((edge + MF_DN_PANEL) * s->k) * sizeof *to);
                continue;
            }
            for (q = 0; q < s->w; q++) {
                int c = (int)panel * MF_DN_PANEL;

                s->loops->pack_rows(to + (size_t)q * (size_t)(MF_DN_PANEL * s->k), from + q * s->ci + c, image, j->images, s->k,
                                    s->ci - c < MF_DN_PANEL ? s->ci - c : MF_DN_PANEL);
            }
        } else {
            size_t          at = item - nx * s->a_panels, panel = at / ny, r = at % ny, image = (size_t)s->ho * (size_t)s->wo * (size_t)s->co;
            int             c    = (int)panel * MF_DN_PANEL;
            const uint16_t *from = j->dy + (size_t)j->image * image + ((size_t)j->r0 + r) * (size_t)(s->wo * s->co) + c;
            uint16_t       *to   = j->pd + panel * s->b_panel + r * s->b_row;

            for (q = 0; q < s->wo; q++) {
                s->loops->pack_pairs(to + (size_t)q * (size_t)(MF_DN_PANEL * s->k), from + q * s->co, image, j->images, s->k,
                                     s->co - c < MF_DN_PANEL ? s->co - c : MF_DN_PANEL);
            }
        }
    }
}

/* The outputs o in [from, to) for which o stride + shift lies in [0, size). */
static void
valid(int *from, int *to, int stride, int shift, int size, int lo, int hi)
{
    int a = shift < 0 ? (-shift + stride - 1) / stride : 0, b = size - shift <= 0 ? 0 : (size - shift - 1) / stride + 1;

    *from = a > lo ? a : lo;
    *to   = b < hi ? b : hi;
    if (*to < *from) {
        *to = *from;
    }
}

/* Items: (panel of dy, panel of x, tap). */
static void
multiply(void *arg, size_t begin, size_t end, int thread)
{
    const dw_job   *j = arg;
    const dw_state *s = j->s;
    size_t          item, cell = MF_DN_CELL;

    (void)thread;
    s->loops->begin(s->k);
    for (item = begin; item < end; item++) {
        size_t         tap = item % (size_t)s->taps, pa = item / (size_t)s->taps % s->a_panels, pb = item / (size_t)s->taps / s->a_panels;
        int            di = (s->merged ? (int)tap : (int)tap / s->kw) * s->a.dh - s->a.ph, dj = s->merged ? 0 : (int)tap % s->kw * s->a.dw - s->a.pw;
        int            i0, i1, j0, j1, step = s->merged ? s->ci : MF_DN_PANEL;
        mf_dn_amx_grid t  = {.a_tile = (size_t)(16 * s->k), .b_tile = (size_t)(16 * s->k), .a_pitch = (size_t)s->k * sizeof(uint16_t),
                             .a_row = s->a_row * (size_t)s->a.sh, .b_row = s->b_row, .a_col = (size_t)(s->a.sw * step * s->k),
                             .b_col = (size_t)(MF_DN_PANEL * s->k), .m = s->mt - 2 * (int)pa >= 2 ? 2 : 1, .n = s->nt - 2 * (int)pb >= 2 ? 2 : 1,
                             .add = j->add};

        valid(&i0, &i1, s->a.sh, di, s->h, j->r0, j->r1);
        valid(&j0, &j1, s->a.sw, dj, s->merged ? s->a.sw * s->wo : s->w, 0, s->wo);
        t.rows = (size_t)(i1 - i0);
        t.cols = (size_t)(j1 - j0);
        if (t.add && (t.rows == 0 || t.cols == 0)) {
            continue;
        }
        if (t.rows > 0 && t.cols > 0) {
            t.a = j->px + pa * s->a_panel + (size_t)(i0 * s->a.sh + di - j->x0) * s->a_row + (size_t)((j0 * s->a.sw + dj) * step * s->k);
            t.b = j->pd + pb * s->b_panel + (size_t)(i0 - j->r0) * s->b_row + (size_t)j0 * t.b_col;
        } else {
            t.rows = 0;
        }
        t.c_m = s->merged ? cell : (size_t)s->taps * cell;
        t.c_n = s->merged ? (size_t)(s->taps * s->mt) * cell : (size_t)s->mt * t.c_m;
        t.c   = j->c + 2 * pb * t.c_n + (s->merged ? tap * (size_t)s->mt * cell : tap * cell) + 2 * pa * t.c_m;
        s->loops->grid(&t);
    }
    s->loops->end();
}

/* Merged sums [nt][kh][mt 16 = (kw, ci)][16] to [Co][Ci][kh][kw]. */
static void
unmerge(const dw_state *s, float *dw, const float *c)
{
    int o, i, u, v;

    for (o = 0; o < s->co; o++) {
        for (i = 0; i < s->ci; i++) {
            for (u = 0; u < s->kh; u++) {
                for (v = 0; v < s->kw; v++) {
                    *dw++ = c[((size_t)((o / 16 * s->kh + u) * s->mt * 16) + (size_t)(v * s->ci + i)) * 16 + (size_t)(o % 16)];
                }
            }
        }
    }
}

static mf_status
dw_run(void *state, const mf_run *r, mf_err *err)
{
    const dw_state *s = state;
    dw_job          j = {.s = s, .x = r->in[1], .dy = r->in[0], .px = r->scratch, .pd = (uint16_t *)(void *)((char *)r->scratch + s->b_at),
                         .c = s->merged ? (float *)(void *)((char *)r->scratch + s->c_at) : r->out[0]};

    (void)err;
    for (j.image = 0; j.image < s->n; j.image += GROUP) {
        j.images = s->n - j.image < GROUP ? s->n - j.image : GROUP;
        for (j.r0 = 0; j.r0 < s->ho; j.r0 += s->chunk) {
            int last;

            j.r1 = j.r0 + s->chunk < s->ho ? j.r0 + s->chunk : s->ho;
            j.x0 = j.r0 * s->a.sh - s->a.ph;
            last = (j.r1 - 1) * s->a.sh - s->a.ph + (s->kh - 1) * s->a.dh + 1;
            j.x0 = j.x0 < 0 ? 0 : j.x0 > s->h ? s->h : j.x0;
            j.x1 = last > s->h ? s->h : last < j.x0 ? j.x0 : last;
            mf_parallel_for((size_t)(j.x1 - j.x0) * s->a_panels + (size_t)(j.r1 - j.r0) * s->b_panels, 1, pack_items, &j);
            mf_parallel_for(s->b_panels * s->a_panels * (size_t)s->taps, 1, multiply, &j);
            j.add = true;
        }
    }
    if (s->merged) {
        unmerge(s, r->out[0], j.c);
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_amx_conv2d_dw = {
    .op = "conv2d_dw", .name = "amx.conv2d_dw", .supports = dw_supports, .prepare = dw_prepare, .run = dw_run, .release = mf_free,
};
