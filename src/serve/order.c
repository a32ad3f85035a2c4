/* serve/order.c: pictures sorted by a hash of (seed, name, picture); repeats chosen and placed by further hashes. */
#include "serve/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/hash.h"
#include "core/mem.h"
#include "core/rng.h"

enum { FOR_PLACE = 1, FOR_CHOICE, FOR_REPEAT, FOR_ID, FOR_ID_AGAIN };

/* A picture at its place, or its repeat, while the order is made. */
typedef struct placed {
    double   at;     /* in units of first showings */
    uint64_t key;
    uint32_t image, again;
} placed;

static uint64_t
key_of(uint64_t person, const char *image, uint64_t purpose)
{
    return mf_mix64(mf_hash64(image, strlen(image)) ^ mf_mix64(person + purpose));
}

static int
by_key(const void *a, const void *b)
{
    const placed *p = a, *q = b;

    return p->key != q->key ? (p->key < q->key ? -1 : 1) : p->image < q->image ? -1 : p->image > q->image;
}

static int
by_place(const void *a, const void *b)
{
    const placed *p = a, *q = b;

    return p->at != q->at ? (p->at < q->at ? -1 : 1) : p->again != q->again ? (p->again < q->again ? -1 : 1) : by_key(a, b);
}

static int
by_id(const void *a, const void *b, void *arg)
{
    const mf_slot *slot = arg;
    uint64_t       p = slot[*(const uint32_t *)a].id, q = slot[*(const uint32_t *)b].id;

    return p < q ? -1 : p > q;
}

/* all[0..n-1] are the first showings in order; appends up to `want` repeats and returns how many. A repeat lies `gap`
 * first showings behind, so the last `gap` pictures cannot have one. */
static size_t
add_repeats(placed *all, size_t n, size_t gap, size_t want, uint64_t person, const char *const *images)
{
    size_t  i, may = n - gap;
    placed *again = all + n;

    want = want < may ? want : may;
    for (i = 0; i < may; i++)
        again[i] = (placed){all[i].at, key_of(person, images[all[i].image], FOR_CHOICE), all[i].image, 1};
    qsort(again, may, sizeof *again, by_key);
    for (i = 0; i < want; i++) {
        double least = again[i].at + (double)gap;
        double unit  = (double)(key_of(person, images[again[i].image], FOR_REPEAT) >> 11) * 0x1p-53;

        again[i].at = least + unit * ((double)n - least);
    }
    return want;
}

static mf_status
index_slots(mf_order *o, size_t images, mf_err *err)
{
    size_t i;

    memset(o->where, 0xff, 2 * images * sizeof *o->where);
    for (i = 0; i < o->n; i++) {
        o->by_id[i] = (uint32_t)i;
        o->where[2 * (size_t)o->slot[i].image + o->slot[i].again] = (uint32_t)i;
    }
    qsort_r(o->by_id, o->n, sizeof *o->by_id, by_id, o->slot);
    for (i = 1; i < o->n; i++)
        if (o->slot[o->by_id[i]].id == o->slot[o->by_id[i - 1]].id)
            return mf_fail(err, MF_E_ARG, "two pictures get the same number with this seed; choose another");
    return MF_OK;
}

mf_status
mf_order_make(mf_order *out, const char *const *images, size_t n, const char *name, uint64_t seed, double share, mf_err *err)
{
    mf_status st;
    uint64_t  person = mf_mix64(mf_hash64(name, strlen(name)) ^ mf_mix64(seed + 1));
    size_t    gap    = n / 2 < MF_ORDER_GAP ? n / 2 : MF_ORDER_GAP;
    placed   *all    = NULL;
    size_t    i;

    *out = (mf_order){0};
    if (n > MF_ORDER_MAX)
        return mf_fail(err, MF_E_LIMIT, "%zu pictures are more than the %d that can be annotated", n, (int)MF_ORDER_MAX);
    if (!(share >= 0 && share <= 0.5))
        return mf_fail(err, MF_E_ARG, "the share of repeated pictures is from 0 to 0.5");
    if ((all = mf_calloc(2 * n, sizeof *all)) == NULL)
        return mf_oom(err, 2 * n * sizeof *all, "an order of pictures");
    for (i = 0; i < n; i++)
        all[i] = (placed){0, key_of(person, images[i], FOR_PLACE), (uint32_t)i, 0};
    qsort(all, n, sizeof *all, by_key);
    for (i = 0; i < n; i++)
        all[i].at = (double)i;
    out->n_again = gap > 0 ? add_repeats(all, n, gap, (size_t)lround(share * (double)n), person, images) : 0;
    out->n       = n + out->n_again;
    qsort(all, out->n, sizeof *all, by_place);
    out->slot  = mf_calloc(out->n, sizeof *out->slot);
    out->by_id = mf_calloc(out->n, sizeof *out->by_id);
    out->where = mf_calloc(2 * n, sizeof *out->where);
    if (out->slot == NULL || out->by_id == NULL || out->where == NULL) {
        st = mf_oom(err, out->n * sizeof *out->slot, "an order of pictures");
        goto done;
    }
    for (i = 0; i < out->n; i++)
        out->slot[i] = (mf_slot){
            .id    = key_of(person, images[all[i].image], all[i].again ? FOR_ID_AGAIN : FOR_ID) >> 11,
            .image = all[i].image,
            .again = all[i].again,
        };
    st = index_slots(out, n, err);
done:
    mf_free(all);
    if (st < 0)
        mf_order_free(out);
    return st;
}

ptrdiff_t
mf_order_find(const mf_order *o, uint64_t id)
{
    size_t lo = 0, hi = o->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (o->slot[o->by_id[mid]].id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < o->n && o->slot[o->by_id[lo]].id == id ? (ptrdiff_t)o->by_id[lo] : -1;
}

void
mf_order_free(mf_order *o)
{
    mf_free(o->slot);
    mf_free(o->by_id);
    mf_free(o->where);
    *o = (mf_order){0};
}
