/* core/opt.c: setting, printing and describing options. */
#include "core/opt.h"

#include <math.h>
#include <string.h>

#include "core/json.h"
#include "core/yaml.h"

enum { OPT_NAME_MAX = 64 };

/* A row's name as users see it. */
static const char *
shown(char buf[OPT_NAME_MAX], const char *name)
{
    size_t i;

    for (i = 0; i + 1 < OPT_NAME_MAX && name[i] != '\0'; i++) {
        buf[i] = name[i] == '_' ? '-' : name[i];
    }
    buf[i] = '\0';
    return buf;
}

static void *
field(const mf_opt *row, void *cfg)
{
    return (char *)cfg + row->offset;
}

static const void *
field_c(const mf_opt *row, const void *cfg)
{
    return (const char *)cfg + row->offset;
}

static bool
same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        if ((*a == '_' ? '-' : *a) != (*b == '_' ? '-' : *b)) {
            return false;
        }
    }
    return *a == *b;
}

const mf_opt *
mf_opt_find(const mf_opt *rows, const char *name)
{
    for (; rows->type != MF_OPT_T_END; rows++) {
        if (same_name(rows->name, name)) {
            return rows;
        }
    }
    return NULL;
}

/* "8,14,20", also "[8, 14, 20]"; empty text is an empty list. */
static mf_status
parse_list(mf_opt_list *out, const char *text, double lo, double hi, mf_err *err)
{
    mf_opt_list list = {0};
    const char *p    = text;
    size_t      len  = strlen(text);
    mf_status   st;

    if (len >= 2 && p[0] == '[' && p[len - 1] == ']') {
        p++;
        len -= 2;
    }
    while (len != 0) {
        char   item[64];
        size_t n = 0, used = 0;

        while (n < len && p[n] != ',') {
            n++;
        }
        for (size_t i = 0; i < n; i++) {
            if (p[i] != ' ' && used + 1 < sizeof item) {
                item[used++] = p[i];
            }
        }
        item[used] = '\0';
        if (list.n == MF_OPT_LIST_MAX) {
            return mf_fail(err, MF_E_USAGE, "expected at most %d numbers in '%.80s'", (int)MF_OPT_LIST_MAX, text);
        }
        if ((st = mf_parse_f64(&list.v[list.n], item, lo, hi, err)) < 0) {
            return st;
        }
        list.n++;
        if (n == len) {
            break;
        }
        p += n + 1;
        len -= n + 1;
        if (len == 0) {
            return mf_fail(err, MF_E_USAGE, "expected a number after the last comma of '%.80s'", text);
        }
    }
    *out = list;
    return MF_OK;
}

static mf_status
set_enum(const mf_opt *row, void *cfg, const char *value, mf_err *err)
{
    mf_str    all = {0};
    mf_status st;
    int       i;

    for (i = 0; row->choices[i] != NULL; i++) {
        if (mf_str_eq(row->choices[i], value)) {
            *(int *)field(row, cfg) = i;
            return MF_OK;
        }
    }
    for (i = 0; row->choices[i] != NULL; i++) {
        mf_str_printf(&all, "%s%s", i != 0 ? ", " : "", row->choices[i]);
    }
    st = mf_fail(err, MF_E_USAGE, "expected one of %s, not '%.80s'", mf_str_c(&all), value);
    mf_str_free(&all);
    return st;
}

static mf_status
set_row(const mf_opt *row, void *cfg, const char *value, mf_err *err)
{
    switch (row->type) {
    case MF_OPT_T_BOOL:
        return mf_parse_bool(field(row, cfg), value, err);
    case MF_OPT_T_INT:
        return mf_parse_i64(field(row, cfg), value, (int64_t)row->lo, (int64_t)row->hi, err);
    case MF_OPT_T_F64:
        return mf_parse_f64(field(row, cfg), value, row->lo, row->hi, err);
    case MF_OPT_T_STR: {
        mf_opt_str *s = field(row, cfg);
        size_t      n = strlen(value);

        if (n >= sizeof s->s) {
            return mf_fail(err, MF_E_USAGE, "expected at most %zu bytes, not %zu", sizeof s->s - 1, n);
        }
        memset(s->s, 0, sizeof s->s);
        memcpy(s->s, value, n);
        return MF_OK;
    }
    case MF_OPT_T_ENUM:
        return set_enum(row, cfg, value, err);
    case MF_OPT_T_F64LIST:
        return parse_list(field(row, cfg), value, row->lo, row->hi, err);
    case MF_OPT_T_END:
        break;
    }
    MF_ASSERT(row->type != MF_OPT_T_END);
    return MF_E_INTERNAL;
}

void
mf_opt_defaults(const mf_opt *rows, void *cfg)
{
    for (; rows->type != MF_OPT_T_END; rows++) {
        switch (rows->type) {
        case MF_OPT_T_BOOL:
            *(bool *)field(rows, cfg) = rows->def != 0;
            break;
        case MF_OPT_T_INT:
            *(int64_t *)field(rows, cfg) = (int64_t)rows->def;
            break;
        case MF_OPT_T_F64:
            *(double *)field(rows, cfg) = rows->def;
            break;
        case MF_OPT_T_ENUM:
            *(int *)field(rows, cfg) = (int)rows->def;
            break;
        case MF_OPT_T_STR:
        case MF_OPT_T_F64LIST: {
            mf_status st = set_row(rows, cfg, rows->def_text != NULL ? rows->def_text : "", NULL);

            MF_ASSERT(st == MF_OK); /* a default of our own */
            break;
        }
        case MF_OPT_T_END:
            break;
        }
    }
}

mf_status
mf_opt_set(const mf_opt *rows, void *cfg, const char *name, const char *value, mf_err *err)
{
    const mf_opt *row = mf_opt_find(rows, name);
    mf_status     st;
    char          buf[OPT_NAME_MAX], mine[OPT_NAME_MAX], best[OPT_NAME_MAX] = "";
    size_t        best_d = 0;

    if (row != NULL) {
        if ((st = set_row(row, cfg, value, err)) < 0) {
            return mf_fail_in(err, st, "option '%s'", shown(buf, row->name));
        }
        return MF_OK;
    }
    shown(mine, name);
    for (; rows->type != MF_OPT_T_END; rows++) {
        const char *one[2] = {shown(buf, rows->name), NULL};

        if (mf_str_nearest(mine, one) != NULL) {
            size_t d = mf_str_distance(mine, buf);

            if (*best == '\0' || d < best_d) {
                best_d = d;
                memcpy(best, buf, sizeof best);
            }
        }
    }
    if (*best != '\0') {
        return mf_fail(err, MF_E_USAGE, "unknown option '%.80s': did you mean '%s'?", mine, best);
    }
    return mf_fail(err, MF_E_USAGE, "unknown option '%.80s'", mine);
}

void
mf_opt_print(const mf_opt *row, const void *cfg, mf_str *out)
{
    const void *p = field_c(row, cfg);
    char        num[32];

    switch (row->type) {
    case MF_OPT_T_BOOL:
        mf_str_add(out, *(const bool *)p ? "true" : "false");
        break;
    case MF_OPT_T_INT:
        mf_str_printf(out, "%lld", (long long)*(const int64_t *)p);
        break;
    case MF_OPT_T_F64:
        mf_num_text(num, *(const double *)p);
        mf_str_add(out, num);
        break;
    case MF_OPT_T_STR:
        mf_yaml_quote(out, ((const mf_opt_str *)p)->s);
        break;
    case MF_OPT_T_ENUM:
        mf_yaml_quote(out, row->choices[*(const int *)p]);
        break;
    case MF_OPT_T_F64LIST: {
        const mf_opt_list *l = p;
        int                i;

        mf_str_addc(out, '[');
        for (i = 0; i < l->n; i++) {
            mf_num_text(num, l->v[i]);
            mf_str_printf(out, "%s%s", i != 0 ? ", " : "", num);
        }
        mf_str_addc(out, ']');
        break;
    }
    case MF_OPT_T_END:
        break;
    }
}

void
mf_opt_print_all(const mf_opt *rows, const void *cfg, int indent, mf_str *out)
{
    char buf[OPT_NAME_MAX];

    for (; rows->type != MF_OPT_T_END; rows++) {
        mf_str_printf(out, "%*s%s: ", indent, "", shown(buf, rows->name));
        mf_opt_print(rows, cfg, out);
        mf_str_addc(out, '\n');
    }
}

/* What follows the option's name in help: what may be given. */
static void
help_kind(const mf_opt *row, mf_str *out)
{
    int i;

    switch (row->type) {
    case MF_OPT_T_INT:
        mf_str_add(out, " N");
        break;
    case MF_OPT_T_F64:
        mf_str_add(out, " X");
        break;
    case MF_OPT_T_STR:
        mf_str_add(out, " TEXT");
        break;
    case MF_OPT_T_F64LIST:
        mf_str_add(out, " X,X,...");
        break;
    case MF_OPT_T_ENUM:
        for (i = 0; row->choices[i] != NULL; i++) {
            mf_str_printf(out, "%c%s", i != 0 ? '|' : ' ', row->choices[i]);
        }
        break;
    case MF_OPT_T_BOOL:
    case MF_OPT_T_END:
        break;
    }
}

/* " (default X, LO to HI)", each part where it says something. */
static void
help_default(const mf_opt *row, mf_str *out)
{
    bool ranged = row->type == MF_OPT_T_INT || row->type == MF_OPT_T_F64 || row->type == MF_OPT_T_F64LIST;
    char a[32], b[32];

    switch (row->type) {
    case MF_OPT_T_BOOL:
        if (row->def != 0) {
            mf_str_add(out, " (on by default; --no-... switches it off)");
        }
        return;
    case MF_OPT_T_ENUM:
        mf_str_printf(out, " (default %s)", row->choices[(int)row->def]);
        return;
    case MF_OPT_T_STR:
    case MF_OPT_T_F64LIST:
        if (row->def_text == NULL || *row->def_text == '\0') {
            return;
        }
        mf_str_printf(out, " (default %s", row->def_text);
        break;
    case MF_OPT_T_INT:
    case MF_OPT_T_F64:
        mf_num_text(a, row->def);
        mf_str_printf(out, " (default %s", a);
        break;
    case MF_OPT_T_END:
        return;
    }
    /* A limit of a million million is there for safety and tells a reader nothing. */
    if (ranged && (fabs(row->lo) < 1e12 || fabs(row->hi) < 1e12)) {
        mf_num_text(a, row->lo);
        mf_num_text(b, row->hi);
        if (fabs(row->hi) >= 1e12) {
            mf_str_printf(out, ", at least %s", a);
        } else if (fabs(row->lo) >= 1e12) {
            mf_str_printf(out, ", at most %s", b);
        } else {
            mf_str_printf(out, ", %s to %s", a, b);
        }
    }
    mf_str_addc(out, ')');
}

void
mf_opt_help(const mf_opt *rows, mf_str *out)
{
    enum { COLUMN = 28 };
    char buf[OPT_NAME_MAX];

    for (; rows->type != MF_OPT_T_END; rows++) {
        size_t begin = out->len, used;

        mf_str_printf(out, "  --%s", shown(buf, rows->name));
        help_kind(rows, out);
        used = out->len - begin;
        if (used + 2 > COLUMN) {
            mf_str_printf(out, "\n%*s", COLUMN, "");
        } else {
            mf_str_printf(out, "%*s", (int)(COLUMN - used), "");
        }
        mf_str_add(out, rows->help);
        help_default(rows, out);
        mf_str_addc(out, '\n');
    }
}
