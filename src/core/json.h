/* core/json.h: JSON values, read with limits and written with care (jansson inside; no other file sees it). */
#ifndef MF_CORE_JSON_H
#define MF_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/str.h"

typedef struct mf_json mf_json; /* a value; the root owns all below it */

enum { MF_JSON_MAX_DEPTH = 64 };

/* Parse `size` bytes; duplicate keys are an error when `unique`. The sentence gives line and column. */
mf_status mf_json_parse(mf_json **out, const char *text, size_t size, bool unique, mf_err *err);
/* The same for a file of at most 64 MiB; the sentence names it. */
mf_status mf_json_load(mf_json **out, const char *path, mf_err *err);
void      mf_json_free(mf_json *root);

bool    mf_json_is_object(const mf_json *v);
bool    mf_json_is_array(const mf_json *v);
bool    mf_json_is_string(const mf_json *v);
bool    mf_json_is_int(const mf_json *v);
bool    mf_json_is_true(const mf_json *v);                      /* false also for what is no truth value, and for NULL */
size_t  mf_json_size(const mf_json *v);                         /* members or elements */
mf_json *mf_json_at(const mf_json *array, size_t i);            /* lends */
mf_json *mf_json_get(const mf_json *object, const char *key);   /* lends; NULL if absent */
/* Walk members in file order: *key is lent. */
mf_json *mf_json_member(const mf_json *object, size_t i, const char **key);
const char *mf_json_text(const mf_json *v, const char *otherwise);
int64_t     mf_json_int(const mf_json *v, int64_t otherwise);
double      mf_json_num(const mf_json *v, double otherwise);

/* Writing: append to a string. Strings are escaped; numbers are the shortest text that reads back equal; NaN and
 * infinity become null. The caller writes braces and commas through these so that nesting stays right. */
typedef struct mf_json_out {
    mf_str *out;
    int     depth, indent; /* indent 0: one line */
    bool    first[MF_JSON_MAX_DEPTH];
} mf_json_out;
mf_json_out mf_json_begin(mf_str *out, int indent);
void mf_json_open(mf_json_out *j, const char *key, char brace);  /* key NULL inside arrays and at the root; '{' or '[' */
void mf_json_close(mf_json_out *j, char brace);                  /* '}' or ']' */
void mf_json_put_str(mf_json_out *j, const char *key, const char *v);
void mf_json_put_int(mf_json_out *j, const char *key, int64_t v);
void mf_json_put_num(mf_json_out *j, const char *key, double v);
void mf_json_put_bool(mf_json_out *j, const char *key, bool v);
void mf_json_put_null(mf_json_out *j, const char *key);
/* Shortest decimal text that reads back as v. */
void mf_num_text(char buf[32], double v);

#endif
