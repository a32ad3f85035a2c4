/* core/opt.h: options as rows. A flag, a key of a YAML file, a line of --help, a line of the manual and the record
 * of a run all come from one mf_opt row. Values live in a plain struct at the row's offset. */
#ifndef MF_CORE_OPT_H
#define MF_CORE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/str.h"

typedef enum mf_opt_type {
    MF_OPT_T_END, MF_OPT_T_BOOL, MF_OPT_T_INT, MF_OPT_T_F64, MF_OPT_T_STR, MF_OPT_T_ENUM, MF_OPT_T_F64LIST
} mf_opt_type;

enum { MF_OPT_STR_MAX = 256, MF_OPT_LIST_MAX = 16 };
/* Field types: bool, int64_t, double, mf_opt_str, int (index of the choice), mf_opt_list. */
typedef struct mf_opt_str { char s[MF_OPT_STR_MAX]; } mf_opt_str;
typedef struct mf_opt_list { int n; double v[MF_OPT_LIST_MAX]; } mf_opt_list;

typedef struct mf_opt {
    mf_opt_type        type;
    const char        *name; /* "label-smoothing"; in YAML '_' is taken for '-' */
    size_t             offset;
    double             def, lo, hi;  /* bool, int, f64: default and range */
    const char        *def_text;     /* str, list ("8,14,20"): default */
    const char *const *choices;      /* enum: NULL-terminated; def is the index */
    const char        *help;
} mf_opt;

#define MF_OPT_BOOL(T, f, d, h)          {MF_OPT_T_BOOL, #f, offsetof(T, f), (d), 0, 1, NULL, NULL, h}
#define MF_OPT_INT(T, f, d, lo, hi, h)   {MF_OPT_T_INT, #f, offsetof(T, f), (double)(d), (double)(lo), (double)(hi), NULL, NULL, h}
#define MF_OPT_F64(T, f, d, lo, hi, h)   {MF_OPT_T_F64, #f, offsetof(T, f), (d), (lo), (hi), NULL, NULL, h}
#define MF_OPT_STR(T, f, d, h)           {MF_OPT_T_STR, #f, offsetof(T, f), 0, 0, 0, d, NULL, h}
#define MF_OPT_ENUM(T, f, d, c, h)       {MF_OPT_T_ENUM, #f, offsetof(T, f), (double)(d), 0, 0, NULL, c, h}
#define MF_OPT_LIST(T, f, d, lo, hi, h)  {MF_OPT_T_F64LIST, #f, offsetof(T, f), 0, (lo), (hi), d, NULL, h}
#define MF_OPT_END                       {MF_OPT_T_END, NULL, 0, 0, 0, 0, NULL, NULL, NULL}
/* The name of a row is its field's name with '_' shown as '-' (label_smoothing -> --label-smoothing). */

void mf_opt_defaults(const mf_opt *rows, void *cfg);
/* Set one option from text. MF_E_USAGE: unknown name (names the nearest), trailing junk, out of range, not a choice. */
mf_status mf_opt_set(const mf_opt *rows, void *cfg, const char *name, const char *value, mf_err *err);
const mf_opt *mf_opt_find(const mf_opt *rows, const char *name); /* '-' and '_' are equal; NULL if none */
/* Append the value as YAML text ("0.1", "true", "[8, 14, 20]", quoted string where needed). */
void mf_opt_print(const mf_opt *row, const void *cfg, mf_str *out);
/* Append "name: value" lines, indented by `indent` spaces. */
void mf_opt_print_all(const mf_opt *rows, const void *cfg, int indent, mf_str *out);
/* Append help lines: "  --name TYPE   help (default X, LO to HI)". */
void mf_opt_help(const mf_opt *rows, mf_str *out);

#endif
