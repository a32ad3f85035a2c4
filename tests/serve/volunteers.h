/* tests/serve/volunteers.h: what made-up volunteers answer, what was acknowledged, and whether the file of answers
 * holds exactly that. */
#ifndef MF_TESTS_SERVE_VOLUNTEERS_H
#define MF_TESTS_SERVE_VOLUNTEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "data/votes.h"

enum { REQUESTS_MAX = 16384, TASK_CLASSES = 7 };

/* A request that the server has acknowledged. */
typedef struct acked {
    int        person;
    bool       undo;
    char       client[65];
    uint64_t   task;
    mf_verdict verdict;
    char       label[32];
} acked;

typedef struct record {
    acked  r[REQUESTS_MAX];
    size_t n;
} record;

/* What `person` answers to a task that is labelled `label`: the index of the class they see, or -1 for "cannot tell". The
 * same for the same arguments. */
int volunteer_sees(int person, uint64_t task, int label);
/* Whether they take that answer back, once. */
bool volunteer_regrets(int person, uint64_t task);
/* Note an acknowledged request from the text of its body; `undo` says to which address it went. */
void record_body(record *all, int person, bool undo, const char *body);

/* Holds the file of answers and the table that `maskfer annotate DIR --export` makes against the record: every picture
 * answered once by each of n people (and each repeat), with the answer that was acknowledged last; in the log one line a
 * request, none more. names: of the people. */
void check_votes(const char *dir, const char *const *names, int n, double share, const record *all);

#endif
