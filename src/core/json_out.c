/* core/json_out.c: writing JSON by hand-over-hand calls, so that no tree is built for what is only printed. */
#include <math.h>
#include <string.h>

#include "core/json.h"

mf_json_out
mf_json_begin(mf_str *out, int indent)
{
    mf_json_out j = {.out = out, .depth = 0, .indent = indent, .first = {true}};

    return j;
}

static void
put_text(mf_str *out, const char *s)
{
    mf_str_addc(out, '"');
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;

        switch (c) {
        case '"':
            mf_str_add(out, "\\\"");
            break;
        case '\\':
            mf_str_add(out, "\\\\");
            break;
        case '\n':
            mf_str_add(out, "\\n");
            break;
        case '\t':
            mf_str_add(out, "\\t");
            break;
        case '\r':
            mf_str_add(out, "\\r");
            break;
        default:
            if (c < 0x20 || c == 0x7f) {
                mf_str_printf(out, "\\u%04x", c);
            } else {
                mf_str_addc(out, (char)c);
            }
        }
    }
    mf_str_addc(out, '"');
}

/* A new line at the current depth, in the form with lines. */
static void
new_line(mf_json_out *j)
{
    if (j->indent > 0) {
        mf_str_printf(j->out, "\n%*s", j->depth * j->indent, "");
    }
}

/* Comma, line break and key before a value. */
static void
before(mf_json_out *j, const char *key)
{
    if (j->depth > 0) {
        if (!j->first[j->depth]) {
            mf_str_add(j->out, j->indent > 0 ? "," : ", ");
        }
        j->first[j->depth] = false;
        new_line(j);
    }
    if (key != NULL) {
        put_text(j->out, key);
        mf_str_add(j->out, ": ");
    }
}

void
mf_json_open(mf_json_out *j, const char *key, char brace)
{
    MF_ASSERT(brace == '{' || brace == '[');
    MF_ASSERT(j->depth + 1 < MF_JSON_MAX_DEPTH);
    before(j, key);
    mf_str_addc(j->out, brace);
    j->depth++;
    j->first[j->depth] = true;
}

void
mf_json_close(mf_json_out *j, char brace)
{
    bool empty;

    MF_ASSERT(brace == '}' || brace == ']');
    MF_ASSERT(j->depth > 0);
    empty = j->first[j->depth];
    j->depth--;
    if (!empty) {
        new_line(j);
    }
    mf_str_addc(j->out, brace);
}

void
mf_json_put_str(mf_json_out *j, const char *key, const char *v)
{
    before(j, key);
    put_text(j->out, v);
}

void
mf_json_put_int(mf_json_out *j, const char *key, int64_t v)
{
    before(j, key);
    mf_str_printf(j->out, "%lld", (long long)v);
}

void
mf_json_put_num(mf_json_out *j, const char *key, double v)
{
    char buf[32];

    before(j, key);
    if (!isfinite(v)) {
        mf_str_add(j->out, "null");
        return;
    }
    mf_num_text(buf, v);
    mf_str_add(j->out, buf);
}

void
mf_json_put_bool(mf_json_out *j, const char *key, bool v)
{
    before(j, key);
    mf_str_add(j->out, v ? "true" : "false");
}

void
mf_json_put_null(mf_json_out *j, const char *key)
{
    before(j, key);
    mf_str_add(j->out, "null");
}
