/* image/sample_simd.c: source pixels to one normalised sample, 64 output pixels at a time, all in registers and L1.
 *
 *   positions -> four taps -> bilinear in integers -> hue/saturation/value -> tone -> mean and deviation -> erase ->
 *   float or bfloat16 in the layout asked for
 *
 * Plain loops over 64 lanes that the compiler vectorises. Every instruction set gives the same bits: most is in integers,
 * and no float product meets a float sum directly, so that there is nothing a compiler could fuse. */
#include <string.h>

#include "core/isa.h"
#include "image/sample.h"

enum { LANES = 64 };
#define ALIGNED _Alignas(64)

typedef struct lanes {
    ALIGNED float v[3][LANES];
} lanes;

/* Positions are in 1/256 pixels from here on. Reflect-101 is a mirror of the position itself: ... 2 1 | 0 1 2 ... So the
 * two taps of a position always lie side by side, and where the second would be outside, its weight is 0.
 * last = 256 (n - 1). This one takes anything. */
static int32_t
mirror_far(int64_t x, int32_t last)
{
    if (last == 0)
        return 0;
    int64_t period = 2 * (int64_t)last;
    x %= period;
    if (x < 0)
        x += period;
    return (int32_t)(x <= last ? x : period - x);
}

/* The same for -last <= x <= 2 last, clamped beyond, without a branch. */
static inline int32_t
mirror_near(int32_t x, int32_t last)
{
    x = x < 0 ? -x : x;
    x = last - x;
    x = x < 0 ? -x : x;
    x = last - x;
    return x < 0 ? 0 : x;
}

/* left[i] = the bytes from src[off[i]] on, right[i] = those from the next pixel on; bytes past the end count as 0.
 * ch 1 or 3; only the first `ch` bytes matter. size >= 8. Plain loads: the gather instructions of many machines are
 * slower than these since their leaks were mended. */
static inline void
gather(uint32_t *restrict left, uint32_t *restrict right, const uint8_t *restrict src, const int32_t *restrict off,
       int32_t size, int32_t ch)
{
    ALIGNED int32_t  at[LANES];
    ALIGNED uint64_t q[LANES];
    int32_t          last = size - 8;

    for (int i = 0; i < LANES; i++)
        at[i] = off[i] < last ? off[i] : last;
    for (int i = 0; i < LANES; i++) {
        __asm__ volatile(""); /* or the compiler makes a gather of it */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        memcpy(&q[i], src + at[i], 8);
#else
        q[i] = 0;
        for (int k = 7; k >= 0; k--)
            q[i] = q[i] << 8 | src[at[i] + k];
#endif
    }
    for (int i = 0; i < LANES; i++) {
        uint64_t v = q[i] >> (uint64_t)(8 * (off[i] - at[i]));
        left[i]    = (uint32_t)v;
        right[i]   = (uint32_t)(v >> (uint64_t)(8 * ch));
    }
}

typedef struct taps { /* the four neighbours of 64 positions, bytes of a pixel in a word, and the weights in 1/256 */
    ALIGNED uint32_t word[4][LANES]; /* upper left, upper right, lower left, lower right */
    ALIGNED int32_t  fx[LANES], fy[LANES];
} taps;

/* Positions that one reflection brings inside; px, py in 2^-32. */
static void
find_near(taps *restrict t, const mf_prep_job *restrict j, int64_t px, int64_t py)
{
    ALIGNED int32_t upper[LANES], lower[LANES];
    int32_t         x0 = (int32_t)((px + (1 << 23)) >> 16), y0 = (int32_t)((py + (1 << 23)) >> 16);
    int32_t         sx = (int32_t)((j->m[0] + (1 << 15)) >> 16), sy = (int32_t)((j->m[3] + (1 << 15)) >> 16);
    int32_t         lx = (j->w - 1) * 256, ly = (j->h - 1) * 256, ch = j->ch, row = j->w * ch;

    for (int i = 0; i < LANES; i++) {
        int32_t x = mirror_near((x0 + i * sx) >> 8, lx), y = mirror_near((y0 + i * sy) >> 8, ly);
        int32_t at = (y >> 8) * row + (x >> 8) * ch;
        t->fx[i] = x & 255;
        t->fy[i] = y & 255;
        upper[i] = at;
        lower[i] = y < ly ? at + row : at;
    }
    gather(t->word[0], t->word[1], j->src, upper, row * j->h, ch);
    gather(t->word[2], t->word[3], j->src, lower, row * j->h, ch);
}

static uint32_t
word_at(const mf_prep_job *j, int32_t x, int32_t y)
{
    x                = x < j->w ? x : j->w - 1; /* weight 0 */
    y                = y < j->h ? y : j->h - 1;
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
        int32_t x = mirror_far((x0 + k * sx) >> 8, (j->w - 1) * 256), y = mirror_far((y0 + k * sy) >> 8, (j->h - 1) * 256);
        t->fx[i]      = x & 255;
        t->fy[i]      = y & 255;
        t->word[0][i] = word_at(j, x >> 8, y >> 8);
        t->word[1][i] = word_at(j, (x >> 8) + 1, y >> 8);
        t->word[2][i] = word_at(j, x >> 8, (y >> 8) + 1);
        t->word[3][i] = word_at(j, (x >> 8) + 1, (y >> 8) + 1);
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
        out[i] = (top * 256 + (low - top) * fy + (1 << 15)) >> 16;
    }
}

static inline float
clip255(float v)
{
    v = v > 0.0f ? v : 0.0f;
    return v < 255.0f ? v : 255.0f;
}

static inline int32_t
clamp(int32_t v, int32_t most)
{
    v = v > 0 ? v : 0;
    return v < most ? v : most;
}

enum { SIXTH = 1 << 16, FULL = 1 << 15, LEVEL = 256 }; /* units of hue (a sixth of the circle), saturation, value */

/* h mod 6 for 0 <= h < 12, by sign bits: a condition here would be made a jump. */
static inline int32_t
below_full(int32_t h)
{
    h -= 6 * SIXTH;
    return h + (6 * SIXTH & h >> 31);
}

/* max(0, min(k, 4 - k, 1)) of the hexcone in 2^-14; k = (h + n) mod 6, 0 <= h < 6 */
static inline int32_t
hexcone(int32_t h, int32_t n)
{
    int32_t k    = below_full(h + n * SIXTH);
    int32_t left = 4 * SIXTH - k;
    return clamp(k < left ? k : left, SIXTH) >> 2;
}

/* Hue, saturation and value moved without a branch: the hexcone model, back by
 * channel(n) = V - V S max(0, min(k, 4 - k, 1)), k = (n + H) mod 6, n = 5, 3, 1. In integers but for one division that
 * serves both hue and saturation. px: levels in, 1/256 levels out. */
static void
shift_hsv(int32_t (*restrict px)[LANES], const mf_prep_job *restrict j)
{
    int32_t  hue = j->hue, ds = j->ds, dv = j->dv;
    int32_t *restrict R = px[0], *restrict G = px[1], *restrict B = px[2];

    for (int i = 0; i < LANES; i++) {
        int32_t r = R[i], g = G[i], b = B[i];
        int32_t most = r > g ? r : g, least = r < g ? r : g;
        most  = most > b ? most : b;
        least = least < b ? least : b;
        int32_t c = most - least;
        int32_t is_r = -(most == r), is_g = -(most == g) & ~is_r, is_b = ~(is_r | is_g);
        int32_t num = (is_r & (g - b)) | (is_g & (b - r)) | (is_b & (r - g));
        int32_t from = (is_g & 2 * SIXTH) | (is_b & 4 * SIXTH);
        float cf = (float)(c | (c == 0)), vf = (float)(most | (most == 0)); /* 1 for 0 */
        float both = 1.0f / (cf * vf);
        int32_t h = (int32_t)((float)num * vf * both * (float)SIXTH) + from + hue; /* [-1, 11) sixths */
        h = below_full(h + (6 * SIXTH & h >> 31));
        int32_t s = clamp((int32_t)((float)c * cf * both * (float)FULL) + ds, FULL), v = clamp(most * LEVEL + dv, 255 * LEVEL);
        int32_t chroma = v * s >> 15;
        R[i] = v - (chroma * hexcone(h, 5) >> 14);
        G[i] = v - (chroma * hexcone(h, 3) >> 14);
        B[i] = v - (chroma * hexcone(h, 1) >> 14);
    }
}

/* Tap words to colour values as floats of 0..255. */
static void
colours(lanes *restrict p, const taps *restrict t, const mf_prep_job *restrict j)
{
    ALIGNED int32_t px[3][LANES];
    float           unit = 1.0f;

    for (int c = 0; c < j->ch; c++)
        blend(px[c], t, 8 * c);
    if (j->ch == 3 && j->out_ch == 1)
        for (int i = 0; i < LANES; i++) /* luma as mf_convert_px */
            px[0][i] = (px[0][i] * 19595 + px[1][i] * 38470 + px[2][i] * 7471 + 0x8000) >> 16;
    if (j->ch == 1 && j->out_ch == 3) {
        memcpy(px[1], px[0], sizeof px[0]);
        memcpy(px[2], px[0], sizeof px[0]);
    }
    if (j->hsv) {
        unit = 1.0f / LEVEL;
        if (j->out_ch == 3)
            shift_hsv(px, j);
        else
            for (int i = 0; i < LANES; i++)
                px[0][i] = clamp(px[0][i] * LEVEL + j->dv, 255 * LEVEL);
    }
    for (int c = 0; c < j->out_ch; c++)
        for (int i = 0; i < LANES; i++)
            p->v[c][i] = (float)px[c][i] * unit;
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
