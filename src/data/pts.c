/* data/pts.c: a line at a time; what is no header line is a point. */
#include "data/pts.h"

#include <string.h>
#include "core/file.h"
#include "core/str.h"

/* A point further out than this is a slip of units. */
#define POINT_MAX 1e6

enum { LINE_MAX = 200, POINTS_MAX = 68 };

typedef struct reader {
    mf_landmarks *lm;
    int64_t       declared;      /* n_points; -1 none */
    bool          opened, closed;
} reader;

/* "x y" */
static mf_status
read_point(reader *r, char *line, mf_err *err)
{
    mf_status st;
    char     *rest = NULL, *x = strtok_r(line, " \t,", &rest), *y = strtok_r(NULL, " \t,", &rest);
    double    vx, vy;

    if (!x || !y || strtok_r(NULL, " \t,", &rest))
        return mf_fail(err, MF_E_FORMAT, "a point is two numbers, x and y");
    if (r->lm->n == POINTS_MAX)
        return mf_fail(err, MF_E_FORMAT, "more than %d points", (int)POINTS_MAX);
    if ((st = mf_parse_f64(&vx, x, -POINT_MAX, POINT_MAX, err)) < 0 || (st = mf_parse_f64(&vy, y, -POINT_MAX, POINT_MAX, err)) < 0)
        return mf_fail_in(err, MF_E_FORMAT, "point %d", r->lm->n);
    r->lm->x[r->lm->n]   = (float)vx;
    r->lm->y[r->lm->n++] = (float)vy;
    return MF_OK;
}

static mf_status
read_line(reader *r, char *line, mf_err *err)
{
    if (!*line || mf_str_starts(line, "version:"))
        return MF_OK;
    if (r->closed)
        return mf_fail(err, MF_E_FORMAT, "text after the closing brace");
    if (mf_str_starts(line, "n_points:")) {
        if (mf_parse_i64(&r->declared, line + 9 + strspn(line + 9, " \t"), 1, POINTS_MAX, err) < 0)
            return mf_fail_in(err, MF_E_FORMAT, "n_points");
        return MF_OK;
    }
    if (!strcmp(line, "{") || !strcmp(line, "}")) {
        if (*line == '{' ? r->opened : !r->opened)
            return mf_fail(err, MF_E_FORMAT, "a brace out of place");
        r->opened = true;
        r->closed = *line == '}';
        return MF_OK;
    }
    return read_point(r, line, err);
}

static mf_status
finish(const reader *r, mf_err *err)
{
    if (r->opened && !r->closed)
        return mf_fail(err, MF_E_FORMAT, "the closing brace is missing; is the file cut short?");
    if (r->declared >= 0 && r->declared != r->lm->n)
        return mf_fail(err, MF_E_FORMAT, "n_points says %d, but there are %d", (int)r->declared, r->lm->n);
    if (r->lm->n != 5 && r->lm->n != 68)
        return mf_fail(err, MF_E_FORMAT, "%d points; 5 or 68 are known here", r->lm->n);
    return MF_OK;
}

mf_status
mf_pts_parse(mf_landmarks *out, const char *name, const char *text, mf_err *err)
{
    mf_status   st = MF_OK;
    char        line[LINE_MAX];
    const char *p  = text;
    long        n  = 0;
    reader      r  = {.lm = out, .declared = -1};

    *out = (mf_landmarks){0};
    if (mf_str_starts(p, "\xEF\xBB\xBF"))
        p += 3;
    while (*p && st == MF_OK) {
        size_t len = strcspn(p, "\r\n"), skip = strspn(p, " \t"), end = len;

        n++;
        skip = skip < len ? skip : len;
        while (end > skip && (p[end - 1] == ' ' || p[end - 1] == '\t'))
            end--;
        if (end - skip >= sizeof line) {
            st = mf_fail(err, MF_E_FORMAT, "a line of %zu bytes; a point is two numbers", len);
            break;
        }
        memcpy(line, p + skip, end - skip);
        line[end - skip] = '\0';
        if ((st = read_line(&r, line, err)) < 0)
            break;
        p += len;
        if (p[0] == '\r' && p[1] == '\n')
            p++;
        p += *p != '\0';
    }
    if (st == MF_OK)
        st = finish(&r, err);
    if (st < 0) {
        *out = (mf_landmarks){0};
        mf_fail_in(err, st, "%s: line %ld", name, n);
    }
    return st;
}

mf_status
mf_pts_load(mf_landmarks *out, const char *path, mf_err *err)
{
    mf_status st;
    mf_blob   file = {0};

    *out = (mf_landmarks){0};
    if ((st = mf_file_read(&file, path, MF_PTS_MAX_BYTES, err)) < 0)
        return st;
    if (memchr(file.data, 0, file.size))
        st = mf_fail(err, MF_E_FORMAT, "%s: a NUL byte; expected text", path);
    else
        st = mf_pts_parse(out, path, (const char *)file.data, err);
    mf_blob_free(&file);
    return st;
}
