/* nn/backends/onednn/permute.c: see the header. */
#include "nn/backends/onednn/permute.h"

#include <string.h>
#include "core/mem.h"
#include "core/thread.h"

enum { MAX_TILE = 1 << 12 };

static size_t
place(const mf_tdesc *d, int64_t i0, int64_t i1, int64_t tap)
{
    int64_t kw = d->shape.dim[3], idx[MF_MAX_DIMS] = {i0, i1, tap / kw, tap % kw};

    return (size_t)mf_layout_at(&d->shape, &d->layout, idx);
}

bool
mf_dn_permute_new(mf_dn_permute *out, const mf_dn_simd *simd, const mf_tdesc *from, const mf_tdesc *to)
{
    mf_dn_permute p  = {.simd = simd, .tile = 1, .bf16 = to->dtype == MF_DTYPE_BF16};
    int64_t       t0 = 1, t1 = 1, i, j, k;
    int           b;
    bool          ok = false;

    memset(out, 0, sizeof *out);
    if (from->dtype != MF_DTYPE_F32 || (to->dtype != MF_DTYPE_F32 && !p.bf16) || to->shape.ndim != 4 || to->layout.nblk == 0) {
        return false;
    }
    for (b = 0; b < to->layout.nblk; b++) {
        if (to->layout.blk_dim[b] > 1) {
            return false;
        }
        t0 *= to->layout.blk_dim[b] == 0 ? to->layout.blk[b] : 1;
        t1 *= to->layout.blk_dim[b] == 1 ? to->layout.blk[b] : 1;
    }
    if (t0 * t1 > MAX_TILE || to->shape.dim[0] % t0 != 0 || to->shape.dim[1] % t1 != 0 ||
        mf_layout_elems(&from->shape, &from->layout) > INT32_MAX || mf_layout_elems(&to->shape, &to->layout) > INT32_MAX) {
        return false;
    }
    p.tile  = (size_t)(t0 * t1);
    p.n0    = (size_t)(to->shape.dim[0] / t0);
    p.n1    = (size_t)(to->shape.dim[1] / t1);
    p.ns    = (size_t)(to->shape.dim[2] * to->shape.dim[3]);
    p.index = mf_calloc(p.tile, sizeof *p.index);
    p.src   = mf_calloc(p.n0 + p.n1 + p.ns, sizeof *p.src);
    p.dst   = mf_calloc(p.n0 + p.n1 + p.ns, sizeof *p.dst);
    if (p.index == NULL || p.src == NULL || p.dst == NULL) {
        goto done;
    }
    for (i = 0; i < t0; i++) {
        for (j = 0; j < t1; j++) {
            size_t at = place(to, i, j, 0);

            if (at >= p.tile) {
                goto done;
            }
            p.index[at] = (int32_t)place(from, i, j, 0);
        }
    }
    for (i = 0; i < (int64_t)p.n0; i++) {
        p.src[i] = place(from, i * t0, 0, 0);
        p.dst[i] = place(to, i * t0, 0, 0);
        for (k = 0; k < t0; k++) { /* the table must hold in every tile */
            if (place(from, i * t0 + k, 0, 0) - p.src[i] != place(from, k, 0, 0)) {
                goto done;
            }
        }
    }
    for (j = 0; j < (int64_t)p.n1; j++) {
        p.src[p.n0 + (size_t)j] = place(from, 0, j * t1, 0);
        p.dst[p.n0 + (size_t)j] = place(to, 0, j * t1, 0);
        for (k = 0; k < t1; k++) {
            if (place(from, 0, j * t1 + k, 0) - p.src[p.n0 + (size_t)j] != place(from, 0, k, 0)) {
                goto done;
            }
        }
    }
    for (k = 0; k < (int64_t)p.ns; k++) {
        p.src[p.n0 + p.n1 + (size_t)k] = place(from, 0, 0, k);
        p.dst[p.n0 + p.n1 + (size_t)k] = place(to, 0, 0, k);
    }
    ok = true;
done:
    if (ok) {
        *out = p;
    } else {
        mf_dn_permute_free(&p);
    }
    return ok;
}

void
mf_dn_permute_free(mf_dn_permute *p)
{
    mf_free(p->index);
    mf_free(p->src);
    mf_free(p->dst);
    memset(p, 0, sizeof *p);
}

typedef struct permute_job {
    const mf_dn_permute *p;
    char                *dst;
    const float         *src;
} permute_job;

static void
permute_tiles(void *arg, size_t begin, size_t end, int thread)
{
    const permute_job   *j = arg;
    const mf_dn_permute *p = j->p;
    size_t               item, k;

    (void)thread;
    for (item = begin; item < end; item++) { /* a tile of (0, 1), all taps */
        size_t i0 = item / p->n1, i1 = p->n0 + item % p->n1;

        for (k = p->n0 + p->n1; k < p->n0 + p->n1 + p->ns; k++) {
            size_t at = p->dst[i0] + p->dst[i1] + p->dst[k];

            p->simd->flat->gather[p->bf16](j->dst + at * (p->bf16 ? 2 : 4), j->src + p->src[i0] + p->src[i1] + p->src[k], p->index,
                                           p->tile);
        }
    }
}

void
mf_dn_permute_run(const mf_dn_permute *p, void *dst, const float *src)
{
    permute_job j = {p, dst, src};

    mf_parallel_for(p->n0 * p->n1, p->n0 * p->n1 * p->ns * p->tile < 1 << 14 ? p->n0 * p->n1 : 1, permute_tiles, &j);
}
