/* models/face24.c */
#include "models/face24.h"

#include <math.h>

#include "nn/ops.h"

mf_ref
mf_face24(mf_graph *g, const mf_model_in *in, bool code)
{
    /* Numbers of the 68 from 1 on, as the programs have them; two: the point between. */
    static const uint8_t pair[MF_FACE24][2] = {
        {19, 19}, {22, 22}, {23, 23}, {26, 26}, {39, 39}, {37, 37}, {44, 44}, {46, 46}, {28, 28}, {30, 30}, {49, 49}, {51, 51},
        {53, 53}, {55, 55}, {59, 59}, {57, 57}, {20, 38}, {25, 45}, {41, 42}, {47, 48}, {18, 59}, {27, 57}, {49, 49}, {55, 55},
    };
    const mf_shape     s = mf_graph_shape(g, in->x);
    const double       h = (double)s.dim[2] / 256, w = (double)s.dim[3] / 256, x = code ? trunc(16 * w) : 16 * w, y = code ? trunc(16 * h) : 16 * h;
    mf_midpoints_attrs a = {.n = MF_FACE24};

    if (in->x.id < 0) return MF_NONE;
    for (int k = 0; k < MF_FACE24; k++) {
        a.a[k] = (uint8_t)(pair[k][0] - 1);
        a.b[k] = (uint8_t)(pair[k][1] - 1);
    }
    if (!code) {
        a.dy[0] = a.dy[3] = (float)(-2 * h);
        a.dy[1] = a.dy[2] = (float)(-10 * h);
    }
    a.dx[22] = (float)-x;
    a.dy[22] = (float)-y;
    a.dx[23] = (float)(code ? -x : x);
    a.dy[23] = (float)(code ? y : -y);
    return mf_midpoints(g, in->marks, &a);
}

/* One coordinate of all points, [N,24], from pixels of a side to places of a map. */
static mf_ref
coordinate(mf_graph *g, mf_ref flat, int row, int64_t side, int64_t n, mf_face24_window w)
{
    mf_ref v = mf_scale(g, mf_slice(g, flat, 1, row * MF_FACE24, MF_FACE24), (double)n / (double)side, 0);

    if (w.lo >= 0) v = mf_clip(g, v, w.lo, (double)n - w.hi);
    return mf_scale(g, v, 1, w.add);
}

void
mf_face24_places(mf_ref at[MF_FACE24], mf_graph *g, mf_ref points, const mf_model_in *in, mf_ref map, mf_face24_window w)
{
    const mf_shape x = mf_graph_shape(g, in->x), m = mf_graph_shape(g, map);
    mf_ref         flat, rows, columns;

    for (int k = 0; k < MF_FACE24; k++) at[k] = MF_NONE;
    if (points.id < 0 || map.id < 0) return;
    flat    = mf_flatten(g, points);
    rows    = coordinate(g, flat, w.swap ? 0 : 1, w.swap ? x.dim[3] : x.dim[2], m.dim[2], w);
    columns = coordinate(g, flat, w.swap ? 1 : 0, w.swap ? x.dim[2] : x.dim[3], m.dim[3], w);
    for (int k = 0; k < MF_FACE24; k++)
        at[k] = mf_concat(g, (mf_ref[]){mf_slice(g, rows, 1, k, 1), mf_slice(g, columns, 1, k, 1)}, 2, 1);
}

mf_ref
mf_face24_join(mf_graph *g, const mf_ref *v, int n)
{
    enum { AT_ONCE = 15 }; /* that mf_concat takes */
    mf_ref part[AT_ONCE];
    int    parts = 0;

    MF_ASSERT(n >= 2 && n <= AT_ONCE * AT_ONCE);
    for (int i = 0; i < n; i += AT_ONCE) {
        const int now = n - i < AT_ONCE ? n - i : AT_ONCE;

        part[parts++] = now == 1 ? v[i] : mf_concat(g, v + i, now, 1);
    }
    return parts == 1 ? part[0] : mf_concat(g, part, parts, 1);
}
