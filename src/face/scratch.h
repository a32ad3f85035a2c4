/* face/scratch.h: memory that drawing needs for a moment, kept from face to face so that most draws allocate nothing. */
#ifndef MF_FACE_SCRATCH_H
#define MF_FACE_SCRATCH_H

#include <stddef.h>
#include "core/error.h"

/* {0} is empty. Belongs to one thread. */
typedef struct mf_face_scratch {
    unsigned char *mem;
    size_t         cap, used;
} mf_face_scratch;

/* Make room for `bytes` and forget what was handed out. The memory only grows. */
mf_status mf_face_scratch_reset(mf_face_scratch *s, size_t bytes, mf_err *err);
/* The next `n` items of `size` bytes, zeroed, at a multiple of 16 bytes; mf_face_scratch_reset has made room for them. */
void *mf_face_scratch_take(mf_face_scratch *s, size_t n, size_t size);
void  mf_face_scratch_free(mf_face_scratch *s);

#endif
