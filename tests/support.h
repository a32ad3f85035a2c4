/* tests/support.h: what every test needs beside cmocka. Include it first: it brings cmocka's own prerequisites. */
#ifndef MF_TESTS_SUPPORT_H
#define MF_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/error.h"

/* Fails the test with the sentence in *err unless `st` is MF_OK. */
#define assert_mf_ok(st, err) mf_test_ok((st), (err), #st, __FILE__, __LINE__)
/* Fails unless `st` is `want` and *err holds that code and a sentence that contains `part` (NULL: any sentence). */
#define assert_mf_fails(st, want, err, part) mf_test_fails((st), (want), (err), (part), #st, __FILE__, __LINE__)
void mf_test_ok(mf_status st, const mf_err *err, const char *expr, const char *file, int line);
void mf_test_fails(mf_status st, mf_status want, const mf_err *err, const char *part, const char *expr, const char *file,
                   int line);

/* A fresh empty folder for this process; removed with all in it at exit. */
const char *mf_test_dir(void);
/* "DIR/name" in that folder; lent until the 16th call after. */
const char *mf_test_path(const char *name);
/* The root of the sources. */
const char *mf_test_source(void);
/* The built program, or NULL. */
const char *mf_test_program(void);
/* The folder of shared material (MASKFER_SHARED, or a folder `shared` beside or above the sources), or NULL. */
const char *mf_test_shared(void);

/* Fails unless `text` equals the file tests/NAME ("viz/golden/bars.txt"), showing the first line that differs. With
 * MASKFER_GOLDEN_UPDATE in the environment (the target golden-update) the file is written instead: review the change. */
void mf_test_golden(const char *name, const char *text);

/* Prints "SKIP: reason" and skips; counted by `make check`. */
#define mf_test_skip(...) (printf("SKIP: " __VA_ARGS__), printf("\n"), fflush(stdout), skip())

/* Runs `fn` with allocation 1, 2, 3, ... failing until it succeeds; after each failed run no byte may be left allocated
 * and the code must be MF_E_NOMEM with a sentence. fn does the whole job and frees all, whether it fails or not. */
typedef mf_status mf_test_alloc_fn(void *arg, mf_err *err);
void mf_test_each_alloc(mf_test_alloc_fn *fn, void *arg);

#endif
