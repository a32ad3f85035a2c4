/* viz/sheet.c: contact sheets, drawn with cairo. */
#include <cairo.h>
#include <string.h>

#include "core/mem.h"
#include "core/str.h"
#include "viz/overlay.h"

enum { GAP = 6, LINE = 18, HEAD = 26, EDGE = 12, SIDE_MAX = 220 };

static void
ink(cairo_t *c, double v)
{
    cairo_set_source_rgb(c, v, v, v);
}

static double
text_width(cairo_t *c, const char *text)
{
    cairo_text_extents_t e;

    cairo_text_extents(c, text, &e);
    return e.x_advance;
}

/* `text` shortened until it fits, with its end marked. */
static void
put_text(cairo_t *c, double x, double y, double width, const char *text)
{
    mf_str s = {0};

    mf_str_add(&s, text);
    while (!s.oom && s.len > 1 && text_width(c, s.data) > width) {
        size_t n = s.len;

        if (n >= 4 && strcmp(s.data + n - 3, "\xe2\x80\xa6") == 0) { /* the mark itself is not shortened */
            n -= 3;
        }
        do {
            n--;
        } while (n > 0 && ((unsigned char)s.data[n] & 0xc0) == 0x80);
        s.data[n] = '\0';
        s.len     = n;
        mf_str_add(&s, "\xe2\x80\xa6");
    }
    cairo_move_to(c, x, y);
    cairo_show_text(c, mf_str_c(&s));
    mf_str_free(&s);
}

/* A tick or a cross, which need no colour to be told apart. */
static void
put_mark(cairo_t *c, double x, double y, mf_mark mark)
{
    cairo_set_line_width(c, 2.0);
    if (mark == MF_MARK_RIGHT) {
        cairo_set_source_rgb(c, 0.0, 0.42, 0.30);
        cairo_move_to(c, x, y - 4);
        cairo_line_to(c, x + 3.5, y - 0.5);
        cairo_line_to(c, x + 9, y - 9);
    } else {
        cairo_set_source_rgb(c, 0.70, 0.15, 0.05);
        cairo_move_to(c, x + 0.5, y - 8.5);
        cairo_line_to(c, x + 8.5, y - 0.5);
        cairo_move_to(c, x + 8.5, y - 8.5);
        cairo_line_to(c, x + 0.5, y - 0.5);
    }
    cairo_stroke(c);
}

/* Copy a picture, resized to fit a square of `tile` pixels and centred there, onto the sheet. */
static mf_status
put_picture(mf_image *out, const mf_image *im, int x, int y, int tile, mf_err *err)
{
    const int most = im->width > im->height ? im->width : im->height;
    const int w = (int)((long)im->width * tile / most), h = (int)((long)im->height * tile / most);
    mf_image  rgb = {0}, fit = {0};
    mf_status st;

    if ((st = mf_image_convert(&rgb, im, 3, err)) < 0 || (st = mf_image_resize(&fit, &rgb, w > 0 ? w : 1, h > 0 ? h : 1, err)) < 0) {
        goto done;
    }
    x += (tile - fit.width) / 2;
    y += (tile - fit.height) / 2;
    for (int r = 0; r < fit.height; r++) {
        memcpy(out->px + 3 * ((size_t)(y + r) * (size_t)out->width + (size_t)x), fit.px + 3 * (size_t)r * (size_t)fit.width, 3 * (size_t)fit.width);
    }
done:
    mf_image_free(&rgb);
    mf_image_free(&fit);
    return st;
}

typedef struct place {
    int side, top, row, width, height; /* widths of the row texts, heights above the rows and of one row */
} place;

static int
row_y(const mf_sheet *s, const place *p, int r)
{
    return p->top + r * p->row + (s->group > 0 ? r / s->group * 2 * GAP : 0);
}

static place
measure(const mf_sheet *s, cairo_t *c)
{
    place  p = {.row = s->tile + GAP, .top = EDGE + (s->title != NULL ? HEAD : 0) + (s->head != NULL ? LINE + 2 : 0)};
    double most = 0;
    bool   captions = false;

    for (int i = 0; i < s->rows && s->side != NULL; i++) {
        const double w = text_width(c, s->side[i]);

        most = w > most ? w : most;
    }
    for (int i = 0; i < s->rows * s->cols; i++) {
        captions = captions || s->cell[i].caption != NULL;
    }
    p.row += captions ? LINE : 0;
    p.side   = s->side != NULL ? (int)(most < SIDE_MAX ? most : SIDE_MAX) + 10 : 0;
    p.width  = 2 * EDGE + p.side + s->cols * (s->tile + GAP) - GAP;
    p.height = row_y(s, &p, s->rows - 1) + p.row + EDGE - GAP;
    return p;
}

static void
put_words(cairo_t *c, const mf_sheet *s, const place *p)
{
    ink(c, 0.1);
    if (s->title != NULL) {
        cairo_set_font_size(c, 15);
        put_text(c, EDGE, EDGE + 15, p->width - 2 * EDGE, s->title);
    }
    cairo_set_font_size(c, 12);
    for (int i = 0; i < s->cols && s->head != NULL; i++) {
        put_text(c, EDGE + p->side + i * (s->tile + GAP), p->top - 7, s->tile, s->head[i]);
    }
    for (int r = 0; r < s->rows; r++) {
        if (s->side != NULL) {
            ink(c, 0.1);
            put_text(c, EDGE, row_y(s, p, r) + s->tile / 2 + 4, p->side - 6, s->side[r]);
        }
        for (int i = 0; i < s->cols; i++) {
            const mf_sheet_cell *cell = &s->cell[r * s->cols + i];
            const double         x = EDGE + p->side + i * (s->tile + GAP), y = row_y(s, p, r) + s->tile + 14;

            if (cell->caption == NULL) {
                continue;
            }
            if (cell->mark != MF_MARK_NONE) {
                put_mark(c, x, y, cell->mark);
            }
            ink(c, 0.1);
            put_text(c, x + (cell->mark != MF_MARK_NONE ? 13 : 0), y, s->tile - (cell->mark != MF_MARK_NONE ? 13 : 0), cell->caption);
        }
    }
}

static cairo_t *
canvas(cairo_surface_t **surface, int w, int h)
{
    cairo_t *c;

    *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    c        = cairo_create(*surface);
    cairo_select_font_face(c, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c, 12);
    return c;
}

static mf_status
copy_out(mf_image *out, cairo_surface_t *surface, mf_err *err)
{
    const int            w = cairo_image_surface_get_width(surface), h = cairo_image_surface_get_height(surface);
    const int            stride = cairo_image_surface_get_stride(surface);
    const unsigned char *data;
    mf_status            st;

    cairo_surface_flush(surface);
    data = cairo_image_surface_get_data(surface);
    if ((st = mf_image_new(out, w, h, 3, err)) < 0) {
        return st;
    }
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            uint32_t v;

            memcpy(&v, data + (size_t)y * (size_t)stride + 4 * (size_t)x, 4);
            for (int k = 0; k < 3; k++) {
                out->px[3 * ((size_t)y * (size_t)w + (size_t)x) + (size_t)k] = (uint8_t)(v >> (16 - 8 * k));
            }
        }
    }
    return MF_OK;
}

mf_status
mf_sheet_draw(mf_image *out, const mf_sheet *s, mf_err *err)
{
    cairo_surface_t *surface = NULL;
    cairo_t         *c       = NULL;
    place            p;
    mf_status        st;

    *out = (mf_image){0};
    if (s->rows < 1 || s->rows > MF_SHEET_ROWS_MAX || s->cols < 1 || s->cols > MF_SHEET_COLS_MAX || s->tile < 32 || s->tile > 512) {
        return mf_fail(err, MF_E_LIMIT, "a sheet of %d x %d pictures of %d pixels: expected 1 to %d rows, 1 to %d columns, 32 to 512 pixels", s->rows,
                       s->cols, s->tile, (int)MF_SHEET_ROWS_MAX, (int)MF_SHEET_COLS_MAX);
    }
    c = canvas(&surface, 1, 1); /* to measure texts with */
    p = measure(s, c);
    cairo_destroy(c);
    cairo_surface_destroy(surface);
    if (p.width > MF_IMAGE_MAX_SIDE || p.height > MF_IMAGE_MAX_SIDE || (int64_t)p.width * p.height > MF_IMAGE_MAX_PIXELS) {
        return mf_fail(err, MF_E_LIMIT, "a sheet of %d x %d pixels is too large: give fewer pairs or smaller pictures", p.width, p.height);
    }
    c = canvas(&surface, p.width, p.height);
    ink(c, 1.0);
    cairo_paint(c);
    put_words(c, s, &p);
    if (cairo_status(c) != CAIRO_STATUS_SUCCESS) {
        st = mf_fail(err, cairo_status(c) == CAIRO_STATUS_NO_MEMORY ? MF_E_NOMEM : MF_E_INTERNAL, "drawing a sheet: %s", cairo_status_to_string(cairo_status(c)));
        goto done;
    }
    if ((st = copy_out(out, surface, err)) < 0) {
        goto done;
    }
    for (int i = 0; i < s->rows * s->cols && st == MF_OK; i++) {
        if (s->cell[i].im != NULL) {
            st = put_picture(out, s->cell[i].im, EDGE + p.side + i % s->cols * (s->tile + GAP), row_y(s, &p, i / s->cols), s->tile, err);
        }
    }
    if (st < 0) {
        mf_image_free(out);
    }
done:
    cairo_destroy(c);
    cairo_surface_destroy(surface);
    return st;
}
