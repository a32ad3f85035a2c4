/* data/loader_check.c: what a loader is asked to do, held against its limits before anything is made. */
#include "data/cache.h"
#include "data/loader_i.h"

enum { WORKERS_MAX = 256, PREFETCH_MAX = 64, BATCH_MAX = 1 << 16 };

mf_status
mf_loader_check(const mf_dataset *d, const mf_cache *c, const mf_sample *samples, size_t n, const mf_loader_opts *o, mf_err *err)
{
    if (n == 0)
        return mf_fail(err, MF_E_ARG, "there are no samples to load");
    if (n > UINT32_MAX)
        return mf_fail(err, MF_E_LIMIT, "%zu samples are more than a loader can number", n);
    if (o->batch < 1 || o->batch > BATCH_MAX)
        return mf_fail(err, MF_E_ARG, "a batch has 1 to %d samples, not %d", (int)BATCH_MAX, o->batch);
    if (o->pictures < 1 || o->pictures > 3)
        return mf_fail(err, MF_E_ARG, "a sample has 1 to 3 pictures, not %d", o->pictures);
    if (o->workers < 0 || o->workers > WORKERS_MAX || o->prefetch < 0 || o->prefetch > PREFETCH_MAX)
        return mf_fail(err, MF_E_ARG, "workers are 0 to %d and prefetched batches 0 to %d, not %d and %d",
                       (int)WORKERS_MAX, (int)PREFETCH_MAX, o->workers, o->prefetch);
    if ((o->recipe.channels != 1 && o->recipe.channels != 3) || o->recipe.width < 1 || o->recipe.height < 1 ||
        o->recipe.width > MF_IMAGE_MAX_SIDE || o->recipe.height > MF_IMAGE_MAX_SIDE)
        return mf_fail(err, MF_E_ARG, "an input recipe of %d x %d pixels with %d channels cannot be made",
                       o->recipe.width, o->recipe.height, o->recipe.channels);
    if (o->classes < 1 || o->classes > MF_CLASSES_MAX)
        return mf_fail(err, MF_E_ARG, "there are 1 to %d classes, not %d", (int)MF_CLASSES_MAX, o->classes);
    if (o->soft && o->draw_label)
        return mf_fail(err, MF_E_ARG, "targets are the votes' distribution or a class drawn from it, not both");
    if ((o->soft || o->draw_label) && o->classes != d->n_classes)
        return mf_fail(err, MF_E_ARG, "soft labels are over the data set's %d classes, not %d", d->n_classes, o->classes);
    if (!(o->occlude_prob >= 0 && o->occlude_prob <= 1))
        return mf_fail(err, MF_E_ARG, "the probability of hiding a face is 0 to 1, not %g", o->occlude_prob);
    if (o->landmarks != 0 && o->landmarks != 5 && o->landmarks != 68)
        return mf_fail(err, MF_E_ARG, "a face has 5 or 68 landmarks, not %d", o->landmarks);
    if (o->views < 0 || o->views >= MF_AUGMENT_VIEWS_MAX || n % (size_t)(1 + o->views) != 0)
        return mf_fail(err, MF_E_ARG, "%zu samples are not %d lists of the same length", n, 1 + o->views);
    if (o->drop_last && n < (size_t)o->batch)
        return mf_fail(err, MF_E_LIMIT, "%zu samples do not fill one batch of %d, and partial batches are left out", n,
                       o->batch);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < o->pictures; k++) {
            uint32_t r = samples[i].row[k];
            if (r >= d->n_rows || !mf_cache_has(c, r))
                return mf_fail(err, MF_E_ARG, "sample %zu wants row %u, which the pixel cache does not hold", i, r);
            if (k == 0 && (d->rows[r].label < 0 || d->rows[r].label >= o->classes))
                return mf_fail(err, MF_E_ARG, "picture '%s' has class %d, but there are %d classes", d->rows[r].image,
                               d->rows[r].label, o->classes);
        }
    return MF_OK;
}
