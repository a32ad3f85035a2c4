/* face/mask_draw.c: lay a mask's surface over a picture: cloth by rasterising the Coons patch, outline and ear loops by
 * cairo, a soft contact shadow, and the whole slightly blurred so that it belongs to the photo.
 *
 * The work is done on a layer that covers the mask alone; for small faces the layer is finer than the picture. */
#include "face/mask.h"

#include <cairo.h>
#include <math.h>
#include <string.h>
#include "core/mem.h"

enum { GRID_U = 33, GRID_V = 25, FINE_MAX = 6 };
#define UV_MARGIN 0.06 /* the cloth is painted beyond its outline, which then cuts it */
#define NO_CLOTH  -9.0F

typedef struct layer {
    int x0, y0, w, h; /* part of the picture */
    int k;            /* layer pixels a picture pixel */
} layer;

static double
to_layer(const layer *l, double v, int axis)
{
    return (v - (axis == 0 ? l->x0 : l->y0)) * l->k;
}

static mf_status
place(layer *l, const mf_image *im, const mf_mask_shape *s, mf_err *err)
{
    double lo[2] = {1e9, 1e9}, hi[2] = {-1e9, -1e9}, p[2], pad = 0.12 * s->d + 2;
    int    inside = 0, all = 0, x1, y1;

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
    l->x0 = (int)floor(fmax(0, lo[0] - pad));
    l->y0 = (int)floor(fmax(0, lo[1] - pad));
    x1    = (int)ceil(fmin(im->width, hi[0] + pad));
    y1    = (int)ceil(fmin(im->height, hi[1] + pad));
    l->w  = x1 - l->x0;
    l->h  = y1 - l->y0;
    l->k  = (int)ceil(60.0 / s->d);
    l->k  = l->k < 1 ? 1 : l->k > FINE_MAX ? FINE_MAX : l->k;
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
    for (int y = ya; y <= yb; y++)
        for (int x = xa; x <= xb; x++) {
            double cx = x + 0.5, cy = y + 0.5;
            double b = ((cx - p[0][0]) * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * (cy - p[0][1])) / area;
            double c = ((p[1][0] - p[0][0]) * (cy - p[0][1]) - (cx - p[0][0]) * (p[1][1] - p[0][1])) / area;
            float *o;
            if (b < -1e-6 || c < -1e-6 || b + c > 1 + 1e-6)
                continue;
            o    = uv[(size_t)y * (size_t)w + (size_t)x];
            o[0] = (float)(t[0][0] + b * (t[1][0] - t[0][0]) + c * (t[2][0] - t[0][0]));
            o[1] = (float)(t[0][1] + b * (t[1][1] - t[0][1]) + c * (t[2][1] - t[0][1]));
        }
}

static void
surface_uv(float (*uv)[2], const layer *l, const mf_mask_shape *s)
{
    double at[GRID_V][GRID_U][2], tex[GRID_V][GRID_U][2];
    int    w = l->w * l->k, h = l->h * l->k;

    for (size_t i = 0; i < (size_t)w * (size_t)h; i++)
        uv[i][0] = uv[i][1] = NO_CLOTH;
    for (int j = 0; j < GRID_V; j++)
        for (int i = 0; i < GRID_U; i++) {
            double u = -UV_MARGIN + (1 + 2 * UV_MARGIN) * i / (GRID_U - 1);
            double v = -UV_MARGIN + (1 + 2 * UV_MARGIN) * j / (GRID_V - 1);
            tex[j][i][0] = u;
            tex[j][i][1] = v;
            mf_mask_shape_at(at[j][i], s, u, v);
            at[j][i][0] = to_layer(l, at[j][i][0], 0);
            at[j][i][1] = to_layer(l, at[j][i][1], 1);
        }
    for (int j = 0; j + 1 < GRID_V; j++)
        for (int i = 0; i + 1 < GRID_U; i++) {
            static const int corner[2][3][2] = {{{0, 0}, {0, 1}, {1, 1}}, {{0, 0}, {1, 1}, {1, 0}}};
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

static float
clamp01(float x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static uint32_t
pack(const float rgb[3])
{
    uint32_t r = (uint32_t)(255 * clamp01(rgb[0]) + 0.5F), g = (uint32_t)(255 * clamp01(rgb[1]) + 0.5F),
             b = (uint32_t)(255 * clamp01(rgb[2]) + 0.5F);

    return 0xFF000000U | r << 16 | g << 8 | b;
}

/* Colour every pixel that has cloth. */
static void
weave(cairo_surface_t *cloth, float (*uv)[2], const layer *l, const mf_mask_shape *s, const mf_mask_style *st,
      const mf_mask_light *light)
{
    int    w = l->w * l->k, h = l->h * l->k, stride = cairo_image_surface_get_stride(cloth);
    float  fine = (float)(0.45 / (s->d * l->k)); /* the mask is a little over two eye distances wide */
    float  la = (float)(light->x * s->ux[0] + light->y * s->ux[1]), lb = (float)(light->x * s->uy[0] + light->y * s->uy[1]);
    float  flat = light->ambient + (1 - light->ambient) * fmaxf(0.2F, light->z);
    unsigned char *data = cairo_image_surface_get_data(cloth);

    for (int y = 0; y < h; y++) {
        uint32_t *row = (uint32_t *)(void *)(data + (size_t)y * (size_t)stride);
        for (int x = 0; x < w; x++) {
            const float *t = uv[(size_t)y * (size_t)w + (size_t)x];
            float        rgb[3], n[2], f;
            if (t[0] <= NO_CLOTH)
                continue;
            mf_mask_cloth_at(rgb, n, st, t[0], t[1], fine);
            f = (n[0] * la + n[1] * lb + light->z) / sqrtf(1 + n[0] * n[0] + n[1] * n[1]);
            f = (light->ambient + (1 - light->ambient) * (f > 0 ? f : 0)) / flat;
            for (int c = 0; c < 3; c++)
                rgb[c] *= f * light->gain[c];
            row[x] = pack(rgb);
        }
    }
    cairo_surface_mark_dirty(cloth);
}

/* Closed outline with rounded corners, in picture coordinates of the current cairo space. */
static void
outline(cairo_t *cr, const mf_mask_shape *s)
{
    enum { N = 4 * (MF_MASK_CURVE - 1) };
    double p[N][2];
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
        double        x = 0.25 * a[0] + 0.5 * b[0] + 0.25 * c[0], y = 0.25 * a[1] + 0.5 * b[1] + 0.25 * c[1];
        if (i == 0)
            cairo_move_to(cr, x, y);
        else
            cairo_line_to(cr, x, y);
    }
    cairo_close_path(cr);
}

/* Loops from the corners to the ears: first a shadow, then the band. */
static void
loops(cairo_t *cr, const mf_mask_shape *s, const mf_mask_style *st, const mf_mask_light *light)
{
    for (int side = 0; side < 2; side++)
        for (int e = 0; e < 2; e++) {
            const double(*edge)[2] = side == 0 ? s->left : s->right;
            const double *a = edge[e == 0 ? 2 : MF_MASK_CURVE - 3], *b = s->ear[side][e];
            double        cx, cy, wide = (st->type == MF_MASK_CLOTH ? 0.034 : 0.026) * s->d;
            if (!s->ear_seen[side])
                continue;
            cx = 0.5 * (a[0] + b[0]) + (e == 0 ? 0.04 : 0.06) * s->d * s->uy[0];
            cy = 0.5 * (a[1] + b[1]) + (e == 0 ? 0.04 : 0.06) * s->d * s->uy[1];
            for (int pass = 0; pass < 2; pass++) {
                double off = pass == 0 ? 0.018 * s->d : 0;
                cairo_move_to(cr, a[0] + off * s->uy[0], a[1] + off * s->uy[1]);
                cairo_curve_to(cr, cx + off * s->uy[0], cy + off * s->uy[1], cx + off * s->uy[0], cy + off * s->uy[1],
                               b[0] + off * s->uy[0], b[1] + off * s->uy[1]);
                cairo_set_line_width(cr, pass == 0 ? 1.3 * wide : wide);
                cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
                if (pass == 0)
                    cairo_set_source_rgba(cr, 0.08, 0.03, 0.02, 0.22);
                else
                    cairo_set_source_rgba(cr, fmin(1, (double)(st->loop[0] * light->gain[0]) * 0.92),
                                          fmin(1, (double)(st->loop[1] * light->gain[1]) * 0.92),
                                          fmin(1, (double)(st->loop[2] * light->gain[2]) * 0.92), 0.95);
                cairo_stroke(cr);
            }
        }
}

/* Box blur of a w x h plane in place along rows then columns, radius r. `line` holds max(w, h) floats. */
static void
box_blur(float *a, int w, int h, int r, float *line)
{
    for (int pass = 0; pass < 2; pass++) {
        int    n = pass == 0 ? w : h, m = pass == 0 ? h : w;
        size_t step = pass == 0 ? 1 : (size_t)w, jump = pass == 0 ? (size_t)w : 1;
        for (int j = 0; j < m; j++) {
            float *p = a + (size_t)j * jump, sum = 0;
            for (int i = 0; i < n; i++)
                line[i] = p[(size_t)i * step];
            for (int i = -r; i < n; i++) {
                if (i + r < n)
                    sum += line[i + r];
                if (i - r - 1 >= 0)
                    sum -= line[i - r - 1];
                if (i >= 0)
                    p[(size_t)i * step] = sum / (float)(2 * r + 1);
            }
        }
    }
}

/* Darken the skin round the mask. */
static mf_status
contact_shadow(mf_image *im, const layer *l, const mf_mask_shape *s, const mf_mask_light *light, float strength, mf_err *err)
{
    cairo_surface_t *sf = cairo_image_surface_create(CAIRO_FORMAT_A8, l->w, l->h);
    cairo_t         *cr = cairo_create(sf);
    size_t           n = (size_t)l->w * (size_t)l->h, longest = (size_t)(l->w > l->h ? l->w : l->h);
    float           *a = mf_calloc(n + longest, sizeof *a);
    mf_status        st = MF_OK;
    int              r = (int)(0.035 * s->d + 0.7), stride, colour = im->channels == 1 ? 1 : 3;
    const unsigned char *data;

    if (a == NULL || cairo_status(cr) != CAIRO_STATUS_SUCCESS) {
        st = mf_oom(err, n * sizeof *a, "the shadow of a mask");
        goto done;
    }
    cairo_translate(cr, -l->x0 - (double)light->x * 0.03 * s->d, -l->y0 - (double)light->y * 0.03 * s->d);
    outline(cr, s);
    cairo_fill(cr);
    cairo_surface_flush(sf);
    data   = cairo_image_surface_get_data(sf);
    stride = cairo_image_surface_get_stride(sf);
    for (int y = 0; y < l->h; y++)
        for (int x = 0; x < l->w; x++)
            a[(size_t)y * (size_t)l->w + (size_t)x] = (float)data[(size_t)y * (size_t)stride + (size_t)x] / 255.0F;
    for (int pass = 0; pass < 2; pass++)
        box_blur(a, l->w, l->h, r, a + n);
    for (int y = 0; y < l->h; y++)
        for (int x = 0; x < l->w; x++) {
            uint8_t *px = im->px + ((size_t)(y + l->y0) * (size_t)im->width + (size_t)(x + l->x0)) * (size_t)im->channels;
            float    f = 1 - strength * a[(size_t)y * (size_t)l->w + (size_t)x];
            for (int c = 0; c < colour; c++)
                px[c] = (uint8_t)((float)px[c] * f + 0.5F);
        }
done:
    mf_free(a);
    cairo_destroy(cr);
    cairo_surface_destroy(sf);
    return st;
}

/* Average k x k layer pixels into planes of premultiplied r, g, b, a (0..1), then soften by (q, 1-2q, q) both ways. */
static void
reduce(float *plane, const layer *l, cairo_surface_t *sf, float q)
{
    const unsigned char *data = cairo_image_surface_get_data(sf);
    int                  stride = cairo_image_surface_get_stride(sf), k = l->k;
    size_t               n = (size_t)l->w * (size_t)l->h;
    float                unit = 1.0F / (255.0F * (float)(k * k));

    for (int y = 0; y < l->h; y++)
        for (int x = 0; x < l->w; x++) {
            uint32_t sum[4] = {0};
            for (int j = 0; j < k; j++) {
                const uint32_t *row = (const uint32_t *)(const void *)(data + (size_t)(y * k + j) * (size_t)stride) + x * k;
                for (int i = 0; i < k; i++) {
                    sum[0] += row[i] >> 16 & 255;
                    sum[1] += row[i] >> 8 & 255;
                    sum[2] += row[i] & 255;
                    sum[3] += row[i] >> 24;
                }
            }
            for (int c = 0; c < 4; c++)
                plane[(size_t)c * n + (size_t)y * (size_t)l->w + (size_t)x] = (float)sum[c] * unit;
        }
    for (int c = 0; c < 4; c++) {
        float *p = plane + (size_t)c * n;
        for (int y = 0; y < l->h; y++) {
            float *row = p + (size_t)y * (size_t)l->w, before = row[0];
            for (int x = 0; x < l->w; x++) {
                float here = row[x], after = x + 1 < l->w ? row[x + 1] : here;
                row[x] = q * (before + after) + (1 - 2 * q) * here;
                before = here;
            }
        }
        for (int x = 0; x < l->w; x++) {
            float before = p[x];
            for (int y = 0; y < l->h; y++) {
                float *here = p + (size_t)y * (size_t)l->w + x, own = *here;
                float  after = y + 1 < l->h ? here[l->w] : own;
                *here  = q * (before + after) + (1 - 2 * q) * own;
                before = own;
            }
        }
    }
}

static void
compose(mf_image *im, const layer *l, const float *plane, float grain, uint32_t seed)
{
    size_t n = (size_t)l->w * (size_t)l->h;

    for (int y = 0; y < l->h; y++)
        for (int x = 0; x < l->w; x++) {
            size_t   i = (size_t)y * (size_t)l->w + (size_t)x;
            uint8_t *px = im->px + ((size_t)(y + l->y0) * (size_t)im->width + (size_t)(x + l->x0)) * (size_t)im->channels;
            float    a = plane[3 * n + i], rgb[3] = {plane[i], plane[n + i], plane[2 * n + i]}, g;
            if (a <= 0.002F)
                continue;
            seed = seed * 1664525U + 1013904223U;
            g    = a * grain * ((float)(seed >> 16 & 0xFFFF) / 32768.0F - 1.0F);
            if (im->channels == 1)
                rgb[0] = 0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2];
            for (int c = 0; c < (im->channels == 1 ? 1 : 3); c++)
                px[c] = (uint8_t)(clamp01(rgb[c] + g + (1 - a) * (float)px[c] / 255.0F) * 255 + 0.5F);
            if (im->channels == 4)
                px[3] = (uint8_t)(clamp01(a + (1 - a) * (float)px[3] / 255.0F) * 255 + 0.5F);
        }
}

mf_status
mf_mask_draw(mf_image *im, const mf_mask_shape *shape, const mf_mask_style *style, const mf_mask_light *light,
             mf_rng *rng, mf_err *err)
{
    layer            l = {0};
    float            shade = (float)mf_rng_uniform(rng, 0.12, 0.28), soft = (float)mf_rng_uniform(rng, 0.02, 0.2);
    float            grain = (float)mf_rng_uniform(rng, 0, 0.02);
    uint32_t         seed = mf_rng_u32(rng);
    cairo_surface_t *sf = NULL, *cloth = NULL;
    cairo_t         *cr = NULL;
    float           *work = NULL;
    size_t           n, fine;
    mf_status        st;

    if ((st = place(&l, im, shape, err)) < 0 || (st = contact_shadow(im, &l, shape, light, shade, err)) < 0)
        return st;
    n     = (size_t)l.w * (size_t)l.h;
    fine  = n * (size_t)l.k * (size_t)l.k;
    work  = mf_calloc(2 * fine > 4 * n ? 2 * fine : 4 * n, sizeof *work);
    sf    = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, l.w * l.k, l.h * l.k);
    cloth = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, l.w * l.k, l.h * l.k);
    cr    = cairo_create(sf);
    if (work == NULL || cairo_status(cr) != CAIRO_STATUS_SUCCESS || cairo_surface_status(cloth) != CAIRO_STATUS_SUCCESS) {
        st = mf_oom(err, fine * 16, "drawing a mask");
        goto done;
    }
    surface_uv((float (*)[2])(void *)work, &l, shape);
    weave(cloth, (float (*)[2])(void *)work, &l, shape, style, light);
    cairo_save(cr);
    cairo_scale(cr, l.k, l.k);
    cairo_translate(cr, -l.x0, -l.y0);
    loops(cr, shape, style, light);
    outline(cr, shape);
    cairo_restore(cr);
    cairo_set_source_surface(cr, cloth, 0, 0);
    cairo_fill(cr);
    cairo_surface_flush(sf);
    if (cairo_status(cr) != CAIRO_STATUS_SUCCESS) {
        st = mf_fail(err, MF_E_INTERNAL, "drawing a mask: %s", cairo_status_to_string(cairo_status(cr)));
        goto done;
    }
    reduce(work, &l, sf, soft);
    compose(im, &l, work, grain, seed);
done:
    cairo_destroy(cr);
    cairo_surface_destroy(cloth);
    cairo_surface_destroy(sf);
    mf_free(work);
    return st;
}
