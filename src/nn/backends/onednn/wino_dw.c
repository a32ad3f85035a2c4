/* nn/backends/onednn/wino_dw.c: the weight gradient of a 3 x 3 convolution by minimal filtering (see wino.h).
 *
 * The tiles go in chunks: x of a chunk is transformed once, on all threads; then each thread takes pairs of output blocks, transforms
 * their dy, and sums the outer products of its cells of V x V weights at every point. After the last chunk the sums are turned into the
 * gradient. Each sum has one order, whatever the threads. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/onednn.h"
#include "nn/backends/onednn/wino.h"

#include "core/mem.h"
#include "core/thread.h"

enum { CHUNK_FLOATS = 1 << 20, PAIR = 2 };

typedef struct dw_state {
    const mf_dn_wino_loops *loops;
    const mf_dn_wino_form  *form;
    mf_dn_wino_grid         grid;
    size_t                  points;
    size_t                  v, ib, ob;
    int                     h, w, ho, wo, pad_i, pad_j;
    size_t                  chunk, chunks;
    size_t                  x_point, d_point, s_point; /* strides in floats */
    size_t                  parts, sums_at, part_at, part_floats;
    bool                    bf;      /* the maps are bf16 */
    size_t                  bytes;   /* of one of their values */
} dw_state;

typedef struct dw_job {
    const dw_state *s;
    const char     *x, *dy;
    float          *dw, *tx, *sums;
    char           *scratch;
    size_t          first, tiles;
} dw_job;

static bool
dw_supports(const mf_prep *p, char why[128])
{
    return p->out[0].dtype == MF_DTYPE_F32 && mf_dn_wino_choose(p, &p->in[1], &p->in[0], &p->out[0], p->attrs, why) != NULL;
}

static mf_status
dw_prepare(mf_prep *p, mf_err *err)
{
    const mf_conv2d_attrs *a = p->attrs;
    const mf_shape        *x = &p->in[1].shape, *y = &p->in[0].shape;
    dw_state              *s = mf_calloc(1, sizeof *s);
    size_t                 most, all, sums;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a convolution's gradient");
    }
    s->loops = p->ctx->simd->wino;
    s->v     = (size_t)s->loops->width;
    s->form  = mf_dn_wino_choose(p, &p->in[1], &p->in[0], &p->out[0], a, NULL);
    s->bf    = p->in[1].dtype == MF_DTYPE_BF16;
    s->bytes = s->bf ? sizeof(uint16_t) : sizeof(float);
    s->grid  = mf_dn_wino_grid_of(y, s->form);
    s->points = (size_t)s->form->points;
    s->ib    = (size_t)x->dim[1] / s->v;
    s->ob    = (size_t)y->dim[1] / s->v;
    s->h     = (int)x->dim[2];
    s->w     = (int)x->dim[3];
    s->ho    = (int)y->dim[2];
    s->wo    = (int)y->dim[3];
    s->pad_i = a->ph - s->form->skip;
    s->pad_j = a->pw - s->form->skip;
    s->parts = (size_t)mf_threads_get();
    /* Several chunks need memory for their sums: one chunk, where that takes no more. */
    most      = CHUNK_FLOATS / (s->points * s->ib * s->v) + 1;
    all       = s->points * s->ib * s->v * s->grid.tiles;
    sums      = s->points * s->ib * s->v * s->ob * s->v;
    s->chunks = all <= CHUNK_FLOATS + sums ? 1 : (s->grid.tiles + most - 1) / most;
    s->chunk  = (s->grid.tiles + s->chunks - 1) / s->chunks;
    s->chunks = (s->grid.tiles + s->chunk - 1) / s->chunk;
    s->x_point     = s->ib * s->chunk * s->v + 16;
    s->d_point     = PAIR * s->chunk * s->v + 16;
    s->s_point     = s->v * s->v;
    s->sums_at     = mf_dn_align(s->points * s->x_point * sizeof(float));
    s->part_at     = s->sums_at + (s->chunks > 1 ? mf_dn_align(s->ob * s->ib * s->points * s->s_point * sizeof(float)) : 0);
    s->part_floats = s->points * (s->d_point + PAIR * s->s_point);
    p->in[0].layout  = mf_layout_nchw_c(y, (int)s->v);
    p->in[1].layout  = mf_layout_nchw_c(x, (int)s->v);
    p->out[0].layout = mf_dn_wino_weight_layout(&p->out[0].shape, (int)s->v);
    p->scratch       = s->part_at + s->parts * mf_dn_align(s->part_floats * sizeof(float));
    p->state         = s;
    return MF_OK;
}

/* Items: blocks, then tiles of the chunk. */
static void
transform_x(void *arg, size_t part)
{
    const dw_job   *j = arg;
    const dw_state *s = j->s;
    size_t          per = s->grid.rows * s->grid.cols, v = s->v, items = s->ib * j->tiles, item;

    for (item = items * part / s->parts; item < items * (part + 1) / s->parts; item++) {
        size_t       b = item / j->tiles, t = item % j->tiles, n = (j->first + t) / per, at = (j->first + t) % per;
        mf_dn_window d = {j->x + (n * s->ib + b) * (size_t)s->h * (size_t)s->w * v * s->bytes, s->h, s->w,
                          (int)(at / s->grid.cols) * s->form->out - s->pad_i, (int)(at % s->grid.cols) * s->form->out - s->pad_j, s->bf};

        s->form->input(j->tx + item * v, s->x_point, &d);
    }
}

static void
transform_dy(const dw_job *j, float *td, size_t b, int blocks)
{
    const dw_state *s = j->s;
    size_t          per = s->grid.rows * s->grid.cols, v = s->v, t;
    int             k;

    for (k = 0; k < blocks; k++) {
        for (t = 0; t < j->tiles; t++) {
            size_t       n = (j->first + t) / per, at = (j->first + t) % per;
            mf_dn_window d = {j->dy + (n * s->ob + b + (size_t)k) * (size_t)s->ho * (size_t)s->wo * v * s->bytes, s->ho, s->wo,
                              (int)(at / s->grid.cols) * s->form->out, (int)(at % s->grid.cols) * s->form->out, s->bf};

            s->form->grad(td + ((size_t)k * j->tiles + t) * v, s->d_point, &d);
        }
    }
}

static void
multiply_part(void *arg, size_t part)
{
    const dw_job   *j = arg;
    const dw_state *s = j->s;
    size_t          v = s->v, pairs = (s->ob + PAIR - 1) / PAIR, pair, c, k, q;
    float          *td = (float *)(void *)(j->scratch + part * mf_dn_align(s->part_floats * sizeof(float)));
    float          *own = td + s->points * s->d_point;
    bool            last = j->first + j->tiles == s->grid.tiles;

    for (pair = pairs * part / s->parts; pair < pairs * (part + 1) / s->parts; pair++) {
        size_t b      = pair * PAIR;
        int    blocks = s->ob - b >= PAIR ? PAIR : 1;

        transform_dy(j, td, b, blocks);
        for (c = 0; c < s->ib; c++) {
            size_t s_block = s->chunks > 1 ? s->ib * s->points * s->s_point : s->points * s->s_point;
            float *sums    = s->chunks > 1 ? j->sums + (b * s->ib + c) * s->points * s->s_point : own;

            for (k = 0; k < s->points; k++) {
                s->loops->outer(sums + k * s->s_point, s_block, j->tx + k * s->x_point + c * j->tiles * v, td + k * s->d_point, j->tiles * v,
                                j->tiles, blocks, j->first > 0);
            }
            for (q = 0; last && q < (size_t)blocks; q++) {
                s->form->filter(j->dw + ((b + q) * s->ib + c) * 9 * v * v, sums + q * s_block, s->s_point);
            }
        }
    }
}

static mf_status
dw_run(void *state, const mf_run *r, mf_err *err)
{
    const dw_state *s = state;
    dw_job          j = {.s = s, .x = r->in[1], .dy = r->in[0], .dw = r->out[0], .tx = r->scratch,
                         .sums = (float *)(void *)((char *)r->scratch + s->sums_at), .scratch = (char *)r->scratch + s->part_at};

    (void)err;
    for (j.first = 0; j.first < s->grid.tiles; j.first += s->chunk) {
        j.tiles = s->grid.tiles - j.first < s->chunk ? s->grid.tiles - j.first : s->chunk;
        mf_dn_parts(s->parts, transform_x, &j);
        mf_dn_parts(s->parts, multiply_part, &j);
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_wino_conv2d_dw = {
    .op = "conv2d_dw", .name = "winograd.conv2d_dw", .supports = dw_supports, .prepare = dw_prepare, .run = dw_run, .release = mf_free,
};
