/* core/str.h: a growable string, and small helpers on C strings. */
#ifndef MF_CORE_STR_H
#define MF_CORE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"

/* Always ends in NUL once something was added. A failed growth sets `oom` and later adds do nothing:
 * build the whole text, then check once with mf_str_ok. */
typedef struct mf_str {
    char  *data;
    size_t len, cap;
    bool   oom;
} mf_str; /* {0} is an empty string */

void      mf_str_add(mf_str *s, const char *text);
void      mf_str_addn(mf_str *s, const char *text, size_t n);
void      mf_str_addc(mf_str *s, char c);
void      mf_str_printf(mf_str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void      mf_str_vprintf(mf_str *s, const char *fmt, va_list ap);
void      mf_str_clear(mf_str *s); /* length 0, keeps the memory */
void      mf_str_free(mf_str *s);
mf_status mf_str_ok(const mf_str *s, mf_err *err);
const char *mf_str_c(const mf_str *s); /* never NULL */

bool mf_str_eq(const char *a, const char *b);
bool mf_str_starts(const char *s, const char *prefix);
bool mf_str_ends(const char *s, const char *suffix);
/* Shell-like pattern: '*' any run, '?' one character, all else literal. */
bool mf_str_glob(const char *pattern, const char *s);
/* Whether one of the patterns in a list with commas ("conv1.*,fc.*") does. */
bool mf_str_glob_any(const char *patterns, const char *s);
/* Edit distance (insert, delete, substitute, swap = 1). */
size_t mf_str_distance(const char *a, const char *b);
/* The nearest of `names` (NULL-terminated), or NULL where none is near enough to be meant. */
const char *mf_str_nearest(const char *word, const char *const *names);
/* Whole-string numbers in the C locale: trailing junk, empty text, overflow are errors ("expected a number, not 'x'"). */
mf_status mf_parse_i64(int64_t *out, const char *s, int64_t lo, int64_t hi, mf_err *err);
mf_status mf_parse_f64(double *out, const char *s, double lo, double hi, mf_err *err);
mf_status mf_parse_bool(bool *out, const char *s, mf_err *err); /* true false yes no on off 1 0 */
/* 256 -> "256 B", 3000000 -> "2.9 MiB"; writes into buf, returns it. */
const char *mf_bytes_text(char buf[32], uint64_t bytes);

#endif
