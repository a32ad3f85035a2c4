/* data/importers/ferplus_new.c: the votes of fer2013new.csv. They belong to fer2013.csv by row number: the column "Image
 * name" lags behind it, is empty for pictures without a face, and holds four names twice. With pictures that were written
 * under those names, of two rows with one name the later holds the picture that is there. */
#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "data/importers/ferplus.h"
#include "data/importers/pixel_table.h"
#include "data/names.h"

static const char *const vote_columns[MF_FERPLUS_VOTES] = {
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF",
};

typedef struct votes_table {
    const char *path;
    mf_csv     *csv;
    size_t      n_cols;
    int         usage, name, vote[MF_FERPLUS_VOTES];
    /* the last row */
    int         part, votes[MF_FERPLUS_VOTES];
    const char *image;
} votes_table;

static mf_status
open_votes(votes_table *t, const char *path, mf_err *err)
{
    mf_status st;
    char    **f;
    int       i;

    *t = (votes_table){.path = path};
    if ((st = mf_csv_open(&t->csv, path, err)) < 0 || (st = mf_csv_next(t->csv, &f, &t->n_cols, err)) < 0)
        return st;
    t->usage = mf_csv_column(f, t->n_cols, "Usage");
    t->name  = mf_csv_column(f, t->n_cols, "Image name");
    if (t->usage < 0 || t->name < 0)
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: no column '%s'; the header reads Usage,Image name,neutral,...,unknown,NF",
                       path, t->usage < 0 ? "Usage" : "Image name");
    for (i = 0; i < MF_FERPLUS_VOTES; i++)
        if ((t->vote[i] = mf_csv_column(f, t->n_cols, vote_columns[i])) < 0)
            return mf_fail(err, MF_E_FORMAT, "%s: line 1: no column '%s'", path, vote_columns[i]);
    return MF_OK;
}

static mf_status
read_votes(votes_table *t, char **f, size_t n, mf_err *err)
{
    char *count[MF_FERPLUS_VOTES];
    int   i;

    if (n != t->n_cols)
        return mf_fail(err, MF_E_FORMAT, "%zu fields, but the header has %zu", n, t->n_cols);
    for (t->part = 0; t->part < MF_FERPLUS_PARTS && strcmp(f[t->usage], mf_ferplus_parts[t->part].usage) != 0; t->part++)
        continue;
    if (t->part == MF_FERPLUS_PARTS)
        return mf_fail(err, MF_E_FORMAT, "Usage '%.40s' is none of Training, PublicTest, PrivateTest", f[t->usage]);
    if (*f[t->name] && !mf_path_is_inside(f[t->name]))
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' leaves its folder", f[t->name]);
    for (i = 0; i < MF_FERPLUS_VOTES; i++)
        count[i] = f[t->vote[i]];
    t->image = f[t->name];
    return mf_ferplus_read_votes(t->votes, count, err);
}

static mf_status
next_votes(votes_table *t, bool *more, mf_err *err)
{
    mf_status st;
    char    **f;
    size_t    n;

    *more = false;
    if ((st = mf_csv_next(t->csv, &f, &n, err)) < 0 || n == 0)
        return st;
    if ((st = read_votes(t, f, n, err)) < 0)
        return mf_fail_in(err, st, "%s: line %ld", t->path, mf_csv_line(t->csv));
    *more = true;
    return MF_OK;
}

/* ---- with fer2013.csv: row by row ---- */

static mf_status
add_by_row(mf_import *im, mf_ferplus_tally *tally, votes_table *v, const mf_pixel_table *p, mf_ferplus_mode mode, mf_err *err)
{
    mf_status     st;
    mf_import_row row   = {.file = mf_pixel_table_file(p)};
    mf_str        image = {0};

    if (p->usage >= 0 && p->split != mf_ferplus_parts[v->part].split)
        return mf_fail(err, MF_E_FORMAT, "%s: line %ld: Usage is '%.40s', but %s has '%.40s' in line %ld; the two tables belong "
                       "together row by row", v->path, mf_csv_line(v->csv), mf_ferplus_parts[v->part].usage, p->path,
                       p->usage_text, mf_csv_line(p->csv));
    mf_str_printf(&image, "%s/fer%07zu.png", mf_ferplus_parts[v->part].folder, p->row);
    row.image = mf_str_c(&image);
    tally[v->part].rows++;
    if ((st = mf_str_ok(&image, err)) == MF_OK)
        st = mf_ferplus_add(im, &tally[v->part], &row, v->part, v->votes, mode, err);
    mf_str_free(&image);
    return st;
}

static mf_status
scan_by_row(mf_import *im, votes_table *v, const char *pixels, mf_ferplus_tally *tally, mf_ferplus_mode mode, mf_err *err)
{
    mf_status      st;
    mf_pixel_table p;
    bool           more, picture = true;

    if ((st = mf_pixel_table_open(&p, pixels, err)) < 0)
        goto done;
    while ((st = next_votes(v, &more, err)) == MF_OK && (st = mf_pixel_table_next(&p, &picture, 6, err)) == MF_OK &&
           more && picture)
        if ((st = add_by_row(im, tally, v, &p, mode, err)) < 0)
            goto done;
    if (st == MF_OK && more != picture)
        st = mf_fail(err, MF_E_FORMAT, "%s has more rows than %s; they belong together row by row", more ? v->path : pixels,
                     more ? pixels : v->path);
    if (st == MF_OK)
        mf_str_printf(&im->notes, "pictures from %s, by row number\n", pixels);
done:
    mf_pixel_table_close(&p);
    return st;
}

/* ---- with pictures in folders: by name ---- */

/* The last line of each name. */
static mf_status
last_lines(long **line, mf_nametab *names, mf_arena *arena, votes_table *v, mf_err *err)
{
    mf_status st;
    mf_str    key = {0};
    size_t    cap = 0, at;
    bool      more;

    while ((st = next_votes(v, &more, err)) == MF_OK && more) {
        if (!*v->image)
            continue;
        mf_str_clear(&key);
        mf_str_printf(&key, "%s/%s", mf_ferplus_parts[v->part].folder, v->image);
        if ((st = mf_str_ok(&key, err)) < 0 || (st = mf_nametab_put(&at, NULL, names, arena, mf_str_c(&key), err)) < 0)
            break;
        if (at >= cap) {
            long *p = mf_realloc(*line, cap ? cap * 2 : 4096, sizeof *p);

            if (!p) {
                st = mf_oom(err, (cap ? cap * 2 : 4096) * sizeof *p, "names of pictures");
                break;
            }
            *line = p;
            cap   = cap ? cap * 2 : 4096;
        }
        (*line)[at] = mf_csv_line(v->csv);
    }
    mf_str_free(&key);
    return st;
}

static mf_status
add_by_name(mf_import *im, const char *src, mf_ferplus_tally *t, const votes_table *v, const mf_nametab *names,
            const long *line, mf_ferplus_mode mode, mf_err *err)
{
    mf_status     st;
    mf_import_row row = {.file = {.table = v->path, .line = mf_csv_line(v->csv)}};
    mf_str        image = {0}, from = {0};

    t->rows++;
    if (!*v->image) {
        t->no_name++;
        return MF_OK;
    }
    mf_str_printf(&image, "%s/%s", mf_ferplus_parts[v->part].folder, v->image);
    mf_path_join(&from, src, mf_str_c(&image));
    row.image     = mf_str_c(&image);
    row.file.path = mf_str_c(&from);
    if ((st = mf_str_ok(&image, err)) < 0 || (st = mf_str_ok(&from, err)) < 0)
        goto done;
    if (line[mf_nametab_find(names, row.image)] != row.file.line)
        t->repeated++;
    else
        st = mf_ferplus_add(im, t, &row, v->part, v->votes, mode, err);
done:
    mf_str_free(&from);
    mf_str_free(&image);
    return st;
}

static mf_status
scan_by_name(mf_import *im, const char *src, const char *path, mf_ferplus_tally *tally, mf_ferplus_mode mode, mf_err *err)
{
    mf_status   st;
    votes_table v     = {0};
    mf_nametab  names = {0};
    mf_arena    arena = {0};
    long       *line  = NULL;
    bool        more;

    if ((st = open_votes(&v, path, err)) < 0 || (st = last_lines(&line, &names, &arena, &v, err)) < 0)
        goto done;
    mf_csv_close(v.csv);
    v.csv = NULL;
    if ((st = open_votes(&v, path, err)) < 0)
        goto done;
    while ((st = next_votes(&v, &more, err)) == MF_OK && more)
        if ((st = add_by_name(im, src, &tally[v.part], &v, &names, line, mode, err)) < 0) {
            mf_fail_in(err, st, "%s: line %ld", path, mf_csv_line(v.csv));
            break;
        }
    if (st == MF_OK)
        mf_str_add(&im->notes, "pictures from the folders of the parts, by name; of rows with one name the last is taken\n");
done:
    mf_csv_close(v.csv);
    mf_nametab_free(&names);
    mf_arena_free(&arena);
    mf_free(line);
    return st;
}

mf_status
mf_ferplus_scan_new(mf_import *im, const char *src, mf_ferplus_mode mode, mf_err *err)
{
    static const char *const tables[] = {"fer2013.csv", "icml_face_data.csv"};
    mf_status        st;
    votes_table      v      = {0};
    mf_str           path   = {0}, pixels = {0};
    mf_ferplus_tally tally[MF_FERPLUS_PARTS] = {{0}};
    size_t           i;

    mf_path_join(&path, src, "fer2013new.csv");
    for (i = 0; i < sizeof tables / sizeof *tables; i++)
        if (!pixels.len && mf_import_has(src, tables[i]))
            mf_path_join(&pixels, src, tables[i]);
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_str_ok(&pixels, err)) < 0)
        goto done;
    if (!pixels.len)
        st = scan_by_name(im, src, mf_str_c(&path), tally, mode, err);
    else if ((st = open_votes(&v, mf_str_c(&path), err)) == MF_OK)
        st = scan_by_row(im, &v, mf_str_c(&pixels), tally, mode, err);
    for (i = 0; i < MF_FERPLUS_PARTS && st == MF_OK; i++)
        if (tally[i].rows)
            mf_ferplus_note(&im->notes, &tally[i], mf_ferplus_parts[i].folder);
done:
    mf_csv_close(v.csv);
    mf_str_free(&pixels);
    mf_str_free(&path);
    return st;
}
