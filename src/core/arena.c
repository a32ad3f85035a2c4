/* core/arena.c: a list of blocks, filled from the front; a request past the block size gets a block of its own. */
#include "core/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

enum { BLOCK_BYTES = 16 * 1024, ARENA_ALIGN = 16 };

struct mf_arena_block {
    mf_arena_block *next;
    size_t          cap, used;
    size_t          pad; /* keeps the data that follows at a multiple of 16 */
};
_Static_assert(sizeof(struct mf_arena_block) % ARENA_ALIGN == 0, "block data must stay aligned");

void *
mf_arena_alloc(mf_arena *a, size_t size)
{
    mf_arena_block *b = a->head;
    size_t          want;
    void           *p;

    if (!mf_size_add(&want, size != 0 ? size : 1, ARENA_ALIGN - 1)) {
        return NULL;
    }
    want -= want % ARENA_ALIGN;
    if (b == NULL || want > b->cap - b->used) {
        size_t cap = want > BLOCK_BYTES ? want : BLOCK_BYTES;
        size_t bytes;

        if (!mf_size_add(&bytes, cap, sizeof *b) || (b = mf_calloc(1, bytes)) == NULL) {
            return NULL;
        }
        b->cap = cap;
        if (cap > BLOCK_BYTES && a->head != NULL) {
            /* A block made for one large item goes behind, so that the room left in the current block stays in use. */
            b->next       = a->head->next;
            a->head->next = b;
        } else {
            b->next = a->head;
            a->head = b;
        }
    }
    p = (char *)(b + 1) + b->used;
    b->used += want;
    a->used += want;
    return p;
}

char *
mf_arena_strndup(mf_arena *a, const char *s, size_t n)
{
    size_t len  = strnlen(s, n);
    char  *copy = len < SIZE_MAX ? mf_arena_alloc(a, len + 1) : NULL;

    if (copy != NULL) {
        memcpy(copy, s, len);
        copy[len] = '\0';
    }
    return copy;
}

char *
mf_arena_strdup(mf_arena *a, const char *s)
{
    return mf_arena_strndup(a, s, strlen(s));
}

char *
mf_arena_printf(mf_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    int     n;
    char   *text = NULL;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    if (n >= 0 && (text = mf_arena_alloc(a, (size_t)n + 1)) != NULL) {
        vsnprintf(text, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    va_end(ap);
    return text;
}

void
mf_arena_free(mf_arena *a)
{
    mf_arena_block *b, *next;

    for (b = a->head; b != NULL; b = next) {
        next = b->next;
        mf_free(b);
    }
    a->head = NULL;
    a->used = 0;
}
