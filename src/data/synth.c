/* data/synth.c: draw on all cores, then write the tables in one order. */
#include "data/synth.h"

#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/str.h"
#include "data/landmarks_csv.h"
#include "data/manifest.h"
#include "data/occlusions_csv.h"
#include "data/outdir.h"
#include "data/synth_votes.h"

enum { JPEG_QUALITY = 95, MSDE_PEOPLE = 142, MSDE_ASKED = 14 };

static const char *const classes[MF_SYNTH_EXPRESSIONS] = {
    "surprise", "fear", "disgust", "happy", "sad", "angry", "neutral",
};

typedef struct work {
    const mf_synth_opts *o;
    const mf_outdir     *dir;
    mf_student_spec     *spec;   /* [n] */
    mf_landmarks        *lm;     /* [n] */
    mf_occlusion_record *worn;   /* [n] */
    size_t               n;
} work;

/* People asked for extra hard expressions: a tenth, as 14 of 142. */
static int
asked_again(const mf_synth_opts *o)
{
    return o->preset == MF_STUDENTS_MSDE ? (o->people * MSDE_ASKED + MSDE_PEOPLE / 2) / MSDE_PEOPLE : 0;
}

/* Who they are is drawn; fear, disgust and anger take turns; the last of them does not come. */
static mf_status
list_extra(mf_student_spec *spec, size_t *n, const mf_synth_opts *o, mf_err *err)
{
    static const int hard[3] = {1, 2, 5};
    uint32_t        *who = mf_calloc((size_t)o->people, sizeof *who);
    mf_rng           rng = mf_rng_make(o->seed, 1, 0, MF_RNG_SYNTH);

    if (!who)
        return mf_oom(err, (size_t)o->people * sizeof *who, "people");
    for (int i = 0; i < o->people; i++)
        who[i] = (uint32_t)i;
    mf_rng_shuffle(&rng, who, (size_t)o->people);
    for (int i = 0; i + 1 < asked_again(o); i++)
        for (int m = 0; m < 2; m++)
            spec[(*n)++] = (mf_student_spec){o->seed, (int)who[i], hard[i % 3], 1, m == 1, o->preset};
    mf_free(who);
    return MF_OK;
}

mf_status
mf_synth_list(mf_student_spec **out, size_t *n, const mf_synth_opts *o, mf_err *err)
{
    mf_student_spec *spec;
    size_t           most, i = 0;
    mf_status        st;

    *out = NULL;
    *n   = 0;
    if (o->people < 1 || o->takes < 1 || o->size < 1)
        return mf_fail(err, MF_E_ARG, "people, takes and size must be at least 1");
    if (o->preset == MF_STUDENTS_MSDE && o->takes != 1)
        return mf_fail(err, MF_E_ARG, "the preset msde has its own number of takes; leave --takes at 1");
    if (!mf_size_mul(&most, (size_t)o->people, (size_t)o->takes) || !mf_size_mul(&most, most, MF_SYNTH_EXPRESSIONS * 2) ||
        most > MF_SYNTH_MAX_PICTURES - 2 * (size_t)asked_again(o))
        return mf_fail(err, MF_E_LIMIT, "%d people with %d takes each make more than %d pictures", o->people, o->takes,
                       MF_SYNTH_MAX_PICTURES);
    most += 2 * (size_t)asked_again(o);
    if (!(spec = mf_calloc(most, sizeof *spec)))
        return mf_oom(err, most * sizeof *spec, "drawn students");
    for (int p = 0; p < o->people; p++) /* person, take, expression, mask, from slow to fast */
        for (int t = 0; t < o->takes; t++)
            for (int e = 0; e < MF_SYNTH_EXPRESSIONS; e++)
                for (int m = 0; m < 2; m++)
                    spec[i++] = (mf_student_spec){o->seed, p, e, t, m == 1, o->preset};
    if (asked_again(o) > 0 && (st = list_extra(spec, &i, o, err)) < 0) {
        mf_free(spec);
        return st;
    }
    *out = spec;
    *n   = i;
    return MF_OK;
}

static void
put_name(mf_str *s, const mf_student_spec *p, const mf_synth_opts *o)
{
    static const char *const folder[2][2] = {{"unmasked", "masked"}, {"MSD-E", "MSD-ME"}};

    mf_str_printf(s, "%s/%d_%d_%s", folder[o->preset == MF_STUDENTS_MSDE][p->masked], p->person, p->expression,
                  classes[p->expression]);
    if (p->take > 0)
        mf_str_printf(s, "-%d", p->take + 1);
    mf_str_add(s, o->png ? ".png" : ".jpg");
}

static mf_status
draw(void *arg, size_t i, mf_err *err)
{
    work     *w    = arg;
    mf_image  im   = {0};
    mf_str    name = {0}, path = {0};
    mf_status st;

    put_name(&name, &w->spec[i], w->o);
    if ((st = mf_str_ok(&name, err)) == MF_OK && (st = mf_outdir_place(&path, w->dir, mf_str_c(&name), err)) == MF_OK &&
        (st = mf_student_picture(&im, &w->lm[i], &w->worn[i].note, w->worn[i].part, &w->spec[i], w->o->size, err)) == MF_OK)
        st = mf_image_save(mf_str_c(&path), &im, JPEG_QUALITY, err);
    mf_image_free(&im);
    mf_str_free(&path);
    mf_str_free(&name);
    return st;
}

/* The texts beside the manifest. */
typedef struct tables {
    mf_str landmarks, votes, worn, truth;
} tables;

static void
put_truth(mf_str *out, const char *image, const mf_student_spec *s, const mf_student_facts *f)
{
    static const char *const camera[3] = {"any", "reflex", "phone"};

    mf_str_printf(out, "%s,%s,%s,%.2f,%s,%.2f,%s,%.2f,%.1f,%.1f,%.1f,%s,%.2f,%d,%d\n", image, classes[s->expression],
                  classes[f->shown], (double)f->strength, f->blend < 0 ? "" : classes[f->blend], (double)f->blend_share,
                  camera[f->camera], (double)f->clear, (double)f->yaw * 57.29578, (double)f->pitch * 57.29578,
                  (double)f->roll * 57.29578, f->woman ? "woman" : "man", (double)f->age, f->beard, f->spectacles);
}

static mf_status
add_row(mf_dataset *d, tables *t, const work *w, size_t i, mf_err *err)
{
    const mf_student_spec *p       = &w->spec[i];
    const mf_volunteers    people  = mf_volunteers_default();
    mf_student_facts       facts;
    mf_str                 name = {0}, subject = {0}, pair = {0};
    mf_status              st;

    put_name(&name, p, w->o);
    mf_str_printf(&subject, "%d", p->person);
    mf_str_printf(&pair, "%d_%d", p->person, p->expression);
    if (p->take > 0)
        mf_str_printf(&pair, "-%d", p->take + 1);
    if ((st = mf_str_ok(&name, err)) < 0 || (st = mf_str_ok(&subject, err)) < 0 || (st = mf_str_ok(&pair, err)) < 0 ||
        (st = mf_student_describe(&facts, p, err)) < 0 ||
        (st = mf_dataset_add(d, mf_str_c(&name), classes[p->expression], mf_str_c(&subject), p->masked ? MF_OCC_MASK : MF_OCC_NONE,
                             mf_str_c(&pair), MF_SPLIT_NONE, NULL, err)) < 0)
        goto done;
    mf_landmarks_put(&t->landmarks, mf_str_c(&name), &w->lm[i]);
    put_truth(&t->truth, mf_str_c(&name), p, &facts);
    if (p->masked)
        mf_occlusions_put(&t->worn, mf_str_c(&name), "mask", &w->worn[i]);
    for (int v = 0; v < MF_SYNTH_VOLUNTEERS; v++) {
        mf_synth_vote vote = mf_synth_vote_cast(&people, p, &facts, v);
        mf_synth_votes_put(&t->votes, mf_str_c(&name), v, &vote, classes);
    }
done:
    mf_str_free(&pair);
    mf_str_free(&subject);
    mf_str_free(&name);
    return st;
}

static mf_status
write_text(const work *w, const char *name, const mf_str *text, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    mf_path_join(&path, mf_outdir_path(w->dir), name);
    if ((st = mf_str_ok(&path, err)) == MF_OK && (st = mf_str_ok(text, err)) == MF_OK)
        st = mf_file_write_str(mf_str_c(&path), text, err);
    mf_str_free(&path);
    return st;
}

static mf_status
write_tables(const work *w, mf_err *err)
{
    bool        msde = w->o->preset == MF_STUDENTS_MSDE;
    mf_status   st;
    mf_dataset *d      = NULL;
    tables      t      = {0};
    mf_str      source = {0};

    mf_str_printf(&source, "drawn by maskfer data synth --people %d%s --takes %d --size %d --seed %llu", w->o->people,
                  msde ? " --preset msde" : "", w->o->takes, w->o->size, (unsigned long long)w->o->seed);
    mf_landmarks_put_header(&t.landmarks, 68, false);
    mf_synth_votes_put_header(&t.votes);
    mf_occlusions_put_header(&t.worn);
    mf_str_add(&t.truth, "image,asked,shown,strength,blend,blend_share,camera,clear,yaw,pitch,roll,person,age,beard,spectacles\n");
    if ((st = mf_str_ok(&source, err)) < 0 ||
        (st = mf_dataset_new(&d, msde ? "drawn students, as MSD-E" : "drawn students", classes, MF_SYNTH_EXPRESSIONS, err)) < 0 ||
        (st = mf_dataset_describe(d, "CC0-1.0", mf_str_c(&source), err)) < 0)
        goto done;
    for (size_t i = 0; i < w->n; i++)
        if ((st = add_row(d, &t, w, i, err)) < 0)
            goto done;
    if ((st = write_text(w, "landmarks.csv", &t.landmarks, err)) == MF_OK && (st = write_text(w, "votes.csv", &t.votes, err)) == MF_OK &&
        (st = write_text(w, "occlusions.csv", &t.worn, err)) == MF_OK && (st = write_text(w, "students.csv", &t.truth, err)) == MF_OK)
        st = mf_dataset_save(d, mf_outdir_path(w->dir), err);
done:
    mf_dataset_free(d);
    mf_str_free(&source);
    mf_str_free(&t.landmarks);
    mf_str_free(&t.votes);
    mf_str_free(&t.worn);
    mf_str_free(&t.truth);
    return st;
}

mf_status
mf_synth_make(mf_synth_counts *counts, const char *out_dir, const mf_synth_opts *o, mf_err *err)
{
    mf_status  st;
    mf_outdir *dir = NULL;
    work       w   = {.o = o};

    *counts = (mf_synth_counts){0};
    if ((st = mf_synth_list(&w.spec, &w.n, o, err)) < 0)
        return st;
    w.lm   = mf_calloc(w.n, sizeof *w.lm);
    w.worn = mf_calloc(w.n, sizeof *w.worn);
    if (!w.lm || !w.worn) {
        st = mf_oom(err, w.n * (sizeof *w.lm + sizeof *w.worn), "drawn students");
        goto done;
    }
    if ((st = mf_outdir_open(&dir, out_dir, o->force, NULL, err)) < 0)
        goto done;
    w.dir = dir;
    if ((st = mf_jobs_run(w.n, draw, &w, &o->jobs, err)) == MF_OK && (st = write_tables(&w, err)) == MF_OK)
        st = mf_outdir_commit(dir, err);
    if (st == MF_OK)
        *counts = (mf_synth_counts){w.n, w.n / 2, asked_again(o)};
done:
    mf_outdir_free(dir);
    mf_free(w.spec);
    mf_free(w.lm);
    mf_free(w.worn);
    return st;
}
