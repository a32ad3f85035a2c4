/* data/names.c: linear probing over a power of two, at most half full. */
#include "data/names.h"

#include <string.h>
#include "core/hash.h"
#include "core/mem.h"

/* The slot that holds `name`, or the free one where it belongs. n_slots > 0. */
static size_t
slot_of(const mf_nametab *t, const char *name)
{
    size_t mask = t->n_slots - 1, i = (size_t)mf_hash64(name, strlen(name)) & mask;

    while (t->slot[i] && strcmp(t->key[t->slot[i] - 1], name) != 0)
        i = (i + 1) & mask;
    return i;
}

static mf_status
grow(mf_nametab *t, mf_err *err)
{
    size_t    n_slots = t->n_slots ? t->n_slots * 2 : 64, cap = n_slots / 2, i;
    uint32_t *slot, *old = t->slot;
    char    **key;

    if (n_slots > (size_t)UINT32_MAX)
        return mf_fail(err, MF_E_LIMIT, "more than %zu different names", t->n);
    if (!(key = mf_realloc(t->key, cap + 1, sizeof *key)))
        return mf_oom(err, (cap + 1) * sizeof *key, "a table of names");
    t->key = key;
    if (!(slot = mf_calloc(n_slots, sizeof *slot)))
        return mf_oom(err, n_slots * sizeof *slot, "a table of names");
    t->slot    = slot;
    t->n_slots = n_slots;
    t->cap     = cap;
    for (i = 0; i < t->n; i++)
        t->slot[slot_of(t, t->key[i])] = (uint32_t)(i + 1);
    mf_free(old);
    return MF_OK;
}

mf_status
mf_nametab_put(size_t *index, bool *is_new, mf_nametab *t, mf_arena *arena, const char *name, mf_err *err)
{
    mf_status st;
    size_t    s;
    char     *copy;

    if (t->n == t->cap && (st = grow(t, err)) < 0)
        return st;
    s = slot_of(t, name);
    if (is_new)
        *is_new = t->slot[s] == 0;
    if (t->slot[s]) {
        *index = t->slot[s] - 1;
        return MF_OK;
    }
    if (!(copy = mf_arena_strdup(arena, name)))
        return mf_oom(err, strlen(name) + 1, "a name");
    t->key[t->n]     = copy;
    t->key[t->n + 1] = NULL;
    t->slot[s]       = (uint32_t)(t->n + 1);
    *index           = t->n++;
    return MF_OK;
}

ptrdiff_t
mf_nametab_find(const mf_nametab *t, const char *name)
{
    return t->n_slots ? (ptrdiff_t)t->slot[slot_of(t, name)] - 1 : -1;
}

void
mf_nametab_free(mf_nametab *t)
{
    mf_free(t->key);
    mf_free(t->slot);
    *t = (mf_nametab){0};
}
