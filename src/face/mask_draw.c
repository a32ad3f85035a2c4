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
#define UV_MARGIN 0.035 /* the cloth is painted beyond its outline, which then cuts it */
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
    l->k  = (int)ceil(48.0 / s->d);
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
    mf_mask_grain  grain;

    mf_mask_grain_make(&grain, st);
    for (int y = 0; y < h; y++) {
        uint32_t *row = (uint32_t *)(void *)(data + (size_t)y * (size_t)stride);
        for (int x = 0; x < w; x++) {
            const float *t = uv[(size_t)y * (size_t)w + (size_t)x];
            float        rgb[3], n[2], f;
            if (t[0] <= NO_CLOTH)
                continue;
            mf_mask_cloth_at(rgb, n, st, &grain, t[0], t[1], fine);
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

/* Darken the skin round the mask; worked out at half the picture's resolution, it is soft anyway. */
static mf_status
contact_shadow(mf_image *im, const layer *l, const mf_mask_shape *s, const mf_mask_light *light, float strength, mf_err *err)
{
    int              w = l->w / 2 + 2, h = l->h / 2 + 2; /* a column and a row to spare for the interpolation */
    cairo_surface_t *sf = cairo_image_surface_create(CAIRO_FORMAT_A8, w, h);
    cairo_t         *cr = cairo_create(sf);
    size_t           n = (size_t)w * (size_t)h, longest = (size_t)(w > h ? w : h);
    float           *a = mf_calloc(n + longest, sizeof *a);
    mf_status        st = MF_OK;
    int              r = (int)(0.018 * s->d + 0.6), stride, colour = im->channels == 1 ? 1 : 3;
    const unsigned char *data;

    if (a == NULL || cairo_status(cr) != CAIRO_STATUS_SUCCESS) {
        st = mf_oom(err, n * sizeof *a, "the shadow of a mask");
        goto done;
    }
    cairo_scale(cr, 0.5, 0.5);
    cairo_translate(cr, 1 - l->x0 - (double)light->x * 0.03 * s->d, 1 - l->y0 - (double)light->y * 0.03 * s->d);
    outline(cr, s);
    cairo_fill(cr);
    cairo_surface_flush(sf);
    data   = cairo_image_surface_get_data(sf);
    stride = cairo_image_surface_get_stride(sf);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            a[(size_t)y * (size_t)w + (size_t)x] = strength * (float)data[(size_t)y * (size_t)stride + (size_t)x] / 255.0F;
    for (int pass = 0; pass < 2; pass++)
        box_blur(a, w, h, r, a + n);
    for (int y = 0; y < l->h; y++)
        for (int x = 0; x < l->w; x++) {
            /* picture pixel (x, y) lies at (x + 1) / 2 of the shadow: on a sample or half-way between two */
            const float *p = a + (size_t)((y + 1) / 2) * (size_t)w + (size_t)((x + 1) / 2);
            size_t       right = (size_t)((x + 1) & 1), down = (y + 1) & 1 ? (size_t)w : 0;
            float        f = 1 - 0.25F * (p[0] + p[right] + p[down] + p[down + right]);
            uint8_t     *px;
            if (f >= 0.999F)
                continue;
            px = im->px + ((size_t)(y + l->y0) * (size_t)im->width + (size_t)(x + l->x0)) * (size_t)im->channels;
            for (int c = 0; c < colour; c++)
                px[c] = (uint8_t)((float)px[c] * f + 0.5F);
        }
done:
    mf_free(a);
    cairo_destroy(cr);
    cairo_surface_destroy(sf);
    return st;
}

/* Average k x k pixels of the surface into out (l->w x l->h, 4 bytes each, in the surface's own order). */
static void
reduce(uint8_t *out, const layer *l, cairo_surface_t *sf)
{
    const unsigned char *data = cairo_image_surface_get_data(sf);
    size_t               stride = (size_t)cairo_image_surface_get_stride(sf), k = (size_t)l->k, row = 4 * (size_t)l->w;
    uint32_t             all = (uint32_t)(k * k);

    for (size_t y = 0; y < (size_t)l->h; y++, out += row) {
        const unsigned char *from = data + y * k * stride;
        if (k == 1) {
            memcpy(out, from, row);
            continue;
        }
        for (size_t x = 0; x < (size_t)l->w; x++)
            for (size_t c = 0; c < 4; c++) {
                uint32_t sum = all / 2;
                for (size_t j = 0; j < k; j++)
                    for (size_t i = 0; i < k; i++)
                        sum += from[j * stride + (x * k + i) * 4 + c];
                out[4 * x + c] = (uint8_t)(sum / all);
            }
    }
}

/* (q, 64 - 2q, q) / 64 along rows and along columns, bytes of four channels. `line` holds two rows. */
static void
soften(uint8_t *a, const layer *l, unsigned q, uint8_t *line)
{
    size_t   row = 4 * (size_t)l->w;
    unsigned own = 64 - 2 * q;
    uint8_t *before = line + row;

    for (int y = 0; y < l->h; y++) {
        uint8_t *p = a + (size_t)y * row;
        memcpy(line, p, row);
        for (size_t i = 4; i + 4 < row; i++)
            p[i] = (uint8_t)((q * (unsigned)(line[i - 4] + line[i + 4]) + own * line[i] + 32) >> 6);
    }
    memcpy(before, a, row);
    for (int y = 1; y + 1 < l->h; y++) {
        uint8_t *p = a + (size_t)y * row;
        memcpy(line, p, row);
        for (size_t i = 0; i < row; i++)
            p[i] = (uint8_t)((q * (unsigned)(before[i] + p[i + row]) + own * p[i] + 32) >> 6);
        memcpy(before, line, row);
    }
}

static uint8_t
byte(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Premultiplied layer over the picture, with a grain of its own of +-grain grey levels. */
static void
compose(mf_image *im, const layer *l, const uint8_t *over, float grain, uint32_t seed)
{
    int amount = (int)(255 * 64 * grain);

    for (int y = 0; y < l->h; y++) {
        uint8_t *px = im->px + ((size_t)(y + l->y0) * (size_t)im->width + (size_t)l->x0) * (size_t)im->channels;
        for (int x = 0; x < l->w; x++, px += im->channels, over += 4) {
            uint32_t argb;
            int      a, rest, g, rgb[3];
            memcpy(&argb, over, sizeof argb);
            a = (int)(argb >> 24);
            if (a == 0)
                continue;
            rest   = 255 - a;
            rgb[0] = (int)(argb >> 16 & 255);
            rgb[1] = (int)(argb >> 8 & 255);
            rgb[2] = (int)(argb & 255);
            seed   = seed * 1664525U + 1013904223U;
            g      = ((int)(seed >> 16) - 32768) * amount / 32768 * a / (255 * 64);
            if (im->channels == 1) {
                px[0] = byte((77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) / 256 + g + (rest * px[0] + 127) / 255);
                continue;
            }
            for (int c = 0; c < 3; c++)
                px[c] = byte(rgb[c] + g + (rest * px[c] + 127) / 255);
            if (im->channels == 4)
                px[3] = byte(a + (rest * px[3] + 127) / 255);
        }
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
    uint8_t         *flat;
    size_t           n, fine;
    mf_status        st;

    if ((st = place(&l, im, shape, err)) < 0 || (st = contact_shadow(im, &l, shape, light, shade, err)) < 0)
        return st;
    n     = (size_t)l.w * (size_t)l.h;
    fine  = n * (size_t)l.k * (size_t)l.k;
    work  = mf_calloc(2 * fine + 2 * (size_t)l.w, sizeof *work);
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
    flat = (uint8_t *)work; /* the texture coordinates are done with: 4 bytes a pixel and two rows fit in their place */
    reduce(flat, &l, sf);
    soften(flat, &l, (unsigned)(64 * soft + 0.5F), flat + 4 * n);
    compose(im, &l, flat, grain, seed);
done:
    cairo_destroy(cr);
    cairo_surface_destroy(cloth);
    cairo_surface_destroy(sf);
    mf_free(work);
    return st;
}
