/* eval/tsne_fft.c: repulsion of many points through a grid (Linderman et al. 2019), in time linear in the points.
 *
 * Points are spread onto a grid by cubic B-splines, the grid is convolved with the three kernels 1 / (1 + d^2) and
 * (dx, dy) / (1 + d^2)^2 by Fourier transforms, and read at the points by the same splines; what the splines blur is divided
 * out of the kernels' spectra (as in smooth particle mesh Ewald; Essmann et al. 1995). Since the force's own kernels are used, rather than
 * differences of sums, single precision is enough. Kernels are transformed only when the grid's size or spacing changes.
 *
 * Rows run along x. Transforms are done row by row and column block by column block, so that threads share them without
 * changing a bit, the empty half of the padded grid is never transformed, and a block of columns goes through all its steps
 * while it is in the cache. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/thread.h"
#include "eval/tsne_i.h"

#if MF_HAVE_FFTW
#include <fftw3.h>

enum { COLS = 8, EDGE = 3, NODES_MIN = 48, NODES_MAX = 1024, SPREAD_PARTS = 8 };
#define SPACING 0.4 /* of the grid, in units of the kernels' width, once the embedding is wide enough */

struct mf_tsne_grid {
    size_t               n, parts;
    const mf_tsne_loops *f;
    size_t               nx, ny, mx, my;    /* nodes; padded: twice that */
    size_t               cols, pitch;       /* complex columns, and their number rounded up to COLS */
    double               h;
    float                lo[2];
    float               *charge;            /* [parts, ny, 2 pitch] */
    float               *field;             /* [3, ny, 2 pitch] */
    float               *spectrum;          /* [3, my, pitch]: real, or imaginary for the second and third */
    size_t               threads;
    fftwf_complex      **column;            /* [threads] of [2, my, COLS] */
    fftwf_plan           row_to, row_back, col_to, col_back;
    float               *out3;              /* [n, 3] */
    const float         *y;
};

static void
drop(mf_tsne_grid *g)
{
    mf_free(g->charge);
    mf_free(g->field);
    mf_free(g->spectrum);
    g->charge = g->field = g->spectrum = NULL;
    for (size_t i = 0; i < g->threads; i++) {
        mf_free(g->column[i]);
        g->column[i] = NULL;
    }
    fftwf_destroy_plan(g->row_to);
    fftwf_destroy_plan(g->row_back);
    fftwf_destroy_plan(g->col_to);
    fftwf_destroy_plan(g->col_back);
    g->row_to = g->row_back = g->col_to = g->col_back = NULL;
}

void
mf_tsne_grid_free(mf_tsne_grid *g)
{
    if (g == NULL) {
        return;
    }
    drop(g);
    mf_free(g->column);
    mf_free(g->out3);
    mf_free(g);
}

bool
mf_tsne_has_fft(void)
{
    return true;
}

mf_status
mf_tsne_grid_new(mf_tsne_grid **out, size_t n, mf_err *err)
{
    mf_tsne_grid *g = mf_calloc(1, sizeof *g);

    *out = NULL;
    if (g == NULL) {
        return mf_oom(err, sizeof *g, "forces");
    }
    g->n       = n;
    g->f       = mf_tsne_loops_get();
    g->out3    = mf_calloc(n, 3 * sizeof *g->out3);
    g->column  = mf_calloc((size_t)mf_threads_get(), sizeof *g->column);
    if (g->out3 == NULL || g->column == NULL) {
        mf_tsne_grid_free(g);
        return mf_oom(err, n * 3 * sizeof(float), "forces");
    }
    g->threads = (size_t)mf_threads_get();
    g->parts   = g->threads < SPREAD_PARTS ? g->threads : (size_t)SPREAD_PARTS;
    *out       = g;
    return MF_OK;
}

/* The least number of nodes from n up whose double is a product of 2, 3 and 5: transforms of such lengths are fast. */
static size_t
good_size(size_t n)
{
    for (;; n++) {
        size_t m = n;

        while (m % 2 == 0) {
            m /= 2;
        }
        while (m % 3 == 0) {
            m /= 3;
        }
        while (m % 5 == 0) {
            m /= 5;
        }
        if (m == 1) {
            return n;
        }
    }
}

static mf_status
allocate(mf_tsne_grid *g, mf_err *err)
{
    const size_t plane = g->ny * 2 * g->pitch;
    const int    mx = (int)g->mx, my = (int)g->my;
    bool         ok;

    g->charge   = mf_aligned(g->parts * plane * sizeof *g->charge);
    g->field    = mf_aligned(3 * plane * sizeof *g->field);
    g->spectrum = mf_aligned(3 * g->my * g->pitch * sizeof *g->spectrum);
    ok          = g->charge != NULL && g->field != NULL && g->spectrum != NULL;
    for (size_t i = 0; i < g->threads && ok; i++) {
        g->column[i] = mf_aligned(2 * g->my * COLS * sizeof **g->column);
        ok           = g->column[i] != NULL;
    }
    if (ok) {
        /* Estimated, not measured: a measured plan may differ from run to run, and with it the last bits. */
        fftwf_complex *c = (fftwf_complex *)(void *)g->charge, *f = (fftwf_complex *)(void *)g->field, *b = g->column[0];

        g->row_to   = fftwf_plan_dft_r2c_1d(mx, g->charge, c, FFTW_ESTIMATE);
        g->row_back = fftwf_plan_dft_c2r_1d(mx, f, g->field, FFTW_ESTIMATE);
        g->col_to   = fftwf_plan_many_dft(1, &my, COLS, b, NULL, COLS, 1, b, NULL, COLS, 1, FFTW_FORWARD, FFTW_ESTIMATE);
        g->col_back = fftwf_plan_many_dft(1, &my, COLS, b, NULL, COLS, 1, b, NULL, COLS, 1, FFTW_BACKWARD, FFTW_ESTIMATE);
        ok          = g->row_to != NULL && g->row_back != NULL && g->col_to != NULL && g->col_back != NULL;
    }
    return ok ? MF_OK : mf_oom(err, (g->parts + 3) * plane * sizeof(float), "a grid of forces");
}

/* Transform of the cubic B-spline's samples at angle w. */
static double
spline(double w)
{
    return (4 + 2 * cos(w)) / 6;
}

/* Kernel k on the whole padded grid, transformed, without the splines' blur (twice: spreading and reading), scaled for the
 * transforms to come. Even kernels have real spectra, odd ones imaginary ones. */
static mf_status
kernel(mf_tsne_grid *g, size_t k, mf_err *err)
{
    const size_t line = 2 * (g->mx / 2 + 1);
    float       *a    = mf_aligned(g->my * line * sizeof *a);
    fftwf_plan   p    = a != NULL ? fftwf_plan_dft_r2c_2d((int)g->my, (int)g->mx, a, (fftwf_complex *)(void *)a, FFTW_ESTIMATE) : NULL;
    const double pi   = 3.14159265358979323846, scale = 1.0 / ((double)g->mx * (double)g->my);

    if (p == NULL) {
        mf_free(a);
        return mf_oom(err, g->my * line * sizeof *a, "a grid of forces");
    }
    for (size_t r = 0; r < g->my; r++) {
        double dy = (r < g->ny ? (double)r : (double)r - (double)g->my) * g->h;

        for (size_t c = 0; c < g->mx; c++) {
            double dx = (c < g->nx ? (double)c : (double)c - (double)g->mx) * g->h, q = 1 / (1 + dx * dx + dy * dy);

            /* At half the period an odd kernel is its own opposite. */
            a[r * line + c] = (float)(k == 0 ? q : k == 1 ? (c == g->nx ? 0 : dx * q * q) : (r == g->ny ? 0 : dy * q * q));
        }
    }
    fftwf_execute(p);
    fftwf_destroy_plan(p);
    for (size_t r = 0; r < g->my; r++) {
        double by = spline(2 * pi * (double)r / (double)g->my);

        for (size_t c = 0; c < g->cols; c++) {
            double b = by * spline(2 * pi * (double)c / (double)g->mx);

            g->spectrum[(k * g->my + r) * g->pitch + c] = (float)((double)a[r * line + 2 * c + (k != 0)] * scale / (b * b));
        }
        for (size_t c = g->cols; c < g->pitch; c++) {
            g->spectrum[(k * g->my + r) * g->pitch + c] = 0;
        }
    }
    mf_free(a);
    return MF_OK;
}

/* Lay the grid over the points. It is made anew when they have outgrown it, or fill less than half of it. */
static mf_status
fit(mf_tsne_grid *g, const float *y, mf_err *err)
{
    float     lo[2] = {y[0], y[1]}, hi[2] = {y[0], y[1]};
    double    width, h = SPACING;
    size_t    need[2];
    bool      sane = true;
    mf_status st;

    for (size_t i = 0; i < g->n; i++) {
        for (size_t k = 0; k < 2; k++) {
            float v = y[2 * i + k];

            sane  = sane && fabsf(v) < 1e5f; /* false for NaN too */
            lo[k] = v < lo[k] ? v : lo[k];
            hi[k] = v > hi[k] ? v : hi[k];
        }
    }
    width = fmax((double)hi[0] - (double)lo[0], (double)hi[1] - (double)lo[1]);
    if (!sane) {
        return mf_fail(err, MF_E_NUMERIC, "the embedding runs away (its width is %g): a lower learning rate is needed", width);
    }
    while (width < NODES_MIN * h && h > 1e-3) {
        h /= 2;
    }
    while (width > NODES_MAX * h) {
        h *= 2;
    }
    for (int k = 0; k < 2; k++) {
        need[k]  = (size_t)(((double)hi[k] - (double)lo[k]) / h) + 2 + 2 * EDGE;
        g->lo[k] = lo[k] - (float)(EDGE * h);
    }
    if (h == g->h && need[0] <= g->nx && need[1] <= g->ny && need[0] * 2 > g->nx && need[1] * 2 > g->ny) {
        return MF_OK;
    }
    drop(g);
    g->h     = 0; /* until all is there */
    g->nx    = good_size(need[0] + need[0] / 16);
    g->ny    = good_size(need[1] + need[1] / 16);
    g->mx    = 2 * g->nx;
    g->my    = 2 * g->ny;
    g->cols  = g->mx / 2 + 1;
    g->pitch = (g->cols + COLS - 1) / COLS * COLS;
    if ((st = allocate(g, err)) < 0) {
        return st;
    }
    g->h = h;
    for (size_t k = 0; k < 3; k++) {
        if ((st = kernel(g, k, err)) < 0) {
            g->h = 0;
            return st;
        }
    }
    return MF_OK;
}

static void
spread_part(void *arg, size_t begin, size_t end, int thread)
{
    mf_tsne_grid *g = arg;

    (void)thread;
    for (size_t p = begin; p < end; p++) {
        float *to = g->charge + p * g->ny * 2 * g->pitch;

        memset(to, 0, g->ny * 2 * g->pitch * sizeof *to);
        g->f->spread(to, 2 * g->pitch, g->y, g->lo, (float)(1 / g->h), g->n * p / g->parts, g->n * (p + 1) / g->parts);
    }
}

static void
rows_to(void *arg, size_t begin, size_t end, int thread)
{
    mf_tsne_grid *g = arg;

    (void)thread;
    for (size_t r = begin; r < end; r++) {
        float *row = g->charge + r * 2 * g->pitch;

        for (size_t p = 1; p < g->parts; p++) {
            const float *more = row + p * g->ny * 2 * g->pitch;

            for (size_t c = 0; c < g->nx; c++) {
                row[c] += more[c];
            }
        }
        fftwf_execute_dft_r2c(g->row_to, row, (fftwf_complex *)(void *)row);
        memset(row + 2 * g->cols, 0, 2 * (g->pitch - g->cols) * sizeof *row);
    }
}

static void
columns(void *arg, size_t begin, size_t end, int thread)
{
    mf_tsne_grid *g    = arg;
    const size_t  line = 2 * g->pitch, bytes = 2 * COLS * sizeof(float);
    float        *in = (float *)(void *)g->column[thread], *out = in + 2 * COLS * g->my;

    for (size_t b = begin; b < end; b++) {
        for (size_t r = 0; r < g->ny; r++) {
            memcpy(in + r * 2 * COLS, g->charge + r * line + b * 2 * COLS, bytes);
        }
        memset(in + g->ny * 2 * COLS, 0, (g->my - g->ny) * bytes);
        fftwf_execute_dft(g->col_to, (fftwf_complex *)(void *)in, (fftwf_complex *)(void *)in);
        for (size_t k = 0; k < 3; k++) {
            const float *s = g->spectrum + k * g->my * g->pitch + b * COLS;

            for (size_t r = 0; r < g->my; r++, s += g->pitch) {
                const float *from = in + r * 2 * COLS;
                float       *to   = out + r * 2 * COLS;

                for (size_t c = 0; c < COLS; c++) {
                    to[2 * c]     = k == 0 ? from[2 * c] * s[c] : -from[2 * c + 1] * s[c];
                    to[2 * c + 1] = k == 0 ? from[2 * c + 1] * s[c] : from[2 * c] * s[c];
                }
            }
            fftwf_execute_dft(g->col_back, (fftwf_complex *)(void *)out, (fftwf_complex *)(void *)out);
            for (size_t r = 0; r < g->ny; r++) {
                memcpy(g->field + (k * g->ny + r) * line + b * 2 * COLS, out + r * 2 * COLS, bytes);
            }
        }
    }
}

static void
rows_back(void *arg, size_t begin, size_t end, int thread)
{
    mf_tsne_grid *g = arg;

    (void)thread;
    for (size_t r = begin; r < end; r++) {
        float *row = g->field + r * 2 * g->pitch;

        fftwf_execute_dft_c2r(g->row_back, (fftwf_complex *)(void *)row, row);
    }
}

static void
read_part(void *arg, size_t begin, size_t end, int thread)
{
    mf_tsne_grid      *g        = arg;
    const size_t       plane    = g->ny * 2 * g->pitch;
    const float *const field[3] = {g->field, g->field + plane, g->field + 2 * plane};

    (void)thread;
    g->f->gather(g->out3, field, 2 * g->pitch, g->y, g->lo, (float)(1 / g->h), begin, end);
}

mf_status
mf_tsne_grid_run(mf_tsne_grid *g, float *force, double *z, const float *y, mf_err *err)
{
    mf_status st;

    if ((st = fit(g, y, err)) < 0) {
        return st;
    }
    g->y = y;
    mf_parallel_for(g->parts, 1, spread_part, g);
    mf_parallel_for(g->ny, 8, rows_to, g);
    mf_parallel_for(g->pitch / COLS, 1, columns, g);
    mf_parallel_for(3 * g->ny, 8, rows_back, g);
    mf_parallel_for(g->n, 1024, read_part, g);
    *z = -(double)g->n;
    for (size_t i = 0; i < g->n; i++) {
        *z += (double)g->out3[3 * i];
        force[2 * i]     = g->out3[3 * i + 1];
        force[2 * i + 1] = g->out3[3 * i + 2];
    }
    if (!(*z > 0)) {
        return mf_fail(err, MF_E_NUMERIC, "the embedding runs away: a lower learning rate is needed");
    }
    return MF_OK;
}

#else

bool
mf_tsne_has_fft(void)
{
    return false;
}

mf_status
mf_tsne_grid_new(mf_tsne_grid **out, size_t n, mf_err *err)
{
    *out = NULL;
    return mf_fail(err, MF_E_UNSUPPORTED, "interpolated forces on %zu points: this build is without FFTW (libfftw3-dev)", n);
}

void
mf_tsne_grid_free(mf_tsne_grid *g)
{
    (void)g;
}

mf_status
mf_tsne_grid_run(mf_tsne_grid *g, float *force, double *z, const float *y, mf_err *err)
{
    (void)g;
    (void)force;
    (void)z;
    (void)y;
    return mf_fail(err, MF_E_UNSUPPORTED, "this build is without FFTW");
}

#endif
