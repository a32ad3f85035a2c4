/* serve/ballots.h: the answers of several people about one data set, on disk the moment they are given.
 *
 * A SQLite file in WAL mode with synchronous FULL: an answer that was acknowledged survives a kill and a power cut. Each
 * request has a name of the page's choice, and is carried out once however often it comes. Answers taken back stay in
 * the file's log (table event), and count nowhere.
 *
 * One thread at a time. One process at a time may write (a lock beside the file says so); reading goes on meanwhile. */
#ifndef MF_SERVE_BALLOTS_H
#define MF_SERVE_BALLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "data/manifest.h"
#include "data/votes.h"
#include "serve/token.h"

enum { MF_PEOPLE_MAX = 1000, MF_PERSON_NAME_MAX = 64 };

typedef struct mf_ballots_opts {
    bool     write;                   /* make the file if it is missing, take in new pictures, lock out other writers */
    uint64_t seed;  bool seed_given;  /* of everybody's order; kept in the file, and then not to be changed */
    double   share; bool share_given; /* of pictures that come twice; kept in the file likewise */
} mf_ballots_opts;

typedef struct mf_person {
    int64_t id;
    char    name[MF_PERSON_NAME_MAX + 1];
    char    token[MF_TOKEN_TEXT + 1];
} mf_person;

typedef struct mf_ballot {
    size_t     person;  /* index into mf_ballots_people */
    uint32_t   row;     /* of the data set */
    uint32_t   again;   /* 1: the second showing of the picture to that person */
    mf_verdict verdict;
    int        label;   /* the class proposed with OTHER, else -1 */
    int64_t    ms;      /* milliseconds of looking; -1 unknown */
    int64_t    seq;     /* rises with every answer in the file; set when read */
} mf_ballot;

typedef struct mf_ballots mf_ballots;

/* `d` is lent and must not change. MF_E_NOTFOUND: no such file, and not to write. MF_E_STATE: another process writes;
 * the classes, or the label of a picture that has answers, differ from what people were shown. MF_E_USAGE: another seed
 * or share than the file's. MF_E_FORMAT: no file of ours, or damaged. MF_E_UNSUPPORTED: built without SQLite. */
mf_status mf_ballots_open(mf_ballots **out, const char *path, const mf_dataset *d, const mf_ballots_opts *o, mf_err *err);
void      mf_ballots_close(mf_ballots *b); /* takes NULL */
uint64_t  mf_ballots_seed(const mf_ballots *b);
double    mf_ballots_share(const mf_ballots *b);

/* Everybody, in order of arrival. Lent until somebody is added. */
const mf_person *mf_ballots_people(const mf_ballots *b, size_t *n);
/* MF_E_USAGE: the name is empty, longer than MF_PERSON_NAME_MAX bytes, or has control characters. */
mf_status mf_person_check_name(const char *name, mf_err *err);
/* Somebody new, with a token of their own; nothing happens when the name is there. Fails as mf_person_check_name. */
mf_status mf_ballots_add_person(mf_ballots *b, const char *name, mf_err *err);

/* Keep an answer. A request that was carried out before changes nothing. *seq is the place in the log of the answer that
 * stands afterwards (0: it was taken back since). MF_E_STATE: the picture has an answer already, or the request's name
 * was used for something else. */
mf_status mf_ballots_cast(mf_ballots *b, const char *client, const mf_ballot *v, int64_t *seq, mf_err *err);
/* Take an answer back; only person, row and again of *v are read. *seq as for mf_ballots_cast, 0 unless the picture
 * was answered anew since. MF_E_STATE: there is no answer. */
mf_status mf_ballots_withdraw(mf_ballots *b, const char *client, const mf_ballot *v, int64_t *seq, mf_err *err);

typedef mf_status mf_ballot_fn(void *arg, const mf_ballot *v, mf_err *err);
/* Every answer that counts, by row, person and showing. Those on pictures that the data set no longer lists are
 * passed over, their number in *left_out (NULL allowed). */
mf_status mf_ballots_each(mf_ballots *b, mf_ballot_fn *fn, void *arg, size_t *left_out, mf_err *err);

#endif
