/* core/csv.c: RFC 4180, read one row at a time through a buffer. */
#include "core/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"

enum { READ_BUF = 1 << 16, END = -1, FAILED = -2 };

struct mf_csv {
    char          *name;
    int            fd; /* -1: over memory */
    uint8_t       *buf;
    const uint8_t *at, *end;
    long           line, row_line; /* the line being read; where the last row began */
    uint64_t       taken, row_at;  /* bytes taken in all; where the last row began */
    bool           started;
    mf_str         text; /* the fields of a row, each with its NUL */
    size_t        *begin;
    char         **field;
    size_t         n, cap, row_bytes;
    int            more;     /* UTF-8: continuation bytes still due */
    uint8_t        lo, hi;   /* UTF-8: range of the next continuation byte */
};

static mf_status
make(mf_csv **out, const char *name, mf_err *err)
{
    mf_csv *c = mf_calloc(1, sizeof *c);

    if (c == NULL || (c->name = mf_strdup(name)) == NULL) {
        mf_free(c);
        return mf_oom(err, sizeof *c, "a CSV reader");
    }
    c->fd   = -1;
    c->line = 1;
    *out    = c;
    return MF_OK;
}

mf_status
mf_csv_open(mf_csv **out, const char *path, mf_err *err)
{
    mf_csv   *c = NULL;
    mf_status st;

    *out = NULL;
    if ((st = make(&c, path, err)) < 0) {
        return st;
    }
    if ((c->buf = mf_realloc(NULL, READ_BUF, 1)) == NULL) {
        st = mf_oom(err, READ_BUF, "a CSV reader");
    } else if ((c->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
        st = mf_fail_errno(err, errno, "cannot open '%s'", path);
    }
    if (st < 0) {
        mf_csv_close(c);
        return st;
    }
    *out = c;
    return MF_OK;
}

mf_status
mf_csv_open_mem(mf_csv **out, const char *name, const char *text, size_t size, mf_err *err)
{
    mf_status st;

    *out = NULL;
    if ((st = make(out, name, err)) == MF_OK && size != 0) {
        (*out)->at  = (const uint8_t *)text;
        (*out)->end = (*out)->at + size;
    }
    return st;
}

void
mf_csv_close(mf_csv *c)
{
    if (c == NULL) {
        return;
    }
    if (c->fd >= 0) {
        close(c->fd);
    }
    mf_str_free(&c->text);
    mf_free(c->begin);
    mf_free(c->field);
    mf_free(c->buf);
    mf_free(c->name);
    mf_free(c);
}

long
mf_csv_line(const mf_csv *c)
{
    return c->row_line;
}

void
mf_csv_span(const mf_csv *c, uint64_t *offset, uint64_t *size)
{
    *offset = c->row_at;
    *size   = c->taken - c->row_at;
}

/* The next byte without taking it, END, or FAILED with the sentence set. */
static int
peek(mf_csv *c, mf_err *err)
{
    while (c->at == c->end && c->fd >= 0) {
        ssize_t got = read(c->fd, c->buf, READ_BUF);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            mf_fail_errno(err, errno, "cannot read '%s'", c->name);
            return FAILED;
        }
        if (got == 0) {
            return END;
        }
        c->at  = c->buf;
        c->end = c->buf + got;
    }
    return c->at == c->end ? END : *c->at;
}

static mf_status
wrong(const mf_csv *c, mf_err *err, mf_status code, const char *what)
{
    return mf_fail(err, code, "%s: line %ld: %s", c->name, c->line, what);
}

/* One step of the UTF-8 automaton (Unicode 15, table 3-7): false on an ill-formed byte. */
static bool
utf8_step(mf_csv *c, uint8_t b)
{
    if (c->more > 0) {
        if (b < c->lo || b > c->hi) {
            return false;
        }
        c->more--;
        c->lo = 0x80;
        c->hi = 0xbf;
        return true;
    }
    c->lo = 0x80;
    c->hi = 0xbf;
    if (b < 0x80) {
        return true;
    }
    if (b >= 0xc2 && b <= 0xdf) {
        c->more = 1;
    } else if (b >= 0xe0 && b <= 0xef) {
        c->more = 2;
        c->lo   = b == 0xe0 ? 0xa0 : 0x80;
        c->hi   = b == 0xed ? 0x9f : 0xbf;
    } else if (b >= 0xf0 && b <= 0xf4) {
        c->more = 3;
        c->lo   = b == 0xf0 ? 0x90 : 0x80;
        c->hi   = b == 0xf4 ? 0x8f : 0xbf;
    } else {
        return false;
    }
    return true;
}

/* Take the byte that peek showed, after judging it. */
static mf_status
take(mf_csv *c, int b, mf_err *err)
{
    c->at++;
    c->taken++;
    if (b == 0) {
        return wrong(c, err, MF_E_FORMAT, "a NUL byte; expected UTF-8 text (not UTF-16, nor a binary file)");
    }
    if (!utf8_step(c, (uint8_t)b)) {
        return wrong(c, err, MF_E_FORMAT, "not UTF-8; save the file as UTF-8");
    }
    if (++c->row_bytes > MF_CSV_MAX_LINE) {
        return wrong(c, err, MF_E_LIMIT, "a row of more than 1 MiB; is a quote left open?");
    }
    return MF_OK;
}

static mf_status
begin_field(mf_csv *c, mf_err *err)
{
    if (c->n == MF_CSV_MAX_FIELDS) {
        return wrong(c, err, MF_E_LIMIT, "more than 4096 fields in a row");
    }
    if (c->n == c->cap) {
        size_t  cap   = c->cap == 0 ? 16 : c->cap * 2;
        size_t *begin = mf_realloc(c->begin, cap, sizeof *begin);
        char  **field;

        if (begin == NULL) {
            return mf_oom(err, cap * sizeof *begin, "CSV fields");
        }
        c->begin = begin;
        if ((field = mf_realloc(c->field, cap, sizeof *field)) == NULL) {
            return mf_oom(err, cap * sizeof *field, "CSV fields");
        }
        c->field = field;
        c->cap   = cap;
    }
    c->begin[c->n++] = c->text.len;
    return MF_OK;
}

/* After the opening quote: up to and with the closing one. */
static mf_status
read_quoted(mf_csv *c, mf_err *err)
{
    long      opened = c->line;
    mf_status st;
    int       b;

    for (;;) {
        if ((b = peek(c, err)) == FAILED) {
            return MF_E_IO;
        }
        if (b == END) {
            return mf_fail(err, MF_E_FORMAT, "%s: line %ld: a quote that is never closed", c->name, opened);
        }
        if ((st = take(c, b, err)) < 0) {
            return st;
        }
        if (b == '"') {
            if ((b = peek(c, err)) == FAILED) {
                return MF_E_IO;
            }
            if (b != '"') {
                return MF_OK;
            }
            if ((st = take(c, b, err)) < 0) {
                return st;
            }
        }
        mf_str_addc(&c->text, (char)b);
        c->line += b == '\n';
    }
}

/* One row into c->text; *end is set when the file is done. A blank line gives one empty unquoted field. */
static mf_status
read_row(mf_csv *c, bool *blank, bool *end, mf_err *err)
{
    bool      quoted = false, at_start = true;
    mf_status st;
    int       b;

    c->n         = 0;
    c->row_bytes = 0;
    c->row_line  = c->line;
    c->row_at    = c->taken;
    mf_str_clear(&c->text);
    *blank = true;
    *end   = false;
    if ((st = begin_field(c, err)) < 0) {
        return st;
    }
    for (;;) {
        if ((b = peek(c, err)) == FAILED) {
            return MF_E_IO;
        }
        if (b == END) {
            if (c->more > 0) {
                return wrong(c, err, MF_E_FORMAT, "not UTF-8; the file ends inside a character");
            }
            *end = true;
            break;
        }
        if ((st = take(c, b, err)) < 0) {
            return st;
        }
        if (b == '\r') {
            int next = peek(c, err);

            if (next == FAILED) {
                return MF_E_IO;
            }
            if (next != '\n' && next != END) {
                return wrong(c, err, MF_E_FORMAT, "a carriage return without a line feed; save with LF or CRLF line ends");
            }
            continue;
        }
        if (b == '\n') {
            c->line++;
            break;
        }
        *blank = false;
        if (b == ',') {
            mf_str_addc(&c->text, '\0');
            if ((st = begin_field(c, err)) < 0) {
                return st;
            }
            quoted   = false;
            at_start = true;
        } else if (quoted) {
            return wrong(c, err, MF_E_FORMAT, "text after a closing quote; expected a comma");
        } else if (b == '"') {
            if (!at_start) {
                return wrong(c, err, MF_E_FORMAT, "a quote inside a field that does not begin with one");
            }
            if ((st = read_quoted(c, err)) < 0) {
                return st;
            }
            quoted = true;
        } else {
            mf_str_addc(&c->text, (char)b);
            at_start = false;
        }
    }
    mf_str_addc(&c->text, '\0');
    return mf_str_ok(&c->text, err);
}

/* A byte-order mark at the very beginning is passed over. */
static mf_status
skip_bom(mf_csv *c, mf_err *err)
{
    static const uint8_t bom[3] = {0xef, 0xbb, 0xbf};

    c->started = true;
    if (peek(c, err) == FAILED) {
        return MF_E_IO;
    }
    /* A file's first read gives at least three bytes if it has them, short of a pipe that trickles. */
    if (c->end - c->at >= 3 && memcmp(c->at, bom, 3) == 0) {
        c->at += 3;
        c->taken += 3;
    }
    return MF_OK;
}

mf_status
mf_csv_next(mf_csv *c, char ***fields, size_t *n, mf_err *err)
{
    mf_status st;
    bool      blank, end = false;
    size_t    i;

    *fields = NULL;
    *n      = 0;
    if (!c->started && (st = skip_bom(c, err)) < 0) {
        return st;
    }
    do {
        if ((st = read_row(c, &blank, &end, err)) < 0) {
            return st;
        }
    } while (blank && !end);
    if (blank) {
        return MF_OK;
    }
    for (i = 0; i < c->n; i++) {
        c->field[i] = c->text.data + c->begin[i];
    }
    *fields = c->field;
    *n      = c->n;
    return MF_OK;
}

int
mf_csv_column(char **header, size_t n, const char *name)
{
    size_t i, want = strlen(name);

    for (i = 0; i < n; i++) {
        const char *h   = header[i] + strspn(header[i], " \t");
        size_t      len = strlen(h);

        while (len != 0 && (h[len - 1] == ' ' || h[len - 1] == '\t')) {
            len--;
        }
        if (len == want && memcmp(h, name, want) == 0) {
            return (int)i;
        }
    }
    return -1;
}

void
mf_csv_put(mf_str *out, const char *field)
{
    /* A leading byte-order mark is quoted too, or it would be passed over at the beginning of a file. */
    if (strpbrk(field, ",\"\r\n") == NULL && !mf_str_starts(field, "\xef\xbb\xbf")) {
        mf_str_add(out, field);
        return;
    }
    mf_str_addc(out, '"');
    for (; *field != '\0'; field++) {
        if (*field == '"') {
            mf_str_addc(out, '"');
        }
        mf_str_addc(out, *field);
    }
    mf_str_addc(out, '"');
}
