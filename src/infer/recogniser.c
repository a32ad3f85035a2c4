/* maskfer/recogniser.h: the public face of infer/infer.h: one object that owns the network and the memory of a batch. */
#include "maskfer/recogniser.h"

#include <stdbool.h>
#include <string.h>

#include "core/mem.h"
#include "core/thread.h"
#include "core/version.h"
#include "image/image.h"
#include "infer/infer.h"

struct mf_recogniser {
    mf_infer *infer;
    mf_image *batch;    /* [batch] pictures being scored; px is ours only where `copied` says so */
    bool     *copied;   /* [batch] */
    float    *prob;     /* [batch, classes] */
    float    *features; /* [batch, embedding] */
    int       classes, embedding, n_batch;
};

mf_recogniser_opts
mf_recogniser_opts_default(void)
{
    return (mf_recogniser_opts){.precision = MF_PRECISION_AUTO, .batch = 1, .threads = 0};
}

mf_status
mf_recogniser_open(mf_recogniser **out, const char *weights, const mf_recogniser_opts *opts, mf_err *err)
{
    static const mf_prec     precs[] = {[MF_PRECISION_AUTO] = MF_PREC_AUTO, [MF_PRECISION_F32] = MF_PREC_F32, [MF_PRECISION_BF16] = MF_PREC_BF16};
    const mf_recogniser_opts o  = opts ? *opts : mf_recogniser_opts_default();
    mf_infer_opts            io = mf_infer_opts_default();
    mf_recogniser           *r;
    mf_status                st;

    *out = NULL;
    if ((unsigned)o.precision > MF_PRECISION_BF16) return mf_fail(err, MF_E_ARG, "precision %d: expected one of mf_precision", (int)o.precision);
    if (o.batch < 1 || o.batch > MF_INFER_BATCH_MAX) return mf_fail(err, MF_E_ARG, "batch %d: expected 1 to %d", o.batch, MF_INFER_BATCH_MAX);
    if (o.threads < 0 || o.threads > 4096) return mf_fail(err, MF_E_ARG, "%d threads: expected 0 to 4096", o.threads);
    if (o.threads > 0) mf_threads_set(o.threads);
    io.prec     = precs[o.precision];
    io.batch    = o.batch;
    io.features = true;
    r           = mf_calloc(1, sizeof *r);
    if (!r) return mf_oom(err, sizeof *r, "a recogniser");
    if ((st = mf_infer_load(&r->infer, weights, &io, err)) < 0) goto fail;
    if (mf_infer_landmarks(r->infer) > 0) { /* it may be the embedding alone that looks at them */
        mf_infer_free(r->infer);
        r->infer    = NULL;
        io.features = false;
        if ((st = mf_infer_load(&r->infer, weights, &io, err)) < 0) goto fail;
    }
    if (mf_infer_landmarks(r->infer) > 0) {
        st = mf_fail(err, MF_E_UNSUPPORTED, "%s: the network %s looks at landmarks of each face, which this interface does not take", weights,
                     mf_infer_model(r->infer)->def->name);
        goto fail;
    }
    r->n_batch   = o.batch;
    r->classes   = mf_infer_model(r->infer)->classes;
    r->embedding = io.features ? (int)mf_infer_features(r->infer) : 0;
    r->batch     = mf_calloc((size_t)o.batch, sizeof *r->batch);
    r->copied    = mf_calloc((size_t)o.batch, sizeof *r->copied);
    r->prob      = mf_calloc((size_t)o.batch * (size_t)r->classes, sizeof *r->prob);
    r->features  = io.features ? mf_calloc((size_t)o.batch * (size_t)r->embedding, sizeof *r->features) : NULL;
    if (!r->batch || !r->copied || !r->prob || (io.features && !r->features)) {
        st = mf_oom(err, (size_t)o.batch * ((size_t)(r->classes + r->embedding) * sizeof(float) + sizeof *r->batch), "a batch of answers");
        goto fail;
    }
    *out = r;
    return MF_OK;
fail:
    mf_recogniser_close(r);
    return st;
}

void
mf_recogniser_close(mf_recogniser *r)
{
    if (!r) return;
    mf_infer_free(r->infer);
    mf_free(r->batch);
    mf_free(r->copied);
    mf_free(r->prob);
    mf_free(r->features);
    mf_free(r);
}

int
mf_recogniser_classes(const mf_recogniser *r)
{
    return r->classes;
}

const char *
mf_recogniser_class(const mf_recogniser *r, int i)
{
    return i >= 0 && i < r->classes ? mf_infer_classes(r->infer)[i] : NULL;
}

int
mf_recogniser_embedding(const mf_recogniser *r)
{
    return r->embedding;
}

/* Score the first n pictures of r->batch into the caller's memory; nothing there changes on failure. */
static mf_status
score(mf_recogniser *r, size_t n, float *probabilities, float *embedding, mf_err *err)
{
    mf_status st;

    if (embedding && !r->features)
        return mf_fail(err, MF_E_UNSUPPORTED, "the embedding of the network %s looks at landmarks of each face, which this interface does not take",
                       mf_infer_model(r->infer)->def->name);
    if ((st = mf_infer_images(r->infer, r->batch, NULL, n, r->prob, r->features, err)) < 0) return st;
    memcpy(probabilities, r->prob, n * (size_t)r->classes * sizeof *r->prob);
    if (embedding) memcpy(embedding, r->features, n * (size_t)r->embedding * sizeof *r->features);
    return MF_OK;
}

/* One picture that was decoded for us. */
static mf_status
score_own(mf_recogniser *r, mf_status decoded, float *probabilities, float *embedding, mf_err *err)
{
    mf_status st = decoded;

    if (st == MF_OK) st = score(r, 1, probabilities, embedding, err);
    mf_image_free(&r->batch[0]);
    return st;
}

mf_status
mf_recogniser_file(mf_recogniser *r, const char *path, float *probabilities, float *embedding, mf_err *err)
{
    return score_own(r, mf_image_load(&r->batch[0], path, mf_infer_recipe(r->infer)->channels, err), probabilities, embedding, err);
}

mf_status
mf_recogniser_bytes(mf_recogniser *r, const void *data, size_t size, float *probabilities, float *embedding, mf_err *err)
{
    return score_own(r, mf_image_decode(&r->batch[0], "picture in memory", data, size, mf_infer_recipe(r->infer)->channels, err), probabilities,
                     embedding, err);
}

/* Lend the caller's pixels where they lie as the engine wants them, else take a copy: rows packed, channels as the network's. */
static mf_status
take_pixels(mf_recogniser *r, size_t slot, const mf_pixels *p, mf_err *err)
{
    const int    channels = mf_infer_recipe(r->infer)->channels;
    const size_t row      = p->width > 0 && p->channels > 0 ? (size_t)p->width * (size_t)p->channels : 0;
    mf_image     im       = {(uint8_t *)p->px, p->width, p->height, p->channels}, packed = {0};
    mf_status    st       = MF_OK;

    r->copied[slot] = false;
    if (!p->px || p->width < 1 || p->height < 1 || p->width > MF_IMAGE_MAX_SIDE || p->height > MF_IMAGE_MAX_SIDE)
        return mf_fail(err, MF_E_ARG, "a picture of %d x %d pixels%s: expected 1 to %d a side", p->width, p->height, p->px ? "" : " at NULL", MF_IMAGE_MAX_SIDE);
    if (p->channels != 1 && p->channels != 3 && p->channels != 4) return mf_fail(err, MF_E_ARG, "a picture of %d channels: expected 1, 3 or 4", p->channels);
    if (p->stride != 0 && p->stride < row) return mf_fail(err, MF_E_ARG, "rows of %zu bytes lie %zu bytes apart", row, p->stride);
    if (p->stride > row) {
        if ((st = mf_image_new(&packed, p->width, p->height, p->channels, err)) < 0) return st;
        for (int y = 0; y < p->height; y++) memcpy(packed.px + (size_t)y * row, p->px + (size_t)y * p->stride, row);
        im = packed;
    }
    if (p->channels != channels) {
        st              = mf_image_convert(&r->batch[slot], &im, channels, err);
        r->copied[slot] = st == MF_OK;
        mf_image_free(&packed);
        return st;
    }
    r->batch[slot]  = im;
    r->copied[slot] = packed.px != NULL;
    return MF_OK;
}

mf_status
mf_recogniser_many(mf_recogniser *r, const mf_pixels *pictures, size_t n, float *probabilities, float *embedding, mf_err *err)
{
    mf_status st = MF_OK;

    for (size_t i = 0; i < n && st == MF_OK; i += (size_t)r->n_batch) {
        size_t now = n - i < (size_t)r->n_batch ? n - i : (size_t)r->n_batch, taken = 0;

        for (; taken < now && st == MF_OK; taken++)
            if ((st = take_pixels(r, taken, &pictures[i + taken], err)) < 0) mf_fail_in(err, st, "picture %zu", i + taken);
        if (st == MF_OK)
            st = score(r, now, probabilities + i * (size_t)r->classes, embedding ? embedding + i * (size_t)r->embedding : NULL, err);
        for (size_t k = 0; k < taken; k++) {
            if (r->copied[k]) mf_image_free(&r->batch[k]);
            r->batch[k]  = (mf_image){0};
            r->copied[k] = false;
        }
    }
    return st;
}

mf_status
mf_recogniser_pixels(mf_recogniser *r, const mf_pixels *picture, float *probabilities, float *embedding, mf_err *err)
{
    return mf_recogniser_many(r, picture, 1, probabilities, embedding, err);
}
