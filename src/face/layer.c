/* face/layer.c: painting shapes over a photo, and laying the result on it. */
#include "face/layer.h"

#include <math.h>
#include <string.h>

enum { FINE_MAX = 4, FINE_SIDE = 512, FINE_EYES = 40 };
#define OWN_BLUR 0.33 /* what averaging over a pixel amounts to */

static size_t
bytes_for(size_t w, size_t h, size_t fine_w, size_t fine_h)
{
    return 4 * fine_w * fine_h + sizeof(float) * ((fine_w + 1) * fine_h + fine_w + 2 + w * h) + 8 * w + 5 * 16;
}

static size_t
most(int side)
{
    return (size_t)(side > FINE_SIDE ? side : FINE_SIDE);
}

size_t
mf_layer_most(int w, int h, size_t extra)
{
    return bytes_for((size_t)w, (size_t)h, most(w), most(h)) + extra * most(w) * most(h) + 16;
}

mf_status
mf_layer_open(mf_layer *out, mf_face_scratch *s, const mf_image *im, const double lo[2], const double hi[2], double d, size_t extra,
              mf_err *err)
{
    mf_layer  l = {0};
    int       x1, y1, side;
    size_t    fw, fh;
    mf_status st;

    *out = l;
    l.x0 = (int)floor(fmin(fmax(0, lo[0]), im->width));
    l.y0 = (int)floor(fmin(fmax(0, lo[1]), im->height));
    x1   = (int)ceil(fmax(0, fmin(im->width, hi[0])));
    y1   = (int)ceil(fmax(0, fmin(im->height, hi[1])));
    if (x1 - l.x0 < 1 || y1 - l.y0 < 1)
        return mf_fail(err, MF_E_ARG, "it would lie outside the picture; are the landmarks those of this picture?");
    l.w  = x1 - l.x0;
    l.h  = y1 - l.y0;
    side = l.w > l.h ? l.w : l.h;
    l.k  = (int)ceil(FINE_EYES / fmax(d, 1));
    l.k  = l.k > FINE_MAX ? FINE_MAX : l.k;
    while (l.k > 1 && side * l.k > FINE_SIDE)
        l.k--;
    l.k  = l.k < 1 ? 1 : l.k;
    fw   = (size_t)(l.w * l.k);
    fh   = (size_t)(l.h * l.k);
    if ((st = mf_face_scratch_reset(s, bytes_for((size_t)l.w, (size_t)l.h, fw, fh) + extra * fw * fh + 16, err)) < 0)
        return st;
    l.px         = mf_face_scratch_take(s, fw * fh, 4);
    l.raster     = (mf_raster){.w = (int)fw, .h = (int)fh};
    l.raster.acc = mf_face_scratch_take(s, (fw + 1) * fh, sizeof *l.raster.acc);
    l.line       = mf_face_scratch_take(s, fw + 2, sizeof *l.line);
    l.rows       = mf_face_scratch_take(s, 2 * (size_t)l.w, 4);
    l.plane      = mf_face_scratch_take(s, (size_t)l.w * (size_t)l.h, sizeof *l.plane);
    *out         = l;
    return MF_OK;
}

/* ------------------------------------------------------------------------------------------------------------ painting */

static uint8_t
to_byte(float x)
{
    return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x + 0.5F);
}

void
mf_layer_put(uint8_t px[4], const float rgba[4], float coverage)
{
    float a = rgba[3] * coverage;

    if (a <= 0)
        return;
    for (int c = 0; c < 3; c++) {
        float v = rgba[c] < 0 ? 0 : rgba[c] > 1 ? 1 : rgba[c];
        px[c]   = to_byte(255 * a * v + (1 - a) * (float)px[c]);
    }
    px[3] = to_byte(255 * a + (1 - a) * (float)px[3]);
}

void
mf_layer_outline(mf_layer *l, const double (*p)[2], int n)
{
    double q[MF_LAYER_POINTS][2];

    n = n > MF_LAYER_POINTS ? MF_LAYER_POINTS : n;
    for (int i = 0; i < n; i++) {
        q[i][0] = (p[i][0] - l->x0) * l->k;
        q[i][1] = (p[i][1] - l->y0) * l->k;
    }
    mf_raster_begin(&l->raster);
    mf_raster_add(&l->raster, (const double (*)[2])q, n);
}

static void
fill(mf_layer *l, const double (*p)[2], int n, mf_layer_shade *shade, void *arg, float rgba[4])
{
    mf_raster *r = &l->raster;

    mf_layer_outline(l, p, n);
    for (int y = r->y0; y < r->y1; y++) {
        uint8_t *px = l->px + 4 * ((size_t)y * (size_t)r->w + (size_t)r->x0);
        mf_raster_row(r, y, l->line);
        for (int x = r->x0; x < r->x1; x++, px += 4) {
            float c = l->line[x - r->x0];
            if (c < 1.0F / 512)
                continue;
            if (shade != NULL)
                shade(arg, l->x0 + (x + 0.5) / l->k, l->y0 + (y + 0.5) / l->k, rgba);
            mf_layer_put(px, rgba, c);
        }
    }
}

void
mf_layer_fill(mf_layer *l, const double (*p)[2], int n, const float rgb[3], double opacity)
{
    float rgba[4] = {rgb[0], rgb[1], rgb[2], (float)opacity};

    fill(l, p, n, NULL, NULL, rgba);
}

void
mf_layer_fill_with(mf_layer *l, const double (*p)[2], int n, mf_layer_shade *shade, void *arg)
{
    float rgba[4] = {0, 0, 0, 1};

    fill(l, p, n, shade, arg, rgba);
}

void
mf_layer_stroke(mf_layer *l, const double (*p)[2], int n, double from, double to, const float rgb[3], double opacity)
{
    double q[MF_RASTER_STROKE][2];
    int    m = mf_raster_stroke(q, p, n > MF_RASTER_LINE ? MF_RASTER_LINE : n, from, to);

    mf_layer_fill(l, (const double (*)[2])q, m, rgb, opacity);
}

/* ------------------------------------------------------------------------------------------------------------- shadows */

/* Running mean of 2 r + 1 along rows into `to`, then along columns back into `a`. `line` holds w floats. */
static void
box_blur(float *a, float *to, int w, int h, int r, float *line)
{
    float share = 1 / (float)(2 * r + 1);

    for (int y = 0; y < h; y++) {
        const float *p = a + (size_t)y * (size_t)w;
        float       *q = to + (size_t)y * (size_t)w, sum = 0;
        for (int x = 0; x < r && x < w; x++)
            sum += p[x];
        for (int x = 0; x < w; x++) {
            sum += x + r < w ? p[x + r] : 0;
            sum -= x - r - 1 >= 0 ? p[x - r - 1] : 0;
            q[x] = sum * share;
        }
    }
    for (int x = 0; x < w; x++)
        line[x] = 0;
    for (int y = -r; y < h; y++) {
        const float *in = y + r < h ? to + (size_t)(y + r) * (size_t)w : NULL;
        const float *out = y - r - 1 >= 0 ? to + (size_t)(y - r - 1) * (size_t)w : NULL;
        for (int x = 0; in != NULL && x < w; x++)
            line[x] += in[x];
        for (int x = 0; out != NULL && x < w; x++)
            line[x] -= out[x];
        for (int x = 0; y >= 0 && x < w; x++)
            a[(size_t)y * (size_t)w + (size_t)x] = line[x] * share;
    }
}

/* The raster's memory, unused now, holds what the blur has half done. */
void
mf_layer_shadow(mf_layer *l, mf_image *im, const double (*p)[2], int n, double dx, double dy, double radius, float strength)
{
    int       w = l->w, h = l->h, r = (int)(radius + 0.5), colour = im->channels == 1 ? 1 : 3;
    double    q[MF_LAYER_POINTS][2];
    mf_raster at_one = {.w = w, .h = h, .acc = l->raster.acc};

    n = n > MF_LAYER_POINTS ? MF_LAYER_POINTS : n;
    for (int i = 0; i < n; i++) {
        q[i][0] = p[i][0] + dx - l->x0;
        q[i][1] = p[i][1] + dy - l->y0;
    }
    memset(l->plane, 0, (size_t)w * (size_t)h * sizeof *l->plane);
    mf_raster_begin(&at_one);
    mf_raster_add(&at_one, (const double (*)[2])q, n);
    for (int y = at_one.y0; y < at_one.y1; y++)
        mf_raster_row(&at_one, y, l->plane + (size_t)y * (size_t)w + at_one.x0);
    for (int pass = 0; pass < 2; pass++)
        box_blur(l->plane, l->raster.acc, w, h, r, l->line);
    memset(l->raster.acc, 0, (size_t)w * (size_t)h * sizeof *l->raster.acc);
    for (int y = 0; y < h; y++) {
        const float *s = l->plane + (size_t)y * (size_t)w;
        uint8_t     *px = im->px + ((size_t)(y + l->y0) * (size_t)im->width + (size_t)l->x0) * (size_t)im->channels;
        for (int x = 0; x < w; x++, px += im->channels) {
            float f = 1 - strength * s[x];
            if (f >= 0.998F)
                continue;
            for (int c = 0; c < colour; c++)
                px[c] = (uint8_t)((float)px[c] * f + 0.5F);
        }
    }
}

/* -------------------------------------------------------------------------------------------------------------- closing */

/* Average k x k pixels, in place: the result lies at the start. */
static void
reduce(mf_layer *l)
{
    size_t   k = (size_t)l->k, row = 4 * (size_t)l->w, stride = row * k;
    uint32_t all = (uint32_t)(k * k);
    uint8_t *out = l->px;

    if (k == 1)
        return;
    for (size_t y = 0; y < (size_t)l->h; y++) {
        const uint8_t *from = l->px + y * k * stride;
        for (size_t x = 0; x < (size_t)l->w; x++)
            for (size_t c = 0; c < 4; c++) {
                uint32_t sum = all / 2;
                for (size_t j = 0; j < k; j++)
                    for (size_t i = 0; i < k; i++)
                        sum += from[j * stride + (x * k + i) * 4 + c];
                *out++ = (uint8_t)(sum / all);
            }
    }
}

/* (q, 64 - 2q, q) / 64 along rows and along columns. */
static void
soften(mf_layer *l, unsigned q)
{
    size_t   row = 4 * (size_t)l->w;
    unsigned own = 64 - 2 * q;
    uint8_t *line = l->rows, *before = l->rows + row;

    for (int y = 0; y < l->h; y++) {
        uint8_t *p = l->px + (size_t)y * row;
        memcpy(line, p, row);
        for (size_t i = 4; i + 4 < row; i++)
            p[i] = (uint8_t)((q * (unsigned)(line[i - 4] + line[i + 4]) + own * line[i] + 32) >> 6);
    }
    memcpy(before, l->px, row);
    for (int y = 1; y + 1 < l->h; y++) {
        uint8_t *p = l->px + (size_t)y * row;
        memcpy(line, p, row);
        for (size_t i = 0; i < row; i++)
            p[i] = (uint8_t)((q * (unsigned)(before[i] + p[i + row]) + own * p[i] + 32) >> 6);
        memcpy(before, line, row);
    }
}

static uint8_t
clip(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void
lay_on(mf_layer *l, mf_image *im, uint8_t *cover, float noise, uint32_t seed)
{
    const uint8_t *over = l->px;
    int            amount = (int)(255 * 64 * 2.449F * noise + 0.5F); /* two even numbers make a triangle of sd a / sqrt 6 */

    for (int y = 0; y < l->h; y++) {
        size_t   at = (size_t)(y + l->y0) * (size_t)im->width + (size_t)l->x0;
        uint8_t *px = im->px + at * (size_t)im->channels, *hid = cover == NULL ? NULL : cover + at;
        for (int x = 0; x < l->w; x++, px += im->channels, over += 4) {
            int a = over[3], rest = 255 - a, g = 0;
            if (a == 0)
                continue;
            if (hid != NULL && hid[x] < a)
                hid[x] = (uint8_t)a;
            if (amount > 0) {
                uint32_t mix = (seed + (uint32_t)at + (uint32_t)x) * 0x9E3779B1U;
                mix ^= mix >> 15;
                mix *= 0x2C1B3C6DU;
                mix ^= mix >> 13;
                g = ((int)((mix & 0xFFFF) + (mix >> 16)) - 65535) / 64 * amount / 1024 * a / (255 * 64);
            }
            if (im->channels == 1) {
                px[0] = clip((77 * over[0] + 150 * over[1] + 29 * over[2] + 128) / 256 + g + (rest * px[0] + 127) / 255);
                continue;
            }
            for (int c = 0; c < 3; c++)
                px[c] = clip(over[c] + g + (rest * px[c] + 127) / 255);
            if (im->channels == 4)
                px[3] = clip(a + (rest * px[3] + 127) / 255);
        }
    }
}

void
mf_layer_close(mf_layer *l, mf_image *im, uint8_t *cover, const mf_match *match, uint32_t seed)
{
    double   wide = (double)match->blur * (double)match->blur - OWN_BLUR * OWN_BLUR;
    unsigned passes, q;

    reduce(l);
    wide   = fmin(wide, 2.25 - OWN_BLUR * OWN_BLUR); /* variances add; one pass of q brings 2 q / 64 */
    passes = wide <= 0 ? 0 : (unsigned)ceil(wide / 0.5);
    q      = passes == 0 ? 0 : (unsigned)(32 * wide / passes + 0.5);
    for (unsigned i = 0; q > 0 && i < passes; i++)
        soften(l, q);
    lay_on(l, im, cover, match->noise, seed);
}
