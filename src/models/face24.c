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
