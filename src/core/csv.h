/* core/csv.h: RFC 4180 rows, LF or CRLF, optional UTF-8 byte-order mark, limits on line and field counts. */
#ifndef MF_CORE_CSV_H
#define MF_CORE_CSV_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/str.h"

enum { MF_CSV_MAX_LINE = 1 << 20, MF_CSV_MAX_FIELDS = 4096 };

typedef struct mf_csv mf_csv;
/* Read through a buffer: a file larger than memory works. The sentence names the file. */
mf_status mf_csv_open(mf_csv **out, const char *path, mf_err *err);
/* Over memory that outlives the reader; `name` is used in sentences. */
mf_status mf_csv_open_mem(mf_csv **out, const char *name, const char *text, size_t size, mf_err *err);
void      mf_csv_close(mf_csv *c);
/* Next non-blank row: *n fields, lent until the next call; *n = 0 at the end. Errors: a broken quote, a NUL byte, text
 * that is not UTF-8, a line over the limit; each with "FILE: line L: ...". */
mf_status mf_csv_next(mf_csv *c, char ***fields, size_t *n, mf_err *err);
long      mf_csv_line(const mf_csv *c); /* line where the last row began, from 1 */
/* Where the last row began, in bytes from the beginning, and its length with its line end: it can be read again by
 * itself. */
void      mf_csv_span(const mf_csv *c, uint64_t *offset, uint64_t *size);
/* Column of a header name (spaces around names are ignored), or -1. `header` is a row read before. */
int mf_csv_column(char **header, size_t n, const char *name);

/* Append a field, quoted where needed; the caller adds ',' and '\n'. */
void mf_csv_put(mf_str *out, const char *field);

#endif
