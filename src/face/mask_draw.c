/* face/mask_draw.c: lay a mask's surface over a picture: ear loops, then cloth by rasterising the Coons patch within its
 * outline, a soft contact shadow on the skin, and the whole as sharp and as noisy as the photo. */
#include "face/mask.h"

#include <math.h>
#include <string.h>

enum { GRID_U = 33, GRID_V = 25, OUTLINE = 4 * (MF_MASK_CURVE - 1) };
#define UV_MARGIN 0.035 /* the cloth is painted beyond its outline, which then cuts it */
#define NO_CLOTH  -9.0F

/* Where the layer must lie. */
static mf_status
extent(double lo[2], double hi[2], const mf_image *im, const mf_mask_shape *s, mf_err *err)
{
    double p[2], pad = 0.12 * s->d + 2;
    int    inside = 0, all = 0;

    lo[0] = lo[1] = 1e9;
    hi[0] = hi[1] = -1e9;
    for (int j = 0; j <= 12; j++)
        for (int i = 0; i <= 16; i++) {
            mf_mask_shape_at(p, s, i / 16.0, j / 12.0);
            all++;
            inside += p[0] >= 0 && p[1] >= 0 && p[0] < im->width && p[1] < im->height;
            for (int c = 0; c < 2; c++) {
                lo[c] = fmin(lo[c], p[c]);
                hi[c] = fmax(hi[c], p[c]);
            }
        }
    if (inside * 4 < all)
        return mf_fail(err, MF_E_ARG, "the mask would lie outside the picture (%d %% inside); are the landmarks those of "
                       "this picture?", inside * 100 / all);
    for (int side = 0; side < 2; side++)
        for (int e = 0; e < 2; e++)
            for (int c = 0; c < 2; c++) {
                lo[c] = fmin(lo[c], s->ear[side][e][c]);
                hi[c] = fmax(hi[c], s->ear[side][e][c]);
            }
    for (int c = 0; c < 2; c++) {
        lo[c] -= pad;
        hi[c] += pad;
    }
    return MF_OK;
}

/* Write (u, v) at every pixel centre of the triangle. */
static void
triangle(float (*uv)[2], int w, int h, double p[3][2], double t[3][2])
{
    double area = (p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * (p[1][1] - p[0][1]);
    double x_lo = fmin(p[0][0], fmin(p[1][0], p[2][0])), x_hi = fmax(p[0][0], fmax(p[1][0], p[2][0]));
    double y_lo = fmin(p[0][1], fmin(p[1][1], p[2][1])), y_hi = fmax(p[0][1], fmax(p[1][1], p[2][1]));
    int    xa, xb, ya, yb;

    if (fabs(area) < 1e-9 || x_hi < 0 || y_hi < 0 || x_lo > w || y_lo > h)
        return;
    xa = (int)fmax(0, floor(x_lo - 0.5));
    xb = (int)fmin(w - 1, ceil(x_hi));
    ya = (int)fmax(0, floor(y_lo - 0.5));
    yb = (int)fmin(h - 1, ceil(y_hi));
    for (int y = ya; y <= yb; y++) {
        double cx = xa + 0.5 - p[0][0], cy = y + 0.5 - p[0][1];
        double b = (cx * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * cy) / area, db = (p[2][1] - p[0][1]) / area;
        double c = ((p[1][0] - p[0][0]) * cy - cx * (p[1][1] - p[0][1])) / area, dc = -(p[1][1] - p[0][1]) / area;
        for (int x = xa; x <= xb; x++, b += db, c += dc) {
            float *o;
            if (b < -1e-6 || c < -1e-6 || b + c > 1 + 1e-6)
                continue;
            o    = uv[(size_t)y * (size_t)w + (size_t)x];
            o[0] = (float)(t[0][0] + b * (t[1][0] - t[0][0]) + c * (t[2][0] - t[0][0]));
            o[1] = (float)(t[0][1] + b * (t[1][1] - t[0][1]) + c * (t[2][1] - t[0][1]));
        }
    }
}

static void
surface_uv(float (*uv)[2], const mf_layer *l, const mf_mask_shape *s)
{
    double at[GRID_V][GRID_U][2], tex[GRID_V][GRID_U][2];
    int    w = l->raster.w, h = l->raster.h;

    for (size_t i = 0; i < (size_t)w * (size_t)h; i++)
        uv[i][0] = uv[i][1] = NO_CLOTH;
    for (int j = 0; j < GRID_V; j++)
        for (int i = 0; i < GRID_U; i++) {
            double u = -UV_MARGIN + (1 + 2 * UV_MARGIN) * i / (GRID_U - 1);
            double v = -UV_MARGIN + (1 + 2 * UV_MARGIN) * j / (GRID_V - 1);
            tex[j][i][0] = u;
            tex[j][i][1] = v;
            mf_mask_shape_at(at[j][i], s, u, v);
            at[j][i][0] = (at[j][i][0] - l->x0) * l->k;
            at[j][i][1] = (at[j][i][1] - l->y0) * l->k;
        }
    for (int j = 0; j + 1 < GRID_V; j++)
        for (int i = 0; i + 1 < GRID_U; i++) {
            /* Two triangles; the cut goes the other way on the other half, so that a mirrored mask is the mirror of a mask. */
            static const int cut[2][2][3][2] = {{{{0, 0}, {0, 1}, {1, 1}}, {{0, 0}, {1, 1}, {1, 0}}},
                                                {{{0, 1}, {1, 1}, {1, 0}}, {{0, 1}, {1, 0}, {0, 0}}}};
            const int(*corner)[3][2] = cut[i >= GRID_U / 2];
            for (int half = 0; half < 2; half++) {
                double p[3][2], t[3][2];
                for (int q = 0; q < 3; q++) {
                    memcpy(p[q], at[j + corner[half][q][0]][i + corner[half][q][1]], sizeof p[q]);
                    memcpy(t[q], tex[j + corner[half][q][0]][i + corner[half][q][1]], sizeof t[q]);
                }
                triangle(uv, w, h, p, t);
            }
        }
}

/* Closed outline with rounded corners. */
static int
outline(double (*out)[2], const mf_mask_shape *s)
{
    double p[OUTLINE][2];
    int    n = 0;

    for (int i = 0; i + 1 < MF_MASK_CURVE; i++)
        memcpy(p[n++], s->top[i], sizeof p[0]);
    for (int i = 0; i + 1 < MF_MASK_CURVE; i++)
        memcpy(p[n++], s->right[i], sizeof p[0]);
    for (int i = MF_MASK_CURVE - 1; i > 0; i--)
        memcpy(p[n++], s->bottom[i], sizeof p[0]);
    for (int i = MF_MASK_CURVE - 1; i > 0; i--)
        memcpy(p[n++], s->left[i], sizeof p[0]);
    for (int i = 0; i < n; i++) { /* a running mean of three rounds the corners a little */
        const double *a = p[(i + n - 1) % n], *b = p[i], *c = p[(i + 1) % n];
        out[i][0] = 0.25 * (a[0] + c[0]) + 0.5 * b[0];
        out[i][1] = 0.25 * (a[1] + c[1]) + 0.5 * b[1];
    }
    return n;
}

static void
to_grey(float rgb[3], float share)
{
    float luma = 0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2];

    for (int c = 0; c < 3; c++)
        rgb[c] += share * (luma - rgb[c]);
}

/* Colour what has cloth, under the light. */
static void
weave(mf_layer *l, float (*uv)[2], const double (*edge)[2], int n, const mf_mask_shape *s, const mf_mask_style *st,
      const mf_mask_light *light)
{
    float  fine = (float)(0.45 / (s->d * l->k)); /* the mask is a little over two eye distances wide */
    float  la = (float)(light->x * s->ux[0] + light->y * s->ux[1]), lb = (float)(light->x * s->uy[0] + light->y * s->uy[1]);
    float  flat = light->ambient + (1 - light->ambient) * fmaxf(0.2F, light->z);
    mf_raster    *r = &l->raster;
    mf_mask_grain grain;

    mf_mask_grain_make(&grain, st);
    mf_layer_outline(l, edge, n);
    for (int y = r->y0; y < r->y1; y++) {
        size_t at = (size_t)y * (size_t)r->w + (size_t)r->x0;
        mf_raster_row(r, y, l->line);
        for (int x = r->x0; x < r->x1; x++, at++) {
            float c = l->line[x - r->x0], rgba[4], slope[2], f;
            if (c < 1.0F / 512 || uv[at][0] <= NO_CLOTH)
                continue;
            mf_mask_cloth_at(rgba, slope, st, &grain, uv[at][0], uv[at][1], fine);
            f = (slope[0] * la + slope[1] * lb + light->z) / sqrtf(1 + slope[0] * slope[0] + slope[1] * slope[1]);
            f = (light->ambient + (1 - light->ambient) * (f > 0 ? f : 0)) / flat;
            for (int k = 0; k < 3; k++)
                rgba[k] *= f * light->gain[k];
            if (light->grey > 0)
                to_grey(rgba, light->grey);
            mf_layer_put(l->px + 4 * at, rgba, c);
        }
    }
}

typedef struct strap {
    const mf_image *im;
    const float    *skin; /* NULL: it lies on top of everything */
    float           luma;
    float           rgb[3], opacity;
} strap;

/* A strap is seen where the photo shows skin; hair, a hat, a collar hide it. */
static void
strap_at(void *arg, double x, double y, float rgba[4])
{
    const strap *s = arg;
    float        keep = 1;

    memcpy(rgba, s->rgb, sizeof s->rgb);
    if (s->skin != NULL && x >= 0 && y >= 0 && x < s->im->width && y < s->im->height) {
        size_t         at = ((size_t)(int)y * (size_t)s->im->width + (size_t)(int)x) * (size_t)s->im->channels;
        const uint8_t *px = s->im->px + at;
        float          own[3], luma, far = 0, dark;
        for (int c = 0; c < 3; c++)
            own[c] = (float)px[s->im->channels == 1 ? 0 : c] / 255.0F;
        luma = 0.299F * own[0] + 0.587F * own[1] + 0.114F * own[2] + 0.004F;
        for (int c = 0; c < 3; c++)
            far += fabsf(own[c] / luma - s->skin[c] / s->luma);
        dark = luma / s->luma;
        keep = fminf(fmaxf((dark - 0.35F) / 0.25F, 0), 1) * fminf(fmaxf((0.75F - far) / 0.35F, 0), 1);
    }
    rgba[3] = s->opacity * keep;
}

/* A band from a to b that sags by `sag`: first its shadow, then the band. */
static void
band(mf_layer *l, const mf_mask_shape *s, strap *how, const double a[2], const double b[2], double sag, double wide)
{
    enum { STEPS = 12 };
    static const float dark[3] = {0.08F, 0.03F, 0.02F};
    double p[STEPS][2], poly[MF_RASTER_STROKE][2];
    double cx = 0.5 * (a[0] + b[0]) + sag * s->uy[0], cy = 0.5 * (a[1] + b[1]) + sag * s->uy[1];
    strap  own = *how;

    for (int pass = 0; pass < 2; pass++) {
        double w = pass == 0 ? 1.3 * wide : wide, off = pass == 0 ? 0.018 * s->d : 0;
        int    n;
        for (int i = 0; i < STEPS; i++) {
            double t = i / (double)(STEPS - 1);
            p[i][0] = (1 - t) * (1 - t) * a[0] + 2 * t * (1 - t) * cx + t * t * b[0] + off * s->uy[0];
            p[i][1] = (1 - t) * (1 - t) * a[1] + 2 * t * (1 - t) * cy + t * t * b[1] + off * s->uy[1];
        }
        n = mf_raster_stroke(poly, (const double (*)[2])p, STEPS, w, w);
        memcpy(own.rgb, pass == 0 ? dark : how->rgb, sizeof own.rgb);
        own.opacity = pass == 0 ? 0.22F : 0.95F;
        mf_layer_fill_with(l, (const double (*)[2])poly, n, strap_at, &own);
    }
}

/* Loops to the ears; a respirator has straps round the head, above and below the ear. */
static void
loops(mf_layer *l, const mf_image *im, const mf_mask_shape *s, const mf_mask_style *st, const mf_mask_light *light)
{
    strap how = {.im = im, .luma = 0.299F * light->skin[0] + 0.587F * light->skin[1] + 0.114F * light->skin[2]};

    if (st->type == MF_MASK_SCARF)
        return;
    how.skin = how.luma > 0.02F ? light->skin : NULL;
    for (int c = 0; c < 3; c++)
        how.rgb[c] = fminf(1, st->loop[c] * light->gain[c] * 0.92F);
    to_grey(how.rgb, light->grey);
    for (int side = 0; side < 2; side++)
        for (int e = 0; e < 2 && s->ear_seen[side]; e++) {
            const double(*edge)[2] = side == 0 ? s->left : s->right;
            const double *a = edge[e == 0 ? 2 : MF_MASK_CURVE - 3];
            double        b[2] = {s->ear[side][e][0], s->ear[side][e][1]};
            double        sag = (e == 0 ? 0.04 : 0.06) * s->d, wide = (st->type == MF_MASK_CLOTH ? 0.034 : 0.026) * s->d;
            if (st->type == MF_MASK_CUP) {
                double away = e == 0 ? -0.22 * s->d : 0.30 * s->d;
                for (int c = 0; c < 2; c++)
                    b[c] += away * s->uy[c];
                sag  = 0;
                wide = 0.05 * s->d;
            }
            band(l, s, &how, a, b, sag, wide);
        }
}

size_t
mf_mask_scratch(int width, int height)
{
    return mf_layer_most(width, height, 2 * sizeof(float));
}

mf_status
mf_mask_draw(mf_image *im, mf_face_scratch *s, uint8_t *cover, const mf_mask_shape *shape, const mf_mask_style *style,
             const mf_mask_light *light, const mf_match *match, mf_rng *rng, mf_err *err)
{
    float     shade = (float)mf_rng_uniform(rng, 0.12, 0.28);
    uint32_t  seed = mf_rng_u32(rng);
    double    lo[2], hi[2], edge[OUTLINE][2];
    mf_layer  l;
    float   (*uv)[2];
    int       n;
    mf_status st;

    if ((st = extent(lo, hi, im, shape, err)) < 0 ||
        (st = mf_layer_open(&l, s, im, lo, hi, shape->d, 2 * sizeof(float), err)) < 0)
        return st;
    n  = outline(edge, shape);
    uv = mf_face_scratch_take(s, (size_t)l.raster.w * (size_t)l.raster.h, sizeof *uv);
    mf_layer_shadow(&l, im, (const double (*)[2])edge, n, -(double)light->x * 0.03 * shape->d, -(double)light->y * 0.03 * shape->d,
                    0.036 * shape->d, shade);
    surface_uv(uv, &l, shape);
    loops(&l, im, shape, style, light);
    weave(&l, uv, (const double (*)[2])edge, n, shape, style, light);
    mf_layer_close(&l, im, cover, match, seed);
    return MF_OK;
}
