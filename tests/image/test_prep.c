/* Draws and the sampling pass: against a plain double-precision reading of the same recipe, between instruction sets,
 * between layouts and types, and at the edges of what the arguments may be. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/isa.h"
#include "core/mem.h"
#include "image/prep.h"
#include "image/sample.h"

static void
fill_noise(uint8_t *px, size_t n, uint64_t seed)
{
    mf_rng r = mf_rng_make(seed, 0, 0, MF_RNG_TEST);
    for (size_t i = 0; i < n; i++)
        px[i] = (uint8_t)mf_rng_u32(&r);
}

static mf_pix_out
planes(float *base, const mf_recipe *r)
{
    return (mf_pix_out){.base = base, .type = MF_PIX_F32, .sc = (ptrdiff_t)r->width * r->height, .sy = r->width, .sx = 1};
}

/* ---- the plain reading ---- */

static int
reflect(long i, int n)
{
    if (n == 1)
        return 0;
    while (i < 0 || i >= n)
        i = i < 0 ? -i : 2L * (n - 1) - i;
    return (int)i;
}

static double
bilinear(const uint8_t *src, int w, int h, int ch, int c, double x, double y)
{
    double fx = floor(x), fy = floor(y), ax = x - fx, ay = y - fy;
    int    x0 = reflect((long)fx, w), x1 = reflect((long)fx + 1, w), y0 = reflect((long)fy, h), y1 = reflect((long)fy + 1, h);
#define AT(yy, xx) (double)src[((yy) * w + (xx)) * ch + c]
    return (AT(y0, x0) * (1 - ax) + AT(y0, x1) * ax) * (1 - ay) + (AT(y1, x0) * (1 - ax) + AT(y1, x1) * ax) * ay;
#undef AT
}

static double
clip(double v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

/* Hue in half degrees by cases, as textbooks have it. */
static void
textbook_hsv(double p[3], double dh, double ds, double dv)
{
    double v = fmax(p[0], fmax(p[1], p[2])), least = fmin(p[0], fmin(p[1], p[2])), c = v - least, h = 0, s;
    if (c > 0)
        h = v == p[0] ? 30 * (p[1] - p[2]) / c : v == p[1] ? 60 + 30 * (p[2] - p[0]) / c : 120 + 30 * (p[0] - p[1]) / c;
    s = v > 0 ? 255 * c / v : 0;
    h = fmod(fmod(h + dh, 180) + 180, 180);
    s = clip(s + ds) / 255;
    v = clip(v + dv);
    int    sector = (int)(h / 30) % 6;
    double f = h / 30 - floor(h / 30), a = v * (1 - s), b = v * (1 - s * f), t = v * (1 - s * (1 - f));
    double table[6][3] = {{v, t, a}, {b, v, a}, {a, v, t}, {a, b, v}, {t, a, v}, {v, a, b}};
    memcpy(p, table[sector], sizeof table[sector]);
}

static void
identity_is_exact(void **state)
{
    enum { W = 70, H = 5 };
    static uint8_t px[W * H * 3];
    static float   out[W * H * 3];
    mf_recipe      r = mf_recipe_default(W, H, 3);
    mf_draw        d = mf_draw_identity(&r, W, H);
    mf_pix_out     o = planes(out, &r);

    (void)state;
    fill_noise(px, sizeof px, 1);
    mf_prep_sample(&o, &r, px, W, H, 3, &d);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < W * H; i++) {
            double want = ((double)px[3 * i + c] / 255.0 - (double)r.mean[c]) / (double)r.std[c];
            assert_true(fabs((double)out[c * W * H + i] - want) < 1e-6);
        }
}

static void
flip_is_exact_and_twice_is_identity(void **state)
{
    enum { W = 67, H = 3 };
    static uint8_t px[W * H];
    static float   out[W * H], plain[W * H];
    mf_recipe      r = mf_recipe_default(W, H, 1);
    mf_draw        id = mf_draw_identity(&r, W, H), d;
    mf_pix_out     o = planes(out, &r), p = planes(plain, &r);
    mf_augment     a = {.flip = 1.0};
    mf_rng         rng = mf_rng_make(1, 1, 1, MF_RNG_AUGMENT);

    (void)state;
    fill_noise(px, sizeof px, 2);
    d = mf_draw_make(&a, &r, W, H, &rng);
    mf_prep_sample(&p, &r, px, W, H, 1, &id);
    mf_prep_sample(&o, &r, px, W, H, 1, &d);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            assert_memory_equal(&out[y * W + x], &plain[y * W + W - 1 - x], sizeof(float));
}

/* Noise is the worst case: neighbours differ by up to 255 levels, and weights are in 1/256. */
static void
geometry_equals_the_plain_reading(void **state)
{
    enum { SW = 81, SH = 67, W = 75, H = 50 };
    static uint8_t px[SW * SH * 3];
    static float   out[W * H * 3];
    mf_recipe      r = {.width = W, .height = H, .channels = 3, .std = {1, 1, 1}};
    mf_augment     a = mf_augment_msde();
    mf_pix_out     o = planes(out, &r);
    double         worst = 0, sum = 0;
    long           count = 0;

    (void)state;
    fill_noise(px, sizeof px, 3);
    a.color_prob = a.contrast_prob = 0;
    a.affine_prob = a.zoom_prob = 1;
    a.rotate = 40;
    a.pad    = 0.1;
    for (uint64_t k = 0; k < 40; k++) {
        mf_rng  rng = mf_rng_make(4, 0, k, MF_RNG_AUGMENT);
        mf_draw d   = mf_draw_make(&a, &r, SW, SH, &rng);
        mf_prep_sample(&o, &r, px, SW, SH, 3, &d);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                double sx = (double)d.m[0] * (x + .5) + (double)d.m[1] * (y + .5) + (double)d.m[2] - .5;
                double sy = (double)d.m[3] * (x + .5) + (double)d.m[4] * (y + .5) + (double)d.m[5] - .5;
                for (int c = 0; c < 3; c++) {
                    double e = fabs(255.0 * (double)out[c * W * H + y * W + x] - bilinear(px, SW, SH, 3, c, sx, sy));
                    worst = fmax(worst, e);
                    sum += e;
                    count++;
                }
            }
    }
    print_message("geometry: worst %.3f, mean %.3f levels\n", worst, sum / (double)count);
    assert_true(worst < 2.0);
    assert_true(sum / (double)count < 0.35);
}

static void
colour_equals_the_plain_reading(void **state)
{
    enum { W = 64, H = 64 };
    static uint8_t px[W * H * 3];
    static float   out[W * H * 3];
    mf_recipe      r = {.width = W, .height = H, .channels = 3, .std = {1, 1, 1}};
    mf_pix_out     o = planes(out, &r);
    double         worst = 0;

    (void)state;
    fill_noise(px, sizeof px, 5);
    for (int i = 0; i < 3 * 200; i++) /* greys, black, white, primaries */
        px[i] = i < 300 ? (uint8_t)(i / 3) : i < 450 ? (uint8_t)(255 * (i >> (i % 3) & 1)) : 0;
    for (uint64_t k = 0; k < 60; k++) {
        mf_rng  rng = mf_rng_make(6, 0, k, MF_RNG_TEST);
        mf_draw d   = mf_draw_identity(&r, W, H);
        d.hsv  = k % 4 != 3;
        d.dh   = (float)mf_rng_uniform(&rng, -400, 400);
        d.ds   = (float)mf_rng_uniform(&rng, -60, 60);
        d.dv   = (float)mf_rng_uniform(&rng, -60, 60);
        d.gain = k % 2 ? (float)mf_rng_uniform(&rng, 0.5, 1.5) : 1.0f;
        d.bias = k % 2 ? (float)mf_rng_uniform(&rng, -50, 50) : 0.0f;
        mf_prep_sample(&o, &r, px, W, H, 3, &d);
        for (int i = 0; i < W * H; i++) {
            double p[3] = {px[3 * i], px[3 * i + 1], px[3 * i + 2]};
            if (d.hsv)
                textbook_hsv(p, (double)d.dh, (double)d.ds, (double)d.dv);
            for (int c = 0; c < 3; c++) {
                double want = clip(p[c] * (double)d.gain + (double)d.bias);
                worst       = fmax(worst, fabs(255.0 * (double)out[c * W * H + i] - want));
            }
        }
    }
    print_message("colour: worst %.4f levels\n", worst);
    assert_true(worst < 0.05);
}

/* Every kernel this machine can run, far and near ways of finding pixels, every layout and type: the same bits. */
static void
instruction_sets_agree(void **state)
{
    enum { MAX = 150 * 90 };
    static uint8_t src[MAX * 3];
    static uint8_t out[2][MAX * 4 * 4];
    mf_prep_run_fn *kernels[] = {
        mf_prep_run_base,
#if MF_ISA_X86
        mf_isa_best() >= MF_ISA_AVX2 ? mf_prep_run_avx2 : NULL,
        mf_isa_best() >= MF_ISA_AVX512 ? mf_prep_run_avx512 : NULL,
#endif
    };
    int kernel_count = (int)(sizeof kernels / sizeof *kernels), runs = 0;

    (void)state;
    fill_noise(src, sizeof src, 7);
    for (uint64_t k = 0; k < 300; k++) {
        mf_rng     rng = mf_rng_make(8, 0, k, MF_RNG_TEST);
        int        sw = 1 + (int)mf_rng_below(&rng, 150), sh = 1 + (int)mf_rng_below(&rng, 90);
        int        sch = mf_rng_below(&rng, 3) ? 3 : 1;
        mf_recipe  r = mf_recipe_default(1 + (int)mf_rng_below(&rng, 150), 1 + (int)mf_rng_below(&rng, 90),
                                         mf_rng_below(&rng, 3) ? 3 : 1);
        mf_augment a = k % 3 ? mf_augment_msde() : mf_augment_light();
        int        layout = (int)mf_rng_below(&rng, 3);
        ptrdiff_t  w = r.width, area = (ptrdiff_t)r.width * r.height;
        mf_pix_out o = {.type = k & 1 ? MF_PIX_BF16 : MF_PIX_F32, .sc = layout ? 1 : area,
                        .sy = layout == 1 ? w * r.channels : layout ? w * 4 : w, .sx = layout == 1 ? r.channels : layout ? 4 : 1};
        a.erase_prob = 0.3;
        a.erase      = 0.2;
        a.brightness = 0.1;
        if (k % 7 == 0)
            a.rotate = 180;
        mf_draw d = mf_draw_make(&a, &r, sw, sh, &rng);
        if (k % 5 == 0) { /* around one reflection, and past it */
            d.m[2] += (float)mf_rng_uniform(&rng, -2.0 * sw, 2.0 * sw);
            d.m[5] += (float)mf_rng_uniform(&rng, -2.0 * sh, 2.0 * sh);
        }
        for (int v = 0; v < 2 * kernel_count; v++) {
            if (!kernels[v / 2])
                continue;
            mf_prep_job j;
            o.base = out[v != 0];
            memset(o.base, 0xA5, sizeof out[0]);
            mf_prep_job_fill(&j, &o, &r, src, sw, sh, sch, &d);
            j.near = j.near && v % 2 == 0;
            kernels[v / 2](&j);
            if (v != 0)
                assert_memory_equal(out[0], out[1], sizeof out[0]);
            runs++;
        }
    }
    print_message("%d kernels compared in %d runs, best %s\n", kernel_count, runs, mf_isa_name(mf_isa_best()));
}

static void
layouts_and_types_agree(void **state)
{
    enum { W = 77, H = 9 };
    static uint8_t  src[60 * 40 * 3];
    static float    f[W * H * 3], nhwc[W * H * 3], wide[W * H * 8 + 16];
    static uint16_t half[W * H * 3];
    mf_recipe       r = mf_recipe_default(W, H, 3);
    mf_augment      a = mf_augment_msde();
    mf_rng          rng = mf_rng_make(9, 0, 0, MF_RNG_TEST);
    mf_draw         d = mf_draw_make(&a, &r, 60, 40, &rng);
    mf_pix_out      o = planes(f, &r);

    (void)state;
    fill_noise(src, sizeof src, 10);
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        wide[i] = 12345.0f;
    mf_prep_sample(&o, &r, src, 60, 40, 3, &d);
    mf_prep_sample(&(mf_pix_out){.base = nhwc, .type = MF_PIX_F32, .sc = 1, .sy = 3 * W, .sx = 3}, &r, src, 60, 40, 3, &d);
    mf_prep_sample(&(mf_pix_out){.base = wide, .type = MF_PIX_F32, .sc = 2, .sy = 8 * W, .sx = 8}, &r, src, 60, 40, 3, &d);
    mf_prep_sample(&(mf_pix_out){.base = half, .type = MF_PIX_BF16, .sc = 1, .sy = 3 * W, .sx = 3}, &r, src, 60, 40, 3, &d);
    for (int i = 0; i < W * H; i++) {
        for (int c = 0; c < 3; c++) {
            uint32_t u, w;
            float    v = f[c * W * H + i], back;
            assert_memory_equal(&v, &nhwc[3 * i + c], 4);
            assert_memory_equal(&v, &wide[8 * i + 2 * c], 4);
            assert_true(wide[8 * i + 2 * c + 1] == 12345.0f); /* padding is left alone */
            w = (uint32_t)half[3 * i + c] << 16;
            memcpy(&back, &w, 4);
            memcpy(&u, &v, 4);
            assert_true(fabsf(back - v) <= fabsf(v) / 256.0f); /* nearest of 8 bits */
            if ((u & 0xFFFF) == 0x8000)
                assert_int_equal(half[3 * i + c] & 1, 0); /* ties to even */
        }
        assert_true(wide[8 * i + 6] == 12345.0f && wide[8 * i + 7] == 12345.0f);
    }
    for (int i = 0; i < 16; i++)
        assert_true(wide[W * H * 8 + i] == 12345.0f);
}

/* v + 1/2 for v of 128 to 255 lies half way between two numbers of 8 bits: the even one is taken. */
static void
bfloat16_ties_go_to_even(void **state)
{
    uint8_t     px[128];
    uint16_t    out[128];
    mf_recipe   r = mf_recipe_default(128, 1, 1);
    mf_draw     d = mf_draw_identity(&r, 128, 1);
    mf_pix_out  o = {.base = out, .type = MF_PIX_BF16, .sc = 128, .sy = 128, .sx = 1};
    mf_prep_job j;

    (void)state;
    for (int i = 0; i < 128; i++)
        px[i] = (uint8_t)(128 + i);
    mf_prep_job_fill(&j, &o, &r, px, 128, 1, 1, &d);
    j.mean[0] = -0.5f;
    j.rate[0] = 1.0f;
    mf_prep_run_base(&j);
    for (int i = 0; i < 128; i++) {
        uint32_t w = (uint32_t)out[i] << 16;
        float    got;
        memcpy(&got, &w, 4);
        assert_true(got == (float)(128 + i + (i & 1)));
    }
}

static void
grey_from_colour_is_the_luma_of_convert(void **state)
{
    enum { W = 200, H = 40 };
    static uint8_t px[W * H * 3];
    static float   out[W * H];
    mf_recipe      r = {.width = W, .height = H, .channels = 1, .std = {1}};
    mf_draw        d = mf_draw_identity(&r, W, H);
    mf_pix_out     o = planes(out, &r);
    mf_image       im = {.px = px, .width = W, .height = H, .channels = 3}, grey;
    mf_err         err = {0};

    (void)state;
    fill_noise(px, sizeof px, 17);
    memset(px, 255, 3);
    assert_mf_ok(mf_image_convert(&grey, &im, 1, &err), &err);
    mf_prep_sample(&o, &r, px, W, H, 3, &d);
    for (int i = 0; i < W * H; i++)
        assert_int_equal((int)lrintf(out[i] * 255.0f), grey.px[i]);
    mf_image_free(&grey);
}

static void
draws_have_the_published_ranges(void **state)
{
    mf_recipe  r = mf_recipe_default(224, 224, 3);
    mf_augment a = mf_augment_msde();
    int        n = 4000, flips = 0, colours = 0, tones = 0, moved = 0;
    double     hue = 0, sat = 0, val = 0, gain = 0;

    (void)state;
    for (int k = 0; k < n; k++) {
        mf_rng  rng = mf_rng_make(11, 2, (uint64_t)k, MF_RNG_AUGMENT), same = rng;
        mf_draw d   = mf_draw_make(&a, &r, 200, 200, &rng), e = mf_draw_make(&a, &r, 200, 200, &same);
        assert_memory_equal(d.m, e.m, sizeof d.m);
        flips += d.m[0] < 0;
        colours += d.hsv;
        tones += d.gain != 1.0f;
        moved += fabsf(fabsf(d.m[0]) - 200.0f / 224.0f) > 1e-6f || fabsf(d.m[1]) > 1e-6f;
        hue  = fmax(hue, fabs((double)d.dh));
        sat  = fmax(sat, fabs((double)d.ds));
        val  = fmax(val, fabs((double)d.dv));
        gain = fmax(gain, fabs((double)d.gain - 1));
        assert_true(d.bias == 0.0f && d.erase[2] <= d.erase[0]);
        double scale = sqrt(fabs((double)d.m[0] * (double)d.m[4] - (double)d.m[1] * (double)d.m[3])) * 224.0 / 200.0;
        assert_true(scale < 1 / 0.9 + 1e-5 && scale > 1 / (1.1 * 1.25) - 1e-5);
    }
    assert_in_range(flips, n / 2 - 130, n / 2 + 130); /* four standard deviations */
    assert_in_range(colours, n / 2 - 130, n / 2 + 130);
    assert_in_range(tones, n / 2 - 130, n / 2 + 130);
    assert_in_range(moved, 3 * n / 4 - 110, 3 * n / 4 + 110);
    assert_true(hue > 19.8 && hue <= 20 && sat > 29.7 && sat <= 30 && val > 19.8 && val <= 20 && gain > 0.198 && gain <= 0.2001);
}

/* msde.md 2.5: forward map of step 4, output pixel = source at the inverse-mapped position. */
static void
rotation_is_the_published_matrix(void **state)
{
    mf_recipe  r = mf_recipe_default(100, 60, 3);
    mf_augment a = {.affine_prob = 1, .rotate = 30, .scale = 0.2, .shift = 0.1};

    (void)state;
    for (uint64_t k = 0; k < 50; k++) {
        mf_rng  rng = mf_rng_make(12, 0, k, MF_RNG_AUGMENT);
        mf_draw d   = mf_draw_make(&a, &r, 100, 60, &rng);
        double  det = (double)d.m[0] * (double)d.m[4] - (double)d.m[1] * (double)d.m[3], s = 1 / sqrt(det);
        double  ca = (double)d.m[0] * s, sa = (double)d.m[3] * s, fa = s * ca, fb = s * sa, cx = 50, cy = 30;
        assert_true(s > 0.8 - 1e-6 && s < 1.2 + 1e-6 && fabs(ca * ca + sa * sa - 1) < 1e-5);
        /* where the centre goes tells the shift; then any point must come back */
        double ox = 0, oy = 0;
        {   /* output point whose source is the centre */
            double bx = cx - (double)d.m[2], by = cy - (double)d.m[5];
            ox = ((double)d.m[4] * bx - (double)d.m[1] * by) / det;
            oy = (-(double)d.m[3] * bx + (double)d.m[0] * by) / det;
        }
        double dx = ox - cx, dy = oy - cy;
        assert_true(fabs(dx) <= 10.001 && fabs(dy) <= 6.001);
        double x = 17, y = 41;
        double fx = fa * x + fb * y + (1 - fa) * cx - fb * cy + dx, fy = -fb * x + fa * y + fb * cx + (1 - fa) * cy + dy;
        assert_true(fabs((double)d.m[0] * fx + (double)d.m[1] * fy + (double)d.m[2] - x) < 1e-3);
        assert_true(fabs((double)d.m[3] * fx + (double)d.m[4] * fy + (double)d.m[5] - y) < 1e-3);
    }
}

static void
erased_part_is_the_mean(void **state)
{
    enum { W = 90, H = 80 };
    static uint8_t src[W * H * 3];
    static float   out[W * H * 3];
    mf_recipe      r = mf_recipe_default(W, H, 3);
    mf_augment     a = {.erase_prob = 1, .erase = 0.3};
    mf_pix_out     o = planes(out, &r);

    (void)state;
    memset(src, 255, sizeof src);
    for (uint64_t k = 0; k < 30; k++) {
        mf_rng  rng = mf_rng_make(13, 0, k, MF_RNG_AUGMENT);
        mf_draw d   = mf_draw_make(&a, &r, W, H, &rng);
        int     area = (d.erase[2] - d.erase[0]) * (d.erase[3] - d.erase[1]);
        assert_true(d.erase[0] >= 0 && d.erase[1] >= 0 && d.erase[2] <= W && d.erase[3] <= H);
        assert_true(area > W * H / 100 && area < W * H * 32 / 100);
        mf_prep_sample(&o, &r, src, W, H, 3, &d);
        for (int i = 0; i < 3 * W * H; i++) {
            int  x = i % W, y = i / W % H;
            bool in = x >= d.erase[0] && x < d.erase[2] && y >= d.erase[1] && y < d.erase[3];
            assert_true(in ? out[i] == 0.0f : out[i] > 2.0f);
        }
    }
}

static void
wild_draws_stay_in_memory(void **state)
{
    float     wild[] = {0, 1, -1, 1e-30f, 1e4f, -1e4f, 1e30f, -1e30f, INFINITY, -INFINITY, NAN, 32768.0f};
    int       sides[] = {1, 2, 3, 5, 64, 300};
    mf_recipe r = mf_recipe_default(70, 3, 3);
    float     out[70 * 3 * 3];
    mf_rng    rng = mf_rng_make(14, 0, 0, MF_RNG_TEST);

    (void)state;
    for (int k = 0; k < 3000; k++) {
        int      w = sides[mf_rng_below(&rng, 6)], h = sides[mf_rng_below(&rng, 6)], ch = mf_rng_below(&rng, 2) ? 3 : 1;
        size_t   n = (size_t)w * (size_t)h * (size_t)ch;
        uint8_t *src = mf_calloc(n, 1); /* its own block: an overrun is seen by the sanitizer */
        mf_draw  d   = mf_draw_identity(&r, w, h);
        memset(src, 200, n);
        for (int i = 0; i < 6; i++)
            d.m[i] = wild[mf_rng_below(&rng, 12)];
        mf_pix_out o = planes(out, &r);
        mf_prep_sample(&o, &r, src, w, h, ch, &d);
        for (int i = 0; i < 70 * 3 * 3; i++) /* one colour everywhere, wherever it was read */
            assert_true(fabsf(out[i] - (200.0f / 255 - r.mean[i / 210]) / r.std[i / 210]) < 1e-5f);
        mf_free(src);
    }
}

static void
evaluation_form_is_resize_and_normalise(void **state)
{
    mf_image  im, small;
    mf_err    err = {0};
    mf_recipe r = mf_recipe_default(24, 31, 3);
    float     out[24 * 31 * 3];

    (void)state;
    for (int ch = 1; ch <= 4; ch += ch == 1 ? 2 : 1)
        for (r.channels = 1; r.channels <= 3; r.channels += 2) {
            mf_image plain;
            mf_pix_out o = planes(out, &r);
            assert_mf_ok(mf_image_new(&im, 50, 40, ch, &err), &err);
            fill_noise(im.px, (size_t)(50 * 40 * ch), 15);
            assert_mf_ok(mf_prep_image(&o, &r, &im, &err), &err);
            assert_mf_ok(mf_image_convert(&plain, &im, r.channels, &err), &err);
            assert_mf_ok(mf_image_resize(&small, &plain, 24, 31, &err), &err);
            for (int c = 0; c < r.channels; c++)
                for (int i = 0; i < 24 * 31; i++) {
                    float want = ((float)small.px[i * r.channels + c] / 255.0f - r.mean[c]) / r.std[c];
                    assert_true(fabsf(out[c * 24 * 31 + i] - want) < 1e-5f);
                }
            mf_image_free(&im);
            mf_image_free(&plain);
            mf_image_free(&small);
        }
    r.channels = 2;
    im         = (mf_image){.px = (uint8_t *)out, .width = 1, .height = 1, .channels = 3};
    assert_mf_fails(mf_prep_image(&(mf_pix_out){.base = out}, &r, &im, &err), MF_E_ARG, &err, "2 channels");
}

static void
a_sample_allocates_nothing(void **state)
{
    static uint8_t src[64 * 64 * 3];
    static float   out[64 * 64 * 3];
    mf_recipe      r = mf_recipe_default(64, 64, 3);
    mf_augment     a = mf_augment_msde();
    mf_pix_out     o = planes(out, &r);
    uint64_t       before = mf_mem_count();

    (void)state;
    for (uint64_t k = 0; k < 20; k++) {
        mf_rng  rng = mf_rng_make(16, 0, k, MF_RNG_AUGMENT);
        mf_draw d   = mf_draw_make(&a, &r, 64, 64, &rng);
        mf_prep_sample(&o, &r, src, 64, 64, 3, &d);
    }
    assert_int_equal(mf_mem_count(), before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_is_exact),
        cmocka_unit_test(flip_is_exact_and_twice_is_identity),
        cmocka_unit_test(geometry_equals_the_plain_reading),
        cmocka_unit_test(colour_equals_the_plain_reading),
        cmocka_unit_test(instruction_sets_agree),
        cmocka_unit_test(layouts_and_types_agree),
        cmocka_unit_test(bfloat16_ties_go_to_even),
        cmocka_unit_test(grey_from_colour_is_the_luma_of_convert),
        cmocka_unit_test(draws_have_the_published_ranges),
        cmocka_unit_test(rotation_is_the_published_matrix),
        cmocka_unit_test(erased_part_is_the_mean),
        cmocka_unit_test(wild_draws_stay_in_memory),
        cmocka_unit_test(evaluation_form_is_resize_and_normalise),
        cmocka_unit_test(a_sample_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
