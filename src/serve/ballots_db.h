/* serve/ballots_db.h: what the files of ballots share: the database and its prepared statements. */
#ifndef MF_SERVE_BALLOTS_DB_H
#define MF_SERVE_BALLOTS_DB_H

#include "serve/ballots.h"

struct sqlite3;
struct sqlite3_stmt;

typedef enum mf_ballots_sql {
    MF_SQL_BEGIN, MF_SQL_COMMIT, MF_SQL_ROLLBACK, MF_SQL_PEOPLE, MF_SQL_ADD_PERSON, MF_SQL_FIND_EVENT, MF_SQL_ADD_EVENT,
    MF_SQL_ADD_VOTE, MF_SQL_DROP_VOTE, MF_SQL_STANDING, MF_SQL_VOTES, MF_SQL_FIND_IMAGE, MF_SQL_ADD_IMAGE,
    MF_SQL_LABEL_IMAGE, MF_SQL_IMAGE_VOTES, MF_SQL_GET_META, MF_SQL_PUT_META, MF_SQL_COUNT
} mf_ballots_sql;

struct mf_ballots {
    struct sqlite3      *db;
    struct sqlite3_stmt *stmt[MF_SQL_COUNT];
    const mf_dataset    *data;       /* lent */
    char                *path;
    bool                 write;      /* else nothing is changed */
    int                  lock;       /* held while the file is written; -1 none */
    uint64_t             seed;
    double               share;
    mf_person           *people;
    size_t               n_people;
    int64_t             *image_of;   /* [rows]: number in the file, 0 none */
    uint32_t            *row_of;     /* [n_images + 1]: row of a number, UINT32_MAX: no longer listed */
    int64_t              n_images;   /* the highest number */
};

/* "votes 'PATH': WHAT: what SQLite says", with the status that fits. */
mf_status mf_ballots_fail(const mf_ballots *b, const char *what, mf_err *err);
/* The statement, reset and without bindings. */
struct sqlite3_stmt *mf_ballots_stmt(mf_ballots *b, mf_ballots_sql which);
/* Run a statement that gives no row. */
mf_status mf_ballots_do(mf_ballots *b, mf_ballots_sql which, const char *what, mf_err *err);
/* Begin; end by commit if `st` is MF_OK, else by rolling back. Returns st, or why the commit failed. */
mf_status mf_ballots_begin(mf_ballots *b, mf_err *err);
mf_status mf_ballots_end(mf_ballots *b, mf_status st, mf_err *err);
/* Read everybody anew. */
mf_status mf_ballots_read_people(mf_ballots *b, mf_err *err);

#endif
