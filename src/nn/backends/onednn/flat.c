/* nn/backends/onednn/flat.c: element-wise work over storage in tiles. */
#include "nn/backends/onednn/flat.h"

#include <stdio.h>
#include "core/mem.h"

bool
mf_dn_flat_dtypes(const mf_prep *p, char why[128])
{
    if (p->out[0].dtype != MF_DTYPE_F32 && p->out[0].dtype != MF_DTYPE_BF16) {
        if (why != NULL) {
            snprintf(why, 128, "onednn works on F32 and BF16 elements, not on %s", mf_dtype_name(p->out[0].dtype));
        }
        return false;
    }
    return true;
}

bool
mf_dn_flat_dense(const mf_tdesc *d)
{
    int64_t elems = 1, block;
    int     i, k;

    for (i = 0; i < d->shape.ndim; i++) {
        block = 1;
        for (k = 0; k < d->layout.nblk; k++) {
            block *= d->layout.blk_dim[k] == i ? d->layout.blk[k] : 1;
        }
        elems *= (d->shape.dim[i] + block - 1) / block * block;
    }
    return elems == mf_layout_elems(&d->shape, &d->layout);
}

mf_status
mf_dn_flat_setup(mf_prep *p, int lead, uint32_t inputs, mf_dtype dtype, mf_tdesc *got, mf_err *err)
{
    mf_dn_flat_state *s = mf_calloc(1, sizeof *s);
    int               i;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "an element-wise kernel");
    }
    *got       = p->in[lead];
    got->dtype = dtype;
    if (!mf_dn_flat_dense(got) || got->layout.nblk > 1) {
        got->layout = mf_layout_plain(&got->shape);
    }
    s->elems  = (size_t)mf_layout_elems(&got->shape, &got->layout);
    s->padded = s->elems != (size_t)mf_shape_elems(&got->shape);
    if (s->padded && !mf_dn_chan_of(&s->chan, got)) { /* padded, but not in channels */
        got->layout = mf_layout_plain(&got->shape);
        s->elems    = (size_t)mf_layout_elems(&got->shape, &got->layout);
        s->padded   = false;
    }
    for (i = 0; i < p->nin; i++) {
        if (p->has_in[i] && inputs >> i & 1u) {
            p->in[i] = *got;
        }
    }
    s->simd  = p->ctx->simd;
    s->bf16  = dtype == MF_DTYPE_BF16;
    s->nin   = p->nin;
    p->state = s;
    return MF_OK;
}

mf_status
mf_dn_flat_prepare(mf_prep *p, mf_err *err)
{
    mf_tdesc  got;
    mf_status st;
    int       lead;

    for (lead = 0; lead < p->nin && !p->has_in[lead]; lead++) {
    }
    if ((st = mf_dn_flat_setup(p, lead, ~0u, p->out[0].dtype, &got, err)) == MF_OK) {
        p->out[0].layout = got.layout;
        p->inplace[0]    = 0;
    }
    return st;
}

typedef struct tile_job {
    const mf_dn_flat_state *s;
    mf_dn_tile_fn          *fn;
    void                   *y;
    const void             *in[3];
} tile_job;

static void
tile_span(void *arg, size_t begin, size_t end)
{
    const tile_job *j = arg;
    float           buf[4][MF_DN_TILE];
    const float    *in[3];
    size_t          at, n;
    int             i;

    for (at = begin; at < end; at += n) {
        n = end - at < MF_DN_TILE ? end - at : MF_DN_TILE;
        for (i = 0; i < 3; i++) {
            in[i] = NULL;
            if (j->in[i] == NULL) {
                continue;
            }
            if (j->s->bf16) {
                j->s->simd->flat->from_bf16(buf[i], (const uint16_t *)j->in[i] + at, n);
                in[i] = buf[i];
            } else {
                in[i] = (const float *)j->in[i] + at;
            }
        }
        if (j->s->bf16) {
            j->fn(j->s, buf[3], in[0], in[1], in[2], n);
            j->s->simd->flat->to_bf16((uint16_t *)j->y + at, buf[3], n);
        } else {
            j->fn(j->s, (float *)j->y + at, in[0], in[1], in[2], n);
        }
    }
}

void
mf_dn_flat_tiles(const mf_dn_flat_state *s, mf_dn_tile_fn *fn, void *y, const void *a, const void *b, const void *c)
{
    tile_job j = {s, fn, y, {a, b, c}};

    mf_dn_spans(s->elems, MF_DN_FLAT_GRAIN, tile_span, &j);
    if (s->padded) {
        mf_dn_chan_clear_padding(&s->chan, s->bf16 ? 2 : 4, y);
    }
}
