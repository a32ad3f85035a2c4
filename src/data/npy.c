/* data/npy.c: magic, version, a dictionary in Python's spelling, then the values. */
#include "data/npy.h"

#include <string.h>
#include "core/file.h"
#include "core/str.h"

enum { HEADER_MAX = 1 << 12, TEXT_MAX = 64 };

typedef struct layout {
    char   kind;      /* i u f b S U */
    size_t item;      /* bytes of a value */
    size_t count, axes;
} layout;

/* The value that follows 'key': in the dictionary. */
static const char *
find_key(const char *dict, const char *key)
{
    mf_str      quoted = {0};
    const char *p;
    size_t      n;

    mf_str_printf(&quoted, "'%s'", key);
    p = quoted.oom ? NULL : strstr(dict, mf_str_c(&quoted));
    n = quoted.len;
    mf_str_free(&quoted);
    if (!p)
        return NULL;
    p += n;
    p += strspn(p, " ");
    if (*p++ != ':')
        return NULL;
    return p + strspn(p, " ");
}

/* "'<f4'" */
static mf_status
read_type(layout *l, const char *p, mf_err *err)
{
    size_t n = 0;

    if (!p || *p != '\'' || !strchr("<|=", p[1]) || !p[1])
        return mf_fail(err, MF_E_FORMAT, "type '%.12s' is no little-endian number or text", p ? p : "");
    l->kind = p[2];
    for (p += 3; *p >= '0' && *p <= '9' && n < 1000000; p++)
        n = n * 10 + (size_t)(*p - '0');
    l->item = l->kind == 'U' ? 4 * n : n;
    if (*p != '\'' || !l->kind || !strchr("iufbSU", l->kind) || n == 0 ||
        (strchr("iu", l->kind) && n != 1 && n != 2 && n != 4 && n != 8) || (l->kind == 'f' && n != 4 && n != 8) ||
        (l->kind == 'b' && n != 1) || (strchr("SU", l->kind) && n >= TEXT_MAX))
        return mf_fail(err, MF_E_FORMAT, "a type that is no number and no short text");
    return MF_OK;
}

/* "()", "(136,)", "(68, 2)" */
static mf_status
read_shape(layout *l, const char *p, mf_err *err)
{
    l->count = 1;
    if (!p || *p++ != '(')
        return mf_fail(err, MF_E_FORMAT, "no shape in the header");
    for (;;) {
        size_t n = 0, digits;

        p += strspn(p, " ,");
        if (*p == ')')
            return MF_OK;
        for (digits = 0; *p >= '0' && *p <= '9' && n < MF_NPY_MAX_BYTES; p++, digits++)
            n = n * 10 + (size_t)(*p - '0');
        if (!digits)
            return mf_fail(err, MF_E_FORMAT, "a shape that is no list of numbers");
        l->count *= n;
        l->axes++;
        if (l->count > MF_NPY_MAX_BYTES)
            return mf_fail(err, MF_E_LIMIT, "an array of more than %d values", (int)MF_NPY_MAX_BYTES);
    }
}

static mf_status
read_header(layout *l, size_t *begin, const uint8_t *data, size_t size, mf_err *err)
{
    mf_status   st;
    char        dict[HEADER_MAX + 1];
    size_t      at, len;
    const char *order;

    if (size < 12 || memcmp(data, "\x93NUMPY", 6) != 0)
        return mf_fail(err, MF_E_FORMAT, "not a .npy file");
    if (data[6] < 1 || data[6] > 3)
        return mf_fail(err, MF_E_FORMAT, "version %d of the .npy format; 1 to 3 are known", data[6]);
    at  = data[6] == 1 ? 10 : 12;
    len = (size_t)data[8] | (size_t)data[9] << 8;
    if (data[6] != 1)
        len |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
    if (len > HEADER_MAX || len > size - at)
        return mf_fail(err, MF_E_FORMAT, "the header is cut short or too long");
    memcpy(dict, data + at, len);
    dict[len] = '\0';
    *begin    = at + len;
    order     = find_key(dict, "fortran_order");
    if ((st = read_type(l, find_key(dict, "descr"), err)) < 0 || (st = read_shape(l, find_key(dict, "shape"), err)) < 0)
        return st;
    if (order && mf_str_starts(order, "True") && l->axes > 1) /* one axis reads the same either way */
        return mf_fail(err, MF_E_FORMAT, "the array is stored column by column (fortran_order)");
    return MF_OK;
}

static uint64_t
little(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    while (n--)
        v = v << 8 | p[n];
    return v;
}

static double
number(const layout *l, const uint8_t *p)
{
    uint64_t bits = little(p, l->item);
    uint32_t low  = (uint32_t)bits;
    float    f;
    double   d;

    if (l->kind == 'f' && l->item == 4) {
        memcpy(&f, &low, 4);
        return (double)f;
    }
    if (l->kind == 'f') {
        memcpy(&d, &bits, 8);
        return d;
    }
    if (l->kind == 'i' && bits >> (8 * l->item - 1)) /* negative: extend the sign */
        return -(double)(~(bits | (l->item < 8 ? ~UINT64_C(0) << (8 * l->item) : 0)) + 1);
    return (double)bits;
}

static mf_status
text_number(double *out, const layout *l, const uint8_t *p, mf_err *err)
{
    char   text[TEXT_MAX + 1];
    size_t step = l->kind == 'U' ? 4 : 1, i, n = 0;

    for (i = 0; i < l->item; i += step) {
        uint64_t c = little(p + i, step);

        if (c == 0)
            break;
        if (c < 0x20 || c > 0x7e)
            return mf_fail(err, MF_E_FORMAT, "a text that is no number");
        text[n++] = (char)c;
    }
    text[n] = '\0';
    return mf_parse_f64(out, text, -1e12, 1e12, err) < 0 ? mf_fail_in(err, MF_E_FORMAT, "a text for a number") : MF_OK;
}

mf_status
mf_npy_parse(double *out, size_t *n, size_t cap, const char *name, const uint8_t *data, size_t size, mf_err *err)
{
    mf_status st;
    layout    l     = {0};
    size_t    begin = 0, i;

    *n = 0;
    if ((st = read_header(&l, &begin, data, size, err)) < 0)
        goto done;
    if (l.count > cap)
        st = mf_fail(err, MF_E_LIMIT, "%zu values where %zu are expected", l.count, cap);
    else if (l.count * l.item > size - begin) /* at most 2^20 values of 256 bytes */
        st = mf_fail(err, MF_E_FORMAT, "the values are cut short");
    for (i = 0; i < l.count && st == MF_OK; i++) {
        if (l.kind == 'S' || l.kind == 'U')
            st = text_number(&out[i], &l, data + begin + i * l.item, err);
        else
            out[i] = number(&l, data + begin + i * l.item);
    }
    if (st == MF_OK)
        *n = l.count;
done:
    return st < 0 ? mf_fail_in(err, st, "%s", name) : MF_OK;
}

mf_status
mf_npy_load(double *out, size_t *n, size_t cap, const char *path, mf_err *err)
{
    mf_status st;
    mf_blob   file = {0};

    *n = 0;
    if ((st = mf_file_read(&file, path, MF_NPY_MAX_BYTES, err)) < 0)
        return st;
    st = mf_npy_parse(out, n, cap, path, file.data, file.size, err);
    mf_blob_free(&file);
    return st;
}
