/* core/arena.h: bump allocation, all freed at once. For graph nodes, parsed documents, names. */
#ifndef MF_CORE_ARENA_H
#define MF_CORE_ARENA_H

#include <stddef.h>

typedef struct mf_arena_block mf_arena_block;
typedef struct mf_arena {
    mf_arena_block *head;
    size_t          used; /* bytes given out in all */
} mf_arena;               /* {0} is an empty arena */

/* Zeroed, aligned to 16 bytes; NULL when out of memory. */
void *mf_arena_alloc(mf_arena *a, size_t size);
char *mf_arena_strdup(mf_arena *a, const char *s);
char *mf_arena_strndup(mf_arena *a, const char *s, size_t n);
char *mf_arena_printf(mf_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Frees everything; the arena may be used again. */
void mf_arena_free(mf_arena *a);

#endif
