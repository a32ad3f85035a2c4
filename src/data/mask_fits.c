/* data/mask_fits.c: "alpha=0.312 tu=2.00/2.00 ..." of the column `parameters`, and the word of the column `fit`. */
#include "data/mask_fits.h"

#include <stddef.h>
#include <string.h>

#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"

struct mf_mask_fits {
    mf_mask_fit *fit;  /* [n_rows] */
    uint8_t     *has;
    size_t       n;
};

/* The places of a parameter's numbers in the struct. */
typedef struct place {
    const char *key;
    int         n;
    size_t      at[2];
} place;
static const place places[] = {
    {"alpha", 1, {offsetof(mf_mask_fit, alpha), 0}},
    {"beta", 1, {offsetof(mf_mask_fit, beta), 0}},
    {"low", 1, {offsetof(mf_mask_fit, low), 0}},
    {"tu", 2, {offsetof(mf_mask_fit, tu), offsetof(mf_mask_fit, tu) + sizeof(float)}},
    {"tl", 2, {offsetof(mf_mask_fit, tl), offsetof(mf_mask_fit, tl) + sizeof(float)}},
    {"inset", 2, {offsetof(mf_mask_fit, inset_upper), offsetof(mf_mask_fit, inset_lower)}},
    {"cheek", 1, {offsetof(mf_mask_fit, cheek), 0}},
    {"bulge", 1, {offsetof(mf_mask_fit, bulge), 0}},
    {"waist", 1, {offsetof(mf_mask_fit, waist), 0}},
    {"neck", 1, {offsetof(mf_mask_fit, neck), 0}},
    {"roll", 1, {offsetof(mf_mask_fit, roll), 0}},
    {"shift", 1, {offsetof(mf_mask_fit, shift), 0}},
};
enum { N_PLACES = (int)(sizeof places / sizeof places[0]) };

void
mf_mask_fits_free(mf_mask_fits *f)
{
    if (f != NULL) {
        mf_free(f->fit);
        mf_free(f->has);
        mf_free(f);
    }
}

const mf_mask_fit *
mf_mask_fits_of(const mf_mask_fits *f, size_t row)
{
    return f != NULL && row < f->n && f->has[row] ? &f->fit[row] : NULL;
}

static mf_status
one_value(mf_mask_fit *fit, const place *p, const char *text, size_t n, mf_err *err)
{
    for (int i = 0; i < p->n; i++) {
        const char *slash = memchr(text, '/', n);
        size_t      len   = i + 1 < p->n && slash != NULL ? (size_t)(slash - text) : n;
        char        word[32];
        double      v;
        float       to;
        mf_status   st;

        if (len >= sizeof word || (i + 1 < p->n && slash == NULL)) {
            return mf_fail(err, MF_E_FORMAT, "parameter '%s': expected %d number%s", p->key, p->n, p->n > 1 ? "s parted by '/'" : "");
        }
        memcpy(word, text, len);
        word[len] = '\0';
        if ((st = mf_parse_f64(&v, word, -1000, 1000, err)) < 0) {
            return mf_fail_in(err, MF_E_FORMAT, "parameter '%s'", p->key);
        }
        to = (float)v;
        memcpy((char *)fit + p->at[i], &to, sizeof to);
        text += len + 1;
        n -= len < n ? len + 1 : len;
    }
    return MF_OK;
}

static mf_status
one_fit(mf_mask_fit *fit, const char *wear, const char *text, mf_err *err)
{
    unsigned  seen = 0;
    mf_status st;

    *fit = (mf_mask_fit){.wear = MF_WEARS};
    for (int w = 0; w < MF_WEARS; w++) {
        if (mf_str_eq(wear, mf_mask_wear_name((mf_mask_wear)w))) {
            fit->wear = (mf_mask_wear)w;
        }
    }
    if (fit->wear == MF_WEARS) {
        return mf_fail(err, MF_E_FORMAT, "fit '%.40s' is no way to wear a mask", wear);
    }
    while (*text != '\0') {
        const size_t n  = strcspn(text, " ");
        const char  *eq = memchr(text, '=', n);

        for (int i = 0; i < N_PLACES && eq != NULL; i++) {
            const size_t k = strlen(places[i].key);

            if ((size_t)(eq - text) == k && memcmp(text, places[i].key, k) == 0) {
                if ((st = one_value(fit, &places[i], eq + 1, n - k - 1, err)) < 0) {
                    return st;
                }
                seen |= 1u << i;
            }
        }
        text += n + (text[n] == ' ');
    }
    for (int i = 0; i < N_PLACES; i++) {
        if ((seen >> i & 1u) == 0) {
            return mf_fail(err, MF_E_FORMAT, "there is no parameter '%s'", places[i].key);
        }
    }
    return MF_OK;
}

static mf_status
read_all(mf_mask_fits **out, mf_csv *c, const mf_dataset *d, const char *name, mf_err *err)
{
    static const char *const column[] = {"image", "occluder", "fit", "parameters"};
    mf_mask_fits            *f = mf_calloc(1, sizeof *f);
    char                   **field;
    size_t                   n, width;
    int                      at[4];
    mf_status                st;

    if (f == NULL || (f->fit = mf_calloc(d->n_rows + 1, sizeof *f->fit)) == NULL || (f->has = mf_calloc(d->n_rows + 1, 1)) == NULL) {
        mf_mask_fits_free(f);
        return mf_oom(err, d->n_rows * sizeof(mf_mask_fit), "the fit of masks");
    }
    f->n = d->n_rows;
    if ((st = mf_csv_next(c, &field, &n, err)) < 0) {
        goto done;
    }
    width = n;
    for (int i = 0; i < 4; i++) {
        if ((at[i] = n != 0 ? mf_csv_column(field, n, column[i]) : -1) < 0) {
            st = mf_fail(err, MF_E_FORMAT, "%s: line 1: there is no column '%s'", name, column[i]);
            goto done;
        }
    }
    while ((st = mf_csv_next(c, &field, &n, err)) == MF_OK && n != 0) {
        ptrdiff_t row;

        if (n != width) {
            st = mf_fail(err, MF_E_FORMAT, "%s: line %ld: %zu fields where the header has %zu", name, mf_csv_line(c), n, width);
            goto done;
        }
        row = mf_str_eq(field[at[1]], "mask") ? mf_dataset_find(d, field[at[0]]) : -1;
        if (row < 0) {
            continue;
        }
        if ((st = one_fit(&f->fit[row], field[at[2]], field[at[3]], err)) < 0) {
            mf_fail_in(err, st, "%s: line %ld", name, mf_csv_line(c));
            goto done;
        }
        f->has[row] = 1;
    }
    if (st == MF_OK) {
        *out = f;
        f    = NULL;
    }
done:
    mf_mask_fits_free(f);
    return st;
}

mf_status
mf_mask_fits_load(mf_mask_fits **out, const mf_dataset *d, mf_err *err)
{
    mf_str    path = {0};
    mf_csv   *c;
    mf_status st;

    *out = NULL;
    mf_path_join(&path, d->dir, "occlusions.csv");
    if ((st = mf_str_ok(&path, err)) == MF_OK && mf_path_exists(path.data) && (st = mf_csv_open(&c, path.data, err)) == MF_OK) {
        st = read_all(out, c, d, path.data, err);
        mf_csv_close(c);
    }
    mf_str_free(&path);
    return st;
}

mf_status
mf_mask_fits_parse(mf_mask_fits **out, const mf_dataset *d, const char *name, const char *text, size_t size, mf_err *err)
{
    mf_csv   *c;
    mf_status st;

    *out = NULL;
    if ((st = mf_csv_open_mem(&c, name, text, size, err)) == MF_OK) {
        st = read_all(out, c, d, name, err);
        mf_csv_close(c);
    }
    return st;
}
