/* nn/backends/onednn/map.h: [N,C,H,W] and [N,C] by sample, channel and pixel, in any layout of mf_dn_chan:
 * element (n, c, p) lies at ((n nb + c / b) hw + p) b + c % b. For kernels that are not worth vector loops of their own. */
#ifndef MF_NN_ONEDNN_MAP_H
#define MF_NN_ONEDNN_MAP_H

#include <string.h>
#include "nn/backends/onednn/chan.h"

typedef struct mf_dn_map {
    size_t n, c, hw, nb, b;
    bool   bf16;
} mf_dn_map;

static inline bool
mf_dn_map_of(mf_dn_map *out, const mf_tdesc *d)
{
    mf_dn_chan g;

    if ((d->shape.ndim != 4 && d->shape.ndim != 2) || !mf_dn_chan_of(&g, d)) {
        return false;
    }
    *out = (mf_dn_map){.n = (size_t)d->shape.dim[0], .c = g.c, .nb = g.nb, .b = g.b, .bf16 = d->dtype == MF_DTYPE_BF16};
    out->hw = d->shape.ndim == 4 ? (size_t)(d->shape.dim[2] * d->shape.dim[3]) : 1;
    return true;
}

/* Start of block k of sample n. */
static inline size_t
mf_dn_map_block(const mf_dn_map *m, size_t n, size_t k)
{
    return (n * m->nb + k) * m->hw * m->b;
}

static inline size_t
mf_dn_map_at(const mf_dn_map *m, size_t n, size_t c, size_t p)
{
    return mf_dn_map_block(m, n, c / m->b) + p * m->b + c % m->b;
}

/* Channels of block k that count. */
static inline size_t
mf_dn_map_width(const mf_dn_map *m, size_t k)
{
    return m->c - k * m->b < m->b ? m->c - k * m->b : m->b;
}

static inline float
mf_dn_get(const void *p, size_t i, bool bf16)
{
    return bf16 ? mf_bf16_to_f32(((const uint16_t *)p)[i]) : ((const float *)p)[i];
}

static inline void
mf_dn_put(void *p, size_t i, bool bf16, float v)
{
    if (bf16) {
        ((uint16_t *)p)[i] = mf_f32_to_bf16(v);
    } else {
        ((float *)p)[i] = v;
    }
}

#endif
