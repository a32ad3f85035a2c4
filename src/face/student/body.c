/* face/student/body.c: what is behind and below the face: backdrop, ears, neck, shoulders; and spectacles before it. */
#include "face/student/parts.h"

#include <math.h>
#include <string.h>

enum { BLOBS = 4, STEP = 8 };

/* A wall in two tones and things out of focus before it, at picture place (x, y). */
static void
wall(float rgb[3], const mf_scene *s, float blob[BLOBS][6], float x, float y, float n)
{
    float t = (0.28F * x + 0.92F * y) / (1.2F * n);

    for (int c = 0; c < 3; c++)
        rgb[c] = s->back[0][c] + t * (s->back[1][c] - s->back[0][c]);
    for (int i = 0; i < BLOBS; i++) {
        float u = (x - blob[i][0]) * blob[i][2], v = (y - blob[i][1]) * blob[i][2], r = 1 - u * u - v * v;
        if (r <= 0)
            continue;
        for (int c = 0; c < 3; c++)
            rgb[c] += r * r * blob[i][3 + c];
    }
    for (int c = 0; c < 3; c++)
        rgb[c] = 255 * (rgb[c] < 0.02F ? 0.02F : rgb[c] > 0.99F ? 0.99F : rgb[c]) + 0.5F;
}

/* Written straight into the pixels, from places STEP apart: cairo's gradients of the size of a picture take long. */
void
mf_backdrop_paint(cairo_t *cr, const mf_head *h)
{
    const mf_scene  *s = h->scene;
    cairo_surface_t *sf = cairo_get_target(cr);
    float            n = (float)h->size, blob[BLOBS][6];
    mf_dice          dice = {s->seed};
    unsigned char   *data;
    size_t           stride;

    for (int i = 0; i < BLOBS; i++) {
        float k, warm;
        blob[i][0] = n * mf_dice_unit(&dice);
        blob[i][1] = n * mf_dice_unit(&dice);
        blob[i][2] = 1 / (n * (0.16F + 0.32F * mf_dice_unit(&dice)));
        k          = 0.16F * mf_dice_spread(&dice);
        warm       = 0.1F * k * mf_dice_spread(&dice);
        blob[i][3] = k + warm;
        blob[i][4] = k;
        blob[i][5] = k - warm;
    }
    cairo_surface_flush(sf);
    data   = cairo_image_surface_get_data(sf);
    stride = (size_t)cairo_image_surface_get_stride(sf);
    for (int y0 = 0; y0 < h->size; y0 += STEP)
        for (int x0 = 0; x0 < h->size; x0 += STEP) {
            float q[2][2][3];
            for (int j = 0; j < 2; j++)
                for (int i = 0; i < 2; i++)
                    wall(q[j][i], s, blob, (float)(x0 + i * STEP), (float)(y0 + j * STEP), n);
            for (int y = y0; y < y0 + STEP && y < h->size; y++) {
                uint32_t *row = (uint32_t *)(void *)(data + (size_t)y * stride);
                float     v = (float)(y - y0) / STEP, rgb[3], slope[3];
                for (int c = 0; c < 3; c++) {
                    rgb[c]   = q[0][0][c] + v * (q[1][0][c] - q[0][0][c]);
                    slope[c] = (q[0][1][c] + v * (q[1][1][c] - q[0][1][c]) - rgb[c]) / STEP;
                }
                for (int x = x0; x < x0 + STEP && x < h->size; x++) {
                    row[x] = 0xFF000000U | (uint32_t)(int)rgb[0] << 16 | (uint32_t)(int)rgb[1] << 8 | (uint32_t)(int)rgb[2];
                    for (int c = 0; c < 3; c++)
                        rgb[c] += slope[c];
                }
            }
        }
    cairo_surface_mark_dirty(sf);
}

static bool
ears_hidden(const mf_person *w)
{
    return w->hair == MF_HAIR_LONG || w->hair == MF_HAIR_BOB || w->hair == MF_HAIR_SCARF || (w->hair == MF_HAIR_FRINGE && w->woman);
}

static void
ears(cairo_t *cr, const mf_head *h)
{
    const mf_person *w = h->who;

    for (int side = 0; side < 2; side++) {
        double m = side == 0 ? -1 : 1, ring[10][2], rim[6][2];
        static const double at[10][2] = {{1.10, -0.10}, {1.20, -0.20}, {1.31, -0.16}, {1.34, 0.0}, {1.31, 0.18}, {1.26, 0.34},
                                         {1.22, 0.48}, {1.15, 0.52}, {1.10, 0.40}, {1.08, 0.15}};
        static const double fold[6][2] = {{1.18, -0.08}, {1.26, -0.08}, {1.28, 0.04}, {1.24, 0.18}, {1.20, 0.28}, {1.16, 0.33}};
        float lit[3], n[3] = {(float)(0.75 * m), 0, 0.66F}, deep[3];
        for (int i = 0; i < 10; i++)
            mf_head_project(ring[i], h, m * at[i][0] * (double)w->width, at[i][1], -0.85 - 0.35 * (at[i][0] - 1.1));
        for (int i = 0; i < 6; i++)
            mf_head_project(rim[i], h, m * fold[i][0] * (double)w->width, fold[i][1], -0.85 - 0.35 * (fold[i][0] - 1.1));
        mf_skin_light(lit, h->scene, w->skin, n, 0.03F);
        for (int c = 0; c < 3; c++)
            deep[c] = lit[c] * (c == 0 ? 0.62F : 0.48F);
        cairo_new_path(cr);
        mf_path_smooth(cr, (const double (*)[2])ring, 10, true);
        lit[0] = fminf(1, lit[0] * 1.03F);
        mf_rgb(cr, lit, 0.94, 1);
        cairo_fill(cr);
        mf_soft_line(cr, (const double (*)[2])rim, 6, 0.06 * h->scale, deep, 0.6);
    }
}

static void
neck(cairo_t *cr, const mf_head *h)
{
    const mf_person *w = h->who;
    double           chin[2], wide = w->woman ? 0.60 : 0.74, d = h->scale, n = h->size;
    float            lit[3], up[3] = {0, 0.1F, 1};
    cairo_pattern_t *p;

    mf_head_project(chin, h, 0, 1.9, -0.3);
    mf_skin_light(lit, h->scene, w->skin, up, 0.02F);
    cairo_new_path(cr);
    cairo_move_to(cr, chin[0] - wide * 1.02 * d, chin[1] - 0.9 * d);
    cairo_curve_to(cr, chin[0] - wide * d, chin[1], chin[0] - wide * d, chin[1] + 0.3 * d, chin[0] - (wide + 0.35) * d, chin[1] + 0.75 * d);
    cairo_line_to(cr, chin[0] + (wide + 0.35) * d, chin[1] + 0.75 * d);
    cairo_curve_to(cr, chin[0] + wide * d, chin[1] + 0.3 * d, chin[0] + wide * d, chin[1], chin[0] + wide * 1.02 * d, chin[1] - 0.9 * d);
    cairo_close_path(cr);
    p = cairo_pattern_create_linear(chin[0], chin[1] - 0.3 * d, chin[0], chin[1] + 0.7 * d);
    cairo_pattern_add_color_stop_rgb(p, 0, (double)lit[0] * 0.56, (double)lit[1] * 0.46, (double)lit[2] * 0.44);
    cairo_pattern_add_color_stop_rgb(p, 0.45, (double)lit[0] * 0.68, (double)lit[1] * 0.58, (double)lit[2] * 0.56);
    cairo_pattern_add_color_stop_rgb(p, 1, (double)lit[0] * 0.88, (double)lit[1] * 0.84, (double)lit[2] * 0.82);
    cairo_set_source(cr, p);
    cairo_fill(cr);
    cairo_pattern_destroy(p);
    /* clothes */
    cairo_new_path(cr);
    cairo_move_to(cr, -0.1 * n, n * 1.05);
    cairo_line_to(cr, -0.1 * n, chin[1] + 0.62 * d);
    cairo_curve_to(cr, chin[0] - 1.5 * d, chin[1] + 0.42 * d, chin[0] - 1.1 * d, chin[1] + 0.34 * d, chin[0] - (wide + 0.10) * d, chin[1] + 0.16 * d);
    cairo_curve_to(cr, chin[0] - 0.5 * d, chin[1] + 0.58 * d, chin[0] + 0.5 * d, chin[1] + 0.58 * d, chin[0] + (wide + 0.10) * d, chin[1] + 0.16 * d);
    cairo_curve_to(cr, chin[0] + 1.1 * d, chin[1] + 0.34 * d, chin[0] + 1.5 * d, chin[1] + 0.42 * d, 1.1 * n, chin[1] + 0.62 * d);
    cairo_line_to(cr, 1.1 * n, n * 1.05);
    cairo_close_path(cr);
    p = cairo_pattern_create_linear(n * (0.5 - 0.5 * (double)h->scene->light[0]), chin[1], n * (0.5 + 0.5 * (double)h->scene->light[0]), n);
    cairo_pattern_add_color_stop_rgb(p, 0, (double)w->cloth[0] * 0.62, (double)w->cloth[1] * 0.62, (double)w->cloth[2] * 0.62);
    cairo_pattern_add_color_stop_rgb(p, 1, (double)w->cloth[0] * 0.9, (double)w->cloth[1] * 0.9, (double)w->cloth[2] * 0.9);
    cairo_set_source(cr, p);
    cairo_fill_preserve(cr);
    cairo_pattern_destroy(p);
    cairo_set_line_width(cr, 0.05 * d);
    mf_rgb(cr, w->cloth, 0.5, 0.6);
    cairo_stroke(cr);
}

void
mf_body_paint(cairo_t *cr, const mf_head *h)
{
    neck(cr, h);
    if (!ears_hidden(h->who))
        ears(cr, h);
}

void
mf_spectacles_paint(cairo_t *cr, const mf_head *h)
{
    const mf_person *w = h->who;
    double           d = h->scale, bridge[3][2], ring[2][20][2], ey = 0.04;
    bool             heavy = w->frame[0] < 0.2F, covered = ears_hidden(w);

    if (w->spectacles == 0)
        return;
    for (int side = 0; side < 2; side++) {
        double m = side == 0 ? -1 : 1, arm[2][2];
        for (int i = 0; i < 20; i++) {
            double a = 6.28318 * i / 20, c = cos(a), s = sin(a), power = w->spectacles == 1 ? 1.0 : 0.62, rx, ry;
            rx = w->spectacles == 1 ? 0.335 : 0.375;
            ry = w->spectacles == 1 ? 0.315 : 0.245;
            mf_head_project(ring[side][i], h, m * (0.52 + rx * (c < 0 ? -1 : 1) * pow(fabs(c), power)),
                            ey + ry * (s < 0 ? -1 : 1) * pow(fabs(s), power), 0.32 - 0.10 * fabs(c));
        }
        cairo_new_path(cr);
        mf_path_smooth(cr, (const double (*)[2])ring[side], 20, true);
        cairo_set_source_rgba(cr, 0.75, 0.85, 0.95, 0.07);
        cairo_fill_preserve(cr);
        cairo_save(cr); /* a streak of reflected light */
        cairo_clip(cr);
        cairo_new_path(cr);
        cairo_move_to(cr, ring[side][10][0] + 0.15 * d, ring[side][5][1] + 0.02 * d);
        cairo_line_to(cr, ring[side][10][0] + 0.32 * d, ring[side][15][1]);
        cairo_set_line_width(cr, 0.09 * d);
        cairo_set_source_rgba(cr, 1, 1, 1, 0.07);
        cairo_stroke(cr);
        cairo_restore(cr);
        cairo_new_path(cr);
        if (w->spectacles == 3) {
            double top[12][2]; /* image y grows downwards: the upper half of the ring is i = 10 .. 20 */
            for (int i = 0; i < 12; i++)
                memcpy(top[i], ring[side][(9 + i + 20) % 20], sizeof top[0]);
            mf_path_smooth(cr, (const double (*)[2])top, 12, false);
        } else {
            mf_path_smooth(cr, (const double (*)[2])ring[side], 20, true);
        }
        cairo_set_line_width(cr, (heavy ? 0.040 : 0.024) * d);
        mf_rgb(cr, w->frame, 0.9, 0.95);
        cairo_stroke(cr);
        mf_head_project(arm[0], h, m * 0.90, ey - 0.06, 0.22);
        if (covered) /* it goes under the hair */
            mf_head_project(arm[1], h, m * 1.06 * (double)w->width, ey - 0.05, -0.25);
        else
            mf_head_project(arm[1], h, m * 1.20 * (double)w->width, ey - 0.04, -0.8);
        cairo_move_to(cr, arm[0][0], arm[0][1]);
        cairo_line_to(cr, arm[1][0], arm[1][1]);
        cairo_set_line_width(cr, (heavy ? 0.036 : 0.022) * d);
        mf_rgb(cr, w->frame, 0.9, 0.95);
        cairo_stroke(cr);
    }
    mf_head_project(bridge[0], h, -0.19, ey - 0.03, 0.30);
    mf_head_project(bridge[1], h, 0, ey - 0.08, 0.34);
    mf_head_project(bridge[2], h, 0.19, ey - 0.03, 0.30);
    cairo_new_path(cr);
    mf_path_smooth(cr, (const double (*)[2])bridge, 3, false);
    cairo_set_line_width(cr, (heavy ? 0.036 : 0.024) * d);
    mf_rgb(cr, w->frame, 1, 0.95);
    cairo_stroke(cr);
}
