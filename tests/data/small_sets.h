/* tests/data/small_sets.h: files and pictures for the tests of data sets. */
#ifndef MF_TESTS_DATA_SMALL_SETS_H
#define MF_TESTS_DATA_SMALL_SETS_H

#include "support.h"

/* DIR/name in the test's own folder, with the folders above it made; lent until the 16th call after. */
const char *small_path(const char *rel);
void        small_text(const char *rel, const char *text);
/* A picture of w x h pixels that depends on `seed`; by the ending PNG, JPEG or WebP. */
void        small_picture(const char *rel, int w, int h, int channels, unsigned seed);
/* The whole file, ended with NUL; free with mf_free. */
char       *small_read(const char *rel, size_t *size);
/* Fails unless both files have the same bytes. */
void        small_same_bytes(const char *rel_a, const char *rel_b);
/* SET/dataset.yaml with classes happy, sad, angry, and SET/manifest.csv with that text. */
void        small_set(const char *set, const char *manifest);

#endif
