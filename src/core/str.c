/* core/str.c: the growable string, and comparing. */
#include "core/str.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"

/* Room for n more bytes and the NUL. */
static bool
reserve(mf_str *s, size_t n)
{
    size_t need, cap = s->cap;
    char  *grown;

    if (s->oom) {
        return false;
    }
    if (!mf_size_add(&need, s->len, n) || !mf_size_add(&need, need, 1)) {
        s->oom = true;
        return false;
    }
    if (need <= cap) {
        return true;
    }
    cap = cap < 64 ? 64 : cap;
    while (cap < need) {
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    }
    if ((grown = mf_realloc(s->data, cap, 1)) == NULL) {
        s->oom = true;
        return false;
    }
    s->data = grown;
    s->cap  = cap;
    return true;
}

void
mf_str_addn(mf_str *s, const char *text, size_t n)
{
    if (reserve(s, n)) {
        if (n != 0) {
            memcpy(s->data + s->len, text, n);
        }
        s->len += n;
        s->data[s->len] = '\0';
    }
}

void
mf_str_add(mf_str *s, const char *text)
{
    mf_str_addn(s, text, strlen(text));
}

void
mf_str_addc(mf_str *s, char c)
{
    mf_str_addn(s, &c, 1);
}

void
mf_str_vprintf(mf_str *s, const char *fmt, va_list ap)
{
    va_list again;
    int     n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0) {
        s->oom = true;
    } else if (reserve(s, (size_t)n)) {
        vsnprintf(s->data + s->len, (size_t)n + 1, fmt, again);
        s->len += (size_t)n;
    }
    va_end(again);
}

void
mf_str_printf(mf_str *s, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    mf_str_vprintf(s, fmt, ap);
    va_end(ap);
}

void
mf_str_clear(mf_str *s)
{
    s->len = 0;
    s->oom = false;
    if (s->data != NULL) {
        s->data[0] = '\0';
    }
}

void
mf_str_free(mf_str *s)
{
    mf_free(s->data);
    *s = (mf_str){0};
}

mf_status
mf_str_ok(const mf_str *s, mf_err *err)
{
    return s->oom ? mf_oom(err, s->len, "a text") : MF_OK;
}

const char *
mf_str_c(const mf_str *s)
{
    return s->data != NULL ? s->data : "";
}

bool
mf_str_eq(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool
mf_str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
mf_str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);

    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

/* The same of a pattern that ends at `end`. */
static bool
glob_until(const char *pattern, const char *end, const char *s)
{
    const char *star = NULL, *retry = NULL; /* the last '*', and where its run would next end */

    while (*s != '\0') {
        if (pattern < end && *pattern == '*') {
            star  = pattern++;
            retry = s;
        } else if (pattern < end && (*pattern == '?' || *pattern == *s)) {
            pattern++;
            s++;
        } else if (star != NULL) {
            pattern = star + 1;
            s       = ++retry;
        } else {
            return false;
        }
    }
    while (pattern < end && *pattern == '*') {
        pattern++;
    }
    return pattern == end;
}

bool
mf_str_glob(const char *pattern, const char *s)
{
    return glob_until(pattern, pattern + strlen(pattern), s);
}

bool
mf_str_glob_any(const char *patterns, const char *s)
{
    for (size_t n; *patterns != '\0'; patterns += n + (patterns[n] == ',')) {
        n = strcspn(patterns, ",");
        if (glob_until(patterns, patterns + n, s)) {
            return true;
        }
    }
    return false;
}

static size_t
min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t
mf_str_distance(const char *a, const char *b)
{
    size_t  n = strlen(a), m = strlen(b), i, j, d;
    size_t *rows, *before, *last, *cur, *turn;

    /* Three rows of the table of optimal string alignment. */
    if (m >= SIZE_MAX / 4 || (rows = mf_calloc(3 * (m + 1), sizeof *rows)) == NULL) {
        return n > m ? n : m;
    }
    before = rows;
    last   = rows + (m + 1);
    cur    = rows + 2 * (m + 1);
    for (j = 0; j <= m; j++) {
        last[j] = j;
    }
    for (i = 1; i <= n; i++) {
        cur[0] = i;
        for (j = 1; j <= m; j++) {
            cur[j] = min_size(min_size(last[j] + 1, cur[j - 1] + 1), last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                cur[j] = min_size(cur[j], before[j - 2] + 1);
            }
        }
        turn   = before;
        before = last;
        last   = cur;
        cur    = turn;
    }
    d = last[m];
    mf_free(rows);
    return d;
}

const char *
mf_str_nearest(const char *word, const char *const *names)
{
    const char *best   = NULL;
    size_t      best_d = SIZE_MAX, len = strlen(word), i;

    if (len == 0 || len > 64) {
        return NULL;
    }
    for (i = 0; names[i] != NULL; i++) {
        size_t d = mf_str_distance(word, names[i]);

        /* A beginning of a name counts as a near miss. */
        if (len >= 3 && mf_str_starts(names[i], word) && d > 2) {
            d = 2;
        }
        if (d < best_d) {
            best_d = d;
            best   = names[i];
        }
    }
    /* One slip in three letters is a slip; more is another word. */
    return best != NULL && best_d <= (len < 3 ? 1 : (len + 2) / 3 < 2 ? 2 : (len + 2) / 3) ? best : NULL;
}
