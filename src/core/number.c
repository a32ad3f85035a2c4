/* core/number.c: numbers and truth values from text, whatever locale the host program has set. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/str.h"

mf_status
mf_parse_i64(int64_t *out, const char *s, int64_t lo, int64_t hi, mf_err *err)
{
    char     *end;
    long long v;

    if (*s == '\0' || strspn(s, "+-0123456789") != strlen(s)) {
        return mf_fail(err, MF_E_USAGE, "expected a whole number, not '%.80s'", s);
    }
    errno = 0;
    v     = strtoll(s, &end, 10);
    if (end == s || *end != '\0') {
        return mf_fail(err, MF_E_USAGE, "expected a whole number, not '%.80s'", s);
    }
    if (errno == ERANGE || v < lo || v > hi) {
        return mf_fail(err, MF_E_USAGE, "expected a whole number from %lld to %lld, not '%.80s'", (long long)lo,
                       (long long)hi, s);
    }
    *out = v;
    return MF_OK;
}

/* newlocale of "C" lends glibc's own constant: nothing is allocated and nothing can fail. */
static locale_t
c_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

mf_status
mf_parse_f64(double *out, const char *s, double lo, double hi, mf_err *err)
{
    char  *end;
    double v;
    char   a[32], b[32];

    /* The list of letters keeps out "nan", "inf" and hexadecimal. */
    if (*s == '\0' || strspn(s, "+-.0123456789eE") != strlen(s)) {
        return mf_fail(err, MF_E_USAGE, "expected a number, not '%.80s'", s);
    }
    v = strtod_l(s, &end, c_locale());
    if (end == s || *end != '\0') {
        return mf_fail(err, MF_E_USAGE, "expected a number, not '%.80s'", s);
    }
    if (!isfinite(v)) {
        return mf_fail(err, MF_E_USAGE, "the number '%.80s' is too large", s);
    }
    if (v < lo || v > hi) {
        mf_num_text(a, lo);
        mf_num_text(b, hi);
        return mf_fail(err, MF_E_USAGE, "expected a number from %s to %s, not '%.80s'", a, b, s);
    }
    *out = v;
    return MF_OK;
}

mf_status
mf_parse_bool(bool *out, const char *s, mf_err *err)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[]  = {"false", "no", "off", "0"};
    size_t                   i;

    for (i = 0; i < 4; i++) {
        if (mf_str_eq(s, yes[i]) || mf_str_eq(s, no[i])) {
            *out = mf_str_eq(s, yes[i]);
            return MF_OK;
        }
    }
    return mf_fail(err, MF_E_USAGE, "expected true or false, not '%.80s'", s);
}

const char *
mf_bytes_text(char buf[32], uint64_t bytes)
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double                   v      = (double)bytes;
    size_t                   u      = 0;

    while (v >= 1024.0 && u + 1 < sizeof unit / sizeof unit[0]) {
        v /= 1024.0;
        u++;
    }
    if (u == 0) {
        snprintf(buf, 32, "%llu B", (unsigned long long)bytes);
    } else {
        snprintf(buf, 32, "%.1f %s", v, unit[u]);
    }
    return buf;
}

void
mf_num_text(char buf[32], double v)
{
    locale_t before;
    int      digits;

    if (isnan(v) || isinf(v)) {
        snprintf(buf, 32, "%s", isnan(v) ? "nan" : v > 0 ? "inf" : "-inf");
        return;
    }
    before = uselocale(c_locale());
    for (digits = 1; digits <= 17; digits++) {
        snprintf(buf, 32, "%.*g", digits, v);
        if (strtod(buf, NULL) == v) {
            break;
        }
    }
    /* 1e+05 is right but reads badly; whole numbers of moderate size are written out. */
    if (strchr(buf, 'e') != NULL && fabs(v) < 1e15 && v == floor(v)) {
        snprintf(buf, 32, "%.0f", v);
    }
    uselocale(before);
}
