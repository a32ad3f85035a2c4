/* face/occluders/paint.c: what occluders share. */
#include "face/occluders/paint.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

mf_status
mf_face_frame_make(mf_face_frame *out, const mf_landmarks *lm, mf_err *err)
{
    mf_landmarks five;
    mf_status    st;
    double       dx, dy, span, turn;

    if ((st = mf_landmarks_to5(&five, lm, err)) < 0)
        return st;
    dx   = (double)five.x[1] - (double)five.x[0];
    dy   = (double)five.y[1] - (double)five.y[0];
    span = hypot(dx, dy);
    if (span < 3)
        return mf_fail(err, MF_E_ARG, "landmarks: the eyes are %.1f pixels apart; an occluder needs at least 3", span);
    out->eyes[0] = 0.5 * ((double)five.x[0] + (double)five.x[1]);
    out->eyes[1] = 0.5 * ((double)five.y[0] + (double)five.y[1]);
    out->ux[0]   = dx / span;
    out->ux[1]   = dy / span;
    out->uy[0]   = -out->ux[1];
    out->uy[1]   = out->ux[0];
    turn = (((double)five.x[2] - out->eyes[0]) * out->ux[0] + ((double)five.y[2] - out->eyes[1]) * out->ux[1]) / span;
    out->turn = fmin(fmax(turn / 0.55, -0.85), 0.85); /* a nose stands out by about 0.55 eye distances */
    out->d    = span / sqrt(1 - out->turn * out->turn);
    return MF_OK;
}

void
mf_face_frame_at(double out[2], const mf_face_frame *f, double a, double b, double z)
{
    double x = a * sqrt(1 - f->turn * f->turn) + z * f->turn;

    for (int c = 0; c < 2; c++)
        out[c] = f->eyes[c] + f->d * (x * f->ux[c] + b * f->uy[c]);
}

mf_status
mf_occlude_layer(mf_layer *out, mf_match *match, const mf_image *im, const mf_occluder_job *job, const mf_face_frame *f,
                 const double (*p)[2], int n, mf_err *err)
{
    double lo[2] = {1e9, 1e9}, hi[2] = {-1e9, -1e9}, pad = 0.15 * f->d + 2;

    for (int i = 0; i < n; i++)
        for (int c = 0; c < 2; c++) {
            lo[c] = fmin(lo[c], p[i][c] - pad);
            hi[c] = fmax(hi[c], p[i][c] + pad);
        }
    *match = mf_match_guess(im, f->eyes[0] - 0.9 * f->d, f->eyes[1] - 0.6 * f->d, f->eyes[0] + 0.9 * f->d, f->eyes[1] + 1.2 * f->d);
    return mf_layer_open(out, job->scratch, im, lo, hi, f->d, 0, err);
}

void
mf_occlude_rows(mf_image *im, uint8_t *cover, int first, int last)
{
    size_t row = (size_t)im->width * (size_t)im->channels, w = (size_t)im->width;

    if (first >= last)
        return;
    memset(im->px + row * (size_t)first, 0, row * (size_t)(last - first));
    if (im->channels == 4)
        for (size_t i = row * (size_t)first + 3; i < row * (size_t)last; i += 4)
            im->px[i] = 255;
    if (cover != NULL)
        memset(cover + w * (size_t)first, 255, w * (size_t)(last - first));
}

bool
mf_occlude_colour(float rgb[3], const mf_image *im, double x, double y)
{
    int cx = (int)floor(x), cy = (int)floor(y);

    rgb[0] = rgb[1] = rgb[2] = 0;
    if (!(x >= 1 && y >= 1 && x < im->width - 1 && y < im->height - 1))
        return false;
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++) {
            const uint8_t *p = im->px + ((size_t)(cy + j) * (size_t)im->width + (size_t)(cx + i)) * (size_t)im->channels;
            for (int c = 0; c < 3; c++)
                rgb[c] += (float)p[im->channels == 1 ? 0 : c] * (1.0F / (9 * 255));
        }
    return true;
}

void
mf_occlude_smooth(double (*out)[2], const double (*p)[2], int n, int steps)
{
    for (int i = 0; i < n; i++) {
        const double *a = p[(i + n - 1) % n], *b = p[i], *c = p[(i + 1) % n], *d = p[(i + 2) % n];
        for (int k = 0; k < steps; k++) {
            double t = k / (double)steps;
            for (int q = 0; q < 2; q++)
                out[i * steps + k][q] = b[q] + 0.5 * t * (c[q] - a[q] + t * (2 * a[q] - 5 * b[q] + 4 * c[q] - d[q] +
                                                                             t * (3 * (b[q] - c[q]) + d[q] - a[q])));
        }
    }
}

void
mf_note(const mf_occluder_job *job, const char *kind, const float rgb[3], const char *fmt, ...)
{
    mf_occluder_note *n = job->note;
    va_list           ap;

    if (n == NULL)
        return;
    snprintf(n->kind, sizeof n->kind, "%s", kind);
    if (rgb != NULL) {
        unsigned v[3];
        for (int c = 0; c < 3; c++)
            v[c] = (unsigned)(255 * fminf(fmaxf(rgb[c], 0), 1) + 0.5F);
        snprintf(n->colour, sizeof n->colour, "#%02x%02x%02x", v[0] & 255, v[1] & 255, v[2] & 255);
    }
    va_start(ap, fmt);
    vsnprintf(n->parameters, sizeof n->parameters, fmt, ap);
    va_end(ap);
}
