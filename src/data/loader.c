/* data/loader.c: batches made ahead of time by threads, handed over in order.
 *
 * A ring of prefetch + 1 batches: the oldest is lent to the caller, the others are filled by workers, which take runs of
 * samples in order under one lock. What a sample becomes depends on (seed, epoch, its position in the epoch) alone, and
 * each sample is written to its own place, so no worker count, cache kind or timing shows in a batch. A failure is kept
 * with its batch, the lowest sample's first, and met by the caller when that batch is due. */
#include "data/loader.h"

#include <pthread.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "data/cache.h"
#include "data/hide.h"
#include "data/keypoints.h"
#include "data/loader_i.h"
#include "image/jitter.h"

enum { RUN_MAX = 16 };

typedef struct slot {
    mf_batch b;
    size_t   left;      /* samples still to be made */
    bool     done;      /* all made, or failed */
    size_t   failed_at; /* lowest sample that failed, SIZE_MAX if none */
    mf_err   err;       /* of that sample */
} slot;

typedef struct bench { /* what a thread works on */
    mf_loader      *loader;
    pthread_t       thread;
    mf_cache_reader reader;
    uint8_t        *px; /* one picture, where the cache keeps none */
    uint8_t        *hidden; /* one picture to draw on, where faces are hidden or colours jittered */
    mf_face_scratch      scratch;
} bench;

struct mf_loader {
    mf_loader_opts    o;
    const mf_dataset *data;
    const mf_cache   *cache;
    mf_hider         *hider;   /* NULL: no faces are hidden */
    mf_row_keypoints *points;  /* NULL: no landmarks are wanted */
    float           (*scale)[2]; /* [rows] of them: from the picture to the working size */
    int               src_w, src_h, src_ch;
    mf_sample        *samples; /* [n] */
    size_t            n, batches, elements; /* elements of a picture */
    uint32_t         *order;   /* [n] sample at each position of the epoch */
    uint32_t         *by_class; /* [n] balanced: samples class by class */
    size_t            class_at[MF_CLASSES_MAX + 1];
    slot             *slots;
    size_t            n_slots;
    bench            *benches; /* [workers], or 1 for the caller */
    int               started; /* threads that run */

    pthread_mutex_t lock; /* guards all that follows, and `left`, `done`, `failed_at`, `err` of slots */
    pthread_cond_t  work, ready;
    uint64_t        epoch;
    size_t          head;  /* oldest batch not handed back */
    size_t          issue; /* batch whose samples are handed out, and the next of them */
    size_t          issue_at;
    int             busy;  /* threads between taking and finishing a run */
    bool            running, lent, quit;
};

void
mf_loader_order(uint32_t *idx, size_t n, uint64_t seed, uint64_t epoch, bool shuffle)
{
    for (size_t i = 0; i < n; i++)
        idx[i] = (uint32_t)i;
    if (shuffle) {
        mf_rng rng = mf_rng_make(seed, epoch, 0, MF_RNG_SHUFFLE);
        mf_rng_shuffle(&rng, idx, n);
    }
}

/* Every class that occurs is given an equal share of the epoch's positions (the remainder falls by chance), and each
 * position a sample of its class, drawn with replacement. */
static void
balanced_order(mf_loader *l, uint64_t epoch)
{
    uint32_t present[MF_CLASSES_MAX];
    uint32_t kinds = 0;
    mf_rng   rng   = mf_rng_make(l->o.seed, epoch, 1, MF_RNG_SHUFFLE);

    for (int c = 0; c < l->o.classes; c++)
        if (l->class_at[c + 1] > l->class_at[c])
            present[kinds++] = (uint32_t)c;
    mf_rng_shuffle(&rng, present, kinds);
    for (size_t i = 0; i < l->n; i++)
        l->order[i] = present[i % kinds];
    mf_rng_shuffle(&rng, l->order, l->n);
    for (size_t i = 0; i < l->n; i++) {
        size_t from = l->class_at[l->order[i]], to = l->class_at[l->order[i] + 1];
        l->order[i] = l->by_class[from + mf_rng_below(&rng, to - from)];
    }
}

static size_t
batch_size(const mf_loader *l, size_t batch)
{
    size_t per = (size_t)l->o.batch, left = l->n - batch * per;
    return left < per ? left : per;
}

/* ---- making samples ---- */

static size_t
element_bytes(const mf_loader *l)
{
    return l->o.type == MF_PIX_BF16 ? 2 : 4;
}

/* Part of the face hidden, if this picture's turn has come; the draw is that of (seed, epoch, position, k). */
static mf_status
hide(const uint8_t **px, const mf_loader *l, uint64_t epoch, size_t position, int k, uint32_t row, bench *w, mf_err *err)
{
    mf_rng    rng = mf_rng_make(l->o.seed, epoch, position * 4 + (size_t)k, MF_RNG_OCCLUDE);
    mf_image  im  = {w->hidden, l->src_w, l->src_h, l->src_ch};
    mf_status st;

    if (!mf_hider_wants(l->hider, row, &rng))
        return MF_OK;
    memcpy(w->hidden, *px, (size_t)l->src_w * (size_t)l->src_h * (size_t)l->src_ch);
    if ((st = mf_hider_draw(l->hider, &im, row, &w->scratch, &rng, err)) < 0)
        return st;
    *px = w->hidden;
    return MF_OK;
}

/* Colours jittered in a copy. */
static void
jitter(const uint8_t **px, const mf_loader *l, const mf_jitter *j, bench *w)
{
    if (*px != w->hidden)
        memcpy(w->hidden, *px, (size_t)l->src_w * (size_t)l->src_h * (size_t)l->src_ch);
    mf_jitter_apply(w->hidden, l->src_w, l->src_h, l->src_ch, j);
    *px = w->hidden;
}

static const mf_augment *
augment_of(const mf_loader *l, size_t sample)
{
    const size_t view = sample / (l->n / (size_t)(1 + l->o.views));

    return view == 0 ? &l->o.augment : &l->o.view[view - 1];
}

/* p: landmarks of a row, where the draw puts them. */
static void
place_points(float *p, const mf_loader *l, uint32_t row, const mf_draw *draw)
{
    mf_row_keypoints_at(p, l->points, row);
    mf_keypoints_scale(p, l->o.landmarks, (double)l->scale[row][0], (double)l->scale[row][1]);
    mf_keypoints_draw(p, l->o.landmarks, draw);
}

/* A class of the votes, by their shares; a function of (seed, epoch, position). */
static int
drawn_label(const mf_loader *l, const mf_row *row, uint64_t epoch, size_t position)
{
    mf_rng rng = mf_rng_make(l->o.seed, epoch, position, MF_RNG_VOTES);
    double u   = mf_rng_unit(&rng), sum = 0;
    int    last = row->label;

    for (int c = 0; c < l->o.classes; c++) {
        if (row->soft[c] <= 0.0f)
            continue;
        last = c;
        if ((sum += (double)row->soft[c]) > u)
            break;
    }
    return last;
}

static mf_status
make_sample(const mf_loader *l, uint64_t epoch, size_t batch, slot *s, size_t i, bench *w, mf_err *err)
{
    mf_status        st;
    const mf_recipe *r        = &l->o.recipe;
    size_t           position = batch * (size_t)l->o.batch + i;
    const mf_sample *sample   = &l->samples[l->order[position]];
    const mf_row    *row      = &l->data->rows[sample->row[0]];
    ptrdiff_t        pw = r->width, area = (ptrdiff_t)r->width * r->height;
    mf_rng           rng  = mf_rng_make(l->o.seed, epoch, position, MF_RNG_AUGMENT);
    mf_draw          draw = mf_draw_make(augment_of(l, l->order[position]), r, l->src_w, l->src_h, &rng);

    for (int k = 0; k < l->o.pictures; k++) {
        const uint8_t *px = mf_cache_at(l->cache, sample->row[k]);
        if (!px) {
            if ((st = mf_cache_read(l->cache, sample->row[k], w->px, &w->reader, err)) < 0)
                return st;
            px = w->px;
        }
        if (l->hider && (k > 0 || l->o.pictures == 1) &&
            (st = hide(&px, l, epoch, position, k, sample->row[k], w, err)) < 0)
            return st;
        if (draw.jitter.on)
            jitter(&px, l, &draw.jitter, w);
        mf_pix_out to = {.base = (uint8_t *)s->b.x[k] + i * l->elements * element_bytes(l), .type = l->o.type,
                         .sc = l->o.nhwc ? 1 : area, .sy = l->o.nhwc ? pw * r->channels : pw,
                         .sx = l->o.nhwc ? r->channels : 1};
        mf_prep_sample(&to, r, px, l->src_w, l->src_h, l->src_ch, &draw);
        if (l->points)
            place_points(s->b.marks[k] + i * (size_t)l->o.landmarks * MF_KEYPOINT, l, sample->row[k], &draw);
    }

    float *target      = s->b.target + i * (size_t)l->o.classes;
    s->b.sample[i] = sample;
    s->b.label[i]  = row->label;
    if (l->o.soft && row->soft) {
        memcpy(target, row->soft, (size_t)l->o.classes * sizeof *target);
    } else {
        memset(target, 0, (size_t)l->o.classes * sizeof *target);
        target[l->o.draw_label && row->soft ? drawn_label(l, row, epoch, position) : row->label] = 1.0f;
    }
    return MF_OK;
}

static void
begin_slot(slot *s, uint64_t epoch, size_t batch, size_t n)
{
    s->b.n       = n;
    s->b.epoch   = epoch;
    s->b.index   = batch;
    s->left      = n;
    s->done      = false;
    s->failed_at = SIZE_MAX;
}

/* A run of samples to make, or false when there is nothing to do now. Called under the lock. */
static bool
take_run(mf_loader *l, size_t *batch, size_t *from, size_t *to)
{
    if (!l->running || l->issue >= l->batches || l->issue >= l->head + l->n_slots)
        return false;
    size_t n = batch_size(l, l->issue), run = n / (4 * (size_t)l->o.workers);

    run = run < 1 ? 1 : run > RUN_MAX ? RUN_MAX : run;
    if (l->issue_at == 0)
        begin_slot(&l->slots[l->issue % l->n_slots], l->epoch, l->issue, n);
    *batch = l->issue;
    *from  = l->issue_at;
    *to    = n - l->issue_at < run ? n : l->issue_at + run;
    if (*to == n) {
        l->issue++;
        l->issue_at = 0;
    } else {
        l->issue_at = *to;
    }
    return true;
}

static void *
worker(void *arg)
{
    bench     *w = arg;
    mf_loader *l = w->loader;
    size_t     batch, from, to;

    pthread_mutex_lock(&l->lock);
    while (!l->quit) {
        if (!take_run(l, &batch, &from, &to)) {
            pthread_cond_wait(&l->work, &l->lock);
            continue;
        }
        slot    *s      = &l->slots[batch % l->n_slots];
        uint64_t epoch  = l->epoch;
        mf_err   err    = {0};
        size_t   failed = SIZE_MAX;
        l->busy++;
        pthread_mutex_unlock(&l->lock);

        for (size_t i = from; i < to && failed == SIZE_MAX; i++)
            if (make_sample(l, epoch, batch, s, i, w, &err) < 0)
                failed = i;

        pthread_mutex_lock(&l->lock);
        l->busy--;
        if (failed < s->failed_at) {
            s->failed_at = failed;
            s->err       = err;
        }
        s->left -= to - from;
        s->done = s->left == 0;
        if (s->done || l->busy == 0)
            pthread_cond_broadcast(&l->ready);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* ---- life ---- */

static mf_status
make_slot(const mf_loader *l, slot *s, mf_err *err)
{
    size_t batch = (size_t)l->o.batch, bytes;

    if (!mf_size_mul(&bytes, l->elements * element_bytes(l), batch))
        return mf_fail(err, MF_E_LIMIT, "a batch of %zu pictures does not fit in memory", batch);
    for (int k = 0; k < l->o.pictures; k++)
        if (!(s->b.x[k] = mf_aligned(bytes)))
            return mf_oom(err, bytes, "a batch of pictures");
    for (int k = 0; k < l->o.pictures && l->points; k++)
        if (!(s->b.marks[k] = mf_calloc(batch * (size_t)l->o.landmarks, MF_KEYPOINT * sizeof(float))))
            return mf_oom(err, batch * (size_t)l->o.landmarks * MF_KEYPOINT * sizeof(float), "a batch of landmarks");
    s->b.label  = mf_calloc(batch, sizeof *s->b.label);
    s->b.target = mf_calloc(batch * (size_t)l->o.classes, sizeof *s->b.target);
    s->b.sample = mf_calloc(batch, sizeof *s->b.sample);
    if (!s->b.label || !s->b.target || !s->b.sample)
        return mf_oom(err, batch * (size_t)l->o.classes * sizeof *s->b.target, "a batch's labels");
    return MF_OK;
}

/* Samples class by class, for balanced drawing. */
static mf_status
sort_classes(mf_loader *l, mf_err *err)
{
    if (!(l->by_class = mf_calloc(l->n, sizeof *l->by_class)))
        return mf_oom(err, l->n * sizeof *l->by_class, "the classes of samples");
    size_t at = 0;
    for (int c = 0; c < l->o.classes; c++) {
        l->class_at[c] = at;
        for (size_t i = 0; i < l->n; i++)
            if (l->data->rows[l->samples[i].row[0]].label == c)
                l->by_class[at++] = (uint32_t)i;
    }
    l->class_at[l->o.classes] = at;
    return MF_OK;
}

static mf_status
make_memory(mf_loader *l, const mf_sample *samples, mf_err *err)
{
    mf_status st;
    size_t    seats = l->o.workers ? (size_t)l->o.workers : 1;

    l->samples = mf_calloc(l->n, sizeof *l->samples);
    l->order   = mf_calloc(l->n, sizeof *l->order);
    l->slots   = mf_calloc(l->n_slots, sizeof *l->slots);
    l->benches = mf_calloc(seats, sizeof *l->benches);
    if (!l->samples || !l->order || !l->slots || !l->benches)
        return mf_oom(err, l->n * sizeof *l->samples, "a loader");
    memcpy(l->samples, samples, l->n * sizeof *samples);
    if (l->o.balanced && (st = sort_classes(l, err)) < 0)
        return st;
    for (size_t i = 0; i < l->n_slots; i++)
        if ((st = make_slot(l, &l->slots[i], err)) < 0)
            return st;
    bool   reads = !mf_cache_at(l->cache, l->samples[0].row[0]);
    size_t bytes = (size_t)l->src_w * (size_t)l->src_h * (size_t)l->src_ch;
    bool   draws = mf_augment_jitters(&l->o.augment);
    for (int k = 0; k < l->o.views; k++)
        draws = draws || mf_augment_jitters(&l->o.view[k]);
    for (size_t i = 0; i < seats; i++) {
        l->benches[i].loader = l;
        if (reads && !(l->benches[i].px = mf_aligned(bytes)))
            return mf_oom(err, bytes, "a decoded picture");
        if ((l->hider || draws) && !(l->benches[i].hidden = mf_aligned(bytes)))
            return mf_oom(err, bytes, "a picture to draw on");
        if (l->hider && (st = mf_face_scratch_reset(&l->benches[i].scratch, mf_hider_scratch(l->hider), err)) < 0)
            return st;
    }
    return MF_OK;
}

/* Rows of pictures first, first + 1 ... of each sample: *n of them, the caller's to free. */
static mf_status
rows_of(uint32_t **out, size_t *n, const mf_loader *l, const mf_sample *samples, int first, mf_err *err)
{
    const size_t all = l->n * (size_t)(l->o.pictures - first);

    *n = 0;
    if (!(*out = mf_calloc(all, sizeof **out)))
        return mf_oom(err, all * sizeof **out, "rows of samples");
    for (size_t i = 0; i < l->n; i++)
        for (int k = first; k < l->o.pictures; k++)
            (*out)[(*n)++] = samples[i].row[k];
    return MF_OK;
}

/* Rows whose faces may come to be hidden. */
static mf_status
open_hider(mf_loader *l, const mf_sample *samples, mf_err *err)
{
    size_t    n;
    uint32_t *rows;
    mf_status st;

    if ((st = rows_of(&rows, &n, l, samples, l->o.pictures == 1 ? 0 : 1, err)) < 0)
        return st;
    st = mf_hider_open(&l->hider, l->data, rows, n, l->o.occlude, l->o.occlude_prob, l->src_w, l->src_h, err);
    mf_free(rows);
    return st;
}

static mf_status
open_points(mf_loader *l, const mf_sample *samples, mf_err *err)
{
    size_t    n;
    uint32_t *rows;
    mf_status st;

    if ((st = rows_of(&rows, &n, l, samples, 0, err)) < 0)
        return st;
    if (!(l->scale = mf_calloc(l->data->n_rows, sizeof *l->scale)))
        st = mf_oom(err, l->data->n_rows * sizeof *l->scale, "sizes of pictures");
    else if ((st = mf_row_keypoints_open(&l->points, l->data, rows, n, l->o.landmarks, err)) == MF_OK)
        st = mf_row_keypoints_scales(l->scale, l->points, rows, n, l->src_w, l->src_h, err);
    mf_free(rows);
    return st;
}

mf_status
mf_loader_open(mf_loader **out, const mf_dataset *d, const mf_cache *c, const mf_sample *samples, size_t n,
               const mf_loader_opts *o, mf_err *err)
{
    mf_status  st;
    mf_loader *l;

    *out = NULL;
    if ((st = mf_loader_check(d, c, samples, n, o, err)) < 0)
        return st;
    if (!(l = mf_calloc(1, sizeof *l)))
        return mf_oom(err, sizeof *l, "a loader");
    l->o     = *o;
    l->data  = d;
    l->cache = c;
    l->n     = n;
    mf_cache_shape(c, &l->src_w, &l->src_h, &l->src_ch);
    l->batches  = n / (size_t)o->batch + (!o->drop_last && n % (size_t)o->batch != 0);
    l->elements = (size_t)o->recipe.width * (size_t)o->recipe.height * (size_t)o->recipe.channels;
    l->n_slots  = o->workers == 0 ? 1 : (size_t)(o->prefetch ? o->prefetch : 2) + 1;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, NULL);
    pthread_cond_init(&l->ready, NULL);
    if (o->occlude && *o->occlude && o->occlude_prob > 0 && (st = open_hider(l, samples, err)) < 0)
        goto fail;
    if ((o->landmarks != 0 && (st = open_points(l, samples, err)) < 0) || (st = make_memory(l, samples, err)) < 0)
        goto fail;
    for (; l->started < o->workers; l->started++) {
        bench *w    = &l->benches[l->started];
        int    code = pthread_create(&w->thread, NULL, worker, w);
        if (code != 0) {
            st = mf_fail_errno(err, code, "cannot start loader thread %d of %d", l->started + 1, o->workers);
            goto fail;
        }
    }
    *out = l;
    return MF_OK;
fail:
    mf_loader_close(l);
    return st;
}

size_t
mf_loader_batches(const mf_loader *l)
{
    return l->batches;
}

mf_status
mf_loader_start(mf_loader *l, uint64_t epoch, size_t first, mf_err *err)
{
    if (first > l->batches)
        return mf_fail(err, MF_E_ARG, "an epoch has %zu batches; it cannot begin at %zu", l->batches, first);
    pthread_mutex_lock(&l->lock);
    l->running = false;
    while (l->busy > 0)
        pthread_cond_wait(&l->ready, &l->lock);
    if (l->o.balanced)
        balanced_order(l, epoch);
    else
        mf_loader_order(l->order, l->n, l->o.seed, epoch, l->o.shuffle);
    for (size_t i = 0; i < l->n_slots; i++)
        l->slots[i].done = false;
    l->epoch    = epoch;
    l->head     = first;
    l->issue    = first;
    l->issue_at = 0;
    l->lent     = false;
    l->running  = true;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    return MF_OK;
}

/* Without workers: the batch is made here. */
static void
make_batch(mf_loader *l, slot *s)
{
    size_t n = batch_size(l, l->head);

    begin_slot(s, l->epoch, l->head, n);
    for (size_t i = 0; i < n && s->failed_at == SIZE_MAX; i++)
        if (make_sample(l, l->epoch, l->head, s, i, &l->benches[0], &s->err) < 0)
            s->failed_at = i;
    s->done = true;
}

mf_status
mf_loader_next(mf_loader *l, const mf_batch **out, mf_err *err)
{
    mf_status st = MF_OK;

    *out = NULL;
    pthread_mutex_lock(&l->lock);
    if (!l->running) {
        pthread_mutex_unlock(&l->lock);
        return mf_fail(err, MF_E_STATE, "the loader was asked for a batch before an epoch was started");
    }
    if (l->lent) { /* the batch lent before is handed back */
        l->slots[l->head % l->n_slots].done = false;
        l->head++;
        l->lent = false;
        pthread_cond_broadcast(&l->work);
    }
    if (l->head < l->batches) {
        slot *s = &l->slots[l->head % l->n_slots];
        if (l->o.workers == 0)
            make_batch(l, s);
        while (!s->done)
            pthread_cond_wait(&l->ready, &l->lock);
        if (s->failed_at != SIZE_MAX) {
            l->running = false;
            st         = mf_fail(err, s->err.code, "%s", s->err.msg);
        } else {
            l->lent = true;
            *out    = &s->b;
        }
    }
    pthread_mutex_unlock(&l->lock);
    return st;
}

void
mf_loader_close(mf_loader *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->quit = true;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < l->started; i++)
        pthread_join(l->benches[i].thread, NULL);
    pthread_cond_destroy(&l->work);
    pthread_cond_destroy(&l->ready);
    pthread_mutex_destroy(&l->lock);
    for (size_t i = 0; l->slots && i < l->n_slots; i++) {
        for (int k = 0; k < 3; k++) {
            mf_free(l->slots[i].b.x[k]);
            mf_free(l->slots[i].b.marks[k]);
        }
        mf_free(l->slots[i].b.label);
        mf_free(l->slots[i].b.target);
        mf_free(l->slots[i].b.sample);
    }
    size_t seats = l->o.workers ? (size_t)l->o.workers : 1;
    for (size_t i = 0; l->benches && i < seats; i++) {
        mf_cache_reader_free(&l->benches[i].reader);
        mf_free(l->benches[i].px);
        mf_free(l->benches[i].hidden);
        mf_face_scratch_free(&l->benches[i].scratch);
    }
    mf_hider_free(l->hider);
    mf_row_keypoints_free(l->points);
    mf_free(l->scale);
    mf_free(l->benches);
    mf_free(l->slots);
    mf_free(l->by_class);
    mf_free(l->order);
    mf_free(l->samples);
    mf_free(l);
}
