/* data/synth.c: draw on all cores, then write the manifest in one order. */
#include "data/synth.h"

#include "core/file.h"
#include "core/mem.h"
#include "core/str.h"
#include "data/landmarks_csv.h"
#include "data/manifest.h"
#include "data/outdir.h"
#include "face/student.h"

enum { JPEG_QUALITY = 95 };

static const char *const classes[MF_SYNTH_EXPRESSIONS] = {
    "surprise", "fear", "disgust", "happy", "sad", "angry", "neutral",
};

typedef struct work {
    const mf_synth_opts *o;
    const mf_outdir     *dir;
    mf_landmarks        *lm;  /* [pictures] */
} work;

/* Picture i: person, take, expression, mask, from slow to fast. */
typedef struct place {
    int  person, take, expression;
    bool masked;
} place;

static place
place_of(size_t i, const mf_synth_opts *o)
{
    place p;

    p.masked     = i % 2 == 1;
    p.expression = (int)(i / 2 % MF_SYNTH_EXPRESSIONS);
    p.take       = (int)(i / 2 / MF_SYNTH_EXPRESSIONS % (size_t)o->takes);
    p.person     = (int)(i / 2 / MF_SYNTH_EXPRESSIONS / (size_t)o->takes);
    return p;
}

static void
put_name(mf_str *s, place p, const mf_synth_opts *o)
{
    mf_str_printf(s, "%s/%d_%d_%s", p.masked ? "masked" : "unmasked", p.person, p.expression, classes[p.expression]);
    if (p.take > 0)
        mf_str_printf(s, "-%d", p.take + 1);
    mf_str_add(s, o->png ? ".png" : ".jpg");
}

static mf_status
draw(void *arg, size_t i, mf_err *err)
{
    work     *w    = arg;
    place     p    = place_of(i, w->o);
    mf_image  im   = {0};
    mf_str    name = {0}, path = {0};
    mf_status st;

    put_name(&name, p, w->o);
    if ((st = mf_str_ok(&name, err)) == MF_OK && (st = mf_outdir_place(&path, w->dir, mf_str_c(&name), err)) == MF_OK &&
        (st = mf_student_draw(&im, &w->lm[i], w->o->seed, p.person, p.expression, p.take, p.masked, w->o->size, err)) == MF_OK)
        st = mf_image_save(mf_str_c(&path), &im, JPEG_QUALITY, err);
    mf_image_free(&im);
    mf_str_free(&path);
    mf_str_free(&name);
    return st;
}

static mf_status
add_row(mf_dataset *d, mf_str *landmarks, const work *w, size_t i, mf_err *err)
{
    place     p    = place_of(i, w->o);
    mf_str    name = {0}, subject = {0}, pair = {0};
    mf_status st;

    put_name(&name, p, w->o);
    mf_str_printf(&subject, "%d", p.person);
    mf_str_printf(&pair, "%d_%d", p.person, p.expression);
    if (p.take > 0)
        mf_str_printf(&pair, "-%d", p.take + 1);
    if ((st = mf_str_ok(&name, err)) == MF_OK && (st = mf_str_ok(&subject, err)) == MF_OK && (st = mf_str_ok(&pair, err)) == MF_OK)
        st = mf_dataset_add(d, mf_str_c(&name), classes[p.expression], mf_str_c(&subject), p.masked ? MF_OCC_MASK : MF_OCC_NONE,
                            mf_str_c(&pair), MF_SPLIT_NONE, NULL, err);
    mf_landmarks_put(landmarks, mf_str_c(&name), &w->lm[i]);
    mf_str_free(&pair);
    mf_str_free(&subject);
    mf_str_free(&name);
    return st;
}

static mf_status
write_tables(const work *w, size_t n, mf_err *err)
{
    mf_status   st;
    mf_dataset *d         = NULL;
    mf_str      landmarks = {0}, path = {0}, source = {0};
    size_t      i;

    mf_str_printf(&source, "drawn by maskfer data synth --people %d --takes %d --size %d --seed %llu", w->o->people,
                  w->o->takes, w->o->size, (unsigned long long)w->o->seed);
    mf_landmarks_put_header(&landmarks, 68);
    if ((st = mf_str_ok(&source, err)) < 0 || (st = mf_dataset_new(&d, "drawn students", classes, MF_SYNTH_EXPRESSIONS, err)) < 0 ||
        (st = mf_dataset_describe(d, "CC0-1.0", mf_str_c(&source), err)) < 0)
        goto done;
    for (i = 0; i < n; i++)
        if ((st = add_row(d, &landmarks, w, i, err)) < 0)
            goto done;
    mf_path_join(&path, mf_outdir_path(w->dir), "landmarks.csv");
    if ((st = mf_str_ok(&path, err)) == MF_OK && (st = mf_str_ok(&landmarks, err)) == MF_OK &&
        (st = mf_file_write_str(mf_str_c(&path), &landmarks, err)) == MF_OK)
        st = mf_dataset_save(d, mf_outdir_path(w->dir), err);
done:
    mf_dataset_free(d);
    mf_str_free(&source);
    mf_str_free(&path);
    mf_str_free(&landmarks);
    return st;
}

mf_status
mf_synth_make(const char *out_dir, const mf_synth_opts *o, mf_err *err)
{
    mf_status  st;
    mf_outdir *dir = NULL;
    work       w   = {.o = o};
    size_t     n;

    if (o->people < 1 || o->takes < 1 || o->size < 1)
        return mf_fail(err, MF_E_ARG, "people, takes and size must be at least 1");
    if (!mf_size_mul(&n, (size_t)o->people, (size_t)o->takes) || !mf_size_mul(&n, n, MF_SYNTH_EXPRESSIONS * 2) ||
        n > MF_SYNTH_MAX_PICTURES)
        return mf_fail(err, MF_E_LIMIT, "%d people with %d takes each make more than %d pictures", o->people, o->takes,
                       MF_SYNTH_MAX_PICTURES);
    if (!(w.lm = mf_calloc(n, sizeof *w.lm)))
        return mf_oom(err, n * sizeof *w.lm, "landmarks");
    if ((st = mf_outdir_open(&dir, out_dir, o->force, NULL, err)) < 0)
        goto done;
    w.dir = dir;
    if ((st = mf_jobs_run(n, draw, &w, &o->jobs, err)) == MF_OK && (st = write_tables(&w, n, err)) == MF_OK)
        st = mf_outdir_commit(dir, err);
done:
    mf_outdir_free(dir);
    mf_free(w.lm);
    return st;
}
