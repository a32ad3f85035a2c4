/* image/prep.c: recipes, random draws made concrete, and the call of the sampling kernel that fits this machine.
 *
 * Geometry: continuous coordinates in which pixel i covers [i, i+1). A draw maps the centre of an output pixel,
 * (x + 1/2, y + 1/2), to source coordinates; the source index there is half a pixel less. */
#include "image/prep.h"

#include <math.h>

#include "core/isa.h"
#include "image/jitter.h"
#include "image/sample.h"

#define PI 3.14159265358979323846

mf_recipe
mf_recipe_default(int width, int height, int channels)
{
    if (channels == 1)
        return (mf_recipe){.width = width, .height = height, .channels = 1, .mean = {0.449f}, .std = {0.226f}};
    return (mf_recipe){.width = width, .height = height, .channels = channels,
                       .mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}};
}

mf_augment
mf_augment_none(void)
{
    return (mf_augment){0};
}

/* msde.md 2.5, the training transform; step numbers of its table. */
mf_augment
mf_augment_msde(void)
{
    return (mf_augment){
        .flip = 0.5,                                                          /* 1 */
        .color_prob = 0.5, .hue = 20, .saturation = 30, .value = 20,          /* 2 */
        .contrast_prob = 0.5, .contrast = 0.2,                                /* 3 */
        .affine_prob = 0.5, .rotate = 3, .scale = 0.1, .shift = 0.0625,       /* 4 */
        .zoom_prob = 0.5, .zoom = 0.25,                                       /* 5 */
    };
}

mf_augment
mf_augment_light(void)
{
    return (mf_augment){.flip = 0.5, .pad = 0.04, .affine_prob = 0.5, .rotate = 6, .scale = 0.08};
}

bool
mf_augment_jitters(const mf_augment *a)
{
    return a->jitter_brightness > 0 || a->jitter_contrast > 0 || a->jitter_saturation > 0 || a->jitter_hue > 0;
}

mf_augment
mf_augment_scan(void)
{
    return (mf_augment){.flip = 0.5, .jitter_brightness = 0.4, .jitter_contrast = 0.3, .jitter_saturation = 0.25, .jitter_hue = 0.05};
}

void
mf_augment_mlfw(mf_augment out[MF_AUGMENT_VIEWS_MAX])
{
    out[0] = (mf_augment){.flip = 0.5, .affine_prob = 1, .shift = 0.1, .black = true, .noise = 0.05};
    out[1] = (mf_augment){.flip = 0.5, .affine_prob = 1, .turn = 10.5, .rotate = 9.5, .black = true};
    out[2] = (mf_augment){.flip = 0.5, .affine_prob = 1, .turn = -10.5, .rotate = 9.5, .black = true};
    out[3] = mf_augment_none();
}

mf_draw
mf_draw_identity(const mf_recipe *r, int src_w, int src_h)
{
    return (mf_draw){.m = {(float)((double)src_w / r->width), 0, 0, 0, (float)((double)src_h / r->height), 0},
                     .gain = 1.0f};
}

/* Two points of a plane to one: p = A q + t; composed from the output inwards to the source. */
typedef struct map {
    double a, b, c, d, e, f; /* x' = a x + b y + c, y' = d x + e y + f */
} map;

/* What takes a point first through `first` and then through `then`. */
static map
chain(map first, map then)
{
    return (map){
        then.a * first.a + then.b * first.d, then.a * first.b + then.b * first.e,
        then.a * first.c + then.b * first.f + then.c,
        then.d * first.a + then.e * first.d, then.d * first.b + then.e * first.e,
        then.d * first.c + then.e * first.f + then.f,
    };
}

/* Random erasing (Zhong et al. 2020): area share U(0.02, most), aspect ratio from 0.3 to 1/0.3. */
static void
draw_erase(int box[4], const mf_recipe *r, double most, double u_area, double u_ratio, double u_x, double u_y)
{
    double least = most < 0.02 ? most : 0.02;
    double area  = (least + (most - least) * u_area) * r->width * r->height;
    double ratio = exp((2.0 * u_ratio - 1.0) * log(1.0 / 0.3));
    int    w = (int)(sqrt(area / ratio) + 0.5), h = (int)(sqrt(area * ratio) + 0.5);

    w      = w < 1 ? 1 : w > r->width ? r->width : w;
    h      = h < 1 ? 1 : h > r->height ? r->height : h;
    box[0] = (int)(u_x * (r->width - w + 1));
    box[1] = (int)(u_y * (r->height - h + 1));
    box[2] = box[0] + w;
    box[3] = box[1] + h;
}

mf_draw
mf_draw_make(const mf_augment *a, const mf_recipe *r, int src_w, int src_h, mf_rng *rng)
{
    enum { FLIP, COLOR, HUE, SAT, VAL, TONE, GAIN, BIAS, AFFINE, ANGLE, SCALE, DX, DY, ZOOM_P, ZOOM, PAD_X, PAD_Y,
           ERASE, AREA, RATIO, EX, EY, JIT_ORDER, JIT_B, JIT_C, JIT_S, JIT_H, COUNT };
    double  u[COUNT]; /* always all of them: switching one kind of change off leaves the others as they were */
    mf_draw d = {.gain = 1.0f};
    double  w = src_w, h = src_h, cx = w / 2, cy = h / 2;

    for (int i = 0; i < COUNT; i++)
        u[i] = mf_rng_unit(rng);
#define SIDED(i, range) ((2.0 * u[i] - 1.0) * (range))

    /* From the output inwards, each step undone: resize, zoom, crop shift, rotation and scale, flip. */
    map m = {w / r->width, 0, 0, 0, h / r->height, 0};
    if (u[ZOOM_P] < a->zoom_prob) {
        double z = 1.0 + u[ZOOM] * a->zoom;
        m        = chain(m, (map){1 / z, 0, cx - cx / z, 0, 1 / z, cy - cy / z});
    }
    m = chain(m, (map){1, 0, SIDED(PAD_X, a->pad) * w, 0, 1, SIDED(PAD_Y, a->pad) * h});
    if (u[AFFINE] < a->affine_prob) {
        double angle = (a->turn + SIDED(ANGLE, a->rotate)) * PI / 180, s = 1.0 + SIDED(SCALE, a->scale);
        double ca = cos(angle) / s, sa = sin(angle) / s, tx = cx + SIDED(DX, a->shift) * w, ty = cy + SIDED(DY, a->shift) * h;
        /* forward: out = s [[cos, sin], [-sin, cos]] (in - c) + c + t */
        m = chain(m, (map){ca, -sa, cx - ca * tx + sa * ty, sa, ca, cy - sa * tx - ca * ty});
    }
    if (u[FLIP] < a->flip)
        m = chain(m, (map){-1, 0, w, 0, 1, 0});
    d.m[0] = (float)m.a;
    d.m[1] = (float)m.b;
    d.m[2] = (float)m.c;
    d.m[3] = (float)m.d;
    d.m[4] = (float)m.e;
    d.m[5] = (float)m.f;

    if (u[COLOR] < a->color_prob) {
        d.hsv = true;
        d.dh  = (float)SIDED(HUE, a->hue);
        d.ds  = (float)SIDED(SAT, a->saturation);
        d.dv  = (float)SIDED(VAL, a->value);
    }
    if (u[TONE] < a->contrast_prob) {
        d.gain = (float)(1.0 + SIDED(GAIN, a->contrast));
        d.bias = (float)(255.0 * SIDED(BIAS, a->brightness));
    }
    if (u[ERASE] < a->erase_prob && a->erase > 0)
        draw_erase(d.erase, r, a->erase, u[AREA], u[RATIO], u[EX], u[EY]);
    if (mf_augment_jitters(a)) {
        d.jitter = (mf_jitter){
            .on = true, .order = (int)(u[JIT_ORDER] * 24), .hue = (int)(SIDED(JIT_H, a->jitter_hue) * 255),
            .brightness = (float)(1.0 + SIDED(JIT_B, a->jitter_brightness)), .contrast = (float)(1.0 + SIDED(JIT_C, a->jitter_contrast)),
            .saturation = (float)(1.0 + SIDED(JIT_S, a->jitter_saturation)),
        };
    }
#undef SIDED
    d.black = a->black;
    d.noise = (float)a->noise;
    d.rng   = *rng;
    return d;
}

static mf_prep_run_fn *
kernel(void)
{
#if MF_ISA_X86
    switch (mf_isa_best()) {
    case MF_ISA_AVX512: return mf_prep_run_avx512;
    case MF_ISA_AVX2: return mf_prep_run_avx2;
    case MF_ISA_BASE: break;
    }
#endif
    return mf_prep_run_base;
}

/* In 2^-32, kept small enough that positions of any output of MF_IMAGE_MAX_SIDE cannot overflow. */
static int64_t
fixed32(double v, double most)
{
    v = v > most ? most : v > -most ? v : -most; /* NaN becomes -most */
    return llround(v * 4294967296.0);
}

/* A shift of -255..255 levels in units of 1/scale. */
static int32_t
units(float v, double scale)
{
    double d = (double)v;
    return (int32_t)lrint((d > 255 ? 255 : d > -255 ? d : -255) * scale);
}

/* Whether source indices along one axis, in 2^-32, reflect at most once off 0..n-1 for every output pixel, and fit in
 * 32 bits as 2^-16 for the unused lanes of a chunk as well. */
static bool
stays_near(const int64_t m[3], int out_w, int out_h, int n)
{
    const int64_t one = (int64_t)1 << 32, widest = 32000;

    for (int k = 0; k < 8; k++) {
        bool    unused = k & 4;
        int64_t p = m[0] * (k & 1 ? (unused ? out_w + 64 : out_w - 1) : 0) + m[1] * (k & 2 ? out_h - 1 : 0) + m[2];
        int64_t lo = unused ? -widest : 1 - n, hi = unused ? widest : 2 * (n - 1);
        if (p < lo * one || p > hi * one - (one >> 8))
            return false;
    }
    return n >= 2;
}

void
mf_prep_job_fill(mf_prep_job *j, const mf_pix_out *out, const mf_recipe *r, const uint8_t *src, int src_w, int src_h,
                 int src_channels, const mf_draw *d)
{
    *j = (mf_prep_job){.src = src, .w = src_w, .h = src_h, .ch = src_channels, .out_w = r->width, .out_h = r->height,
                       .out_ch = r->channels, .out = *out, .hsv = d->hsv,
                       .ds = units(d->ds, 32768.0 / 255.0), .dv = units(d->dv, 256.0)};
    j->gain = d->gain > 1e-4f ? d->gain : 1e-4f;
    j->lift = d->bias / j->gain;
    for (int k = 0; k < 2; k++) {
        double a = (double)d->m[3 * k], b = (double)d->m[3 * k + 1], c = (double)d->m[3 * k + 2];
        j->m[3 * k]     = fixed32(a, 1 << 13);
        j->m[3 * k + 1] = fixed32(b, 1 << 13);
        j->m[3 * k + 2] = fixed32(0.5 * a + 0.5 * b + c - 0.5, 1 << 26);
    }
    j->near = (int64_t)src_w * src_h * src_channels <= INT32_MAX && (int64_t)src_w * src_h * src_channels >= 8 &&
              stays_near(j->m, r->width, r->height, src_w) && stays_near(j->m + 3, r->width, r->height, src_h);
    j->tone = d->gain != 1.0f || d->bias != 0.0f;
    double hue = fmod((double)d->dh / 30.0, 6.0);
    j->hue     = hue == hue ? (int32_t)lrint((hue < 0 ? hue + 6.0 : hue) * 65536.0) % (6 << 16) : 0;
    for (int c = 0; c < r->channels; c++) {
        j->mean[c] = (float)(255.0 * (double)r->mean[c]);
        j->rate[c] = (float)(1.0 / (255.0 * (double)r->std[c]));
    }
    if (d->erase[2] > d->erase[0])
        for (int k = 0; k < 4; k++)
            j->erase[k] = d->erase[k];
}

void
mf_prep_sample(const mf_pix_out *out, const mf_recipe *r, const uint8_t *src, int src_w, int src_h, int src_channels,
               const mf_draw *d)
{
    mf_prep_job j;

    MF_ASSERT((src_channels == 1 || src_channels == 3) && (r->channels == 1 || r->channels == 3));
    MF_ASSERT(src_w > 0 && src_h > 0 && r->width > 0 && r->height > 0);
    mf_prep_job_fill(&j, out, r, src, src_w, src_h, src_channels, d);
    kernel()(&j);
    if (d->black || d->noise > 0.0f)
        mf_prep_finish(out, r, src_w, src_h, d);
}

mf_status
mf_prep_image(const mf_pix_out *out, const mf_recipe *r, const mf_image *im, mf_err *err)
{
    mf_status st;
    mf_image  small = {0}, plain = {0};

    if ((r->channels != 1 && r->channels != 3) || r->width < 1 || r->height < 1 || r->width > MF_IMAGE_MAX_SIDE ||
        r->height > MF_IMAGE_MAX_SIDE)
        return mf_fail(err, MF_E_ARG, "an input recipe of %d x %d pixels with %d channels cannot be made", r->width,
                       r->height, r->channels);
    /* Alpha and colour first, as a reader that asks for RGB or grey would see them; one channel stays one until the end. */
    if (im->channels != 1 && im->channels != r->channels) {
        if ((st = mf_image_convert(&plain, im, r->channels, err)) < 0)
            return st;
        im = &plain;
    }
    if (im->width != r->width || im->height != r->height) {
        if ((st = mf_image_resize(&small, im, r->width, r->height, err)) < 0)
            goto done;
        im = &small;
    }
    mf_draw d = mf_draw_identity(r, r->width, r->height);
    mf_prep_sample(out, r, im->px, im->width, im->height, im->channels, &d);
    st = MF_OK;
done:
    mf_image_free(&plain);
    mf_image_free(&small);
    return st;
}
