/* face/student/skin.c: colour and light of the skin, a vertex each, and its painting.
 *
 * Light: one key light that wraps round the form (further in red than in blue, as skin does), an ambient from above and
 * below, a faint gloss. Hollows are darkened by how far a vertex lies behind the mean of its neighbourhood. */
#include "face/student/parts.h"

#include <math.h>
#include <string.h>
#include "core/mem.h"

enum { EDGE = 4 }; /* pixels by which the painted skin is continued past its rim, to be cut by the outline */

void
mf_skin_light(float out[3], const mf_scene *s, const float albedo[3], const float n[3], float shine)
{
    static const float wrap[3] = {0.38F, 0.22F, 0.15F};
    float ndl = n[0] * s->light[0] + n[1] * s->light[1] + n[2] * s->light[2];
    float hz = s->light[2] + 1, hl = sqrtf(s->light[0] * s->light[0] + s->light[1] * s->light[1] + hz * hz);
    float ndh = (n[0] * s->light[0] + n[1] * s->light[1] + n[2] * hz) / hl;
    float up = 0.5F - 0.5F * n[1], gloss = 0, edge = 1 - (n[2] > 0 ? n[2] : 0);

    if (ndh > 0) {
        float g2 = ndh * ndh, g4 = g2 * g2, g16 = g4 * g4 * g4 * g4;
        gloss = shine * (0.6F * g16 + 0.4F * g16 * g16);
    }
    edge = 0.10F * edge * edge * edge;
    for (int c = 0; c < 3; c++) {
        float d = (ndl + wrap[c]) / (1 + wrap[c]);
        float amb = s->ground[c] + up * (s->sky[c] - s->ground[c]);
        float v;
        d = d > 0 ? d : 0;
        v = albedo[c] * albedo[c] * (s->key[c] * d + amb) + s->key[c] * gloss + edge * s->sky[c];
        out[c] = sqrtf(1.15F * v / (1 + 0.30F * v)); /* gamma 2, bright light held back */
    }
}

static float
spot(float x, float y, float cx, float cy, float rx, float ry)
{
    float u = (x - cx) / rx, v = (y - cy) / ry, r = 1 - u * u - v * v;

    return r > 0 ? r * r : 0;
}

/* What colour the skin has at a place of the resting face. */
static void
albedo_at(float rgb[3], const mf_head *h, float x, float y)
{
    const mf_person *w = h->who;
    float ax = fabsf(x), red, dark, shade, pale;
    double flush = 0.35 * mf_au(h, 12) + 0.5 * mf_au(h, 23) + 0.2 * mf_au(h, 9);

    red  = spot(ax, y, 0.68F, 0.55F, 0.42F, 0.36F) + 0.9F * spot(x, y, 0, 0.62F, 0.22F, 0.22F) +
           0.4F * spot(x, y, 0, 1.66F, 0.3F, 0.2F);
    red *= w->rosy * (0.07F + 0.06F * (float)flush) * (w->makeup > 0.5F ? 1.5F : 1);
    dark = (0.05F + 0.10F * w->age) * spot(ax, y, 0.46F, 0.17F, 0.28F, 0.13F) + 0.10F * spot(ax, y, 0.30F, 0.0F, 0.12F, 0.12F);
    dark += 0.05F * spot(ax, y, 0.50F, -0.10F, 0.30F, 0.12F) * (1 + w->makeup);
    shade = 0;
    if (!w->woman) { /* shaven or not, a veil where a beard grows */
        shade = 0.15F * (float)(mf_smooth(0.80, 1.45, (double)(y + 0.36F * ax)) * mf_smooth(0.15, 0.60, (double)(ax + fabsf(y - 1.12F))));
        if (w->beard == MF_BEARD_STUBBLE)
            shade *= 2;
        else if (w->beard != MF_BEARD_NONE)
            shade = fmaxf(shade, 0.92F * (float)mf_beard_growth(w->beard, (double)x, (double)y));
    }
    pale = 0.03F * spot(x, y, 0, -0.75F, 0.6F, 0.4F);
    rgb[0] = w->skin[0] * (1 + 0.25F * red) + pale;
    rgb[1] = w->skin[1] * (1 - red) + pale;
    rgb[2] = w->skin[2] * (1 - 0.8F * red) + pale;
    for (int c = 0; c < 3; c++) {
        static const float veil[3] = {0.72F, 0.80F, 0.90F};
        rgb[c] *= 1 - dark * (c == 0 ? 0.8F : 1.1F);
        rgb[c] = shade < 0.5F ? rgb[c] * (1 - shade) + shade * (0.45F * rgb[c] * veil[c] + 0.25F * w->hair_colour[c])
                              : rgb[c] * (1 - shade) + shade * (0.06F + 0.85F * w->hair_colour[c]);
        rgb[c] = rgb[c] < 0.02F ? 0.02F : rgb[c];
    }
}

/* Mean depth of the vertices `step` away in the four directions. */
static float
around(const mf_head *h, int j, int i, int step)
{
    int   t = j - step < 0 ? 0 : j - step, b = j + step >= MF_HEAD_ROWS ? MF_HEAD_ROWS - 1 : j + step;
    int   l = i - step < 0 ? 0 : i - step, r = i + step >= MF_HEAD_COLS ? MF_HEAD_COLS - 1 : i + step;

    return 0.25F * (h->p[t][i][2] + h->p[b][i][2] + h->p[j][l][2] + h->p[j][r][2]);
}

static void
shade_vertices(mf_head *h)
{
    const mf_scene *s = h->scene;

    for (int j = 0; j < MF_HEAD_ROWS; j++)
        for (int i = 0; i < MF_HEAD_COLS; i++) {
            float x = h->rest_xy[j][i][0], y = h->rest_xy[j][i][1], a[3], hollow, cast, occ;
            albedo_at(a, h, x, y);
            hollow = 2.2F * (around(h, j, i, 3) - h->p[j][i][2]) + 1.0F * (around(h, j, i, 7) - h->p[j][i][2]);
            hollow = hollow > 0 ? (hollow > 0.6F ? 0.6F : hollow) : 0.35F * (hollow < -0.2F ? -0.2F : hollow);
            occ    = 1 - 0.75F * hollow;
            /* the shadow that the nose throws, and that of the lower lip */
            cast = 0.34F * spot(x, y, -0.30F * s->light[0], 0.80F - 0.05F * s->light[1], 0.26F, 0.17F) +
                   0.16F * spot(x, y, -0.36F * s->light[0], 0.55F, 0.20F, 0.34F) * fabsf(s->light[0]) * 2 +
                   0.16F * spot(x, y, 0, 1.43F, 0.34F, 0.10F);
            occ *= 1 - cast * (0.5F + 0.5F * s->key[1]);
            mf_skin_light(h->rgb[j][i], s, a, h->n[j][i],
                          0.055F + 0.05F * spot(x, y, 0, 0.5F, 0.3F, 0.4F) + 0.03F * spot(x, y, 0, -0.7F, 0.6F, 0.4F));
            for (int c = 0; c < 3; c++)
                h->rgb[j][i][c] *= c == 0 ? 0.25F + 0.75F * occ : occ;
        }
}

static uint32_t
pack(float r, float g, float b)
{
    int ir = (int)(r * 255 + 0.5F), ig = (int)(g * 255 + 0.5F), ib = (int)(b * 255 + 0.5F);

    ir = ir < 0 ? 0 : ir > 255 ? 255 : ir;
    ig = ig < 0 ? 0 : ig > 255 ? 255 : ig;
    ib = ib < 0 ? 0 : ib > 255 ? 255 : ib;
    return 0xFF000000U | (uint32_t)ir << 16 | (uint32_t)ig << 8 | (uint32_t)ib;
}

typedef struct raster {
    uint32_t *px;
    float    *depth;
    int       size, stride; /* stride in pixels */
} raster;

static void
triangle(raster *o, const float *p[3], const float *c[3])
{
    float area = (p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * (p[1][1] - p[0][1]);
    float x_lo = fminf(p[0][0], fminf(p[1][0], p[2][0])), x_hi = fmaxf(p[0][0], fmaxf(p[1][0], p[2][0]));
    float y_lo = fminf(p[0][1], fminf(p[1][1], p[2][1])), y_hi = fmaxf(p[0][1], fmaxf(p[1][1], p[2][1]));
    float inv, max = (float)o->size - 1;
    int   xa, xb, ya, yb;

    if (!(area > 1e-7F) || x_hi < 0 || y_hi < 0 || x_lo > max || y_lo > max) /* turned away, or outside */
        return;
    inv = 1 / area;
    xa  = (int)fmaxf(0, ceilf(x_lo - 0.5F));
    xb  = (int)fminf(max, floorf(x_hi - 0.5F));
    ya  = (int)fmaxf(0, ceilf(y_lo - 0.5F));
    yb  = (int)fminf(max, floorf(y_hi - 0.5F));
    for (int y = ya; y <= yb; y++) {
        float  dx = (float)xa + 0.5F - p[0][0], dy = (float)y + 0.5F - p[0][1];
        float  b = (dx * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * dy) * inv, db = (p[2][1] - p[0][1]) * inv;
        float  d = ((p[1][0] - p[0][0]) * dy - dx * (p[1][1] - p[0][1])) * inv, dd = -(p[1][1] - p[0][1]) * inv;
        size_t at = (size_t)y * (size_t)o->stride + (size_t)xa;
        for (int x = xa; x <= xb; x++, at++, b += db, d += dd) {
            float a = 1 - b - d, z;
            if (b < -1e-4F || d < -1e-4F || a < -1e-4F)
                continue;
            z = a * p[0][2] + b * p[1][2] + d * p[2][2];
            if (o->px[at] != 0 && z <= o->depth[at])
                continue;
            o->depth[at] = z;
            o->px[at]    = pack(a * c[0][0] + b * c[1][0] + d * c[2][0], a * c[0][1] + b * c[1][1] + d * c[2][1],
                                a * c[0][2] + b * c[1][2] + d * c[2][2]);
        }
    }
}

static void
rasterise(raster *o, const mf_head *h)
{
    for (int j = 0; j + 1 < MF_HEAD_ROWS; j++)
        for (int i = 0; i + 1 < MF_HEAD_COLS; i++) {
            const float *p[4] = {h->q[j][i], h->q[j][i + 1], h->q[j + 1][i + 1], h->q[j + 1][i]};
            const float *c[4] = {h->rgb[j][i], h->rgb[j][i + 1], h->rgb[j + 1][i + 1], h->rgb[j + 1][i]};
            const float *tp[3] = {p[0], p[1], p[2]}, *tc[3] = {c[0], c[1], c[2]};
            triangle(o, tp, tc);
            tp[1] = p[2], tp[2] = p[3];
            tc[1] = c[2], tc[2] = c[3];
            triangle(o, tp, tc);
        }
}

/* Repeat the rim's colour outwards, along rows and then along columns. */
static void
spread(raster *o)
{
    for (int pass = 0; pass < 2; pass++) {
        size_t step = pass == 0 ? 1 : (size_t)o->stride, jump = pass == 0 ? (size_t)o->stride : 1;
        for (int j = 0; j < o->size; j++) {
            uint32_t *line = o->px + (size_t)j * jump;
            int       first = 0, last = o->size - 1;
            while (first < o->size && line[(size_t)first * step] == 0)
                first++;
            while (last > first && line[(size_t)last * step] == 0)
                last--;
            if (first == o->size)
                continue;
            for (int k = 1; k <= EDGE && first - k >= 0; k++)
                line[(size_t)(first - k) * step] = line[(size_t)first * step];
            for (int k = 1; k <= EDGE && last + k < o->size; k++)
                line[(size_t)(last + k) * step] = line[(size_t)last * step];
        }
    }
}

/* Convex hull of the vertices below a row (Andrew's monotone chain), added as a closed path: the outline of jaw and chin. */
static void
hull_path(cairo_t *cr, const mf_head *h, int first_row, float (*pt)[2], float (*hull)[2])
{
    int n = 0, m = 0;

    for (int j = first_row; j < MF_HEAD_ROWS; j++)
        for (int i = MF_HEAD_BACK; i < MF_HEAD_COLS - MF_HEAD_BACK; i += 2, n++) {
            pt[n][0] = h->q[j][i][0];
            pt[n][1] = h->q[j][i][1];
        }
    for (int gap = n / 2; gap > 0; gap /= 2) /* shell sort by x, then y */
        for (int i = gap; i < n; i++)
            for (int k = i; k >= gap && (pt[k][0] < pt[k - gap][0] || (pt[k][0] <= pt[k - gap][0] && pt[k][1] < pt[k - gap][1]));
                 k -= gap) {
                float t[2] = {pt[k][0], pt[k][1]};
                memcpy(pt[k], pt[k - gap], sizeof t);
                memcpy(pt[k - gap], t, sizeof t);
            }
    for (int pass = 0, floor_m = 0; pass < 2; pass++) {
        floor_m = m + 1;
        for (int i = 0; i < n; i++) {
            const float *p = pt[pass == 0 ? i : n - 1 - i];
            while (m > floor_m && (hull[m - 1][0] - hull[m - 2][0]) * (p[1] - hull[m - 2][1]) -
                                          (hull[m - 1][1] - hull[m - 2][1]) * (p[0] - hull[m - 2][0]) <= 0)
                m--;
            memcpy(hull[m++], p, 2 * sizeof *p);
        }
        m--;
    }
    for (int i = 0; i < m; i++)
        (i == 0 ? cairo_move_to : cairo_line_to)(cr, (double)hull[i][0], (double)hull[i][1]);
    cairo_close_path(cr);
}

static void
outline(cairo_t *cr, const mf_head *h, float (*pt)[2], float (*hull)[2])
{
    cairo_new_path(cr);
    for (int side = 0; side < 2; side++)
        for (int k = 0; k < MF_HEAD_ROWS; k++) {
            int          j = side == 0 ? k : MF_HEAD_ROWS - 1 - k;
            const float *best = h->q[j][0];
            for (int i = 1; i < MF_HEAD_COLS; i++)
                if (side == 0 ? h->q[j][i][0] > best[0] : h->q[j][i][0] < best[0])
                    best = h->q[j][i];
            (k == 0 && side == 0 ? cairo_move_to : cairo_line_to)(cr, (double)best[0], (double)best[1]);
        }
    cairo_close_path(cr);
    hull_path(cr, h, 62, pt, hull);
    cairo_set_fill_rule(cr, CAIRO_FILL_RULE_WINDING);
}

mf_status
mf_skin_paint(cairo_t *cr, mf_head *h, mf_err *err)
{
    size_t           n = (size_t)h->size * (size_t)h->size, points = (size_t)MF_HEAD_ROWS * MF_HEAD_COLS;
    cairo_surface_t *sf = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, h->size, h->size);
    float           *depth = mf_calloc(n > 5 * points ? n : 5 * points, sizeof *depth);
    raster           o;
    mf_status        st = MF_OK;

    if (depth == NULL || cairo_surface_status(sf) != CAIRO_STATUS_SUCCESS) {
        st = mf_oom(err, n * 8, "the skin of a drawn face");
        goto done;
    }
    shade_vertices(h);
    o = (raster){(uint32_t *)(void *)cairo_image_surface_get_data(sf), depth, h->size,
                 cairo_image_surface_get_stride(sf) / 4};
    rasterise(&o, h);
    spread(&o);
    cairo_surface_mark_dirty(sf);
    outline(cr, h, (float (*)[2])(void *)depth, (float (*)[2])(void *)(depth + 2 * points));
    cairo_set_source_surface(cr, sf, 0, 0);
    cairo_fill(cr);
done:
    cairo_surface_destroy(sf);
    mf_free(depth);
    return st;
}

void
mf_skin_tone(float out[3], const mf_head *h, double x, double y)
{
    enum { SIDE = (MF_HEAD_COLS - 1 - 2 * MF_HEAD_BACK) / 2 };
    int    j = 0, i;
    double sn, a;

    while (j < MF_HEAD_ROWS - 1 && h->mid[j + 1][1] < y)
        j++;
    sn = h->rim[j][0] > 1e-6 ? mf_clamp(fabs(x) / h->rim[j][0], 0, 1) : 0;
    a  = pow(asin(sn) / 1.5707963, 1 / 1.35) * (x < 0 ? -1 : 1);
    i  = MF_HEAD_BACK + SIDE + (int)lround(a * SIDE);
    memcpy(out, h->rgb[j][i], 3 * sizeof *out);
}

double
mf_skin_glow(const mf_head *h, double x, double y)
{
    float lit[3];
    const float *own = h->who->skin;

    mf_skin_tone(lit, h, x, y);
    return mf_clamp((double)((lit[0] + lit[1] + lit[2]) / (own[0] + own[1] + own[2])), 0.25, 1.25);
}
