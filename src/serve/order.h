/* serve/order.h: in which order a volunteer sees the pictures, and which of them twice. A function of seed, name and
 * picture names alone: stopping and starting changes nothing, and pictures that are added later fall in between
 * without moving the others against each other. */
#ifndef MF_SERVE_ORDER_H
#define MF_SERVE_ORDER_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"

enum { MF_ORDER_MAX = 1 << 20, MF_ORDER_GAP = 20 };

typedef struct mf_slot {
    uint64_t id;    /* below 2^53; says nothing about the picture, differs between its two showings */
    uint32_t image; /* index into the pictures given */
    uint32_t again; /* 0: shown for the first time, 1: to see whether the answer is the same */
} mf_slot;

typedef struct mf_order {
    mf_slot  *slot; /* in the order of showing */
    size_t    n, n_again;
    uint32_t *by_id; /* indices of slot, by rising id */
    uint32_t *where; /* [2 * pictures]: slot of picture i's showing s at 2 * i + s; UINT32_MAX: there is none */
} mf_order;

/* n pictures by name, of which round(share * n) come twice, share in 0 .. 0.5. Between the showings of a picture lie at
 * least min(MF_ORDER_GAP, n / 2) - 1 others. MF_E_LIMIT: more than MF_ORDER_MAX pictures. */
mf_status mf_order_make(mf_order *out, const char *const *images, size_t n, const char *name, uint64_t seed, double share,
                        mf_err *err);
/* Index of the slot with that id, or -1. */
ptrdiff_t mf_order_find(const mf_order *o, uint64_t id);
void      mf_order_free(mf_order *o);

#endif
