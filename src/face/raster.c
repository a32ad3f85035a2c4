/* face/raster.c: signed areas. Going along an edge, each pixel gets the area to the right of the edge inside it, and the
 * pixel beside it what is left over, so that a running sum along the row gives the share of each pixel that is inside. */
#include "face/raster.h"

#include <math.h>

void
mf_raster_begin(mf_raster *r)
{
    r->x0 = r->w;
    r->y0 = r->h;
    r->x1 = r->y1 = 0;
}

/* A piece of an edge within one row: from xa to xb, of height `dy` (signed). */
static void
piece(float *row, int w, double xa, double xb, double dy)
{
    double left = fmin(xa, xb), right = fmax(xa, xb);
    int    from, to;

    if (left >= w)
        return;
    if (right <= 0) {
        row[0] += (float)dy;
        return;
    }
    from = left <= 0 ? 0 : (int)left;
    to   = right >= w ? w - 1 : (int)right;
    if (from >= to) {
        double mean = fmin(fmax(0.5 * (left + right) - from, 0), 1);
        row[from] += (float)(dy * (1 - mean));
        row[from + 1] += (float)(dy * mean);
        return;
    }
    for (int c = from; c <= to; c++) { /* columns that the piece runs through */
        double a = c == from ? left : c, b = c == to ? right : c + 1, part, mean;
        part = dy * (b - a) / (right - left);
        mean = fmin(fmax(0.5 * (a + b) - c, 0), 1);
        row[c] += (float)(part * (1 - mean));
        row[c + 1] += (float)(part * mean);
    }
}

void
mf_raster_add(mf_raster *r, const double (*p)[2], int n)
{
    double lo[2] = {1e9, 1e9}, hi[2] = {-1e9, -1e9};

    for (int i = 0; i < n; i++)
        for (int c = 0; c < 2; c++) {
            lo[c] = fmin(lo[c], p[i][c]);
            hi[c] = fmax(hi[c], p[i][c]);
        }
    if (n < 3 || hi[0] <= 0 || hi[1] <= 0 || lo[0] >= r->w || lo[1] >= r->h)
        return;
    r->x0 = (int)fmin(r->x0, fmax(0, floor(lo[0])));
    r->y0 = (int)fmin(r->y0, fmax(0, floor(lo[1])));
    r->x1 = (int)fmax(r->x1, fmin(r->w, ceil(hi[0]) + 1));
    r->y1 = (int)fmax(r->y1, fmin(r->h, ceil(hi[1]) + 1));
    for (int i = 0; i < n; i++) {
        const double *a = p[i], *b = p[i + 1 < n ? i + 1 : 0];
        double        sign = 1, slope, y, end, x;
        if (a[1] == b[1])
            continue;
        if (a[1] > b[1]) {
            const double *t = a;
            a = b, b = t, sign = -1;
        }
        slope = (b[0] - a[0]) / (b[1] - a[1]);
        y     = fmax(0, a[1]);
        end   = fmin(r->h, b[1]);
        x     = a[0] + slope * (y - a[1]);
        for (int j = (int)y; y < end; j++) {
            double next = fmin(end, j + 1), to = a[0] + slope * (next - a[1]);
            piece(r->acc + (size_t)j * (size_t)(r->w + 1), r->w, x, to, sign * (next - y));
            y = next;
            x = to;
        }
    }
}

void
mf_raster_row(mf_raster *r, int y, float *out)
{
    float *row = r->acc + (size_t)y * (size_t)(r->w + 1), sum = 0;

    for (int x = r->x0; x < r->x1; x++) {
        float c;
        sum += row[x];
        row[x] = 0;
        c      = fabsf(sum);
        out[x - r->x0] = c > 1 ? 1 : c;
    }
    row[r->x1] = 0;
}

int
mf_raster_stroke(double (*out)[2], const double (*p)[2], int n, double from, double to)
{
    int m = 0;

    for (int pass = 0; pass < 2; pass++) { /* along one side, round the end, back along the other */
        double px = 0, py = 0, half = 0;
        for (int k = 0; k < n; k++) {
            int    i = pass == 0 ? k : n - 1 - k, a = i > 0 ? i - 1 : i, b = i + 1 < n ? i + 1 : i;
            double dx = p[b][0] - p[a][0], dy = p[b][1] - p[a][1], len = sqrt(dx * dx + dy * dy);
            if (pass == 1)
                dx = -dx, dy = -dy;
            half = 0.5 * (from + (to - from) * i / (n > 1 ? n - 1 : 1));
            px   = len > 0 ? dx / len : 1;
            py   = len > 0 ? dy / len : 0;
            out[m][0]   = p[i][0] + half * py;
            out[m++][1] = p[i][1] - half * px;
        }
        for (int k = 1; k <= MF_RASTER_CAP; k++) {
            const double *e = p[pass == 0 ? n - 1 : 0];
            double        t = 3.14159265358979 * k / (MF_RASTER_CAP + 1), s = sin(t), c = cos(t);
            out[m][0]   = e[0] + half * (s * px + c * py);
            out[m++][1] = e[1] + half * (s * py - c * px);
        }
    }
    return m;
}
