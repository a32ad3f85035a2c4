/* face/landmarks_mark.c: by cairo, on a copy of the pixels in its own layout. */
#include "face/landmarks_mark.h"

#include <cairo.h>
#include <math.h>
#include <string.h>
#include "core/mem.h"

enum { EDGE = 48 };

typedef struct canvas {
    cairo_surface_t *sf;
    cairo_t         *cr;
} canvas;

static void
canvas_free(canvas *c)
{
    if (c->cr)
        cairo_destroy(c->cr);
    if (c->sf)
        cairo_surface_destroy(c->sf);
}

static mf_status
canvas_of(canvas *c, const mf_image *im, mf_err *err)
{
    *c = (canvas){0};
    if (im->channels != 3)
        return mf_fail(err, MF_E_ARG, "marks are drawn on an RGB picture, not one of %d channels", im->channels);
    c->sf = cairo_image_surface_create(CAIRO_FORMAT_RGB24, im->width, im->height);
    c->cr = cairo_create(c->sf);
    if (cairo_surface_status(c->sf) != CAIRO_STATUS_SUCCESS || cairo_status(c->cr) != CAIRO_STATUS_SUCCESS) {
        canvas_free(c);
        return mf_fail(err, MF_E_NOMEM, "out of memory for a canvas of %d x %d pixels", im->width, im->height);
    }
    cairo_surface_flush(c->sf);
    for (int y = 0; y < im->height; y++) {
        const uint8_t *px  = im->px + (size_t)y * (size_t)im->width * 3;
        uint32_t      *row = (uint32_t *)(void *)(cairo_image_surface_get_data(c->sf) +
                                             (size_t)y * (size_t)cairo_image_surface_get_stride(c->sf));

        for (int x = 0; x < im->width; x++, px += 3)
            row[x] = (uint32_t)px[0] << 16 | (uint32_t)px[1] << 8 | px[2];
    }
    cairo_surface_mark_dirty(c->sf);
    return MF_OK;
}

static void
canvas_to(mf_image *im, const canvas *c)
{
    cairo_surface_flush(c->sf);
    for (int y = 0; y < im->height; y++) {
        uint8_t        *px  = im->px + (size_t)y * (size_t)im->width * 3;
        const uint32_t *row = (const uint32_t *)(const void *)(cairo_image_surface_get_data(c->sf) +
                                                         (size_t)y * (size_t)cairo_image_surface_get_stride(c->sf));

        for (int x = 0; x < im->width; x++, px += 3) {
            px[0] = (uint8_t)(row[x] >> 16);
            px[1] = (uint8_t)(row[x] >> 8);
            px[2] = (uint8_t)row[x];
        }
    }
}

/* Jaw, brows, nose, eyes, mouth of the iBUG order; eyes, nose, mouth of five points. */
static const double *
colour_of(int i, int n)
{
    static const double colours[5][3] = {{0.2, 0.9, 1}, {1, 0.85, 0.2}, {0.35, 1, 0.35}, {1, 0.4, 0.9}, {1, 0.45, 0.3}};

    if (n == 5)
        return colours[i < 2 ? 3 : i == 2 ? 2 : 4];
    return colours[i < 17 ? 0 : i < 27 ? 1 : i < 36 ? 2 : i < 48 ? 3 : 4];
}

static void
edge_of(cairo_t *cr, const mf_mask_shape *mask)
{
    for (int i = 0; i < 4 * EDGE; i++) {
        double t = (double)(i % EDGE) / EDGE, p[2], uv[4][2] = {{t, 0}, {1, t}, {1 - t, 1}, {0, 1 - t}};

        mf_mask_shape_at(p, mask, uv[i / EDGE][0], uv[i / EDGE][1]);
        cairo_line_to(cr, p[0], p[1]);
    }
    cairo_close_path(cr);
}

mf_status
mf_landmarks_mark(mf_image *im, const mf_landmarks *lm, int sure, const mf_mask_shape *mask, mf_err *err)
{
    canvas    c;
    mf_status st;
    double    size = fmax(1.2, (im->width < im->height ? im->width : im->height) / (lm->n == 5 ? 60.0 : 110.0));

    if ((st = canvas_of(&c, im, err)) < 0)
        return st;
    if (mask) {
        cairo_set_line_join(c.cr, CAIRO_LINE_JOIN_ROUND);
        edge_of(c.cr, mask);
        cairo_set_source_rgba(c.cr, 0, 0, 0, 0.6);
        cairo_set_line_width(c.cr, fmax(1.5, size) + 1.2);
        cairo_stroke_preserve(c.cr);
        cairo_set_source_rgb(c.cr, 1, 1, 1);
        cairo_set_line_width(c.cr, fmax(1.5, size));
        cairo_stroke(c.cr);
    }
    for (int i = 0; i < lm->n; i++) {
        const double *rgb = colour_of(i, lm->n);

        cairo_arc(c.cr, (double)lm->x[i], (double)lm->y[i], size, 0, 2 * M_PI);
        cairo_set_source_rgba(c.cr, 0, 0, 0, 0.7);
        cairo_set_line_width(c.cr, 0.8 * size);
        cairo_stroke_preserve(c.cr);
        cairo_set_source_rgb(c.cr, rgb[0], rgb[1], rgb[2]);
        cairo_set_line_width(c.cr, 0.5 * size);
        if (sure)
            cairo_fill(c.cr);
        else
            cairo_stroke(c.cr);
    }
    canvas_to(im, &c);
    canvas_free(&c);
    return MF_OK;
}

mf_status
mf_landmarks_caption(mf_image *im, const char *text, mf_err *err)
{
    canvas               c;
    cairo_text_extents_t e;
    double               size = 10;
    mf_status            st;

    if ((st = canvas_of(&c, im, err)) < 0)
        return st;
    cairo_select_font_face(c.cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c.cr, size);
    cairo_text_extents(c.cr, text, &e);
    if (e.width > im->width - 4) { /* the end of a long path tells more than its beginning */
        size *= fmax(0.6, (im->width - 4) / e.width);
        cairo_set_font_size(c.cr, size);
        cairo_text_extents(c.cr, text, &e);
    }
    cairo_rectangle(c.cr, 0, im->height - size - 4, im->width, size + 4);
    cairo_set_source_rgba(c.cr, 0, 0, 0, 0.55);
    cairo_fill(c.cr);
    cairo_move_to(c.cr, e.width > im->width - 4 ? im->width - 2 - e.width : 2, im->height - 4);
    cairo_set_source_rgb(c.cr, 1, 1, 1);
    cairo_show_text(c.cr, text);
    canvas_to(im, &c);
    canvas_free(&c);
    return MF_OK;
}
