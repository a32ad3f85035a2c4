/* bench/bench_loader.c: pictures a second from disk, from the cache, and through the loader.
 *
 *     bench_loader [SIDE [SECONDS [WORKERS]]]        224, 1 second a line, all cores
 *
 * 64 JPEG pictures of 300 x 300 are written to a temporary folder; the cache keeps them at 8/7 of SIDE, as training does.
 * Rates are of wall time: run it on a machine that does nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/isa.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/str.h"
#include "core/thread.h"
#include "data/cache.h"
#include "image/decoder.h"

enum { PICTURES = 64, STORED = 300, BATCH = 64 };

typedef struct bench {
    int         side, workers;
    double      seconds;
    char        dir[64];
    mf_dataset *data;
    mf_cache   *cache;
} bench;

static void
line(const char *what, double count, double seconds)
{
    printf("%-46s %9.0f pictures/s\n", what, count / seconds);
    fflush(stdout);
}

/* A face-like picture: slopes with a little noise, so that the JPEG has a usual size. */
static mf_status
make_pictures(bench *b, mf_err *err)
{
    static const char *const classes[] = {"a", "b"};
    mf_status st;
    mf_image  im   = {0};
    mf_str    path = {0};

    if ((st = mf_dataset_new(&b->data, "bench", classes, 2, err)) < 0 ||
        (st = mf_image_new(&im, STORED, STORED, 3, err)) < 0)
        goto done;
    for (int k = 0; k < PICTURES && st == MF_OK; k++) {
        mf_rng rng = mf_rng_make(1, 0, (uint64_t)k, MF_RNG_TEST);
        char   name[32];
        for (int i = 0; i < STORED * STORED * 3; i++)
            im.px[i] = (uint8_t)((i / 3 % STORED + i / (3 * STORED) * (k % 5)) / 2 % 200 + (int)(mf_rng_u32(&rng) >> 28));
        snprintf(name, sizeof name, "p%02d.jpg", k);
        mf_path_join(&path, b->dir, name);
        if ((st = mf_image_save(mf_str_c(&path), &im, 90, err)) == MF_OK)
            st = mf_dataset_add(b->data, name, classes[k % 2], "", MF_OCC_NONE, "", MF_SPLIT_NONE, NULL, err);
    }
    if (st < 0 || (st = mf_dataset_save(b->data, b->dir, err)) < 0)
        goto done;
    mf_dataset_free(b->data);
    st = mf_dataset_load(&b->data, b->dir, err);
done:
    mf_image_free(&im);
    mf_str_free(&path);
    return st;
}

static mf_status
build_cache(bench *b, mf_err *err)
{
    mf_status     st = MF_OK;
    uint32_t      rows[PICTURES];
    mf_cache_opts o = {.kind = MF_CACHE_RAM, .width = b->side * 8 / 7, .height = b->side * 8 / 7, .channels = 3,
                       .workers = b->workers};
    double        start = mf_now();
    int           n = 0;

    for (uint32_t i = 0; i < PICTURES; i++)
        rows[i] = i;
    do {
        mf_cache_free(b->cache);
        st = mf_cache_build(&b->cache, b->data, rows, PICTURES, &o, err);
        n += PICTURES;
    } while (st == MF_OK && mf_now() - start < b->seconds);
    if (st == MF_OK)
        line("read, decode, resize (300 x 300 JPEG)", n, mf_now() - start);
    return st;
}

static mf_status
bench_prep(const bench *b, mf_err *err)
{
    static const char *const names[] = {"plain", "light", "msde"};
    int        w = b->side * 8 / 7, n;
    mf_recipe  r   = mf_recipe_default(b->side, b->side, 3);
    size_t     px  = (size_t)b->side * (size_t)b->side;
    void      *out = mf_aligned(px * 3 * sizeof(float));

    if (!out)
        return mf_oom(err, px * 12, "a sample");
    for (int a = 0; a < 3; a++)
        for (int form = 0; form < 2; form++) {
            mf_augment aug = a == 0 ? mf_augment_none() : a == 1 ? mf_augment_light() : mf_augment_msde();
            mf_pix_out to = {.base = out, .type = form ? MF_PIX_BF16 : MF_PIX_F32, .sc = form ? 1 : (ptrdiff_t)px,
                             .sy = form ? 3 * b->side : b->side, .sx = form ? 3 : 1};
            double     start = mf_now();
            char       what[64];
            for (n = 0; mf_now() - start < b->seconds; n++) {
                mf_rng  rng = mf_rng_make(1, 0, (uint64_t)n, MF_RNG_AUGMENT);
                mf_draw d   = mf_draw_make(&aug, &r, w, w, &rng);
                mf_prep_sample(&to, &r, mf_cache_at(b->cache, (uint32_t)n % PICTURES), w, w, 3, &d);
            }
            snprintf(what, sizeof what, "sample, one core, %s, %s", names[a], form ? "bf16 NHWC" : "f32 NCHW");
            line(what, n, mf_now() - start);
        }
    mf_free(out);
    return MF_OK;
}

static mf_status
bench_loader(const bench *b, int workers, mf_err *err)
{
    mf_status       st;
    mf_loader      *l;
    mf_sample       samples[PICTURES * 16];
    const mf_batch *batch;
    mf_loader_opts  o = {.batch = BATCH, .pictures = 1, .shuffle = true, .seed = 1, .workers = workers,
                         .augment = mf_augment_msde(), .recipe = mf_recipe_default(b->side, b->side, 3),
                         .type = MF_PIX_BF16, .nhwc = true, .classes = 2};
    size_t          n = 0;
    char            what[64];

    for (uint32_t i = 0; i < PICTURES * 16; i++)
        samples[i] = (mf_sample){{i % PICTURES, i % PICTURES, i % PICTURES}};
    if ((st = mf_loader_open(&l, b->data, b->cache, samples, PICTURES * 16, &o, err)) < 0)
        return st;
    double start = mf_now();
    for (uint64_t e = 0; st == MF_OK && mf_now() - start < b->seconds; e++) {
        if ((st = mf_loader_start(l, e, 0, err)) < 0)
            break;
        while ((st = mf_loader_next(l, &batch, err)) == MF_OK && batch && mf_now() - start < b->seconds)
            n += batch->n;
    }
    snprintf(what, sizeof what, "loader, msde, bf16 NHWC, %d workers", workers);
    if (st == MF_OK)
        line(what, (double)n, mf_now() - start);
    mf_loader_close(l);
    return st;
}

int
main(int argc, char **argv)
{
    mf_err    err = {0};
    mf_status st  = MF_OK;
    bench     b   = {.side = argc > 1 ? atoi(argv[1]) : 224, .seconds = argc > 2 ? atof(argv[2]) : 1.0,
                     .workers = argc > 3 ? atoi(argv[3]) : mf_cores(), .dir = P_tmpdir "/maskfer-bench-XXXXXX"};

    if (b.side < 7 || b.side > 4096 || b.workers < 1 || !(b.seconds > 0)) {
        fprintf(stderr, "usage: bench_loader [SIDE [SECONDS [WORKERS]]]\n");
        return 2;
    }
    if (!mkdtemp(b.dir)) {
        perror(b.dir);
        return 1;
    }
    printf("%d x %d, %d cores, %s\n", b.side, b.side, mf_cores(), mf_isa_name(mf_isa_best()));
    if ((st = make_pictures(&b, &err)) < 0 || (st = build_cache(&b, &err)) < 0 || (st = bench_prep(&b, &err)) < 0)
        goto done;
    for (int w = 0; w <= b.workers && st == MF_OK; w = w ? 2 * w : 1)
        st = bench_loader(&b, w, &err);
done:
    if (st < 0)
        fprintf(stderr, "%s\n", err.msg);
    mf_cache_free(b.cache);
    mf_dataset_free(b.data);
    mf_dir_remove_all(b.dir, NULL);
    return st < 0;
}
