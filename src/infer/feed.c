/* infer/feed.c */
#include "infer/feed.h"

#include <stdint.h>

mf_status
mf_feed_open(mf_feed *out, mf_program *p, const char *name, mf_err *err)
{
    mf_layout plain, nhwc;
    mf_status st;

    *out = (mf_feed){.program = p, .name = name};
    if ((st = mf_program_input_desc(p, name, &out->desc, err)) < 0) {
        return st;
    }
    if (out->desc.shape.ndim != 4) {
        return mf_fail(err, MF_E_ARG, "input '%s' does not hold pictures", name);
    }
    plain          = mf_layout_plain(&out->desc.shape);
    nhwc           = mf_layout_nhwc(&out->desc.shape);
    out->form.type = out->desc.dtype == MF_DTYPE_BF16 ? MF_PIX_BF16 : MF_PIX_F32;
    out->form.nhwc = mf_layout_eq(&out->desc.shape, &out->desc.layout, &nhwc);
    out->direct    = (out->desc.dtype == MF_DTYPE_BF16 || out->desc.dtype == MF_DTYPE_F32) &&
                  (out->form.nhwc || mf_layout_eq(&out->desc.shape, &out->desc.layout, &plain));
    return MF_OK;
}

mf_status
mf_feed_give(mf_feed *f, void *data, mf_pix_form form, mf_err *err)
{
    mf_tdesc from = {form.type == MF_PIX_BF16 ? MF_DTYPE_BF16 : MF_DTYPE_F32, f->desc.shape, {{0}, 0, {0}, {0}}};
    void    *to;

    if (f->direct && form.type == f->form.type && form.nhwc == f->form.nhwc && (uintptr_t)data % 64 == 0) {
        f->bound = true;
        return mf_program_bind(f->program, f->name, data, err);
    }
    if (f->bound) { /* back to the program's own memory: what was bound is not ours to write */
        mf_status st = mf_program_bind(f->program, f->name, NULL, err);

        if (st < 0) {
            return st;
        }
        f->bound = false;
    }
    if ((to = mf_program_input_ptr(f->program, f->name)) == NULL) {
        return mf_fail(err, MF_E_STATE, "input '%s' has no memory of its own", f->name);
    }
    from.layout = form.nhwc ? mf_layout_nhwc(&from.shape) : mf_layout_plain(&from.shape);
    mf_tensor_copy(&f->desc, to, &from, data);
    return MF_OK;
}

size_t
mf_feed_bytes(const mf_feed *f, mf_pix_form form)
{
    return (size_t)mf_shape_elems(&f->desc.shape) * (form.type == MF_PIX_BF16 ? 2 : 4);
}

mf_pix_out
mf_feed_place(const mf_feed *f, void *data, mf_pix_form form, size_t i)
{
    const int64_t *d    = f->desc.shape.dim;
    size_t         size = form.type == MF_PIX_BF16 ? 2 : 4;
    mf_pix_out     out  = {.type = form.type};

    out.base = (char *)data + i * (size_t)(d[1] * d[2] * d[3]) * size;
    if (form.nhwc) {
        out.sc = 1;
        out.sx = (ptrdiff_t)d[1];
        out.sy = (ptrdiff_t)(d[1] * d[3]);
    } else {
        out.sc = (ptrdiff_t)(d[2] * d[3]);
        out.sx = 1;
        out.sy = (ptrdiff_t)d[3];
    }
    return out;
}
