/* data/manifest.c: a data set in memory: words, rows, look-up, hash. Reading is in load.c, writing in save.c. */
#include "data/manifest.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "data/store.h"

static const char *const occlusion_words[] = {"none", "mask", "upper", "lower", "glasses", "hand", "other", NULL};
static const char *const split_words[]     = {"train", "val", "test", NULL};

const char *
mf_occlusion_name(mf_occlusion o)
{
    MF_ASSERT((int)o >= 0 && o < MF_OCC_COUNT);
    return occlusion_words[o];
}

const char *
mf_split_name(mf_split s)
{
    MF_ASSERT((int)s >= 0 && s < MF_SPLIT_COUNT);
    return s == MF_SPLIT_NONE ? "" : split_words[s - 1];
}

/* Index of `word` in a NULL-terminated list; else a sentence with the nearest, or with all of them. */
static mf_status
find_word(int *out, const char *what, const char *word, const char *const *words, mf_err *err)
{
    mf_status   st;
    mf_str      all = {0};
    const char *near;
    int         i;

    for (i = 0; words[i]; i++)
        if (!strcmp(words[i], word)) {
            *out = i;
            return MF_OK;
        }
    if ((near = mf_str_nearest(word, words)))
        return mf_fail(err, MF_E_FORMAT, "%s '%.80s' is not known; did you mean '%s'?", what, word, near);
    for (i = 0; words[i]; i++)
        mf_str_printf(&all, "%s%s", i ? ", " : "", words[i]);
    st = mf_fail(err, MF_E_FORMAT, "%s '%.80s' is not known; it is one of %s", what, word, mf_str_c(&all));
    mf_str_free(&all);
    return st;
}

mf_status
mf_occlusion_parse(mf_occlusion *out, const char *word, mf_err *err)
{
    mf_status st;
    int       i = 0;

    if (*word && (st = find_word(&i, "occlusion", word, occlusion_words, err)) < 0)
        return st;
    *out = (mf_occlusion)i;
    return MF_OK;
}

mf_status
mf_split_parse(mf_split *out, const char *word, mf_err *err)
{
    mf_status st;
    int       i = -1;

    if (*word && (st = find_word(&i, "split", word, split_words, err)) < 0)
        return st;
    *out = (mf_split)(i + 1);
    return MF_OK;
}

mf_status
mf_dataset_text(char **out, mf_dataset *d, const char *text, mf_err *err)
{
    char *copy = mf_arena_strdup(&d->store->arena, text);

    if (!copy)
        return mf_oom(err, strlen(text) + 1, "a text of the data set");
    *out = copy;
    return MF_OK;
}

mf_status
mf_dataset_alloc(mf_dataset **out, mf_err *err)
{
    mf_status   st;
    mf_dataset *d = mf_calloc(1, sizeof *d);

    *out = NULL;
    if (!d)
        return mf_oom(err, sizeof *d, "a data set");
    if (!(d->store = mf_calloc(1, sizeof *d->store))) {
        mf_free(d);
        return mf_oom(err, sizeof *d->store, "a data set");
    }
    if ((st = mf_dataset_text(&d->dir, d, "", err)) < 0) {
        mf_dataset_free(d);
        return st;
    }
    d->name = d->licence = d->source = d->dir;
    *out    = d;
    return MF_OK;
}

void
mf_dataset_free(mf_dataset *d)
{
    if (!d)
        return;
    mf_arena_free(&d->store->arena);
    mf_nametab_free(&d->store->images);
    mf_nametab_free(&d->store->subjects);
    mf_nametab_free(&d->store->pairs);
    mf_nametab_free(&d->store->quarantine);
    mf_free(d->store->line);
    mf_free(d->store);
    mf_free(d->rows);
    mf_free(d);
}

mf_status
mf_dataset_set_classes(mf_dataset *d, const char *const *classes, int n, mf_err *err)
{
    mf_status st;
    int       i, k;

    if (n < 1 || n > MF_CLASSES_MAX)
        return mf_fail(err, MF_E_LIMIT, "%d classes; a data set has 1 to %d", n, MF_CLASSES_MAX);
    if (!(d->classes = mf_arena_alloc(&d->store->arena, ((size_t)n + 1) * sizeof *d->classes)))
        return mf_oom(err, ((size_t)n + 1) * sizeof *d->classes, "class names");
    for (i = 0; i < n; i++) {
        const unsigned char *c = (const unsigned char *)classes[i];

        if (!*c)
            return mf_fail(err, MF_E_FORMAT, "class %d has an empty name", i + 1);
        for (; *c; c++)
            if (*c < 0x20 || *c == 0x7f)
                return mf_fail(err, MF_E_FORMAT, "the name of class %d holds a control character", i + 1);
        for (k = 0; k < i; k++)
            if (!strcmp(classes[k], classes[i]))
                return mf_fail(err, MF_E_FORMAT, "class '%.80s' is named twice", classes[i]);
        if ((st = mf_dataset_text(&d->classes[i], d, classes[i], err)) < 0)
            return st;
    }
    d->n_classes = n;
    return MF_OK;
}

mf_status
mf_dataset_new(mf_dataset **out, const char *name, const char *const *classes, int n_classes, mf_err *err)
{
    mf_status   st;
    mf_dataset *d = NULL;

    *out = NULL;
    if ((st = mf_dataset_alloc(&d, err)) < 0 || (st = mf_dataset_text(&d->name, d, name, err)) < 0 ||
        (st = mf_dataset_set_classes(d, classes, n_classes, err)) < 0) {
        mf_dataset_free(d);
        return st;
    }
    *out = d;
    return MF_OK;
}

mf_status
mf_dataset_describe(mf_dataset *d, const char *licence, const char *source, mf_err *err)
{
    mf_status st;

    if (licence && (st = mf_dataset_text(&d->licence, d, licence, err)) < 0)
        return st;
    return source ? mf_dataset_text(&d->source, d, source, err) : MF_OK;
}

mf_status
mf_dataset_set_name(mf_dataset *d, const char *name, mf_err *err)
{
    return mf_dataset_text(&d->name, d, name, err);
}

static mf_status
check_path(const char *image, mf_err *err)
{
    if (!*image)
        return mf_fail(err, MF_E_FORMAT, "the picture's path is empty");
    if (strlen(image) >= MF_PATH_TEXT_MAX)
        return mf_fail(err, MF_E_LIMIT, "a picture's path of %zu bytes; the limit is %d", strlen(image), MF_PATH_TEXT_MAX);
    if (!mf_path_is_inside(image))
        return mf_fail(err, MF_E_FORMAT,
                       "picture '%.200s' leaves the data-set folder; paths are relative to it, with '/' and without '..'",
                       image);
    return MF_OK;
}

static mf_status
find_label(int *out, const mf_dataset *d, const char *label, mf_err *err)
{
    const char *near;
    int         i;

    for (i = 0; i < d->n_classes; i++)
        if (!strcmp(d->classes[i], label)) {
            *out = i;
            return MF_OK;
        }
    if (!*label)
        return mf_fail(err, MF_E_FORMAT, "the label is empty; give one of the %d classes of dataset.yaml", d->n_classes);
    if ((near = mf_str_nearest(label, (const char *const *)d->classes)))
        return mf_fail(err, MF_E_FORMAT, "label '%.80s' is not in classes of dataset.yaml; did you mean '%s'?", label, near);
    return mf_fail(err, MF_E_FORMAT, "label '%.80s' is not in classes of dataset.yaml (%s%s%s%s)", label, d->classes[0],
                   d->n_classes > 1 ? ", " : "", d->n_classes > 1 ? d->classes[1] : "", d->n_classes > 2 ? ", ..." : "");
}

/* Number of a subject or pair; -1 for none. */
static mf_status
intern(int *out, mf_nametab *t, mf_dataset *d, const char *name, mf_err *err)
{
    mf_status st;
    size_t    i;

    *out = -1;
    if (!name || !*name)
        return MF_OK;
    if ((st = mf_nametab_put(&i, NULL, t, &d->store->arena, name, err)) < 0)
        return st;
    *out = (int)i;
    return MF_OK;
}

static mf_status
reserve_row(mf_dataset *d, mf_err *err)
{
    size_t  cap = d->store->cap;
    mf_row *rows;

    if (d->n_rows < cap)
        return MF_OK;
    if (d->n_rows >= MF_MANIFEST_MAX_ROWS)
        return mf_fail(err, MF_E_LIMIT, "more than %d pictures", MF_MANIFEST_MAX_ROWS);
    cap = cap ? cap * 2 : 64;
    if (!(rows = mf_realloc(d->rows, cap, sizeof *rows)))
        return mf_oom(err, cap * sizeof *rows, "rows of a manifest");
    d->rows       = rows;
    d->store->cap = cap;
    return MF_OK;
}

mf_status
mf_dataset_set_soft(mf_dataset *d, size_t row, const float *soft, mf_err *err)
{
    size_t n   = (size_t)d->n_classes, i;
    double sum = 0;
    float *own;

    for (i = 0; i < n; i++) {
        if (!isfinite(soft[i]) || soft[i] < 0)
            return mf_fail(err, MF_E_FORMAT, "the probability of '%s' is %g; it must be 0 to 1", d->classes[i], (double)soft[i]);
        sum += (double)soft[i];
    }
    if (fabs(sum - 1) > 1e-3)
        return mf_fail(err, MF_E_FORMAT, "the probabilities sum to %g, not to 1", sum);
    if (!(own = mf_arena_alloc(&d->store->arena, n * sizeof *own)))
        return mf_oom(err, n * sizeof *own, "a soft label");
    for (i = 0; i < n; i++)
        own[i] = fabs(sum - 1) > 1e-5 ? (float)((double)soft[i] / sum) : soft[i];
    d->rows[row].soft = own;
    return MF_OK;
}

mf_status
mf_dataset_add(mf_dataset *d, const char *image, const char *label, const char *subject, mf_occlusion occ,
               const char *pair, mf_split split, const float *soft, mf_err *err)
{
    mf_status st;
    mf_row    row = {.occlusion = occ, .split = split};
    size_t    at  = 0;
    bool      is_new;

    MF_ASSERT((int)occ >= 0 && occ < MF_OCC_COUNT && (int)split >= 0 && split < MF_SPLIT_COUNT);
    if ((st = check_path(image, err)) < 0 || (st = find_label(&row.label, d, label, err)) < 0 ||
        (st = reserve_row(d, err)) < 0 || (st = intern(&row.subject, &d->store->subjects, d, subject, err)) < 0 ||
        (st = intern(&row.pair, &d->store->pairs, d, pair, err)) < 0)
        return st;
    d->subjects   = d->store->subjects.key;
    d->n_subjects = (int)d->store->subjects.n;
    d->pairs      = d->store->pairs.key;
    d->n_pairs    = (int)d->store->pairs.n;
    if (mf_nametab_find(&d->store->images, image) >= 0)
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' is listed twice", image);
    row.image       = NULL;
    d->rows[d->n_rows] = row;
    if (soft && (st = mf_dataset_set_soft(d, d->n_rows, soft, err)) < 0)
        return st;
    if ((st = mf_nametab_put(&at, &is_new, &d->store->images, &d->store->arena, image, err)) < 0)
        return st;
    MF_ASSERT(is_new && at == d->n_rows);
    d->rows[at].image = d->store->images.key[at];
    d->n_rows++;
    return MF_OK;
}

ptrdiff_t
mf_dataset_find(const mf_dataset *d, const char *image)
{
    return mf_nametab_find(&d->store->images, image);
}

mf_status
mf_dataset_need_pictures(const mf_dataset *d, mf_err *err)
{
    if (d->n_rows)
        return MF_OK;
    if (d->n_quarantined)
        return mf_fail(err, MF_E_NOTFOUND, "data set '%s' has no picture left: quarantine.csv leaves out all %zu; mend them and run "
                       "`maskfer data check %s` again", d->dir, d->n_quarantined, d->dir);
    return mf_fail(err, MF_E_NOTFOUND, "data set '%s' is empty: its manifest.csv lists no picture", d->dir);
}

long
mf_dataset_line(const mf_dataset *d, size_t row)
{
    return row < d->store->line_cap ? (long)d->store->line[row] : 0;
}

void
mf_dataset_path(mf_str *out, const mf_dataset *d, size_t row)
{
    mf_path_join(out, d->dir, d->rows[row].image);
}

/* Text with its NUL, so that "ab","c" and "a","bc" differ. */
static void
hash_text(mf_sha256 *s, const char *text)
{
    mf_sha256_add(s, text, strlen(text) + 1);
}

void
mf_dataset_hash(char out[65], const mf_dataset *d)
{
    mf_sha256 s;
    uint8_t   sum[32];
    size_t    i;
    int       k;

    mf_sha256_init(&s);
    for (k = 0; k < d->n_classes; k++)
        hash_text(&s, d->classes[k]);
    hash_text(&s, "");
    for (i = 0; i < d->n_rows; i++) {
        const mf_row *r = &d->rows[i];

        hash_text(&s, r->image);
        hash_text(&s, d->classes[r->label]);
        hash_text(&s, r->subject < 0 ? "" : d->subjects[r->subject]);
        hash_text(&s, mf_occlusion_name(r->occlusion));
        hash_text(&s, r->pair < 0 ? "" : d->pairs[r->pair]);
        hash_text(&s, mf_split_name(r->split));
        for (k = 0; r->soft && k < d->n_classes; k++) {
            uint32_t bits;
            uint8_t  le[4];

            memcpy(&bits, &r->soft[k], 4);
            le[0] = (uint8_t)bits, le[1] = (uint8_t)(bits >> 8), le[2] = (uint8_t)(bits >> 16), le[3] = (uint8_t)(bits >> 24);
            mf_sha256_add(&s, le, 4);
        }
    }
    mf_sha256_end(&s, sum);
    mf_hex(out, sum, sizeof sum);
}
