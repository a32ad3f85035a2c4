/* image/sample.h: the inner pass of mf_prep_sample (inside src/image). sample_simd.c is compiled once an instruction set;
 * all of them give the same bits: geometry is in integers, and the float part has one fixed order of operations. */
#ifndef MF_IMAGE_SAMPLE_H
#define MF_IMAGE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "image/prep.h"

typedef struct mf_prep_job {
    const uint8_t *src; /* [h, w, ch], ch 1 or 3 */
    int32_t        w, h, ch;
    int32_t        out_w, out_h, out_ch;
    mf_pix_out     out;
    /* Source index of output index (x, y), in 2^-32 pixels: m[0]*x + m[1]*y + m[2], m[3]*x + m[4]*y + m[5]. */
    int64_t m[6];
    bool    near;            /* every position is within one reflection, and 2^-16 pixels fit in 32 bits */
    bool    hsv, tone;       /* tone: gain and bias do something */
    int32_t hue;             /* 2^-16 sixths of the circle, [0, 6) */
    int32_t ds, dv;          /* 2^-15 of full saturation; 1/256 levels */
    float   lift, gain;       /* value -> (value + lift) * gain, clipped to 0..255 */
    float   mean[3], rate[3]; /* normalised = (value - mean) * rate */
    int     erase[4];
} mf_prep_job;

/* The arguments of mf_prep_sample as a job. */
void mf_prep_job_fill(mf_prep_job *j, const mf_pix_out *out, const mf_recipe *r, const uint8_t *src, int src_w,
                      int src_h, int src_channels, const mf_draw *d);

typedef void mf_prep_run_fn(const mf_prep_job *j);
mf_prep_run_fn mf_prep_run_base, mf_prep_run_avx2, mf_prep_run_avx512;

#endif
