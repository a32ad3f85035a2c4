/* data/names.h: a set of strings numbered in the order they came (subjects, pairs, picture paths). */
#ifndef MF_DATA_NAMES_H
#define MF_DATA_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/arena.h"
#include "core/error.h"

/* {0} is empty. The strings live in the arena given to mf_nametab_put; the table itself is freed by mf_nametab_free. */
typedef struct mf_nametab {
    char    **key;          /* key[0..n-1] in order of arrival, then NULL */
    size_t    n, cap;
    uint32_t *slot;         /* open addressing: index + 1, 0 is free */
    size_t    n_slots;      /* power of two */
} mf_nametab;

/* Number of `name`, added if new (then *is_new, which may be NULL, is true). */
mf_status mf_nametab_put(size_t *index, bool *is_new, mf_nametab *t, mf_arena *arena, const char *name, mf_err *err);
/* Number of `name`, or -1. */
ptrdiff_t mf_nametab_find(const mf_nametab *t, const char *name);
void      mf_nametab_free(mf_nametab *t);

#endif
