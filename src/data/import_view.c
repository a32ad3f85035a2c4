/* data/import_view.c: a look at a few names of a folder, for probes; what importers ask of names and folders. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "core/file.h"
#include "core/mem.h"
#include "data/import.h"

enum { VIEW_DEPTH = 5, VIEW_READ = 4096, VIEW_FILES = 24, VIEW_FOLDERS = 6, VIEW_TOP = 40, VIEW_MOST = 2000, WALK_DEPTH = 16 };

/* ---- a view ---- */

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Up to VIEW_READ names of a folder, sorted; the whole of a large folder is not read. */
static mf_status
some_names(char ***out, size_t *n, mf_arena *a, const char *path, mf_err *err)
{
    DIR           *d = opendir(path);
    struct dirent *e;
    char         **list;

    *n = 0;
    if (!(list = *out = mf_arena_alloc(a, VIEW_READ * sizeof *list))) {
        if (d)
            closedir(d);
        return mf_oom(err, VIEW_READ * sizeof *list, "names of a folder");
    }
    if (!d) /* a folder that may not be read holds nothing for us */
        return MF_OK;
    while (*n < VIEW_READ && (e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        if (!(list[*n] = mf_arena_strdup(a, e->d_name))) {
            closedir(d); /* and `e` with it */
            return mf_oom(err, sizeof e->d_name, "a file name");
        }
        ++*n;
    }
    closedir(d);
    qsort(list, *n, sizeof *list, compare_names);
    return MF_OK;
}

static mf_status
note(char **list, size_t *n, mf_arena *a, const char *rel, mf_err *err)
{
    if (*n == VIEW_MOST)
        return MF_OK;
    if (!(list[*n] = mf_arena_strdup(a, rel)))
        return mf_oom(err, strlen(rel), "a file name");
    ++*n;
    return MF_OK;
}

static mf_status
look_into(mf_import_view *v, const char *rel, int depth, mf_err *err)
{
    mf_status st;
    char    **name;
    size_t    n, i, files = 0, folders = 0, most = depth == 0 ? VIEW_TOP : VIEW_FOLDERS;
    mf_str    path = {0}, child = {0};

    mf_path_join(&path, v->src, rel);
    if ((st = mf_str_ok(&path, err)) < 0 || (st = some_names(&name, &n, &v->arena, mf_str_c(&path), err)) < 0)
        goto done;
    for (i = 0; i < n && st == MF_OK; i++) {
        bool is_dir;

        if (files >= VIEW_FILES && folders >= most)
            break;
        mf_str_clear(&child);
        mf_str_printf(&child, "%s%s%s", rel, *rel ? "/" : "", name[i]);
        mf_path_join(&path, v->src, mf_str_c(&child));
        if ((st = mf_str_ok(&child, err)) < 0 || (st = mf_str_ok(&path, err)) < 0)
            break;
        if (files >= VIEW_FILES && mf_import_is_picture(name[i]))
            continue; /* among many pictures, folders are still looked for without a question to the system each */
        is_dir = mf_path_is_dir(mf_str_c(&path));
        if (!is_dir && files++ < VIEW_FILES)
            st = note(v->path, &v->n, &v->arena, mf_str_c(&child), err);
        else if (is_dir && folders++ < most && (st = note(v->folder, &v->n_folders, &v->arena, mf_str_c(&child), err)) == MF_OK &&
                 depth + 1 < VIEW_DEPTH)
            st = look_into(v, mf_str_c(&child), depth + 1, err);
    }
done:
    mf_str_free(&child);
    mf_str_free(&path);
    return st;
}

mf_status
mf_import_view_open(mf_import_view *out, const char *src, mf_err *err)
{
    mf_status st;

    *out = (mf_import_view){.src = src};
    if (!mf_path_exists(src))
        return mf_fail(err, MF_E_NOTFOUND, "'%s' does not exist", src);
    out->is_file = !mf_path_is_dir(src);
    out->path    = mf_arena_alloc(&out->arena, VIEW_MOST * sizeof *out->path);
    out->folder  = mf_arena_alloc(&out->arena, VIEW_MOST * sizeof *out->folder);
    if (!out->path || !out->folder)
        st = mf_oom(err, VIEW_MOST * sizeof *out->path, "names of a folder");
    else
        st = out->is_file ? note(out->path, &out->n, &out->arena, mf_path_base(src), err) : look_into(out, "", 0, err);
    if (st < 0)
        mf_import_view_close(out);
    return st;
}

void
mf_import_view_close(mf_import_view *v)
{
    mf_arena_free(&v->arena);
    *v = (mf_import_view){0};
}

/* ---- names ---- */

bool
mf_import_is_picture(const char *name)
{
    static const char *const ends[] = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"};
    size_t                   n = strlen(name), i;

    if (name[0] == '.')
        return false;
    for (i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t m = strlen(ends[i]);

        if (n > m && !strcasecmp(name + n - m, ends[i]))
            return true;
    }
    return false;
}

bool
mf_import_split(mf_split *out, const char *word)
{
    static const struct { const char *word; mf_split split; } words[] = {
        {"train", MF_SPLIT_TRAIN}, {"training", MF_SPLIT_TRAIN}, {"val", MF_SPLIT_VAL}, {"valid", MF_SPLIT_VAL},
        {"validation", MF_SPLIT_VAL}, {"eval", MF_SPLIT_VAL}, {"dev", MF_SPLIT_VAL}, {"PublicTest", MF_SPLIT_VAL},
        {"test", MF_SPLIT_TEST}, {"testing", MF_SPLIT_TEST}, {"PrivateTest", MF_SPLIT_TEST},
    };
    size_t i;

    for (i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(words[i].word, word)) {
            *out = words[i].split;
            return true;
        }
    return false;
}

/* ---- folders ---- */

bool
mf_import_has(const char *src, const char *rel)
{
    char path[2 * MF_PATH_TEXT_MAX]; /* not allocated: lack of memory would look like a missing file */

    return (size_t)snprintf(path, sizeof path, "%s/%s", src, rel) < sizeof path && mf_path_exists(path);
}

static bool
root_below(mf_str *out, const char *dir, const char *const *marks, int depth)
{
    mf_str   child = {0};
    char   **name  = NULL;
    mf_arena arena = {0};
    size_t   n     = 0, i, seen = 0;
    bool     found = false;

    for (i = 0; marks[i]; i++)
        if (mf_import_has(dir, marks[i])) {
            mf_str_clear(out);
            mf_str_add(out, dir);
            return true;
        }
    if (depth > 0 && some_names(&name, &n, &arena, dir, NULL) < 0)
        out->oom = true;
    else if (depth > 0)
        for (i = 0; i < n && !found && seen < VIEW_TOP; i++) {
            mf_path_join(&child, dir, name[i]);
            out->oom |= child.oom;
            if (child.oom || mf_import_is_picture(name[i]) || !mf_path_is_dir(mf_str_c(&child)))
                continue;
            seen++;
            found = root_below(out, mf_str_c(&child), marks, depth - 1);
        }
    mf_arena_free(&arena);
    mf_str_free(&child);
    return found;
}

bool
mf_import_root(mf_str *out, const char *src, const char *const *marks)
{
    int  depth;
    bool oom = false;

    for (depth = 0; depth <= 2; depth++) { /* the highest folder that has a mark, not the first by name */
        if (root_below(out, src, marks, depth))
            return true;
        oom |= out->oom;
    }
    mf_str_clear(out);
    mf_str_add(out, src);
    out->oom |= oom;
    return false;
}

static mf_status
walk(const char *src, const char *rel, mf_import_visit *visit, void *arg, size_t *other, int depth, mf_err *err)
{
    mf_status st;
    mf_str    path = {0}, child = {0};
    mf_names  names = {0};
    size_t    i;

    if (depth > WALK_DEPTH)
        return mf_fail(err, MF_E_LIMIT, "'%s/%s': folders more than %d deep", src, rel, (int)WALK_DEPTH);
    mf_path_join(&path, src, rel);
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_dir_list(&names, mf_str_c(&path), err)) < 0)
        goto done;
    for (i = 0; i < names.n && st == MF_OK; i++) {
        if (names.name[i][0] == '.')
            continue;
        mf_str_clear(&child);
        mf_str_printf(&child, "%s%s%s", rel, *rel ? "/" : "", names.name[i]);
        if ((st = mf_str_ok(&child, err)) < 0)
            break;
        if (mf_import_is_picture(names.name[i])) {
            st = visit(arg, mf_str_c(&child), err);
            continue;
        }
        mf_path_join(&path, src, mf_str_c(&child));
        if ((st = mf_str_ok(&path, err)) < 0)
            break;
        if (mf_path_is_dir(mf_str_c(&path)))
            st = walk(src, mf_str_c(&child), visit, arg, other, depth + 1, err);
        else if (other)
            ++*other;
    }
done:
    mf_names_free(&names);
    mf_str_free(&child);
    mf_str_free(&path);
    return st;
}

mf_status
mf_import_walk(const char *src, const char *rel, mf_import_visit *visit, void *arg, size_t *other, mf_err *err)
{
    return walk(src, rel, visit, arg, other, 0, err);
}
