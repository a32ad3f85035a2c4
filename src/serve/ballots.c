/* serve/ballots.c: people and their answers in the database. A change is one transaction: the line of the log and the
 * answer itself, or neither. */
#include "serve/ballots_db.h"

#include <stdio.h>
#include <string.h>
#include "core/clock.h"
#include "core/mem.h"

#if MF_HAVE_SQLITE
#include <sqlite3.h>

mf_status
mf_ballots_fail(const mf_ballots *b, const char *what, mf_err *err)
{
    int       code = b->db != NULL ? sqlite3_errcode(b->db) & 0xff : SQLITE_NOMEM;
    mf_status st   = MF_E_INTERNAL;

    switch (code) {
    case SQLITE_NOMEM:    return mf_oom(err, sizeof *b, "the votes");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:  st = MF_E_FORMAT; break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL: st = MF_E_IO; break;
    default:              break;
    }
    return mf_fail(err, st, "votes '%s': %s: %s", b->path, what, sqlite3_errmsg(b->db));
}

sqlite3_stmt *
mf_ballots_stmt(mf_ballots *b, mf_ballots_sql which)
{
    sqlite3_reset(b->stmt[which]);
    sqlite3_clear_bindings(b->stmt[which]);
    return b->stmt[which];
}

mf_status
mf_ballots_do(mf_ballots *b, mf_ballots_sql which, const char *what, mf_err *err)
{
    int       rc = sqlite3_step(b->stmt[which]);
    mf_status st = rc == SQLITE_DONE ? MF_OK : mf_ballots_fail(b, what, err);

    sqlite3_reset(b->stmt[which]);
    return st;
}

mf_status
mf_ballots_begin(mf_ballots *b, mf_err *err)
{
    mf_ballots_stmt(b, MF_SQL_BEGIN);
    return mf_ballots_do(b, MF_SQL_BEGIN, "cannot begin to write", err);
}

mf_status
mf_ballots_end(mf_ballots *b, mf_status st, mf_err *err)
{
    if (st == MF_OK) {
        mf_ballots_stmt(b, MF_SQL_COMMIT);
        st = mf_ballots_do(b, MF_SQL_COMMIT, "cannot bring an answer to disk", err);
    }
    if (st < 0 && !sqlite3_get_autocommit(b->db)) {
        mf_ballots_stmt(b, MF_SQL_ROLLBACK);
        (void)mf_ballots_do(b, MF_SQL_ROLLBACK, "cannot roll back", NULL);
    }
    return st;
}

/* ---- people ---- */

const mf_person *
mf_ballots_people(const mf_ballots *b, size_t *n)
{
    *n = b->n_people;
    return b->people;
}

mf_status
mf_ballots_read_people(mf_ballots *b, mf_err *err)
{
    sqlite3_stmt *s = mf_ballots_stmt(b, MF_SQL_PEOPLE);
    mf_person    *grown;
    int           rc;

    b->n_people = 0;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        mf_person *p;

        if (b->n_people == MF_PEOPLE_MAX) {
            sqlite3_reset(s);
            return mf_fail(err, MF_E_LIMIT, "votes '%s': more than %d people", b->path, (int)MF_PEOPLE_MAX);
        }
        if ((grown = mf_realloc(b->people, b->n_people + 1, sizeof *grown)) == NULL) {
            sqlite3_reset(s);
            return mf_oom(err, (b->n_people + 1) * sizeof *grown, "people");
        }
        b->people = grown;
        p         = &b->people[b->n_people++];
        p->id     = sqlite3_column_int64(s, 0);
        snprintf(p->name, sizeof p->name, "%s", (const char *)sqlite3_column_text(s, 1));
        snprintf(p->token, sizeof p->token, "%s", (const char *)sqlite3_column_text(s, 2));
    }
    sqlite3_reset(s);
    return rc == SQLITE_DONE ? MF_OK : mf_ballots_fail(b, "cannot read the people", err);
}

mf_status
mf_person_check_name(const char *name, mf_err *err)
{
    size_t i, n = strlen(name);

    if (n == 0 || n > MF_PERSON_NAME_MAX)
        return mf_fail(err, MF_E_USAGE, "the name of a person has 1 to %d bytes, not '%.80s'", (int)MF_PERSON_NAME_MAX, name);
    for (i = 0; i < n; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return mf_fail(err, MF_E_USAGE, "the name of a person has no control characters");
    return MF_OK;
}

mf_status
mf_ballots_add_person(mf_ballots *b, const char *name, mf_err *err)
{
    mf_status     st;
    sqlite3_stmt *s;
    char          token[MF_TOKEN_TEXT + 1], at[32];
    size_t        i;

    for (i = 0; i < b->n_people; i++)
        if (mf_str_eq(b->people[i].name, name))
            return MF_OK;
    if ((st = mf_person_check_name(name, err)) < 0 || (st = mf_token_make(token, err)) < 0 || (st = mf_ballots_begin(b, err)) < 0)
        return st;
    mf_time_text(at);
    s = mf_ballots_stmt(b, MF_SQL_ADD_PERSON);
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, token, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, at, -1, SQLITE_STATIC);
    st = mf_ballots_do(b, MF_SQL_ADD_PERSON, "cannot add a person", err);
    if ((st = mf_ballots_end(b, st, err)) < 0)
        return st;
    return mf_ballots_read_people(b, err);
}

/* ---- answers ---- */

static const char *
label_text(const mf_ballots *b, const mf_ballot *v)
{
    return v->verdict == MF_VERDICT_OTHER ? b->data->classes[v->label] : NULL;
}

static bool
same_text(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || mf_str_eq(a, b));
}

/* Look the request up in the log: *seq is its place, 0 if it is new. `verdict` NULL for an answer taken back. */
static mf_status
find_event(mf_ballots *b, const char *client, const mf_ballot *v, const char *verdict, int64_t *seq, mf_err *err)
{
    sqlite3_stmt *s = mf_ballots_stmt(b, MF_SQL_FIND_EVENT);
    bool          same;
    int           rc;

    *seq = 0;
    sqlite3_bind_int64(s, 1, b->people[v->person].id);
    sqlite3_bind_text(s, 2, client, -1, SQLITE_STATIC);
    if ((rc = sqlite3_step(s)) == SQLITE_DONE)
        return MF_OK;
    if (rc != SQLITE_ROW)
        return mf_ballots_fail(b, "cannot read the log", err);
    *seq = sqlite3_column_int64(s, 0);
    same = sqlite3_column_int64(s, 1) == b->image_of[v->row] && sqlite3_column_int64(s, 2) == (int64_t)v->again &&
           same_text((const char *)sqlite3_column_text(s, 3), verdict) &&
           same_text((const char *)sqlite3_column_text(s, 4), verdict != NULL ? label_text(b, v) : NULL);
    sqlite3_reset(s);
    return same ? MF_OK : mf_fail(err, MF_E_STATE, "a request of that name was sent before, with another answer");
}

static mf_status
add_event(mf_ballots *b, const char *client, const mf_ballot *v, const char *verdict, int64_t *seq, mf_err *err)
{
    sqlite3_stmt *s = mf_ballots_stmt(b, MF_SQL_ADD_EVENT);
    char          at[32];
    mf_status     st;

    mf_time_text(at);
    sqlite3_bind_int64(s, 1, b->people[v->person].id);
    sqlite3_bind_text(s, 2, client, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, b->image_of[v->row]);
    sqlite3_bind_int(s, 4, (int)v->again);
    sqlite3_bind_text(s, 5, verdict, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 6, verdict != NULL ? label_text(b, v) : NULL, -1, SQLITE_STATIC);
    if (verdict != NULL && v->ms >= 0)
        sqlite3_bind_int64(s, 7, v->ms);
    sqlite3_bind_text(s, 8, at, -1, SQLITE_STATIC);
    if ((st = mf_ballots_do(b, MF_SQL_ADD_EVENT, "cannot write the log", err)) == MF_OK)
        *seq = sqlite3_last_insert_rowid(b->db);
    return st;
}

static mf_status
add_vote(mf_ballots *b, const mf_ballot *v, int64_t seq, mf_err *err)
{
    sqlite3_stmt *s = mf_ballots_stmt(b, MF_SQL_ADD_VOTE);
    int           rc;

    sqlite3_bind_int64(s, 1, b->people[v->person].id);
    sqlite3_bind_int64(s, 2, b->image_of[v->row]);
    sqlite3_bind_int(s, 3, (int)v->again);
    sqlite3_bind_text(s, 4, mf_verdict_name(v->verdict), -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 5, label_text(b, v), -1, SQLITE_STATIC);
    if (v->ms >= 0)
        sqlite3_bind_int64(s, 6, v->ms);
    sqlite3_bind_int64(s, 7, seq);
    rc = sqlite3_step(s);
    sqlite3_reset(s);
    if ((rc & 0xff) == SQLITE_CONSTRAINT)
        return mf_fail(err, MF_E_STATE, "this picture has been answered already, perhaps in another window");
    return rc == SQLITE_DONE ? MF_OK : mf_ballots_fail(b, "cannot write an answer", err);
}

static void
bind_showing(const mf_ballots *b, sqlite3_stmt *s, const mf_ballot *v)
{
    sqlite3_bind_int64(s, 1, b->people[v->person].id);
    sqlite3_bind_int64(s, 2, b->image_of[v->row]);
    sqlite3_bind_int(s, 3, (int)v->again);
}

/* *seq: the answer that counts for that showing, 0 if there is none. */
static mf_status
find_standing(mf_ballots *b, const mf_ballot *v, int64_t *seq, mf_err *err)
{
    sqlite3_stmt *s = mf_ballots_stmt(b, MF_SQL_STANDING);
    int           rc;

    bind_showing(b, s, v);
    rc   = sqlite3_step(s);
    *seq = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? MF_OK : mf_ballots_fail(b, "cannot read an answer", err);
}

mf_status
mf_ballots_cast(mf_ballots *b, const char *client, const mf_ballot *v, int64_t *seq, mf_err *err)
{
    mf_status st;

    MF_ASSERT(v->person < b->n_people && v->row < b->data->n_rows && b->image_of[v->row] > 0);
    MF_ASSERT(v->verdict != MF_VERDICT_OTHER || (v->label >= 0 && v->label < b->data->n_classes));
    if ((st = mf_ballots_begin(b, err)) < 0)
        return st;
    if ((st = find_event(b, client, v, mf_verdict_name(v->verdict), seq, err)) == MF_OK) {
        if (*seq != 0)
            st = find_standing(b, v, seq, err);
        else if ((st = add_event(b, client, v, mf_verdict_name(v->verdict), seq, err)) == MF_OK)
            st = add_vote(b, v, *seq, err);
    }
    return mf_ballots_end(b, st, err);
}

static mf_status
drop_vote(mf_ballots *b, const mf_ballot *v, mf_err *err)
{
    mf_status st;

    bind_showing(b, mf_ballots_stmt(b, MF_SQL_DROP_VOTE), v);
    if ((st = mf_ballots_do(b, MF_SQL_DROP_VOTE, "cannot take an answer back", err)) == MF_OK && sqlite3_changes(b->db) == 0)
        st = mf_fail(err, MF_E_STATE, "that picture has no answer to take back");
    return st;
}

mf_status
mf_ballots_withdraw(mf_ballots *b, const char *client, const mf_ballot *v, int64_t *seq, mf_err *err)
{
    mf_status st;

    MF_ASSERT(v->person < b->n_people && v->row < b->data->n_rows && b->image_of[v->row] > 0);
    if ((st = mf_ballots_begin(b, err)) < 0)
        return st;
    if ((st = find_event(b, client, v, NULL, seq, err)) == MF_OK) {
        if (*seq != 0) {
            st = find_standing(b, v, seq, err);
        } else if ((st = drop_vote(b, v, err)) == MF_OK && (st = add_event(b, client, v, NULL, seq, err)) == MF_OK) {
            *seq = 0;
        }
    }
    return mf_ballots_end(b, st, err);
}

/* ---- reading ---- */

static mf_status
read_ballot(const mf_ballots *b, sqlite3_stmt *s, mf_ballot *v, mf_err *err)
{
    int64_t     person = sqlite3_column_int64(s, 0), image = sqlite3_column_int64(s, 1);
    const char *verdict = (const char *)sqlite3_column_text(s, 3), *label = (const char *)sqlite3_column_text(s, 4);
    int         k;

    *v = (mf_ballot){.row = UINT32_MAX, .again = sqlite3_column_int(s, 2) != 0, .label = -1, .seq = sqlite3_column_int64(s, 6)};
    v->ms = sqlite3_column_type(s, 5) == SQLITE_NULL ? -1 : sqlite3_column_int64(s, 5);
    for (v->person = 0; v->person < b->n_people && b->people[v->person].id != person; v->person++) {
    }
    if (image > 0 && image <= b->n_images)
        v->row = b->row_of[image];
    for (k = 0; k < MF_VERDICT_COUNT && !(verdict != NULL && mf_str_eq(verdict, mf_verdict_name((mf_verdict)k))); k++) {
    }
    v->verdict = (mf_verdict)k;
    for (k = 0; label != NULL && k < b->data->n_classes; k++)
        if (mf_str_eq(label, b->data->classes[k]))
            v->label = k;
    if (v->person == b->n_people || v->verdict == MF_VERDICT_COUNT || (v->verdict == MF_VERDICT_OTHER) != (v->label >= 0))
        return mf_fail(err, MF_E_FORMAT, "votes '%s': answer %lld makes no sense; was the file changed by another program?",
                       b->path, (long long)v->seq);
    return MF_OK;
}

mf_status
mf_ballots_each(mf_ballots *b, mf_ballot_fn *fn, void *arg, size_t *left_out, mf_err *err)
{
    sqlite3_stmt *s    = mf_ballots_stmt(b, MF_SQL_VOTES);
    mf_status     st   = MF_OK;
    size_t        gone = 0;
    int           rc   = SQLITE_DONE;

    while (st == MF_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        mf_ballot v;

        if ((st = read_ballot(b, s, &v, err)) == MF_OK) {
            if (v.row == UINT32_MAX)
                gone++;
            else
                st = fn(arg, &v, err);
        }
    }
    if (st == MF_OK && rc != SQLITE_DONE)
        st = mf_ballots_fail(b, "cannot read the answers", err);
    sqlite3_reset(s);
    if (left_out != NULL)
        *left_out = gone;
    return st;
}

#endif
