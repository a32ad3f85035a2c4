/* tests/data/loader_fixture.h: a small data set of drawn noise on disk, for the cache and loader tests. */
#ifndef MF_TESTS_LOADER_FIXTURE_H
#define MF_TESTS_LOADER_FIXTURE_H

#include "data/loader.h"

enum { FIXTURE_ROWS = 37, FIXTURE_SIDE = 20 };

/* FIXTURE_ROWS pictures of several sizes, formats and channel counts in `dir`; classes a, b, c in the shares 1 : 2 : 5;
 * every third row has a soft distribution. Loaded anew from disk. */
mf_dataset *fixture_dataset(const char *dir);
/* All rows. */
const uint32_t *fixture_rows(void);
mf_cache *fixture_cache(const mf_dataset *d, mf_cache_kind kind, const char *dir, int channels, int workers);
/* Replace the picture of `row` by bytes that are no picture. */
void fixture_spoil(const mf_dataset *d, uint32_t row);

#endif
