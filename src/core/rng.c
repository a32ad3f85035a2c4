/* core/rng.c: Philox 4x32-10 (Salmon, Moraes, Dror and Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011,
 * section 3.3, with its multipliers and Weyl constants).
 * The key is 64 mixed bits of (seed, epoch, purpose); the counter holds the sample and the number of the block. */
#include "core/rng.h"

#include <math.h>

#include "core/error.h"

uint64_t
mf_mix64(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x;
}

mf_rng
mf_rng_make(uint64_t seed, uint64_t epoch, uint64_t sample, mf_rng_purpose purpose)
{
    const uint64_t step = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t       k    = mf_mix64(seed + step);
    mf_rng         r    = {{0}, {0}, {0}, 0};

    k = mf_mix64((k ^ epoch) + step);
    k = mf_mix64((k ^ (uint64_t)purpose) + step);
    r.key[0] = (uint32_t)k;
    r.key[1] = (uint32_t)(k >> 32);
    r.ctr[2] = (uint32_t)sample;
    r.ctr[3] = (uint32_t)(sample >> 32);
    return r;
}

static void
philox(uint32_t out[4], const uint32_t ctr[4], const uint32_t key[2])
{
    uint32_t c0 = ctr[0], c1 = ctr[1], c2 = ctr[2], c3 = ctr[3], k0 = key[0], k1 = key[1];
    int      round;

    for (round = 0; round < 10; round++) {
        uint64_t p0 = UINT64_C(0xd2511f53) * c0, p1 = UINT64_C(0xcd9e8d57) * c2;

        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += UINT32_C(0x9e3779b9);
        k1 += UINT32_C(0xbb67ae85);
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint32_t
mf_rng_u32(mf_rng *r)
{
    if (r->left == 0) {
        philox(r->buf, r->ctr, r->key);
        if (++r->ctr[0] == 0) {
            ++r->ctr[1];
        }
        r->left = 4;
    }
    return r->buf[4 - r->left--];
}

uint64_t
mf_rng_u64(mf_rng *r)
{
    uint64_t lo = mf_rng_u32(r);

    return lo | (uint64_t)mf_rng_u32(r) << 32;
}

double
mf_rng_unit(mf_rng *r)
{
    return (double)(mf_rng_u64(r) >> 11) * 0x1p-53;
}

double
mf_rng_uniform(mf_rng *r, double lo, double hi)
{
    double v = lo + (hi - lo) * mf_rng_unit(r);

    /* Rounding may reach hi, which does not belong to the range. */
    return v < hi || hi <= lo ? v : nextafter(hi, lo);
}

double
mf_rng_normal(mf_rng *r)
{
    double u = 1.0 - mf_rng_unit(r); /* (0, 1]: the logarithm is finite */
    double v = mf_rng_unit(r);

    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

uint64_t
mf_rng_below(mf_rng *r, uint64_t n)
{
    uint64_t over, x;

    MF_ASSERT(n > 0);
    over = (UINT64_MAX % n + 1) % n; /* 2^64 mod n: that many values at the top would favour small results */
    do {
        x = mf_rng_u64(r);
    } while (x > UINT64_MAX - over);
    return x % n;
}

void
mf_rng_shuffle(mf_rng *r, uint32_t *idx, size_t n)
{
    size_t i;

    for (i = n; i > 1; i--) {
        size_t   j = (size_t)mf_rng_below(r, i);
        uint32_t t = idx[i - 1];

        idx[i - 1] = idx[j];
        idx[j]     = t;
    }
}
