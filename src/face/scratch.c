/* face/scratch.c: a block that grows and is handed out from its start. */
#include "face/scratch.h"

#include <string.h>
#include "core/mem.h"

mf_status
mf_face_scratch_reset(mf_face_scratch *s, size_t bytes, mf_err *err)
{
    s->used = 0;
    if (bytes > s->cap) {
        mf_free(s->mem);
        s->cap = 0;
        if ((s->mem = mf_aligned(bytes)) == NULL)
            return mf_oom(err, bytes, "drawing on a face");
        s->cap = bytes;
    }
    return MF_OK;
}

void *
mf_face_scratch_take(mf_face_scratch *s, size_t n, size_t size)
{
    void  *p    = s->mem + s->used;
    size_t need = (n * size + 15) / 16 * 16;

    MF_ASSERT(need <= s->cap - s->used);
    s->used += need;
    memset(p, 0, n * size);
    return p;
}

void
mf_face_scratch_free(mf_face_scratch *s)
{
    mf_free(s->mem);
    *s = (mf_face_scratch){0};
}
