/* cli/cmd_data_folds.c: `maskfer data folds`: the people in parts: how even these are, shown and written. */
#include <math.h>
#include <string.h>
#include "cli/cmd_data.h"
#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "data/folds.h"

typedef struct folds_cfg {
    int64_t    folds, seed;
    int        folds_from;
    mf_opt_str out;
} folds_cfg;

static const char *const from_words[] = {"people", "msde-code", NULL}; /* as in crossval */

static const mf_opt folds_opts[] = {
    MF_OPT_INT(folds_cfg, folds, 10, 2, 1000, "number of parts"),
    MF_OPT_ENUM(folds_cfg, folds_from, 0, from_words, "msde-code: the published division, whose folds overlap"),
    MF_OPT_INT(folds_cfg, seed, 1, 0, INT64_C(1) << 53, "decides between divisions that are equally even"),
    MF_OPT_STR(folds_cfg, out, "", "CSV file to write: image,subject,fold"),
    MF_OPT_END
};

/* What a fold holds. */
typedef struct part {
    size_t people, pictures, by_class[MF_CLASSES_MAX], occlusion[MF_OCC_COUNT], by_both[MF_CLASSES_MAX][MF_OCC_COUNT];
} part;

typedef struct division {
    const mf_dataset *d;
    int               k;
    bool              published;
    int              *fold;          /* [rows], of our own division */
    uint8_t          *scored;        /* [rows, k], of the published one */
    part             *part;          /* [k] */
    part              all;
    int              *times;         /* [subjects] folds in which a person is */
    size_t            twice, never;  /* people */
} division;

static bool
is_in(const division *v, size_t row, int f)
{
    return v->published ? v->scored[row * (size_t)v->k + (size_t)f] != 0 : v->fold[row] == f;
}

static void
add(part *p, const mf_row *r)
{
    p->pictures++;
    p->by_class[r->label]++;
    p->occlusion[r->occlusion]++;
    p->by_both[r->label][r->occlusion]++;
}

static mf_status
tally(division *v, mf_err *err)
{
    const mf_dataset *d    = v->d;
    int              *last = mf_calloc((size_t)d->n_subjects, sizeof *last); /* the fold that saw a person last, + 1 */
    size_t            i;
    int               f, s;

    v->part  = mf_calloc((size_t)v->k, sizeof *v->part);
    v->times = mf_calloc((size_t)d->n_subjects, sizeof *v->times);
    if (!last || !v->part || !v->times) {
        mf_free(last);
        return mf_oom(err, (size_t)v->k * sizeof *v->part, "folds");
    }
    for (i = 0; i < d->n_rows; i++)
        add(&v->all, &d->rows[i]);
    v->all.people = (size_t)d->n_subjects;
    for (f = 0; f < v->k; f++)
        for (i = 0; i < d->n_rows; i++) {
            if (!is_in(v, i, f))
                continue;
            s = d->rows[i].subject;
            add(&v->part[f], &d->rows[i]);
            v->part[f].people += last[s] != f + 1;
            v->times[s] += last[s] != f + 1;
            last[s] = f + 1;
        }
    for (s = 0; s < d->n_subjects; s++) {
        v->twice += v->times[s] > 1;
        v->never += v->times[s] == 0;
    }
    mf_free(last);
    return MF_OK;
}

/* How far the fold that is furthest from it is from an even share of `all`, as a share of that. `at`: where the number stands in
 * a part. */
static double
furthest(const division *v, size_t all, size_t at)
{
    double even = (double)all / v->k, worst = 0;
    int    f;

    for (f = 0; f < v->k; f++) {
        size_t n;

        memcpy(&n, (const char *)&v->part[f] + at, sizeof n);
        worst = fmax(worst, fabs((double)n - even));
    }
    return even > 0 ? worst / even : 0;
}
#define FURTHEST(v, field) furthest((v), (v)->all.field, (size_t)((const char *)&(v)->all.field - (const char *)&(v)->all))

/* ---- output ---- */

static void
put_header(mf_str *out, const mf_dataset *d, const char *what)
{
    int c;

    mf_str_printf(out, "%10s %7s %9s", what, "people", "pictures");
    for (c = 0; c < d->n_classes; c++)
        mf_str_printf(out, " %9s", d->classes[c]);
    mf_str_addc(out, '\n');
}

static void
put_cells(mf_str *out, const mf_dataset *d, const part *p, int occlusion)
{
    int c;

    for (c = 0; c < d->n_classes; c++)
        mf_str_printf(out, " %*zu", (int)strlen(d->classes[c]) > 9 ? (int)strlen(d->classes[c]) : 9,
                      occlusion < 0 ? p->by_class[c] : p->by_both[c][occlusion]);
    mf_str_addc(out, '\n');
}

static void
put_furthest(mf_str *out, const division *v, int occlusion)
{
    const mf_dataset *d = v->d;
    int               c;

    mf_str_printf(out, "%10s %6.0f%% %8.0f%%", "off by", 100 * FURTHEST(v, people),
                  100 * (occlusion < 0 ? FURTHEST(v, pictures) : FURTHEST(v, occlusion[occlusion])));
    for (c = 0; c < d->n_classes; c++)
        mf_str_printf(out, " %*.0f%%", (int)strlen(d->classes[c]) > 9 ? (int)strlen(d->classes[c]) - 1 : 8,
                      100 * (occlusion < 0 ? FURTHEST(v, by_class[c]) : FURTHEST(v, by_both[c][occlusion])));
    mf_str_addc(out, '\n');
}

static int
kinds_of(const division *v)
{
    int o, n = 0;

    for (o = 0; o < MF_OCC_COUNT; o++)
        n += v->all.occlusion[o] > 0;
    return n;
}

static void
put_people(mf_str *out, const division *v, int times, const char *what)
{
    int s, listed = 0;

    for (s = 0; s < v->d->n_subjects; s++)
        if (v->times[s] == times) {
            mf_str_printf(out, "%s%s", listed ? ", " : what, v->d->subjects[s]);
            listed++;
        }
    if (listed)
        mf_str_addc(out, '\n');
}

static void
put_text(mf_str *out, const division *v)
{
    const mf_dataset *d = v->d;
    int               f, o, kinds = kinds_of(v);

    put_header(out, d, "fold");
    for (f = 0; f < v->k; f++) {
        mf_str_printf(out, "%10d %7zu %9zu", f, v->part[f].people, v->part[f].pictures);
        put_cells(out, d, &v->part[f], -1);
    }
    put_furthest(out, v, -1);
    for (o = 0; kinds > 1 && o < MF_OCC_COUNT; o++) {
        if (!v->all.occlusion[o])
            continue;
        mf_str_addc(out, '\n');
        put_header(out, d, mf_occlusion_name((mf_occlusion)o));
        for (f = 0; f < v->k; f++) {
            mf_str_printf(out, "%10d %7s %9zu", f, "", v->part[f].occlusion[o]);
            put_cells(out, d, &v->part[f], o);
        }
        put_furthest(out, v, o);
    }
    mf_str_add(out, "('off by': the fold furthest from an even share, in percent of that share)\n");
    if (v->published) {
        mf_str_printf(out, "\nThe published folds overlap: %zu people are scored twice and %zu never.\n", v->twice, v->never);
        put_people(out, v, 2, "  twice: ");
        put_people(out, v, 0, "  never: ");
    }
}

static void
json_part(mf_json_out *j, const division *v, const part *p)
{
    const mf_dataset *d = v->d;
    int               c, o;

    mf_json_put_int(j, "people", (int64_t)p->people);
    mf_json_put_int(j, "pictures", (int64_t)p->pictures);
    mf_json_open(j, "classes", '{');
    for (c = 0; c < d->n_classes; c++)
        mf_json_put_int(j, d->classes[c], (int64_t)p->by_class[c]);
    mf_json_close(j, '}');
    mf_json_open(j, "occlusion", '{');
    for (o = 0; o < MF_OCC_COUNT; o++) {
        if (!v->all.occlusion[o])
            continue;
        mf_json_open(j, mf_occlusion_name((mf_occlusion)o), '{');
        mf_json_put_int(j, "pictures", (int64_t)p->occlusion[o]);
        mf_json_open(j, "classes", '{');
        for (c = 0; c < d->n_classes; c++)
            mf_json_put_int(j, d->classes[c], (int64_t)p->by_both[c][o]);
        mf_json_close(j, '}');
        mf_json_close(j, '}');
    }
    mf_json_close(j, '}');
}

/* Names of the people who are in `times` folds. */
static void
json_people(mf_json_out *j, const division *v, const char *key, int times)
{
    int s;

    mf_json_open(j, key, '[');
    for (s = 0; s < v->d->n_subjects; s++)
        if (v->times[s] == times)
            mf_json_put_str(j, NULL, v->d->subjects[s]);
    mf_json_close(j, ']');
}

static void
put_json(mf_str *out, const division *v)
{
    mf_json_out j = mf_json_begin(out, 2);
    double      worst_class = 0, worst_both = 0;
    int         f, c, o;

    for (c = 0; c < v->d->n_classes; c++) {
        worst_class = fmax(worst_class, FURTHEST(v, by_class[c]));
        for (o = 0; o < MF_OCC_COUNT; o++)
            worst_both = fmax(worst_both, FURTHEST(v, by_both[c][o]));
    }
    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "folds_from", from_words[v->published]);
    mf_json_open(&j, "folds", '[');
    for (f = 0; f < v->k; f++) {
        mf_json_open(&j, NULL, '{');
        mf_json_put_int(&j, "fold", f);
        json_part(&j, v, &v->part[f]);
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_open(&j, "off_by_percent", '{');
    mf_json_put_num(&j, "people", 100 * FURTHEST(v, people));
    mf_json_put_num(&j, "pictures", 100 * FURTHEST(v, pictures));
    mf_json_put_num(&j, "class", 100 * worst_class);
    mf_json_put_num(&j, "class_and_occlusion", 100 * worst_both);
    mf_json_close(&j, '}');
    if (v->published) {
        json_people(&j, v, "scored_twice", 2);
        json_people(&j, v, "never_scored", 0);
    }
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

/* A line for each fold that a picture is in; an empty fold where it is in none. */
static mf_status
write_csv(const char *path, const division *v, mf_err *err)
{
    const mf_dataset *d = v->d;
    mf_status         st;
    mf_str            text = {0};
    size_t            i;
    int               f, n;

    mf_str_add(&text, "image,subject,fold\n");
    for (i = 0; i < d->n_rows; i++)
        for (f = n = 0; f <= v->k; f++) {
            if (f < v->k ? !is_in(v, i, f) : n > 0)
                continue;
            mf_csv_put(&text, d->rows[i].image);
            mf_str_addc(&text, ',');
            mf_csv_put(&text, d->subjects[d->rows[i].subject]);
            mf_str_addc(&text, ',');
            if (f < v->k)
                mf_str_printf(&text, "%d", f);
            mf_str_addc(&text, '\n');
            n++;
        }
    if ((st = mf_str_ok(&text, err)) == MF_OK)
        st = mf_file_write_str(path, &text, err);
    mf_str_free(&text);
    return st;
}

static mf_status
divide(division *v, uint64_t seed, mf_err *err)
{
    size_t cells;

    if (!v->published) {
        if (!(v->fold = mf_calloc(v->d->n_rows, sizeof *v->fold)))
            return mf_oom(err, v->d->n_rows * sizeof *v->fold, "folds");
        return mf_folds_make(v->fold, v->d, v->k, seed, err);
    }
    if (!mf_size_mul(&cells, v->d->n_rows, (size_t)v->k) || !(v->scored = mf_calloc(cells, 1)))
        return mf_oom(err, v->d->n_rows * (size_t)v->k, "folds");
    return mf_folds_msde_code(v->scored, v->d, v->k, err);
}

static mf_status
run_folds(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    folds_cfg   o;
    mf_cli_set  set = {folds_opts, &o};
    mf_status   st;
    mf_dataset *d   = NULL;
    division    v   = {0};
    mf_str      out = {0};
    size_t      n;

    mf_opt_defaults(folds_opts, &o);
    if ((st = mf_cli_parse(cli, &mf_cmd_data_folds, &set, 1, argc, argv, &n, 1, 1, err)) < 0 ||
        (st = mf_dataset_load(&d, argv[0], err)) < 0)
        return st;
    v.d         = d;
    v.k         = (int)o.folds;
    v.published = o.folds_from == 1;
    if ((st = divide(&v, (uint64_t)o.seed, err)) < 0) {
        mf_fail_in(err, st, "data set '%s'", d->dir);
        goto done;
    }
    if ((st = tally(&v, err)) < 0 || (*o.out.s && (st = write_csv(o.out.s, &v, err)) < 0))
        goto done;
    if (cli->json)
        put_json(&out, &v);
    else
        put_text(&out, &v);
    st = mf_cli_put(cli, &out, err);
done:
    mf_str_free(&out);
    mf_free(v.fold);
    mf_free(v.scored);
    mf_free(v.part);
    mf_free(v.times);
    mf_dataset_free(d);
    return st;
}

const mf_cmd mf_cmd_data_folds = {
    .name    = "folds",
    .summary = "divide the people into even parts, for cross-validation",
    .usage   = "[OPTIONS] DIR",
    .text    = "All pictures of a person fall into one part; parts are evened by people, pictures,\n"
               "classes, and classes with and without occlusion, and the table says how even they\n"
               "are. The same seed gives the same parts on every machine. A data set with pictures\n"
               "of unknown people is refused.\n\n"
               "--folds-from msde-code is the division of the published program, for comparison:\n"
               "people go by number, some are scored in two folds, and the last are never scored.",
    .opts    = {folds_opts},
    .json    = true,
    .run     = run_folds,
};
