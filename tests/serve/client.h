/* tests/serve/client.h: a plain HTTP client, and the server as a process of its own. */
#ifndef MF_TESTS_SERVE_CLIENT_H
#define MF_TESTS_SERVE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/str.h"

typedef struct answer {
    int    status;  /* 0: no answer came */
    mf_str head, body;
} answer;
void answer_free(answer *a);
/* The value of a header in the head, or NULL; lent until the next call. */
const char *answer_header(const answer *a, const char *name);

/* Send `raw` to 127.0.0.1:port and read until the server closes or `seconds` have passed. */
answer client_raw(int port, const char *raw, size_t size, double seconds);
/* One request on a connection of its own. token, body: NULL for none; a body is sent as application/json. */
answer client_ask(int port, const char *method, const char *path, const char *token, const char *body);

typedef struct server {
    pid_t pid;
    int   port;
    char  token[16][64]; /* of the people, in order */
    int   n_people;
} server;

/* Start `maskfer annotate DIR --json ARGS`, with `port` (0: any), and wait until it says where it is. Fails the test if
 * it does not. */
void server_start(server *s, const char *dir, int port, const char *const *args);
/* The same for `maskfer COMMAND WHAT --json ARGS`. */
void server_start_command(server *s, const char *command, const char *what, int port, const char *const *args);
void server_kill(server *s);      /* SIGKILL, and wait */
int  server_stop(server *s);      /* SIGTERM; its exit status, -1 if a signal ended it */

/* A data set of n tiny PNG pictures with seven classes in mf_test_dir()/name; lends its path, for good. At most
 * 16 in one test program. */
const char *small_set(const char *name, int n);
/* Skips the test where the program or one of its parts is not built. */
void need_annotate(void);

#endif
