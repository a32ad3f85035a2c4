/* The loader: the same batches from any number of workers and any cache, pairs that move alike, balance, resumption,
 * failures in their place, no allocation after the start, and no hang however it is closed. Long, since each promise is one short
 * test and all share the data sets made here. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/rng.h"
#include "data/cache.h"
#include "loader_fixture.h"

enum { W = 24, H = 18 };

static mf_loader_opts
options(void)
{
    return (mf_loader_opts){.batch = 5, .pictures = 1, .shuffle = true, .seed = 7, .augment = mf_augment_msde(),
                            .recipe = mf_recipe_default(W, H, 3), .classes = 3};
}

/* n samples of one picture each, row i. */
static const mf_sample *
singles(void)
{
    static mf_sample s[FIXTURE_ROWS];
    for (uint32_t i = 0; i < FIXTURE_ROWS; i++)
        s[i] = (mf_sample){{i, i, i}};
    return s;
}

static mf_loader *
opened(const mf_dataset *d, const mf_cache *c, const mf_loader_opts *o)
{
    mf_loader *l;
    mf_err     err = {0};

    assert_mf_ok(mf_loader_open(&l, d, c, singles(), FIXTURE_ROWS, o, &err), &err);
    return l;
}

/* One hash over all that the batches of an epoch hold, from batch `first` on. */
static uint64_t
digest(mf_loader *l, const mf_loader_opts *o, uint64_t epoch, size_t first, size_t *batches)
{
    const mf_batch *b;
    mf_err          err = {0};
    uint64_t        h = 0;
    size_t          bytes = (size_t)W * H * 3 * (o->type == MF_PIX_BF16 ? 2 : 4), seen = 0;

    assert_mf_ok(mf_loader_start(l, epoch, first, &err), &err);
    for (;;) {
        assert_mf_ok(mf_loader_next(l, &b, &err), &err);
        if (!b)
            break;
        assert_int_equal(b->index, first + seen);
        assert_int_equal(b->epoch, epoch);
        seen++;
        for (int k = 0; k < o->pictures; k++)
            h = mf_mix64(h ^ mf_hash64(b->x[k], b->n * bytes));
        h = mf_mix64(h ^ mf_hash64(b->label, b->n * sizeof *b->label));
        h = mf_mix64(h ^ mf_hash64(b->target, b->n * (size_t)o->classes * sizeof *b->target));
        for (size_t i = 0; i < b->n; i++)
            h = mf_mix64(h ^ b->sample[i]->row[0]);
    }
    assert_int_equal(first + seen, mf_loader_batches(l));
    assert_mf_ok(mf_loader_next(l, &b, &err), &err); /* the end stays the end */
    assert_null(b);
    if (batches)
        *batches = seen;
    return h;
}

static void
workers_and_caches_change_nothing(void **state)
{
    mf_dataset *d = fixture_dataset(mf_test_path("set"));

    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        mf_loader_opts o = options();
        uint64_t       want[2] = {0, 0};
        o.type     = variant & 1 ? MF_PIX_BF16 : MF_PIX_F32;
        o.nhwc     = variant & 1;
        o.soft     = variant & 2;
        o.balanced = variant & 2;
        o.pictures = 1 + variant % 3;
        o.occlude  = variant == 0 ? "mask" : variant == 2 ? "mask:kind=surgical+hand+vr" : NULL;
        o.occlude_prob = 0.6;
        for (int kind = MF_CACHE_RAM; kind <= MF_CACHE_NONE; kind++) {
            mf_cache *c = fixture_cache(d, (mf_cache_kind)kind, NULL, 3, 2);
            int       workers[] = {0, 1, 2, 8};
            for (int w = 0; w < 4; w++) {
                o.workers    = workers[w];
                o.prefetch   = w == 2 ? 1 : 0;
                mf_loader *l = opened(d, c, &o);
                for (uint64_t e = 0; e < 2; e++) {
                    uint64_t h = digest(l, &o, e, 0, NULL);
                    want[e]    = want[e] ? want[e] : h;
                    assert_true(h == want[e]);
                }
                assert_true(digest(l, &o, 0, 0, NULL) == want[0]); /* an epoch repeats */
                mf_loader_close(l);
            }
            mf_cache_free(c);
        }
        assert_true(want[0] != want[1]);
    }
    mf_dataset_free(d);
}

static void
resumed_epoch_equals_the_rest_of_it(void **state)
{
    mf_dataset     *d = fixture_dataset(mf_test_path("set"));
    mf_cache       *c = fixture_cache(d, MF_CACHE_RAM, NULL, 3, 2);
    mf_loader_opts  o = options();
    const mf_batch *b;
    mf_err          err = {0};
    float           third[5 * W * H * 3];

    (void)state;
    o.workers    = 3;
    mf_loader *l = opened(d, c, &o);
    assert_mf_ok(mf_loader_start(l, 4, 0, &err), &err);
    for (int i = 0; i <= 3; i++)
        assert_mf_ok(mf_loader_next(l, &b, &err), &err);
    memcpy(third, b->x[0], sizeof third);
    assert_mf_ok(mf_loader_start(l, 4, 3, &err), &err); /* in the middle of another run */
    assert_mf_ok(mf_loader_next(l, &b, &err), &err);
    assert_int_equal(b->index, 3);
    assert_memory_equal(third, b->x[0], sizeof third);
    assert_mf_ok(mf_loader_start(l, 4, mf_loader_batches(l), &err), &err);
    assert_mf_ok(mf_loader_next(l, &b, &err), &err);
    assert_null(b);
    assert_mf_fails(mf_loader_start(l, 4, mf_loader_batches(l) + 1, &err), MF_E_ARG, &err, "8 batches");
    mf_loader_close(l);
    mf_cache_free(c);
    mf_dataset_free(d);
}

static void
an_epoch_holds_every_sample_once(void **state)
{
    mf_dataset     *d = fixture_dataset(mf_test_path("set"));
    mf_cache       *c = fixture_cache(d, MF_CACHE_RAM, NULL, 3, 2);
    mf_loader_opts  o = options();
    const mf_batch *b;
    mf_err          err = {0};

    (void)state;
    for (int drop = 0; drop < 2; drop++) {
        int seen[FIXTURE_ROWS] = {0}, total = 0;
        o.drop_last  = drop;
        o.soft       = true;
        o.workers    = 2;
        mf_loader *l = opened(d, c, &o);
        assert_int_equal(mf_loader_batches(l), drop ? 7 : 8);
        assert_mf_ok(mf_loader_start(l, 0, 0, &err), &err);
        for (;;) {
            assert_mf_ok(mf_loader_next(l, &b, &err), &err);
            if (!b)
                break;
            assert_int_equal(b->n, b->index == 7 ? 2 : 5);
            for (size_t i = 0; i < b->n; i++) {
                uint32_t r = b->sample[i]->row[0];
                float    sum = 0;
                seen[r]++;
                total++;
                assert_int_equal(b->label[i], d->rows[r].label);
                for (int k = 0; k < 3; k++)
                    sum += b->target[i * 3 + (size_t)k];
                assert_true(fabsf(sum - 1.0f) < 1e-6f);
                assert_true(b->target[i * 3] == (r % 3 == 0 ? 0.5f : b->label[i] == 0 ? 1.0f : 0.0f));
            }
        }
        for (int r = 0; r < FIXTURE_ROWS; r++)
            assert_in_range(seen[r], drop ? 0 : 1, 1);
        assert_int_equal(total, drop ? 35 : 37);
        mf_loader_close(l);
    }
    mf_cache_free(c);
    mf_dataset_free(d);
}

static void
plain_batches_are_the_pictures_in_order(void **state)
{
    mf_dataset     *d = fixture_dataset(mf_test_path("set"));
    mf_cache       *c = fixture_cache(d, MF_CACHE_RAM, NULL, 3, 2);
    mf_loader_opts  o = options();
    const mf_batch *b;
    mf_err          err = {0};
    float           want[W * H * 3];

    (void)state;
    o.shuffle    = false;
    o.augment    = mf_augment_none();
    mf_loader *l = opened(d, c, &o);
    assert_mf_fails(mf_loader_next(l, &b, &err), MF_E_STATE, &err, "before an epoch");
    assert_mf_ok(mf_loader_start(l, 3, 0, &err), &err);
    for (uint32_t row = 0; row < FIXTURE_ROWS; row++) {
        if (row % 5 == 0)
            assert_mf_ok(mf_loader_next(l, &b, &err), &err);
        mf_draw    id = mf_draw_identity(&o.recipe, FIXTURE_SIDE, FIXTURE_SIDE + 2);
        mf_pix_out to = {.base = want, .type = MF_PIX_F32, .sc = W * H, .sy = W, .sx = 1};
        mf_prep_sample(&to, &o.recipe, mf_cache_at(c, row), FIXTURE_SIDE, FIXTURE_SIDE + 2, 3, &id);
        assert_int_equal(b->sample[row % 5]->row[0], row);
        assert_memory_equal((const float *)b->x[0] + (size_t)(row % 5) * W * H * 3, want, sizeof want);
    }
    mf_loader_close(l);
    mf_cache_free(c);
    mf_dataset_free(d);
}

/* The same picture as both halves of a pair: equal bits; and they differ between samples. */
static void
pictures_of_a_sample_share_the_draw(void **state)
{
    mf_dataset     *d = fixture_dataset(mf_test_path("set"));
    mf_cache       *c = fixture_cache(d, MF_CACHE_RAM, NULL, 3, 2);
    mf_loader_opts  o = options();
    mf_sample       same[10];
    mf_loader      *l;
    const mf_batch *b;
    mf_err          err = {0};
    size_t          one = (size_t)W * H * 3;

    (void)state;
    for (uint32_t i = 0; i < 10; i++)
        same[i] = (mf_sample){{4, 4, 8}};
    o.pictures = 3;
    o.batch    = 10;
    o.workers  = 2;
    assert_mf_ok(mf_loader_open(&l, d, c, same, 10, &o, &err), &err);
    assert_mf_ok(mf_loader_start(l, 0, 0, &err), &err);
    assert_mf_ok(mf_loader_next(l, &b, &err), &err);
    assert_memory_equal(b->x[0], b->x[1], 10 * one * sizeof(float));
    assert_memory_not_equal(b->x[0], b->x[2], one * sizeof(float));
    for (int i = 1; i < 10; i++)
        assert_memory_not_equal(b->x[0], (const float *)b->x[0] + (size_t)i * one, one * sizeof(float));
    mf_loader_close(l);
    mf_cache_free(c);
    mf_dataset_free(d);
}

static void
balanced_epochs_are_even(void **state)
{
    mf_dataset     *d = fixture_dataset(mf_test_path("set"));
    mf_cache       *c = fixture_cache(d, MF_CACHE_RAM, NULL, 3, 2);
    mf_loader_opts  o = options();
    const mf_batch *b;
    mf_err          err = {0};
    int             seen[FIXTURE_ROWS] = {0};

    (void)state;
    o.balanced   = true;
    mf_loader *l = opened(d, c, &o);
    for (uint64_t e = 0; e < 40; e++) {
        int classes[3] = {0};
        assert_mf_ok(mf_loader_start(l, e, 0, &err), &err);
        for (;;) {
            assert_mf_ok(mf_loader_next(l, &b, &err), &err);
            if (!b)
                break;
            for (size_t i = 0; i < b->n; i++) {
                classes[b->label[i]]++;
                seen[b->sample[i]->row[0]]++;
            }
        }
        for (int k = 0; k < 3; k++)
            assert_in_range(classes[k], 12, 13);
    }
    for (int r = 0; r < FIXTURE_ROWS; r++)
        assert_true(seen[r] > 0);
    mf_loader_close(l);
    mf_cache_free(c);
    mf_dataset_free(d);
}

static void
order_is_a_permutation_and_a_function(void **state)
{
    enum { N = 1000 };
    uint32_t a[N], b[N];
    uint8_t  seen[N] = {0};

    (void)state;
    mf_loader_order(a, N, 5, 6, false);
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(a[i], i);
    mf_loader_order(a, N, 5, 6, true);
    mf_loader_order(b, N, 5, 6, true);
    assert_memory_equal(a, b, sizeof a);
    for (int i = 0; i < N; i++)
        seen[a[i]]++;
    for (int i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
    mf_loader_order(b, N, 5, 7, true);
    assert_memory_not_equal(a, b, sizeof a);
    mf_loader_order(b, N, 6, 6, true);
    assert_memory_not_equal(a, b, sizeof a);
}

static void
nothing_is_allocated_per_sample(void **state)
{
    mf_dataset     *d = fixture_dataset(mf_test_path("set"));
    mf_err          err = {0};
    const mf_batch *b;

    (void)state;
    for (int kind = MF_CACHE_RAM; kind <= MF_CACHE_NONE; kind++)
        for (int workers = 0; workers <= 3; workers += 3) {
            mf_cache      *c = fixture_cache(d, (mf_cache_kind)kind, NULL, 3, 2);
            mf_loader_opts o = options();
            o.workers      = workers;
            o.occlude      = "mask+hand+vr+sunglasses+rectangle+lower";
            o.occlude_prob = 0.7;
            mf_loader *l   = opened(d, c, &o);
            /* kind NONE: each worker's buffers grow with the largest picture it has met; after a while none is new */
            int warm = kind == MF_CACHE_NONE ? 60 : 0;
            uint64_t before = mf_mem_count();
            for (int e = 0; e < warm + 3; e++) {
                if (e == warm)
                    before = mf_mem_count();
                assert_mf_ok(mf_loader_start(l, (uint64_t)e, 0, &err), &err);
                do
                    assert_mf_ok(mf_loader_next(l, &b, &err), &err);
                while (b);
            }
            if (kind != MF_CACHE_NONE || workers == 0)
                assert_int_equal(mf_mem_count() - before, 0);
            mf_loader_close(l);
            mf_cache_free(c);
        }
    mf_dataset_free(d);
}

/* Which pictures of an epoch differ from those of a loader that hides nothing, bit i for sample i. */
static uint64_t
differ(mf_loader *plain, mf_loader *hiding, uint64_t epoch, int picture)
{
    const mf_batch *a, *b;
    mf_err          err = {0};
    uint64_t        bits = 0;

    assert_mf_ok(mf_loader_start(plain, epoch, 0, &err), &err);
    assert_mf_ok(mf_loader_start(hiding, epoch, 0, &err), &err);
    for (size_t at = 0;; at += a->n) {
        assert_mf_ok(mf_loader_next(plain, &a, &err), &err);
        assert_mf_ok(mf_loader_next(hiding, &b, &err), &err);
        if (!a)
            return bits;
        for (size_t i = 0; i < a->n; i++) {
            size_t one = (size_t)W * H * 3 * sizeof(float);
            if (memcmp((char *)a->x[picture] + i * one, (char *)b->x[picture] + i * one, one) != 0)
                bits |= UINT64_C(1) << (at + i);
        }
    }
}

static void
faces_are_hidden_anew_each_epoch(void **state)
{
    mf_dataset    *d = fixture_dataset(mf_test_path("hidden"));
    mf_cache      *c = fixture_cache(d, MF_CACHE_RAM, NULL, 3, 2);
    mf_loader_opts o = options();
    mf_loader     *plain, *hiding;
    uint64_t       seen[8], any = 0, all = ~UINT64_C(0);
    int            count = 0;

    (void)state;
    o.augment = mf_augment_none();
    o.shuffle = false;
    plain     = opened(d, c, &o);
    o.occlude = "mask";
    o.occlude_prob = 0.5;
    hiding    = opened(d, c, &o);
    for (int e = 0; e < 8; e++) {
        seen[e] = differ(plain, hiding, (uint64_t)e, 0);
        any |= seen[e];
        all &= seen[e];
        count += __builtin_popcountll(seen[e]);
    }
    assert_true(any == (UINT64_C(1) << FIXTURE_ROWS) - 1 && all == 0 && seen[0] != seen[1]);
    assert_in_range(count, 8 * FIXTURE_ROWS * 35 / 100, 8 * FIXTURE_ROWS * 65 / 100);
    mf_loader_close(hiding);
    mf_loader_close(plain);
    /* of several pictures the first stays as it is */
    o.pictures = 2;
    o.occlude  = NULL;
    plain      = opened(d, c, &o);
    o.occlude  = "lower";
    o.occlude_prob = 1;
    hiding     = opened(d, c, &o);
    assert_true(differ(plain, hiding, 0, 0) == 0);
    assert_true(differ(plain, hiding, 0, 1) == (UINT64_C(1) << FIXTURE_ROWS) - 1);
    mf_loader_close(hiding);
    mf_loader_close(plain);
    mf_cache_free(c);
    mf_dataset_free(d);
}

static void
what_hides_faces_is_checked(void **state)
{
    static const struct { const char *what; double prob; mf_status st; const char *part; } wrong[] = {
        {"masc", 0.5, MF_E_USAGE, "did you mean 'mask'"},
        {"mask:kid=cloth", 0.5, MF_E_USAGE, "kind"},
        {"mask:kind=clot", 0.5, MF_E_USAGE, "clot"},
        {"mask:kind", 0.5, MF_E_USAGE, "no option=value"},
        {"mask+", 0.5, MF_E_USAGE, "there are "},
        {"vr+vr+vr+vr+vr+vr+vr+vr+vr", 0.5, MF_E_USAGE, "at most 8"},
        {"mask", 1.5, MF_E_ARG, "0 to 1"},
    };
    mf_dataset    *d = fixture_dataset(mf_test_path("wrong"));
    mf_cache      *c = fixture_cache(d, MF_CACHE_RAM, NULL, 3, 2);
    mf_loader_opts o = options();
    mf_loader     *l;
    mf_str         text = {0};
    mf_err         err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        o.occlude = wrong[i].what;
        o.occlude_prob = wrong[i].prob;
        assert_mf_fails(mf_loader_open(&l, d, c, singles(), FIXTURE_ROWS, &o, &err), wrong[i].st, &err, wrong[i].part);
        assert_null(l);
    }
    /* landmarks are in pixels of the file; those far outside are refused before training begins */
    mf_str_printf(&text, "image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\n%s,900,900,910,900,905,906,901,911,909,911\n", d->rows[0].image);
    assert_mf_ok(mf_file_write_str(mf_test_path("wrong/landmarks.csv"), &text, &err), &err);
    mf_str_free(&text);
    o.occlude = "mask";
    o.occlude_prob = 0.5;
    assert_mf_fails(mf_loader_open(&l, d, c, singles(), FIXTURE_ROWS, &o, &err), MF_E_ARG, &err, "outside the picture");
    for (size_t i = 0; i < d->n_rows; i++)
        d->rows[i].occlusion = MF_OCC_MASK;
    assert_mf_fails(mf_loader_open(&l, d, c, singles(), FIXTURE_ROWS, &o, &err), MF_E_ARG, &err, "no picture");
    mf_cache_free(c);
    mf_dataset_free(d);
}

static void
a_failure_is_met_where_it_is_due(void **state)
{
    mf_dataset     *d = fixture_dataset(mf_test_path("failing"));
    mf_cache       *c = fixture_cache(d, MF_CACHE_NONE, NULL, 3, 2);
    mf_loader_opts  o = options();
    const mf_batch *b;
    mf_err          err = {0};

    (void)state;
    o.shuffle = false;
    fixture_spoil(d, 14); /* batch 2 */
    fixture_spoil(d, 12);
    fixture_spoil(d, 31);
    for (int workers = 0; workers <= 8; workers += 4) {
        o.workers    = workers;
        mf_loader *l = opened(d, c, &o);
        for (int round = 0; round < 3; round++) {
            assert_mf_ok(mf_loader_start(l, 0, 0, &err), &err);
            for (int i = 0; i < 2; i++) {
                assert_mf_ok(mf_loader_next(l, &b, &err), &err);
                assert_int_equal(b->index, i);
            }
            assert_mf_fails(mf_loader_next(l, &b, &err), MF_E_FORMAT, &err, "p12.png");
            assert_null(b);
            assert_mf_fails(mf_loader_next(l, &b, &err), MF_E_STATE, &err, NULL);
        }
        assert_mf_ok(mf_loader_start(l, 0, 3, &err), &err);
        assert_mf_ok(mf_loader_next(l, &b, &err), &err);
        mf_loader_close(l);
    }
    mf_cache_free(c);
    mf_dataset_free(d);
}

static void
closing_never_hangs(void **state)
{
    mf_dataset     *d = fixture_dataset(mf_test_path("set"));
    mf_cache       *c = fixture_cache(d, MF_CACHE_RAM, NULL, 3, 2);
    mf_loader_opts  o = options();
    const mf_batch *b;
    mf_err          err = {0};

    (void)state;
    for (int k = 0; k < 60; k++) {
        o.workers    = k % 5;
        o.prefetch   = k % 3;
        mf_loader *l = opened(d, c, &o);
        if (k % 4) {
            assert_mf_ok(mf_loader_start(l, 0, 0, &err), &err);
            for (int i = 0; i < k % 10; i++)
                assert_mf_ok(mf_loader_next(l, &b, &err), &err);
        }
        if (k % 4 == 3)
            assert_mf_ok(mf_loader_start(l, 1, 2, &err), &err);
        mf_loader_close(l);
    }
    mf_loader_close(NULL);
    mf_cache_free(c);
    mf_dataset_free(d);
}

static void
arguments_are_judged(void **state)
{
    mf_dataset    *d = fixture_dataset(mf_test_path("set"));
    uint32_t       some[] = {0, 1, 2};
    mf_cache_opts  co = {.kind = MF_CACHE_RAM, .width = 4, .height = 4, .channels = 3};
    mf_cache      *c;
    mf_loader     *l;
    mf_err         err = {0};
    mf_loader_opts o;

    (void)state;
    assert_mf_ok(mf_cache_build(&c, d, some, 3, &co, &err), &err);
#define REFUSED(change, n, code, part)                                                                                  \
    do {                                                                                                                \
        o = options();                                                                                                  \
        change;                                                                                                         \
        assert_mf_fails(mf_loader_open(&l, d, c, singles(), n, &o, &err), code, &err, part);                            \
        assert_null(l);                                                                                                 \
    } while (0)
    REFUSED((void)0, 0, MF_E_ARG, "no samples");
    REFUSED((void)0, 4, MF_E_ARG, "row 3");
    REFUSED(o.batch = 0, 3, MF_E_ARG, "not 0");
    REFUSED(o.pictures = 4, 3, MF_E_ARG, "1 to 3 pictures");
    REFUSED(o.workers = -1, 3, MF_E_ARG, "workers");
    REFUSED(o.classes = 1, 3, MF_E_ARG, "1 classes");
    REFUSED(o.classes = 0, 3, MF_E_ARG, "classes");
    REFUSED((o.classes = 9, o.soft = true), 3, MF_E_ARG, "soft");
    REFUSED(o.drop_last = true, 3, MF_E_LIMIT, "do not fill one batch of 5");
    REFUSED(o.recipe.channels = 2, 3, MF_E_ARG, "recipe");
#undef REFUSED
    mf_cache_free(c);
    mf_dataset_free(d);
}

typedef struct job {
    const mf_dataset *d;
    const mf_cache   *c;
} job;

static mf_status
load_job(void *arg, mf_err *err)
{
    const job      *j = arg;
    mf_loader      *l;
    mf_loader_opts  o = options();
    const mf_batch *b;

    o.balanced   = true;
    mf_status st = mf_loader_open(&l, j->d, j->c, singles(), FIXTURE_ROWS, &o, err);
    if (st == MF_OK && (st = mf_loader_start(l, 0, 0, err)) == MF_OK)
        do
            st = mf_loader_next(l, &b, err);
        while (st == MF_OK && b);
    mf_loader_close(l);
    return st;
}

static void
every_failing_allocation_is_survived(void **state)
{
    mf_dataset *d = fixture_dataset(mf_test_path("set"));
    mf_cache   *c = fixture_cache(d, MF_CACHE_NONE, NULL, 3, 2);
    job         j = {.d = d, .c = c};

    (void)state;
    mf_test_each_alloc(load_job, &j);
    mf_cache_free(c);
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_and_caches_change_nothing),
        cmocka_unit_test(resumed_epoch_equals_the_rest_of_it),
        cmocka_unit_test(an_epoch_holds_every_sample_once),
        cmocka_unit_test(plain_batches_are_the_pictures_in_order),
        cmocka_unit_test(pictures_of_a_sample_share_the_draw),
        cmocka_unit_test(balanced_epochs_are_even),
        cmocka_unit_test(order_is_a_permutation_and_a_function),
        cmocka_unit_test(nothing_is_allocated_per_sample),
        cmocka_unit_test(faces_are_hidden_anew_each_epoch),
        cmocka_unit_test(what_hides_faces_is_checked),
        cmocka_unit_test(a_failure_is_met_where_it_is_due),
        cmocka_unit_test(closing_never_hangs),
        cmocka_unit_test(arguments_are_judged),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
