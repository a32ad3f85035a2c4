/* maskfer/recogniser.h: the expression on a face, from C.
 *
 *     mf_err         err;
 *     mf_recogniser *r;
 *     float          p[16];
 *
 *     if (mf_recogniser_open(&r, "best.safetensors", NULL, &err) < 0) { fprintf(stderr, "%s\n", err.msg); return 1; }
 *     if (mf_recogniser_file(r, "face.jpg", p, NULL, &err) == MF_OK) ...   p[i] is the probability of mf_recogniser_class(r, i)
 *     mf_recogniser_close(r);
 *
 * A picture should show one face, cut out as the training pictures were. A recogniser belongs to one thread at a time;
 * several may be open at once. Nothing here touches the network or writes to disk. */
#ifndef MF_MASKFER_RECOGNISER_H
#define MF_MASKFER_RECOGNISER_H

#include <stddef.h>
#include <stdint.h>

#include "maskfer/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mf_precision {
    MF_PRECISION_AUTO, /* bf16 where the processor computes it, else f32 */
    MF_PRECISION_F32,
    MF_PRECISION_BF16
} mf_precision;

typedef struct mf_recogniser_opts {
    mf_precision precision;
    int          batch;   /* pictures that mf_recogniser_many computes together, 1 to 4096; memory grows with it */
    int          threads; /* of the whole process; 0: what was set before, at first one a core */
} mf_recogniser_opts;
mf_recogniser_opts mf_recogniser_opts_default(void); /* auto, 1, 0 */

/* Pixels in memory: 8 bits a channel, channels interleaved, rows top to bottom. */
typedef struct mf_pixels {
    const uint8_t *px;
    int            width, height; /* 1 to 32768 */
    int            channels;      /* 1 grey, 3 RGB, 4 RGBA (straight alpha, laid over white) */
    size_t         stride;        /* bytes from one row to the next; 0: width x channels */
} mf_pixels;

typedef struct mf_recogniser mf_recogniser;

/* Open weights that maskfer saved (`runs/NAME/weights/best.safetensors`); network, classes and input recipe come with
 * them. opts NULL: the defaults. *out is NULL on failure. MF_E_IO, MF_E_FORMAT: the file; MF_E_ARG: opts out of range. */
mf_status mf_recogniser_open(mf_recogniser **out, const char *weights, const mf_recogniser_opts *opts, mf_err *err);
void      mf_recogniser_close(mf_recogniser *r); /* NULL is allowed */

int         mf_recogniser_classes(const mf_recogniser *r);      /* how many probabilities an answer has */
const char *mf_recogniser_class(const mf_recogniser *r, int i); /* lent; NULL outside 0 to classes-1 */
int         mf_recogniser_embedding(const mf_recogniser *r);    /* numbers in an embedding; 0: it would need landmarks of each face */

/* One picture. probabilities [classes], summing to 1; embedding [mf_recogniser_embedding], or NULL where it is not wanted.
 * Both are untouched on failure. file: JPEG, PNG or WebP, turned as its EXIF says; bytes: the same, already in memory. */
mf_status mf_recogniser_file(mf_recogniser *r, const char *path, float *probabilities, float *embedding, mf_err *err);
mf_status mf_recogniser_bytes(mf_recogniser *r, const void *data, size_t size, float *probabilities, float *embedding, mf_err *err);
mf_status mf_recogniser_pixels(mf_recogniser *r, const mf_pixels *picture, float *probabilities, float *embedding, mf_err *err);
/* n pictures, opts.batch at a time: probabilities [n, classes], embedding [n, mf_recogniser_embedding] or NULL. Stops at the
 * first picture that is out of range and names it. */
mf_status mf_recogniser_many(mf_recogniser *r, const mf_pixels *pictures, size_t n, float *probabilities, float *embedding,
                             mf_err *err);

#ifdef __cplusplus
}
#endif
#endif
