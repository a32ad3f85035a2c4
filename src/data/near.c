/* data/near.c: a cosine transform a picture, some sorts, and a union of what is alike. */
#include "data/near.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/mem.h"
#include "core/rng.h"

enum { SMALL = 32, BANDS = 32, BAND_LEAST = 8, BAND_MOST = 16, STRONG = 64, NEXT = 48, FEW = 1024 };

/* ---- one picture ---- */

/* out[16, 16] = the low terms of the orthonormal cosine transform (DCT-II) of px[32, 32]. */
static void
cosines(double *out, const uint8_t *px)
{
    static const double pi = 3.14159265358979323846;
    double              basis[MF_NEAR_SIDE][SMALL], half[MF_NEAR_SIDE][SMALL];
    int                 u, v, x, y;

    for (u = 0; u < MF_NEAR_SIDE; u++)
        for (x = 0; x < SMALL; x++)
            basis[u][x] = cos(pi * (x + 0.5) * u / SMALL) * (u ? 0.25 : 0.25 / sqrt(2.0));
    for (u = 0; u < MF_NEAR_SIDE; u++)
        for (x = 0; x < SMALL; x++) {
            half[u][x] = 0;
            for (y = 0; y < SMALL; y++)
                half[u][x] += basis[u][y] * px[y * SMALL + x];
        }
    for (u = 0; u < MF_NEAR_SIDE; u++)
        for (v = 0; v < MF_NEAR_SIDE; v++) {
            double sum = 0;

            for (x = 0; x < SMALL; x++)
                sum += basis[v][x] * half[u][x];
            out[u * MF_NEAR_SIDE + v] = sum;
        }
}

mf_status
mf_near_look_at(mf_near_look *out, const mf_image *im, mf_err *err)
{
    mf_image  grey = {0}, small = {0};
    double    term[MF_NEAR_TERMS], length = 0;
    mf_status st;
    int       i;

    if ((st = mf_image_convert(&grey, im, 1, err)) < 0 || (st = mf_image_resize(&small, &grey, SMALL, SMALL, err)) < 0)
        goto done;
    cosines(term, small.px);
    term[0] = 0;
    for (i = 0; i < MF_NEAR_TERMS; i++)
        length += term[i] * term[i];
    length     = sqrt(length);
    out->blank = length < SMALL; /* the root of the mean square over 32 x 32 pixels is length / 32 */
    for (i = 0; i < MF_NEAR_TERMS; i++)
        out->term[i] = (int16_t)(out->blank ? 0 : lrint(term[i] / length * 32767));
done:
    mf_image_free(&grey);
    mf_image_free(&small);
    return st;
}

double
mf_near_alike(const mf_near_look *a, const mf_near_look *b)
{
    int64_t sum = 0;
    int     i;

    for (i = 0; i < MF_NEAR_TERMS; i++)
        sum += (int32_t)a->term[i] * b->term[i];
    return (double)sum / (32767.0 * 32767.0);
}

/* ---- hashes ---- */

typedef struct hashed {
    uint64_t word[MF_NEAR_HASH_WORDS];
    uint32_t row;
} hashed;

typedef struct term {
    double   power;  /* sum of squares over the pictures */
    uint16_t at;
} term;

static int
by_power(const void *a, const void *b)
{
    const term *x = a, *y = b;

    if (x->power != y->power)
        return x->power > y->power ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* The terms by how much they vary over this data set: small changes to a picture turn the bits of strong terms least. */
static void
strong_first(uint16_t order[MF_NEAR_TERMS], const hashed *h, size_t n, const mf_near_look *look)
{
    term   t[MF_NEAR_TERMS];
    size_t i;
    int    k;

    for (k = 0; k < MF_NEAR_TERMS; k++) {
        double mean = 0, squares = 0;

        for (i = 0; i < n; i++) {
            double v = look[h[i].row].term[k];

            mean += v / (double)n;
            squares += v * v / (double)n;
        }
        t[k] = (term){squares - mean * mean, (uint16_t)k};
    }
    qsort(t, MF_NEAR_TERMS, sizeof *t, by_power);
    for (k = 0; k < MF_NEAR_TERMS; k++)
        order[k] = t[k].at;
}

/* The median of one term over the pictures, by counting; `tally` is scratch. */
static int16_t
median_of(uint32_t tally[1 << 16], const hashed *h, size_t n, const mf_near_look *look, int at)
{
    size_t i, below = 0;
    int    v = 0;

    memset(tally, 0, (1 << 16) * sizeof *tally);
    for (i = 0; i < n; i++)
        tally[look[h[i].row].term[at] - INT16_MIN]++;
    for (; below + tally[v] <= n / 2; v++)
        below += tally[v];
    return (int16_t)(v + INT16_MIN);
}

/* Bit k: whether term k, counted from the strongest, is above its median. */
static mf_status
hash_all(hashed *h, size_t n, const mf_near_look *look, mf_err *err)
{
    uint16_t  order[MF_NEAR_TERMS];
    uint32_t *tally = mf_calloc(1 << 16, sizeof *tally);
    size_t    i;
    int       k;

    if (!tally)
        return mf_oom(err, (1 << 16) * sizeof *tally, "picture hashes");
    strong_first(order, h, n, look);
    for (k = 0; k < MF_NEAR_TERMS; k++) {
        int16_t median = median_of(tally, h, n, look, order[k]);

        for (i = 0; i < n; i++)
            if (look[h[i].row].term[order[k]] >= median)
                h[i].word[k / 64] |= UINT64_C(1) << (63 - k % 64);
    }
    mf_free(tally);
    return MF_OK;
}

/* Which bits make band `band`: `bits` of the first STRONG, dealt out anew when all are used up. */
static void
band_bits(uint16_t out[BAND_MOST], int band, int bits)
{
    int      deal = band / (STRONG / bits), part = band % (STRONG / bits), i;
    uint32_t card[STRONG];
    mf_rng   rng = mf_rng_make(0, 0, (uint64_t)deal, MF_RNG_EVAL);

    for (i = 0; i < STRONG; i++)
        card[i] = (uint32_t)i;
    mf_rng_shuffle(&rng, card, STRONG);
    for (i = 0; i < bits; i++)
        out[i] = (uint16_t)card[part * bits + i];
}

/* ---- groups ---- */

typedef struct forest {
    uint32_t *up;     /* [rows] */
    float    *link;   /* [rows] lowest correlation in the tree, kept at its root */
} forest;

static uint32_t
root(forest *f, uint32_t i)
{
    while (f->up[i] != i) {
        f->up[i] = f->up[f->up[i]];
        i        = f->up[i];
    }
    return i;
}

static void
join(forest *f, uint32_t a, uint32_t b, double alike)
{
    uint32_t x = root(f, a), y = root(f, b), low = x < y ? x : y, high = x < y ? y : x;
    float    least = f->link[x] < f->link[y] ? f->link[x] : f->link[y];

    f->up[high]  = low;
    f->link[low] = (float)alike < least ? (float)alike : least;
}

/* A hash with one of its bands: pictures that share it are neighbours after sorting. */
typedef struct turned {
    uint64_t word[MF_NEAR_HASH_WORDS];
    uint32_t row;
    uint16_t band;
} turned;

static int
by_band(const void *a, const void *b)
{
    const turned *x = a, *y = b;
    int           k;

    if (x->band != y->band)
        return x->band < y->band ? -1 : 1;
    for (k = 0; k < MF_NEAR_HASH_WORDS; k++)
        if (x->word[k] != y->word[k])
            return x->word[k] < y->word[k] ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void
compare_band(mf_near *out, forest *f, turned *t, const hashed *h, size_t n, int band, int bits, const mf_near_look *look,
             double least)
{
    uint16_t bit[BAND_MOST];
    size_t   i, k;
    double   alike;
    int      b;

    band_bits(bit, band, bits);
    for (i = 0; i < n; i++) {
        memcpy(t[i].word, h[i].word, sizeof t[i].word);
        t[i].row = h[i].row;
        for (b = t[i].band = 0; b < bits; b++)
            t[i].band = (uint16_t)(t[i].band << 1 | (h[i].word[bit[b] / 64] >> (63 - bit[b] % 64) & 1));
    }
    qsort(t, n, sizeof *t, by_band);
    for (i = 0; i < n; i++)
        for (k = i + 1; k < n && k <= i + NEXT && t[k].band == t[i].band; k++) {
            if (root(f, t[i].row) == root(f, t[k].row))
                continue;
            out->compared++;
            if ((alike = mf_near_alike(&look[t[i].row], &look[t[k].row])) >= least)
                join(f, t[i].row, t[k].row, alike);
        }
}

static void
compare_all(mf_near *out, forest *f, const hashed *h, size_t n, const mf_near_look *look, double least)
{
    size_t i, k;
    double alike;

    for (i = 0; i < n; i++)
        for (k = i + 1; k < n; k++) {
            if (root(f, h[i].row) == root(f, h[k].row))
                continue;
            out->compared++;
            if ((alike = mf_near_alike(&look[h[i].row], &look[h[k].row])) >= least)
                join(f, h[i].row, h[k].row, alike);
        }
}

static void
judge(mf_near *out, mf_near_group *g, const mf_dataset *d)
{
    bool   same_known = true;
    size_t i;
    int    subject = -1, split = MF_SPLIT_NONE;

    for (i = 0; i < g->n; i++) { /* against the first that is known: two differ if and only if one differs from it */
        const mf_row *a = &d->rows[g->row[i]], *first = &d->rows[g->row[0]];

        subject = subject < 0 ? a->subject : subject;
        split   = split == MF_SPLIT_NONE ? (int)a->split : split;
        g->across_subjects |= a->subject >= 0 && a->subject != subject;
        g->across_splits |= a->split != MF_SPLIT_NONE && (int)a->split != split;
        g->across_labels |= a->label != first->label;
        g->across_occlusion |= a->occlusion != first->occlusion;
        same_known = same_known && a->subject >= 0 && a->subject == subject;
    }
    out->within_subject += same_known;
    out->across_subjects += g->across_subjects;
    out->across_splits += g->across_splits;
    out->across_labels += g->across_labels;
}

/* Trees of two rows or more, in order of their roots, which are their first rows. */
static mf_status
gather(mf_near *out, forest *f, const mf_dataset *d, mf_err *err)
{
    size_t   *size = mf_calloc(d->n_rows, sizeof *size), *at = mf_calloc(d->n_rows, sizeof *at), i, used = 0;
    mf_status st   = MF_OK;

    if (!size || !at) {
        st = mf_oom(err, d->n_rows * sizeof *size, "groups of pictures");
        goto done;
    }
    for (i = 0; i < d->n_rows; i++)
        size[root(f, (uint32_t)i)]++;
    for (i = 0; i < d->n_rows; i++)
        if (size[i] > 1) {
            out->n++;
            out->pictures += size[i];
        }
    out->group = mf_calloc(out->n, sizeof *out->group);
    out->rows  = mf_calloc(out->pictures, sizeof *out->rows);
    if (!out->group || !out->rows) {
        st = mf_oom(err, out->pictures * sizeof *out->rows, "groups of pictures");
        goto done;
    }
    out->n = 0;
    for (i = 0; i < d->n_rows; i++) {
        size_t r = root(f, (uint32_t)i);

        if (size[r] < 2)
            continue;
        if (r == i) {
            at[i]                  = out->n;
            out->group[out->n++]   = (mf_near_group){.row = out->rows + used, .least = (double)f->link[i]};
            used += size[i];
        }
        out->rows[(size_t)(out->group[at[r]].row - out->rows) + out->group[at[r]].n++] = (uint32_t)i;
    }
    for (i = 0; i < out->n; i++)
        judge(out, &out->group[i], d);
done:
    mf_free(size);
    mf_free(at);
    return st;
}

void
mf_near_free(mf_near *n)
{
    mf_free(n->group);
    mf_free(n->rows);
    *n = (mf_near){0};
}

mf_status
mf_near_find(mf_near *out, const mf_dataset *d, const mf_near_look *look, const uint8_t *seen, double least, mf_err *err)
{
    hashed   *h = mf_calloc(d->n_rows, sizeof *h);
    turned   *t = mf_calloc(d->n_rows, sizeof *t);
    forest    f = {mf_calloc(d->n_rows, sizeof *f.up), mf_calloc(d->n_rows, sizeof *f.link)};
    mf_status st;
    size_t    i, n = 0;
    int       band, bits = BAND_LEAST;

    *out = (mf_near){0};
    if (!h || !t || !f.up || !f.link) {
        st = mf_oom(err, d->n_rows * sizeof *t, "picture hashes");
        goto done;
    }
    for (i = 0; i < d->n_rows; i++) {
        f.up[i]   = (uint32_t)i;
        f.link[i] = 1;
        out->blank += seen[i] && look[i].blank;
        if (seen[i] && !look[i].blank)
            h[n++].row = (uint32_t)i;
    }
    if (n <= FEW) {
        compare_all(out, &f, h, n, look, least);
    } else {
        if ((st = hash_all(h, n, look, err)) < 0)
            goto done;
        while (bits < BAND_MOST && n >> (bits - 2)) /* about a quarter of a picture a bucket */
            bits++;
        for (band = 0; band < BANDS; band++)
            compare_band(out, &f, t, h, n, band, bits, look, least);
    }
    st = gather(out, &f, d, err);
done:
    if (st < 0)
        mf_near_free(out);
    mf_free(h);
    mf_free(t);
    mf_free(f.up);
    mf_free(f.link);
    return st;
}
