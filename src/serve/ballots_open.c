/* serve/ballots_open.c: the file of answers opened, made, and held against the data set. */
#include "serve/ballots_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/str.h"

#if MF_HAVE_SQLITE
#include <sqlite3.h>

enum { APPLICATION = 0x6d666572 /* "mfer" */, VERSION = 1, BUSY_MS = 10000 };

static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, token TEXT NOT NULL UNIQUE, added TEXT NOT NULL);"
    "CREATE TABLE image(id INTEGER PRIMARY KEY, image TEXT NOT NULL UNIQUE, label TEXT NOT NULL);"
    /* What was asked for, in order; verdict NULL: the answer was taken back. */
    "CREATE TABLE event(seq INTEGER PRIMARY KEY AUTOINCREMENT, person INTEGER NOT NULL REFERENCES person(id),"
    " client TEXT NOT NULL, image INTEGER NOT NULL REFERENCES image(id), again INTEGER NOT NULL, verdict TEXT, label TEXT,"
    " ms INTEGER, at TEXT NOT NULL, UNIQUE(person, client));"
    /* What counts. */
    "CREATE TABLE vote(person INTEGER NOT NULL REFERENCES person(id), image INTEGER NOT NULL REFERENCES image(id),"
    " again INTEGER NOT NULL CHECK(again IN (0, 1)), verdict TEXT NOT NULL CHECK(verdict IN ('agree', 'other', 'unsure')),"
    " label TEXT, ms INTEGER, seq INTEGER NOT NULL UNIQUE, PRIMARY KEY(person, image, again)) WITHOUT ROWID;"
    "CREATE INDEX vote_image ON vote(image);";

static const char *const sql[MF_SQL_COUNT] = {
    [MF_SQL_BEGIN]       = "BEGIN IMMEDIATE",
    [MF_SQL_COMMIT]      = "COMMIT",
    [MF_SQL_ROLLBACK]    = "ROLLBACK",
    [MF_SQL_PEOPLE]      = "SELECT id, name, token FROM person ORDER BY id",
    [MF_SQL_ADD_PERSON]  = "INSERT INTO person(name, token, added) VALUES(?, ?, ?)",
    [MF_SQL_FIND_EVENT]  = "SELECT seq, image, again, verdict, label FROM event WHERE person = ? AND client = ?",
    [MF_SQL_ADD_EVENT]   = "INSERT INTO event(person, client, image, again, verdict, label, ms, at) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
    [MF_SQL_ADD_VOTE]    = "INSERT INTO vote(person, image, again, verdict, label, ms, seq) VALUES(?, ?, ?, ?, ?, ?, ?)",
    [MF_SQL_DROP_VOTE]   = "DELETE FROM vote WHERE person = ? AND image = ? AND again = ?",
    [MF_SQL_STANDING]    = "SELECT seq FROM vote WHERE person = ? AND image = ? AND again = ?",
    [MF_SQL_VOTES]       = "SELECT person, image, again, verdict, label, ms, seq FROM vote ORDER BY image, person, again",
    [MF_SQL_FIND_IMAGE]  = "SELECT id, label FROM image WHERE image = ?",
    [MF_SQL_ADD_IMAGE]   = "INSERT INTO image(image, label) VALUES(?, ?)",
    [MF_SQL_LABEL_IMAGE] = "UPDATE image SET label = ? WHERE id = ?",
    [MF_SQL_IMAGE_VOTES] = "SELECT count(*) FROM vote WHERE image = ?",
    [MF_SQL_GET_META]    = "SELECT value FROM meta WHERE key = ?",
    [MF_SQL_PUT_META]    = "INSERT INTO meta(key, value) VALUES(?, ?)",
};

/* ---- the file ---- */

/* The file is its owner's alone: it holds the tokens. */
static mf_status
make_file(const mf_ballots *b, mf_err *err)
{
    int fd;

    if (mf_path_exists(b->path))
        return MF_OK;
    if (!b->write)
        return mf_fail(err, MF_E_NOTFOUND, "there are no votes yet: '%s' is not there", b->path);
    if ((fd = open(b->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
        return mf_fail_errno(err, errno, "cannot make '%s'", b->path);
    close(fd);
    return MF_OK;
}

/* A lock of its own: closing a descriptor of the database itself would end SQLite's. It ends with the process. */
static mf_status
lock_file(mf_ballots *b, mf_err *err)
{
    mf_str    name = {0};
    mf_status st;

    mf_str_printf(&name, "%s-lock", b->path);
    if ((st = mf_str_ok(&name, err)) < 0)
        goto done;
    if ((b->lock = open(mf_str_c(&name), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
        st = mf_fail_errno(err, errno, "cannot make '%s'", mf_str_c(&name));
    else if (flock(b->lock, LOCK_EX | LOCK_NB) != 0)
        st = errno == EWOULDBLOCK
                 ? mf_fail(err, MF_E_STATE, "votes '%s': another maskfer annotate is running on them; end that one first", b->path)
                 : mf_fail_errno(err, errno, "cannot lock '%s'", mf_str_c(&name));
done:
    mf_str_free(&name);
    return st;
}

static mf_status
exec(mf_ballots *b, const char *text, const char *what, mf_err *err)
{
    return sqlite3_exec(b->db, text, NULL, NULL, NULL) == SQLITE_OK ? MF_OK : mf_ballots_fail(b, what, err);
}

/* First column of the first row of `text`, as text of at most 31 bytes. */
static mf_status
ask(mf_ballots *b, char out[32], const char *text, mf_err *err)
{
    sqlite3_stmt *s  = NULL;
    mf_status     st = MF_OK;

    out[0] = '\0';
    if (sqlite3_prepare_v2(b->db, text, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
        st = mf_ballots_fail(b, "cannot read it", err);
    else
        snprintf(out, 32, "%s", sqlite3_column_type(s, 0) == SQLITE_NULL ? "" : (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    return st;
}

static mf_status
expect(mf_ballots *b, const char *text, const char *want, mf_status otherwise, const char *sentence, mf_err *err)
{
    char      got[32];
    mf_status st = ask(b, got, text, err);

    return st < 0 || mf_str_eq(got, want) ? st : mf_fail(err, otherwise, "votes '%s': %s", b->path, sentence);
}

static mf_status
open_db(mf_ballots *b, mf_err *err)
{
    char      tables[32];
    mf_status st;

    if (sqlite3_open_v2(b->path, &b->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL) != SQLITE_OK)
        return mf_ballots_fail(b, "cannot open it", err);
    sqlite3_extended_result_codes(b->db, 0);
    sqlite3_busy_timeout(b->db, BUSY_MS);
    if ((st = ask(b, tables, "SELECT count(*) FROM sqlite_master", err)) < 0)
        return st;
    if (mf_str_eq(tables, "0")) {
        char text[128];

        snprintf(text, sizeof text, "PRAGMA application_id = %d; PRAGMA user_version = %d", (int)APPLICATION, (int)VERSION);
        if ((st = expect(b, "PRAGMA journal_mode = WAL", "wal", MF_E_IO,
                         "this file system allows no write-ahead log; give a --db on a local disk", err)) < 0 ||
            (st = exec(b, "BEGIN IMMEDIATE", "cannot begin to write", err)) < 0 ||
            (st = exec(b, text, "cannot mark it as ours", err)) < 0 || (st = exec(b, schema, "cannot make its tables", err)) < 0 ||
            (st = exec(b, "COMMIT", "cannot bring it to disk", err)) < 0)
            return st;
    }
    if ((st = expect(b, "PRAGMA application_id", "1835427186", MF_E_FORMAT, "this is no file of maskfer's votes", err)) < 0 ||
        (st = expect(b, "PRAGMA user_version", "1", MF_E_UNSUPPORTED, "made by a newer maskfer", err)) < 0 ||
        (st = expect(b, "PRAGMA quick_check(1)", "ok", MF_E_FORMAT, "the file is damaged; restore it from a copy", err)) < 0 ||
        (st = exec(b, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF", "cannot set it up",
                   err)) < 0)
        return st;
    if ((st = expect(b, "PRAGMA journal_mode", "wal", MF_E_FORMAT, "its write-ahead log was switched off", err)) < 0)
        return st;
    return expect(b, "PRAGMA synchronous", "2", MF_E_INTERNAL, "SQLite does not bring every answer to disk", err);
}

static mf_status
prepare(mf_ballots *b, mf_err *err)
{
    int i;

    for (i = 0; i < MF_SQL_COUNT; i++)
        if (sqlite3_prepare_v3(b->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &b->stmt[i], NULL) != SQLITE_OK)
            return mf_ballots_fail(b, "its tables are not ours", err);
    return MF_OK;
}

/* ---- what must stay the same ---- */

/* The value kept under `key`; `value` is put there when there is none. *same: it is `value`. */
static mf_status
keep_meta(mf_ballots *b, const char *key, const char *value, mf_str *kept, bool *same, mf_err *err)
{
    sqlite3_stmt *s  = mf_ballots_stmt(b, MF_SQL_GET_META);
    mf_status     st = MF_OK;
    int           rc;

    mf_str_clear(kept);
    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        mf_str_add(kept, (const char *)sqlite3_column_text(s, 0));
    } else if (rc == SQLITE_DONE && !b->write) {
        mf_str_add(kept, value);
    } else if (rc == SQLITE_DONE) {
        mf_str_add(kept, value);
        s = mf_ballots_stmt(b, MF_SQL_PUT_META);
        sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 2, value, -1, SQLITE_STATIC);
        st = mf_ballots_do(b, MF_SQL_PUT_META, "cannot write how it began", err);
    } else {
        st = mf_ballots_fail(b, "cannot read how it began", err);
    }
    sqlite3_reset(b->stmt[MF_SQL_GET_META]);
    *same = mf_str_eq(mf_str_c(kept), value);
    return st == MF_OK ? mf_str_ok(kept, err) : st;
}

static mf_status
check_begun(mf_ballots *b, const mf_ballots_opts *o, mf_err *err)
{
    mf_str    classes = {0}, kept = {0};
    char      seed[32], share[32];
    int64_t   n  = 0;
    bool      same;
    mf_status st;
    int       k;

    for (k = 0; k < b->data->n_classes; k++)
        mf_str_printf(&classes, "%s%s", k ? "\n" : "", b->data->classes[k]);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)o->seed);
    mf_num_text(share, o->share);
    if ((st = mf_str_ok(&classes, err)) < 0 || (st = keep_meta(b, "classes", mf_str_c(&classes), &kept, &same, err)) < 0)
        goto done;
    if (!same) {
        st = mf_fail(err, MF_E_STATE, "votes '%s': the classes of dataset.yaml are not those that people were shown; put them "
                     "back, or begin anew with another --db", b->path);
        goto done;
    }
    if ((st = keep_meta(b, "seed", seed, &kept, &same, err)) < 0)
        goto done;
    if (!same && o->seed_given) {
        st = mf_fail(err, MF_E_USAGE, "votes '%s' began with --seed %s, which cannot change", b->path, mf_str_c(&kept));
        goto done;
    }
    if ((st = mf_parse_i64(&n, mf_str_c(&kept), 0, INT64_MAX, err)) < 0)
        goto done;
    b->seed = (uint64_t)n;
    if ((st = keep_meta(b, "repeat-share", share, &kept, &same, err)) < 0)
        goto done;
    if (!same && o->share_given) {
        st = mf_fail(err, MF_E_USAGE, "votes '%s' began with --repeat-share %s, which cannot change", b->path, mf_str_c(&kept));
        goto done;
    }
    st = mf_parse_f64(&b->share, mf_str_c(&kept), 0, 0.5, err);
done:
    mf_str_free(&classes);
    mf_str_free(&kept);
    return st;
}

/* The label that people saw is no longer that of the manifest: fine as long as nobody has answered. */
static mf_status
relabel(mf_ballots *b, int64_t image, size_t row, const char *before, mf_err *err)
{
    const char   *now = b->data->classes[b->data->rows[row].label];
    sqlite3_stmt *s   = mf_ballots_stmt(b, MF_SQL_IMAGE_VOTES);
    int64_t       n;

    sqlite3_bind_int64(s, 1, image);
    if (sqlite3_step(s) != SQLITE_ROW)
        return mf_ballots_fail(b, "cannot count answers", err);
    n = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    if (n > 0)
        return mf_fail(err, MF_E_STATE, "votes '%s': people were asked about picture '%.200s' as '%s', and it is '%s' in the manifest "
                       "now; put the label back, or begin anew with another --db", b->path, b->data->rows[row].image, before, now);
    if (!b->write)
        return MF_OK;
    s = mf_ballots_stmt(b, MF_SQL_LABEL_IMAGE);
    sqlite3_bind_text(s, 1, now, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, image);
    return mf_ballots_do(b, MF_SQL_LABEL_IMAGE, "cannot write a label", err);
}

static mf_status
match_image(mf_ballots *b, size_t row, mf_err *err)
{
    const mf_row *r  = &b->data->rows[row];
    sqlite3_stmt *s  = mf_ballots_stmt(b, MF_SQL_FIND_IMAGE);
    mf_str        before = {0};
    mf_status     st = MF_OK;
    int           rc;

    sqlite3_bind_text(s, 1, r->image, -1, SQLITE_STATIC);
    if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        b->image_of[row] = sqlite3_column_int64(s, 0);
        mf_str_add(&before, (const char *)sqlite3_column_text(s, 1));
        sqlite3_reset(s);
        if ((st = mf_str_ok(&before, err)) == MF_OK && !mf_str_eq(mf_str_c(&before), b->data->classes[r->label]))
            st = relabel(b, b->image_of[row], row, mf_str_c(&before), err);
        mf_str_free(&before);
        return st;
    }
    if (rc != SQLITE_DONE)
        return mf_ballots_fail(b, "cannot read the pictures", err);
    sqlite3_reset(s);
    if (!b->write)
        return MF_OK;
    s = mf_ballots_stmt(b, MF_SQL_ADD_IMAGE);
    sqlite3_bind_text(s, 1, r->image, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, b->data->classes[r->label], -1, SQLITE_STATIC);
    if ((st = mf_ballots_do(b, MF_SQL_ADD_IMAGE, "cannot add a picture", err)) == MF_OK)
        b->image_of[row] = sqlite3_last_insert_rowid(b->db);
    return st;
}

static mf_status
match_images(mf_ballots *b, mf_err *err)
{
    char      most[32];
    mf_status st = MF_OK;
    size_t    i;

    for (i = 0; i < b->data->n_rows && st == MF_OK; i++)
        st = match_image(b, i, err);
    if (st < 0 || (st = ask(b, most, "SELECT coalesce(max(id), 0) FROM image", err)) < 0 ||
        (st = mf_parse_i64(&b->n_images, most, 0, INT32_MAX, err)) < 0)
        return st;
    if ((b->row_of = mf_calloc((size_t)b->n_images + 1, sizeof *b->row_of)) == NULL)
        return mf_oom(err, ((size_t)b->n_images + 1) * sizeof *b->row_of, "numbers of pictures");
    memset(b->row_of, 0xff, ((size_t)b->n_images + 1) * sizeof *b->row_of);
    for (i = 0; i < b->data->n_rows; i++)
        if (b->image_of[i] > 0)
            b->row_of[b->image_of[i]] = (uint32_t)i;
    return MF_OK;
}

mf_status
mf_ballots_open(mf_ballots **out, const char *path, const mf_dataset *d, const mf_ballots_opts *o, mf_err *err)
{
    mf_ballots *b = mf_calloc(1, sizeof *b);
    mf_status   st;

    *out = NULL;
    if (b == NULL)
        return mf_oom(err, sizeof *b, "the votes");
    b->lock     = -1;
    b->write    = o->write;
    b->data     = d;
    b->path     = mf_strdup(path);
    b->image_of = mf_calloc(d->n_rows, sizeof *b->image_of);
    if (b->path == NULL || b->image_of == NULL) {
        st = mf_oom(err, d->n_rows * sizeof *b->image_of, "the votes");
        goto fail;
    }
    if ((st = make_file(b, err)) < 0 || (b->write && (st = lock_file(b, err)) < 0) || (st = open_db(b, err)) < 0 ||
        (st = prepare(b, err)) < 0 || (b->write && (st = mf_ballots_begin(b, err)) < 0))
        goto fail;
    if ((st = check_begun(b, o, err)) == MF_OK && (st = match_images(b, err)) == MF_OK)
        st = mf_ballots_read_people(b, err);
    if (b->write)
        st = mf_ballots_end(b, st, err);
    if (st < 0)
        goto fail;
    *out = b;
    return MF_OK;
fail:
    mf_ballots_close(b);
    return st;
}

void
mf_ballots_close(mf_ballots *b)
{
    int i;

    if (b == NULL)
        return;
    for (i = 0; i < MF_SQL_COUNT; i++)
        sqlite3_finalize(b->stmt[i]);
    sqlite3_close(b->db); /* the last one to close brings the log into the file */
    if (b->lock >= 0)
        close(b->lock);
    mf_free(b->path);
    mf_free(b->image_of);
    mf_free(b->row_of);
    mf_free(b->people);
    mf_free(b);
}

uint64_t
mf_ballots_seed(const mf_ballots *b)
{
    return b->seed;
}

double
mf_ballots_share(const mf_ballots *b)
{
    return b->share;
}

#else /* nothing but opening can be reached */

mf_status
mf_ballots_open(mf_ballots **out, const char *path, const mf_dataset *d, const mf_ballots_opts *o, mf_err *err)
{
    (void)path;
    (void)d;
    (void)o;
    *out = NULL;
    return mf_fail(err, MF_E_UNSUPPORTED, "this build keeps no votes: install libsqlite3-dev and build maskfer again");
}

void
mf_ballots_close(mf_ballots *b)
{
    (void)b;
}

uint64_t
mf_ballots_seed(const mf_ballots *b)
{
    return b->seed;
}

double
mf_ballots_share(const mf_ballots *b)
{
    return b->share;
}

const mf_person *
mf_ballots_people(const mf_ballots *b, size_t *n)
{
    *n = b->n_people;
    return b->people;
}

mf_status
mf_person_check_name(const char *name, mf_err *err)
{
    return mf_fail(err, MF_E_UNSUPPORTED, "this build keeps no votes of '%s'", name);
}

mf_status
mf_ballots_add_person(mf_ballots *b, const char *name, mf_err *err)
{
    return mf_fail(err, MF_E_STATE, "no votes are open for %p and '%s'", (void *)b, name);
}

mf_status
mf_ballots_cast(mf_ballots *b, const char *client, const mf_ballot *v, int64_t *seq, mf_err *err)
{
    (void)v;
    (void)seq;
    return mf_ballots_add_person(b, client, err);
}

mf_status
mf_ballots_withdraw(mf_ballots *b, const char *client, const mf_ballot *v, int64_t *seq, mf_err *err)
{
    (void)v;
    (void)seq;
    return mf_ballots_add_person(b, client, err);
}

mf_status
mf_ballots_each(mf_ballots *b, mf_ballot_fn *fn, void *arg, size_t *left_out, mf_err *err)
{
    (void)fn;
    (void)arg;
    (void)left_out;
    return mf_ballots_add_person(b, "", err);
}

#endif
