/* image/keypoints.c: points moved as their picture is. */
#include "image/keypoints.h"

#include "core/error.h"

int
mf_keypoint_twin(int n, int i)
{
    static const unsigned char five[]  = {1, 0, 2, 4, 3};
    static const unsigned char lower[] = {35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, 54, 53,
                                          52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65};

    if (n == 5)
        return five[i];
    if (n != 68)
        return i;
    return i < 17 ? 16 - i : i < 27 ? 43 - i : i < 31 ? i : lower[i - 31];
}

static void
swap_twins(float *p, int n)
{
    for (int i = 0; i < n; i++) {
        const int j = mf_keypoint_twin(n, i);

        for (int c = 0; c < MF_KEYPOINT && j > i; c++) {
            const float t          = p[i * MF_KEYPOINT + c];
            p[i * MF_KEYPOINT + c] = p[j * MF_KEYPOINT + c];
            p[j * MF_KEYPOINT + c] = t;
        }
    }
}

void
mf_keypoints_scale(float *p, int n, double sx, double sy)
{
    for (int i = 0; i < n; i++) {
        p[i * MF_KEYPOINT]     = (float)((double)p[i * MF_KEYPOINT] * sx);
        p[i * MF_KEYPOINT + 1] = (float)((double)p[i * MF_KEYPOINT + 1] * sy);
    }
}

void
mf_keypoints_draw(float *p, int n, const mf_draw *d)
{
    const double a = (double)d->m[0], b = (double)d->m[1], c = (double)d->m[3], e = (double)d->m[4], det = a * e - b * c;

    MF_ASSERT(det != 0.0);
    for (int i = 0; i < n; i++) { /* d->m leads from the output to the source: this is its inverse */
        const double x = (double)p[i * MF_KEYPOINT] - (double)d->m[2], y = (double)p[i * MF_KEYPOINT + 1] - (double)d->m[5];

        p[i * MF_KEYPOINT]     = (float)((e * x - b * y) / det);
        p[i * MF_KEYPOINT + 1] = (float)((a * y - c * x) / det);
    }
    if (det < 0.0)
        swap_twins(p, n);
}

void
mf_keypoints_mirror(float *p, int n, int width)
{
    for (int i = 0; i < n; i++)
        p[i * MF_KEYPOINT] = (float)width - p[i * MF_KEYPOINT];
    swap_twins(p, n);
}
