/* weights/pickle.c: the opcodes. Python's pickletools documents each; the comments here name them as it does. Long, because one machine
 * with one stack runs them all: apart, its halves would share every structure of this file. */
#include "weights/pickle.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/str.h"
#include "weights/names.h"

bool
mf_pk_is(const mf_pk *v, const char *s)
{
    return v->kind == MF_PK_STR && v->u.text.n == strlen(s) && memcmp(v->u.text.s, s, v->u.text.n) == 0;
}

mf_status
mf_pickle_alloc(mf_pickle *p, void **out, size_t bytes)
{
    if (bytes > MF_PICKLE_MAX_MEMORY || p->arena->used > MF_PICKLE_MAX_MEMORY - bytes) {
        return mf_fail(p->err, MF_E_LIMIT, "its values take more than %zu MiB", MF_PICKLE_MAX_MEMORY >> 20);
    }
    *out = mf_arena_alloc(p->arena, bytes);
    return *out != NULL ? MF_OK : mf_oom(p->err, bytes, "the values of a pickle");
}

mf_status
mf_pickle_new(mf_pickle *p, mf_pk **out, mf_pk_kind kind)
{
    void     *v;
    mf_status st;

    if (p->values == MF_PICKLE_MAX_VALUES) {
        return mf_fail(p->err, MF_E_LIMIT, "more than %zu values", MF_PICKLE_MAX_VALUES);
    }
    if ((st = mf_pickle_alloc(p, &v, sizeof(mf_pk))) < 0) {
        return st;
    }
    p->values++;
    *out         = v;
    (*out)->kind = kind;
    return MF_OK;
}

mf_status
mf_pickle_append(mf_pickle *p, mf_pk *seq, mf_pk *v)
{
    if (seq->u.seq.n == seq->u.seq.cap) {
        size_t    cap = seq->u.seq.cap != 0 ? seq->u.seq.cap * 2 : 4;
        void     *grown;
        mf_status st;

        if ((st = mf_pickle_alloc(p, &grown, cap * sizeof(mf_pk *))) < 0) {
            return st;
        }
        if (seq->u.seq.n != 0) {
            memcpy(grown, seq->u.seq.item, seq->u.seq.n * sizeof(mf_pk *));
        }
        seq->u.seq.item = grown;
        seq->u.seq.cap  = cap;
    }
    seq->u.seq.item[seq->u.seq.n++] = v;
    return MF_OK;
}

/* ---- the stack, the memo, the bytes ---- */

static mf_status
push(mf_pickle *p, mf_pk *v)
{
    if (p->n == p->cap) {
        size_t  cap = p->cap != 0 ? p->cap * 2 : 64;
        mf_pk **s;

        if (cap > MF_PICKLE_MAX_VALUES) {
            return mf_fail(p->err, MF_E_LIMIT, "its stack holds more than %zu values", MF_PICKLE_MAX_VALUES);
        }
        if ((s = mf_realloc(p->stack, cap, sizeof *s)) == NULL) {
            return mf_oom(p->err, cap * sizeof *s, "the stack of a pickle");
        }
        p->stack = s;
        p->cap   = cap;
    }
    p->stack[p->n++] = v;
    return MF_OK;
}

static mf_status
push_new(mf_pickle *p, mf_pk_kind kind, mf_pk **out)
{
    mf_status st = mf_pickle_new(p, out, kind);

    return st < 0 ? st : push(p, *out);
}

static mf_status
top(mf_pickle *p, mf_pk **out)
{
    if (p->n == 0 || p->stack[p->n - 1]->kind == MF_PK_MARK) {
        return mf_fail(p->err, MF_E_FORMAT, "an opcode finds too few values on the stack");
    }
    *out = p->stack[p->n - 1];
    return MF_OK;
}

static mf_status
pop(mf_pickle *p, mf_pk **out)
{
    mf_status st = top(p, out);

    if (st == MF_OK) {
        p->n--;
    }
    return st;
}

/* Index of the first value above the topmost mark. */
static mf_status
find_mark(mf_pickle *p, size_t *first)
{
    for (size_t i = p->n; i-- > 0;) {
        if (p->stack[i]->kind == MF_PK_MARK) {
            *first = i + 1;
            return MF_OK;
        }
    }
    return mf_fail(p->err, MF_E_FORMAT, "an opcode finds no mark on the stack");
}

static mf_status
memo_put(mf_pickle *p, uint64_t slot)
{
    mf_pk    *v;
    mf_status st = top(p, &v);

    if (st < 0) {
        return st;
    }
    if (slot >= MF_PICKLE_MAX_VALUES) {
        return mf_fail(p->err, MF_E_LIMIT, "memo slot %llu; at most %zu are allowed", (unsigned long long)slot, MF_PICKLE_MAX_VALUES);
    }
    if (slot >= p->memo_cap) {
        size_t  cap = p->memo_cap != 0 ? p->memo_cap : 256;
        mf_pk **m;

        while (cap <= slot) {
            cap *= 2;
        }
        if ((m = mf_realloc(p->memo, cap, sizeof *m)) == NULL) {
            return mf_oom(p->err, cap * sizeof *m, "the memo of a pickle");
        }
        for (size_t i = p->memo_cap; i < cap; i++) {
            m[i] = NULL;
        }
        p->memo     = m;
        p->memo_cap = cap;
    }
    if (p->memo[slot] == NULL) {
        p->memo_n++;
    }
    p->memo[slot] = v;
    return MF_OK;
}

static mf_status
memo_get(mf_pickle *p, uint64_t slot)
{
    if (slot >= p->memo_cap || p->memo[slot] == NULL) {
        return mf_fail(p->err, MF_E_FORMAT, "memo slot %llu is empty", (unsigned long long)slot);
    }
    return push(p, p->memo[slot]);
}

static mf_status
take(mf_pickle *p, uint64_t n, const char **out)
{
    if (n > p->size - p->at) {
        return mf_fail(p->err, MF_E_FORMAT, "it ends in the middle of a value; is the file cut off?");
    }
    *out = (const char *)p->data + p->at;
    p->at += (size_t)n;
    return MF_OK;
}

/* An unsigned little-endian number of `width` bytes. */
static mf_status
number(mf_pickle *p, size_t width, uint64_t *out)
{
    const char *b;
    mf_status   st = take(p, width, &b);

    *out = 0;
    for (size_t i = width; st == MF_OK && i-- > 0;) {
        *out = *out << 8 | (uint8_t)b[i];
    }
    return st;
}

/* A line without its '\n'. */
static mf_status
line(mf_pickle *p, const char **s, size_t *n)
{
    const uint8_t *from = p->data + p->at;
    const uint8_t *end  = memchr(from, '\n', p->size - p->at);

    if (end == NULL) {
        return mf_fail(p->err, MF_E_FORMAT, "a line has no end; is the file cut off?");
    }
    *s = (const char *)from;
    *n = (size_t)(end - from);
    p->at += *n + 1;
    return MF_OK;
}

/* A line that holds a number, as a C string. */
static mf_status
short_line(mf_pickle *p, char buf[MF_PICKLE_MAX_TEXT])
{
    const char *s;
    size_t      n;
    mf_status   st = line(p, &s, &n);

    if (st < 0) {
        return st;
    }
    if (n >= MF_PICKLE_MAX_TEXT || memchr(s, 0, n) != NULL) {
        return mf_fail(p->err, MF_E_FORMAT, "a line of %zu bytes where a number is expected", n);
    }
    memcpy(buf, s, n);
    buf[n] = '\0';
    return MF_OK;
}

/* ---- opcodes by family ---- */

static mf_status
op_int(mf_pickle *p, int64_t i)
{
    mf_pk    *v;
    mf_status st = push_new(p, MF_PK_INT, &v);

    if (st == MF_OK) {
        v->u.i = i;
    }
    return st;
}

static mf_status
op_bool(mf_pickle *p, bool b)
{
    mf_pk    *v;
    mf_status st = push_new(p, MF_PK_BOOL, &v);

    if (st == MF_OK) {
        v->u.i = b;
    }
    return st;
}

static mf_status
op_float(mf_pickle *p, double f)
{
    mf_pk    *v;
    mf_status st = push_new(p, MF_PK_FLOAT, &v);

    if (st == MF_OK) {
        v->u.f = f;
    }
    return st;
}

/* STR and BYTES of `n` bytes that follow. */
static mf_status
op_text(mf_pickle *p, mf_pk_kind kind, uint64_t n)
{
    const char *s;
    mf_pk      *v;
    mf_status   st;

    if ((st = take(p, n, &s)) < 0 || (st = push_new(p, kind, &v)) < 0) {
        return st;
    }
    v->u.text.s = s;
    v->u.text.n = (size_t)n;
    return MF_OK;
}

static mf_status
op_counted_text(mf_pickle *p, mf_pk_kind kind, size_t width)
{
    uint64_t  n;
    mf_status st = number(p, width, &n);

    return st < 0 ? st : op_text(p, kind, n);
}

/* LONG1, LONG4: two's complement of any width; those past 64 bits stay bytes. */
static mf_status
op_long(mf_pickle *p, size_t width)
{
    uint64_t    n, v = 0;
    const char *b;
    mf_pk      *big;
    mf_status   st;

    if ((st = number(p, width, &n)) < 0 || (st = take(p, n, &b)) < 0) {
        return st;
    }
    if (n > 8) {
        if ((st = push_new(p, MF_PK_BIG, &big)) < 0) {
            return st;
        }
        big->u.text.s = b;
        big->u.text.n = (size_t)n;
        return MF_OK;
    }
    for (uint64_t i = 0; i < n; i++) {
        v |= (uint64_t)(uint8_t)b[i] << (8 * i);
    }
    if (n > 0 && n < 8 && (b[n - 1] & 0x80) != 0) {
        v |= ~(uint64_t)0 << (8 * n);
    }
    return op_int(p, (int64_t)v);
}

/* INT ("I01" and "I00" are booleans) and LONG ("12L"), as decimal lines. */
static mf_status
op_int_line(mf_pickle *p, bool is_long)
{
    char      buf[MF_PICKLE_MAX_TEXT];
    int64_t   i;
    size_t    n;
    mf_status st = short_line(p, buf);

    if (st < 0) {
        return st;
    }
    n = strlen(buf);
    if (is_long && n > 0 && buf[n - 1] == 'L') {
        buf[n - 1] = '\0';
    }
    if (!is_long && (mf_str_eq(buf, "00") || mf_str_eq(buf, "01"))) {
        return op_bool(p, buf[1] == '1');
    }
    st = mf_parse_i64(&i, buf, INT64_MIN, INT64_MAX, p->err);
    return st < 0 ? st : op_int(p, i);
}

static mf_status
op_float_line(mf_pickle *p)
{
    char      buf[MF_PICKLE_MAX_TEXT];
    double    f;
    mf_status st = short_line(p, buf);

    if (st == MF_OK) {
        st = mf_parse_f64(&f, buf, -1.7976931348623157e308, 1.7976931348623157e308, p->err);
    }
    return st < 0 ? st : op_float(p, f);
}

static mf_status
op_binfloat(mf_pickle *p)
{
    const char *b;
    uint64_t    bits = 0;
    double      f;
    mf_status   st = take(p, 8, &b);

    if (st < 0) {
        return st;
    }
    for (int i = 0; i < 8; i++) { /* big-endian, unlike all else */
        bits = bits << 8 | (uint8_t)b[i];
    }
    memcpy(&f, &bits, sizeof f);
    return op_float(p, f);
}

/* STRING (quoted) and UNICODE lines. Names of tensors need no escapes; a line with one is refused rather than misread. */
static mf_status
op_text_line(mf_pickle *p, bool quoted)
{
    const char *s;
    size_t      n;
    mf_pk      *v;
    mf_status   st = line(p, &s, &n);

    if (st < 0) {
        return st;
    }
    if (quoted) {
        if (n < 2 || (s[0] != '\'' && s[0] != '"') || s[n - 1] != s[0]) {
            return mf_fail(p->err, MF_E_FORMAT, "a string without its quotes");
        }
        s++;
        n -= 2;
    }
    if (memchr(s, '\\', n) != NULL) {
        return mf_fail(p->err, MF_E_UNSUPPORTED, "a string with escapes in the text form of protocol 0");
    }
    if ((st = push_new(p, MF_PK_STR, &v)) == MF_OK) {
        v->u.text.s = s;
        v->u.text.n = n;
    }
    return st;
}

/* The values from `first` upwards become one sequence that replaces them. */
static mf_status
collect(mf_pickle *p, mf_pk_kind kind, size_t first, size_t drop_to)
{
    mf_pk    *seq;
    mf_status st;

    if (kind == MF_PK_DICT && (p->n - first) % 2 != 0) {
        return mf_fail(p->err, MF_E_FORMAT, "a dictionary has a key without a value");
    }
    if ((st = mf_pickle_new(p, &seq, kind)) < 0) {
        return st;
    }
    for (size_t i = first; i < p->n; i++) {
        if ((st = mf_pickle_append(p, seq, p->stack[i])) < 0) {
            return st;
        }
    }
    p->n = drop_to;
    return push(p, seq);
}

static mf_status
op_collect_mark(mf_pickle *p, mf_pk_kind kind)
{
    size_t    first;
    mf_status st = find_mark(p, &first);

    return st < 0 ? st : collect(p, kind, first, first - 1);
}

static mf_status
op_small_tuple(mf_pickle *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p->n <= i || p->stack[p->n - 1 - i]->kind == MF_PK_MARK) {
            return mf_fail(p->err, MF_E_FORMAT, "an opcode finds too few values on the stack");
        }
    }
    return collect(p, MF_PK_TUPLE, p->n - n, p->n - n);
}

/* APPEND(S) and SETITEM(S): values from `first` go into the list or dictionary below `below`. */
static mf_status
extend(mf_pickle *p, mf_pk_kind kind, size_t first, size_t below)
{
    mf_pk    *to;
    mf_status st;

    if (below == 0 || p->stack[below - 1]->kind != kind) {
        return mf_fail(p->err, MF_E_FORMAT, "values are added to something that is not a %s",
                       kind == MF_PK_LIST ? "list" : "dictionary");
    }
    if (kind == MF_PK_DICT && (p->n - first) % 2 != 0) {
        return mf_fail(p->err, MF_E_FORMAT, "a dictionary has a key without a value");
    }
    to = p->stack[below - 1];
    for (size_t i = first; i < p->n; i++) {
        if ((st = mf_pickle_append(p, to, p->stack[i])) < 0) {
            return st;
        }
    }
    p->n = below;
    return MF_OK;
}

static mf_status
op_extend_mark(mf_pickle *p, mf_pk_kind kind)
{
    size_t    first;
    mf_status st = find_mark(p, &first);

    return st < 0 ? st : extend(p, kind, first, first - 1);
}

static mf_status
op_extend_few(mf_pickle *p, mf_pk_kind kind, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p->n <= i || p->stack[p->n - 1 - i]->kind == MF_PK_MARK) {
            return mf_fail(p->err, MF_E_FORMAT, "an opcode finds too few values on the stack");
        }
    }
    return extend(p, kind, p->n - n, p->n - n);
}

static mf_status
op_global(mf_pickle *p, bool refuse)
{
    const char *module, *name;
    size_t      n_module, n_name;
    mf_pk      *v;
    mf_status   st;

    if ((st = line(p, &module, &n_module)) < 0 || (st = line(p, &name, &n_name)) < 0) {
        return st;
    }
    if (refuse) {
        return mf_pickle_refuse(p, module, n_module, name, n_name);
    }
    st = mf_pickle_global(p, &v, module, n_module, name, n_name);
    return st < 0 ? st : push(p, v);
}

static mf_status
op_stack_global(mf_pickle *p)
{
    mf_pk    *module, *name, *v;
    mf_status st;

    if ((st = pop(p, &name)) < 0 || (st = pop(p, &module)) < 0) {
        return st;
    }
    if (module->kind != MF_PK_STR || name->kind != MF_PK_STR) {
        return mf_fail(p->err, MF_E_FORMAT, "a global whose name is not a string");
    }
    st = mf_pickle_global(p, &v, module->u.text.s, module->u.text.n, name->u.text.s, name->u.text.n);
    return st < 0 ? st : push(p, v);
}

static mf_status
op_call(mf_pickle *p)
{
    mf_pk    *args, *fn, *v;
    mf_status st;

    if ((st = pop(p, &args)) < 0 || (st = pop(p, &fn)) < 0 || (st = mf_pickle_call(p, &v, fn, args)) < 0) {
        return st;
    }
    return push(p, v);
}

static mf_status
op_build(mf_pickle *p)
{
    mf_pk    *state, *obj;
    mf_status st;

    if ((st = pop(p, &state)) < 0 || (st = top(p, &obj)) < 0) {
        return st;
    }
    return mf_pickle_build(p, obj);
}

static mf_status
op_persistent(mf_pickle *p)
{
    mf_pk    *id, *v;
    mf_status st;

    if ((st = pop(p, &id)) < 0 || (st = mf_pickle_persistent(p, &v, id)) < 0) {
        return st;
    }
    return push(p, v);
}

static mf_status
op_pop_mark(mf_pickle *p)
{
    size_t    first;
    mf_status st = find_mark(p, &first);

    if (st == MF_OK) {
        p->n = first - 1;
    }
    return st;
}

/* POP removes a value or a mark. */
static mf_status
op_pop(mf_pickle *p)
{
    if (p->n == 0) {
        return mf_fail(p->err, MF_E_FORMAT, "an opcode finds too few values on the stack");
    }
    p->n--;
    return MF_OK;
}

static mf_status
op_dup(mf_pickle *p)
{
    mf_pk    *v;
    mf_status st = top(p, &v);

    return st < 0 ? st : push(p, v);
}

static mf_status
op_memo(mf_pickle *p, size_t width, bool put)
{
    uint64_t  slot;
    mf_status st = number(p, width, &slot);

    if (st < 0) {
        return st;
    }
    return put ? memo_put(p, slot) : memo_get(p, slot);
}

/* PUT and GET: the slot as a decimal line. */
static mf_status
op_memo_line(mf_pickle *p, bool put)
{
    char      buf[MF_PICKLE_MAX_TEXT];
    int64_t   slot;
    mf_status st = short_line(p, buf);

    if (st < 0 || (st = mf_parse_i64(&slot, buf, 0, INT64_MAX, p->err)) < 0) {
        return st;
    }
    return put ? memo_put(p, (uint64_t)slot) : memo_get(p, (uint64_t)slot);
}

static mf_status
op_sized_int(mf_pickle *p, size_t width)
{
    uint64_t  v;
    mf_status st = number(p, width, &v);

    if (st < 0) {
        return st;
    }
    return op_int(p, width == 4 ? (int64_t)(int32_t)(uint32_t)v : (int64_t)v); /* BININT alone is signed */
}

static mf_status
op_proto(mf_pickle *p)
{
    uint64_t  v;
    mf_status st = number(p, 1, &v);

    if (st == MF_OK && v > 5) {
        return mf_fail(p->err, MF_E_UNSUPPORTED, "pickle protocol %d; 0 to 5 are read", (int)v);
    }
    return st;
}

static mf_status
op_frame(mf_pickle *p)
{
    uint64_t  n;
    mf_status st = number(p, 8, &n);

    if (st == MF_OK && n > p->size - p->at) {
        return mf_fail(p->err, MF_E_FORMAT, "a frame is longer than what is left; is the file cut off?");
    }
    return st;
}

static mf_status
refuse_opcode(mf_pickle *p, int op)
{
    static const struct {
        unsigned char op;
        const char   *name;
    } known[] = {
        {'o', "OBJ"},         {0x92, "NEWOBJ_EX"}, {0x82, "EXT1"},        {0x83, "EXT2"},        {0x84, "EXT4"},
        {'P', "PERSID"},      {0x8f, "EMPTY_SET"}, {0x90, "ADDITEMS"},    {0x91, "FROZENSET"},   {0x96, "BYTEARRAY8"},
        {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].op == op) {
            return mf_fail(p->err, MF_E_UNSUPPORTED, "opcode %s, which tensors do not need", known[i].name);
        }
    }
    return mf_fail(p->err, MF_E_FORMAT, "0x%02x is not an opcode", op);
}

static mf_status
step(mf_pickle *p)
{
    mf_pk *v;
    int    op = p->data[p->at++];

    switch (op) {
    case 0x80: return op_proto(p);                             /* PROTO */
    case 0x95: return op_frame(p);                             /* FRAME */
    case '.':  p->stopped = true; return MF_OK;                /* STOP */
    case '(':  return push(p, &p->mark);                       /* MARK */
    case '0':  return op_pop(p);                               /* POP */
    case '1':  return op_pop_mark(p);                          /* POP_MARK */
    case '2':  return op_dup(p);                               /* DUP */
    case 'N':  return push_new(p, MF_PK_NONE, &v);             /* NONE */
    case 0x88: return op_bool(p, true);                        /* NEWTRUE */
    case 0x89: return op_bool(p, false);                       /* NEWFALSE */
    case 'J':  return op_sized_int(p, 4);                      /* BININT */
    case 'K':  return op_sized_int(p, 1);                      /* BININT1 */
    case 'M':  return op_sized_int(p, 2);                      /* BININT2 */
    case 0x8a: return op_long(p, 1);                           /* LONG1 */
    case 0x8b: return op_long(p, 4);                           /* LONG4 */
    case 'I':  return op_int_line(p, false);                   /* INT */
    case 'L':  return op_int_line(p, true);                    /* LONG */
    case 'G':  return op_binfloat(p);                          /* BINFLOAT */
    case 'F':  return op_float_line(p);                        /* FLOAT */
    case 'S':  return op_text_line(p, true);                   /* STRING */
    case 'V':  return op_text_line(p, false);                  /* UNICODE */
    case 'X':  return op_counted_text(p, MF_PK_STR, 4);        /* BINUNICODE */
    case 0x8c: return op_counted_text(p, MF_PK_STR, 1);        /* SHORT_BINUNICODE */
    case 0x8d: return op_counted_text(p, MF_PK_STR, 8);        /* BINUNICODE8 */
    case 'T':  return op_counted_text(p, MF_PK_STR, 4);        /* BINSTRING: the strings of Python 2 */
    case 'U':  return op_counted_text(p, MF_PK_STR, 1);        /* SHORT_BINSTRING */
    case 'B':  return op_counted_text(p, MF_PK_BYTES, 4);      /* BINBYTES */
    case 'C':  return op_counted_text(p, MF_PK_BYTES, 1);      /* SHORT_BINBYTES */
    case 0x8e: return op_counted_text(p, MF_PK_BYTES, 8);      /* BINBYTES8 */
    case ')':  return push_new(p, MF_PK_TUPLE, &v);            /* EMPTY_TUPLE */
    case 0x85: return op_small_tuple(p, 1);                    /* TUPLE1 */
    case 0x86: return op_small_tuple(p, 2);                    /* TUPLE2 */
    case 0x87: return op_small_tuple(p, 3);                    /* TUPLE3 */
    case 't':  return op_collect_mark(p, MF_PK_TUPLE);         /* TUPLE */
    case ']':  return push_new(p, MF_PK_LIST, &v);             /* EMPTY_LIST */
    case 'l':  return op_collect_mark(p, MF_PK_LIST);          /* LIST */
    case 'a':  return op_extend_few(p, MF_PK_LIST, 1);         /* APPEND */
    case 'e':  return op_extend_mark(p, MF_PK_LIST);           /* APPENDS */
    case '}':  return push_new(p, MF_PK_DICT, &v);             /* EMPTY_DICT */
    case 'd':  return op_collect_mark(p, MF_PK_DICT);          /* DICT */
    case 's':  return op_extend_few(p, MF_PK_DICT, 2);         /* SETITEM */
    case 'u':  return op_extend_mark(p, MF_PK_DICT);           /* SETITEMS */
    case 'q':  return op_memo(p, 1, true);                     /* BINPUT */
    case 'r':  return op_memo(p, 4, true);                     /* LONG_BINPUT */
    case 'h':  return op_memo(p, 1, false);                    /* BINGET */
    case 'j':  return op_memo(p, 4, false);                    /* LONG_BINGET */
    case 'p':  return op_memo_line(p, true);                   /* PUT */
    case 'g':  return op_memo_line(p, false);                  /* GET */
    case 0x94: return memo_put(p, p->memo_n);                  /* MEMOIZE */
    case 'c':  return op_global(p, false);                     /* GLOBAL */
    case 0x93: return op_stack_global(p);                      /* STACK_GLOBAL */
    case 'i':  return op_global(p, true);                      /* INST */
    case 'R':  return op_call(p);                              /* REDUCE */
    case 0x81: return op_call(p);                              /* NEWOBJ: the same for what is allowed */
    case 'b':  return op_build(p);                             /* BUILD */
    case 'Q':  return op_persistent(p);                        /* BINPERSID */
    default:   return refuse_opcode(p, op);
    }
}

mf_status
mf_pickle_read(const mf_pk **out, size_t *used, const mf_pk_storage **storages, mf_arena *arena, const uint8_t *data, size_t size,
               mf_err *err)
{
    mf_pickle p  = {.arena = arena, .data = data, .size = size < MF_PICKLE_MAX_BYTES ? size : MF_PICKLE_MAX_BYTES, .err = err,
                    .mark = {.kind = MF_PK_MARK}};
    mf_status st = MF_OK;
    mf_pk    *v;

    *out  = NULL;
    *used = 0;
    while (st == MF_OK && !p.stopped) {
        size_t at = p.at;

        if (at == p.size) {
            st = p.size < size ? mf_fail(err, MF_E_LIMIT, "more than %zu MiB", MF_PICKLE_MAX_BYTES >> 20)
                               : mf_fail(err, MF_E_FORMAT, "it has no end; is the file cut off?");
        } else {
            st = step(&p);
        }
        if (st < 0) {
            mf_fail_in(err, st, "pickle, byte %zu", at);
        }
    }
    if (st == MF_OK && (st = pop(&p, &v)) == MF_OK) {
        *out  = v;
        *used = p.at;
        if (storages != NULL) {
            *storages = p.storages;
        }
    }
    mf_free(p.stack);
    mf_free(p.memo);
    return st;
}
