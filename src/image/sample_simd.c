/* image/sample_simd.c: source pixels to one normalised sample, 64 output pixels at a time, all in registers and L1.
 *
 *   positions -> four taps (gathered as 32-bit words) -> bilinear in integers -> hue/saturation/value -> tone -> mean and
 *   deviation -> erase -> float or bfloat16 in the layout asked for
 *
 * Plain loops over 64 lanes that the compiler vectorises; only the gather is written by hand. So that every instruction
 * set gives the same bits, no float product meets a float sum directly: there is nothing a compiler could fuse. */
#include <string.h>

#include "core/isa.h"
#include "image/sample.h"

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

enum { LANES = 64 };
#define ALIGNED _Alignas(64)

typedef struct lanes {
    ALIGNED float v[3][LANES];
} lanes;

/* Reflect-101 anywhere: ... 2 1 | 0 1 2 ... n-1 | n-2 ... */
static int32_t
reflect_far(int64_t i, int32_t n)
{
    if (n == 1)
        return 0;
    int64_t period = 2 * (int64_t)(n - 1);
    i %= period;
    if (i < 0)
        i += period;
    return (int32_t)(i < n ? i : period - i);
}

/* The same for -(n-1) <= i <= 2(n-1), clamped beyond, without a branch. last = n - 1. */
static inline int32_t
reflect_near(int32_t i, int32_t last)
{
    i = i < 0 ? -i : i;
    i = last - i;
    i = i < 0 ? -i : i;
    i = last - i;
    return i < 0 ? 0 : i;
}

/* word[i] = the bytes from src[off[i]] on; those past `size` - 1 are 0. size >= 4. */
static inline void
gather(uint32_t *restrict word, const uint8_t *restrict src, const int32_t *restrict off, int32_t size)
{
    int32_t last = size - 4;
#if defined(__AVX512F__)
    __m512i lim = _mm512_set1_epi32(last);
    for (int i = 0; i < LANES; i += 16) {
        __m512i o = _mm512_load_si512((const void *)(off + i)), at = _mm512_min_epi32(o, lim);
        __m512i w = _mm512_i32gather_epi32(at, (const void *)src, 1);
        w         = _mm512_srlv_epi32(w, _mm512_slli_epi32(_mm512_sub_epi32(o, at), 3));
        _mm512_store_si512((void *)(word + i), w);
    }
#elif defined(__AVX2__)
    __m256i lim = _mm256_set1_epi32(last);
    for (int i = 0; i < LANES; i += 8) {
        __m256i o = _mm256_load_si256((const void *)(off + i)), at = _mm256_min_epi32(o, lim);
        __m256i w = _mm256_i32gather_epi32((const void *)src, at, 1);
        w         = _mm256_srlv_epi32(w, _mm256_slli_epi32(_mm256_sub_epi32(o, at), 3));
        _mm256_store_si256((void *)(word + i), w);
    }
#else
    for (int i = 0; i < LANES; i++) {
        int32_t  at = off[i] < last ? off[i] : last;
        uint32_t w;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        memcpy(&w, src + at, 4);
#else
        w = (uint32_t)src[at] | (uint32_t)src[at + 1] << 8 | (uint32_t)src[at + 2] << 16 | (uint32_t)src[at + 3] << 24;
#endif
        word[i] = w >> (8 * (off[i] - at));
    }
#endif
}

typedef struct taps { /* the four neighbours of 64 positions, bytes of a pixel in a word, and the weights in 1/256 */
    ALIGNED uint32_t word[4][LANES];
    ALIGNED int32_t  fx[LANES], fy[LANES];
} taps;

/* Positions in 2^-16 pixels, one reflection at most. */
static void
find_near(taps *restrict t, const mf_prep_job *restrict j, int64_t px, int64_t py)
{
    ALIGNED int32_t off[4][LANES];
    int32_t         x0 = (int32_t)((px + (1 << 23)) >> 16), y0 = (int32_t)((py + (1 << 23)) >> 16);
    int32_t         sx = (int32_t)((j->m[0] + (1 << 15)) >> 16), sy = (int32_t)((j->m[3] + (1 << 15)) >> 16);
    int32_t         lx = j->w - 1, ly = j->h - 1, ch = j->ch, row = j->w * ch;

    for (int i = 0; i < LANES; i++) {
        int32_t x = x0 + i * sx, y = y0 + i * sy;
        int32_t xi = x >> 16, yi = y >> 16;
        int32_t xa = reflect_near(xi, lx) * ch, xb = reflect_near(xi + 1, lx) * ch;
        int32_t ya = reflect_near(yi, ly) * row, yb = reflect_near(yi + 1, ly) * row;
        t->fx[i]  = x >> 8 & 255;
        t->fy[i]  = y >> 8 & 255;
        off[0][i] = ya + xa;
        off[1][i] = ya + xb;
        off[2][i] = yb + xa;
        off[3][i] = yb + xb;
    }
    for (int k = 0; k < 4; k++)
        gather(t->word[k], j->src, off[k], row * j->h);
}

static uint32_t
word_at(const mf_prep_job *j, int32_t x, int32_t y)
{
    const uint8_t *p = j->src + ((size_t)y * (size_t)j->w + (size_t)x) * (size_t)j->ch;
    return j->ch == 1 ? p[0] : (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

/* Anything: large pictures, positions far outside, pictures of a few pixels. */
static void
find_far(taps *restrict t, const mf_prep_job *restrict j, int64_t px, int64_t py, int n)
{
    int64_t x0 = (px + (1 << 23)) >> 16, y0 = (py + (1 << 23)) >> 16; /* as find_near, so both give the same bits */
    int64_t sx = (j->m[0] + (1 << 15)) >> 16, sy = (j->m[3] + (1 << 15)) >> 16;

    for (int i = 0; i < LANES; i++) {
        int64_t k = i < n ? i : n - 1;
        int64_t x = (x0 + k * sx) >> 8, y = (y0 + k * sy) >> 8; /* 1/256 pixels */
        int32_t xa = reflect_far(x >> 8, j->w), xb = reflect_far((x >> 8) + 1, j->w);
        int32_t ya = reflect_far(y >> 8, j->h), yb = reflect_far((y >> 8) + 1, j->h);
        t->fx[i]      = (int32_t)(x & 255);
        t->fy[i]      = (int32_t)(y & 255);
        t->word[0][i] = word_at(j, xa, ya);
        t->word[1][i] = word_at(j, xb, ya);
        t->word[2][i] = word_at(j, xa, yb);
        t->word[3][i] = word_at(j, xb, yb);
    }
}

/* out: 0..255, rounded */
static inline void
blend(int32_t *restrict out, const taps *restrict t, int shift)
{
    for (int i = 0; i < LANES; i++) {
        int32_t fx = t->fx[i], fy = t->fy[i];
        int32_t a = (int32_t)(t->word[0][i] >> shift & 255), b = (int32_t)(t->word[1][i] >> shift & 255);
        int32_t c = (int32_t)(t->word[2][i] >> shift & 255), d = (int32_t)(t->word[3][i] >> shift & 255);
        int32_t top = a * 256 + (b - a) * fx, low = c * 256 + (d - c) * fx;
        out[i] = (top * (256 - fy) + low * fy + (1 << 15)) >> 16;
    }
}

static inline float
clip255(float v)
{
    v = v > 0.0f ? v : 0.0f;
    return v < 255.0f ? v : 255.0f;
}

/* min(k, 4 - k, 1) of the hexcone, at least 0, in 2^-14; k = (h + n) mod 6, 0 <= h < 6 */
static inline int32_t
hexcone(float h, float n)
{
    float k = h + n, under = k - 6.0f;
    k = k >= 6.0f ? under : k;
    float left = 4.0f - k;
    k = k < left ? k : left;
    k = k > 0.0f ? k : 0.0f;
    k = k < 1.0f ? k : 1.0f;
    return (int32_t)(k * 16384.0f);
}

/* Hue, saturation and value moved without a branch: the hexcone model, back by
 * channel(n) = V - V S max(0, min(k, 4 - k, 1)), k = (n + H) mod 6, n = 5, 3, 1. The last line in integers of 2^-8. */
static void
shift_hsv(lanes *restrict p, const mf_prep_job *restrict j)
{
    float  hue = j->hue, ds = j->ds, dv = j->dv;
    float *restrict R = p->v[0], *restrict G = p->v[1], *restrict B = p->v[2];

    for (int i = 0; i < LANES; i++) {
        float r = R[i], g = G[i], b = B[i];
        float most = r > g ? r : g, least = r < g ? r : g;
        most  = most > b ? most : b;
        least = least < b ? least : b;
        float c = most - least, cd = c > 0.0f ? c : 1.0f, vd = most > 0.0f ? most : 1.0f;
        float gb = g - b, br = b - r, rg = r - g;
        float num = most == g ? br : rg, from = most == g ? 2.0f : 4.0f;
        num     = most == r ? gb : num;
        from    = most == r ? 0.0f : from;
        float h = num / cd + from + hue; /* [-1, 11) */
        float up = h + 6.0f, down = h - 6.0f;
        float turned = h >= 6.0f ? down : h;
        h            = h < 0.0f ? up : turned;
        float   s = clip255(c * 255.0f / vd + ds), v = clip255(most + dv);
        int32_t vi = (int32_t)(v * 256.0f), chroma = (int32_t)(v * s * (256.0f / 255.0f));
        R[i] = (float)(vi - (chroma * hexcone(h, 5.0f) >> 14)) * (1.0f / 256.0f);
        G[i] = (float)(vi - (chroma * hexcone(h, 3.0f) >> 14)) * (1.0f / 256.0f);
        B[i] = (float)(vi - (chroma * hexcone(h, 1.0f) >> 14)) * (1.0f / 256.0f);
    }
}

/* Tap words to colour values as floats of 0..255. */
static void
colours(lanes *restrict p, const taps *restrict t, const mf_prep_job *restrict j)
{
    ALIGNED int32_t px[3][LANES];

    for (int c = 0; c < j->ch; c++)
        blend(px[c], t, 8 * c);
    if (j->ch == 3 && j->out_ch == 1)
        for (int i = 0; i < LANES; i++) /* luma as mf_convert_px */
            px[0][i] = (px[0][i] * 19595 + px[1][i] * 38470 + px[2][i] * 7471 + 0x8000) >> 16;
    for (int c = 0; c < j->out_ch; c++) {
        const int32_t *restrict from = px[j->ch == 3 ? c : 0];
        float *restrict to           = p->v[c];
        for (int i = 0; i < LANES; i++)
            to[i] = (float)from[i];
    }
    if (j->hsv && j->out_ch == 3) {
        shift_hsv(p, j);
    } else if (j->hsv) {
        float dv = j->dv;
        for (int i = 0; i < LANES; i++)
            p->v[0][i] = clip255(p->v[0][i] + dv);
    }
}

static void
finish(lanes *restrict p, const mf_prep_job *restrict j)
{
    float lift = j->lift, gain = j->gain;

    for (int c = 0; c < j->out_ch; c++) {
        float *restrict v = p->v[c];
        float mean = j->mean[c], rate = j->rate[c];
        if (j->tone)
            for (int i = 0; i < LANES; i++)
                v[i] = clip255((v[i] + lift) * gain);
        for (int i = 0; i < LANES; i++)
            v[i] = (v[i] - mean) * rate;
    }
}

/* Round to nearest, ties to even; values are finite. */
static inline uint16_t
bf16(float v)
{
    uint32_t u;
    memcpy(&u, &v, 4);
    return (uint16_t)((u + 0x7fffu + (u >> 16 & 1u)) >> 16);
}

static void
store_f32(const mf_prep_job *restrict j, const lanes *restrict p, int x, int y, int n)
{
    float    *to = (float *)j->out.base + (ptrdiff_t)y * j->out.sy + (ptrdiff_t)x * j->out.sx;
    ptrdiff_t sc = j->out.sc, sx = j->out.sx;

    if (sx == 1) {
        for (int c = 0; c < j->out_ch; c++)
            memcpy(to + c * sc, p->v[c], (size_t)n * sizeof(float));
    } else if (sx == 3 && sc == 1 && j->out_ch == 3) {
        ALIGNED float mixed[3 * LANES];
        for (int i = 0; i < LANES; i++) {
            mixed[3 * i + 0] = p->v[0][i];
            mixed[3 * i + 1] = p->v[1][i];
            mixed[3 * i + 2] = p->v[2][i];
        }
        memcpy(to, mixed, (size_t)n * 3 * sizeof(float));
    } else {
        for (int i = 0; i < n; i++)
            for (int c = 0; c < j->out_ch; c++)
                to[i * sx + c * sc] = p->v[c][i];
    }
}

static void
store_bf16(const mf_prep_job *restrict j, const lanes *restrict p, int x, int y, int n)
{
    uint16_t *to = (uint16_t *)j->out.base + (ptrdiff_t)y * j->out.sy + (ptrdiff_t)x * j->out.sx;
    ptrdiff_t sc = j->out.sc, sx = j->out.sx;
    ALIGNED uint16_t h[3][LANES];

    for (int c = 0; c < j->out_ch; c++)
        for (int i = 0; i < LANES; i++)
            h[c][i] = bf16(p->v[c][i]);
    if (sx == 1) {
        for (int c = 0; c < j->out_ch; c++)
            memcpy(to + c * sc, h[c], (size_t)n * sizeof(uint16_t));
    } else if (sx == 3 && sc == 1 && j->out_ch == 3) {
        ALIGNED uint16_t mixed[3 * LANES];
        for (int i = 0; i < LANES; i++) {
            mixed[3 * i + 0] = h[0][i];
            mixed[3 * i + 1] = h[1][i];
            mixed[3 * i + 2] = h[2][i];
        }
        memcpy(to, mixed, (size_t)n * 3 * sizeof(uint16_t));
    } else {
        for (int i = 0; i < n; i++)
            for (int c = 0; c < j->out_ch; c++)
                to[i * sx + c * sc] = h[c][i];
    }
}

void
MF_ISA_NAME(mf_prep_run)(const mf_prep_job *j)
{
    taps  t;
    lanes p;

    memset(&p, 0, sizeof p);
    for (int y = 0; y < j->out_h; y++)
        for (int x = 0; x < j->out_w; x += LANES) {
            int     n = j->out_w - x < LANES ? j->out_w - x : LANES;
            int64_t px = j->m[0] * x + j->m[1] * y + j->m[2], py = j->m[3] * x + j->m[4] * y + j->m[5];

            if (j->near)
                find_near(&t, j, px, py);
            else
                find_far(&t, j, px, py, n);
            colours(&p, &t, j);
            finish(&p, j);
            if (y >= j->erase[1] && y < j->erase[3])
                for (int c = 0; c < j->out_ch; c++)
                    for (int i = 0; i < n; i++)
                        if (x + i >= j->erase[0] && x + i < j->erase[2])
                            p.v[c][i] = 0.0f;
            if (j->out.type == MF_PIX_BF16)
                store_bf16(j, &p, x, y, n);
            else
                store_f32(j, &p, x, y, n);
        }
}
