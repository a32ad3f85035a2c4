/* nn/backends/onednn/conv.h: what the four convolution kernels share. */
#ifndef MF_NN_ONEDNN_CONV_H
#define MF_NN_ONEDNN_CONV_H

#include "nn/backends/onednn/onednn.h"
#include "nn/ops.h"

/* One way to lay out a convolution: fixed descriptors or "any". The three values are x [N,Ci,H,W], w [Co,Ci/g,kh,kw],
 * y [N,Co,Ho,Wo] in the words of the forward convolution, whichever of them is computed. */
typedef enum dn_pick { DN_PICK_AS_IS, DN_PICK_HOME, DN_PICK_PLAIN, DN_PICK_NHWC, DN_PICK_ANY, DN_PICK_END } dn_pick;
typedef struct dn_pick_pair { dn_pick x, y; } dn_pick_pair;

typedef enum dn_conv_dir { DN_CONV_FWD, DN_CONV_DX, DN_CONV_DW } dn_conv_dir;

typedef struct dn_conv_want {
    dn_conv_dir   dir;
    int           groups;
    bool          inference, bias, res, relu;
    dn_conv       geom;
    mf_tdesc      x, w, y;       /* dtypes set; layouts are "as is" */
    bool          try_w;         /* prefer w's layout as given if as fast a kernel takes it */
    bool          x_plain;       /* x must end up row-major or channels-last */
    dn_pick_pair  picks[8];      /* tried in order; ends with DN_PICK_END */
} dn_conv_want;

typedef struct dn_conv_got {
    dnnl_primitive_desc_t pd;    /* the caller's */
    mf_layout             x, w, y;
    char                  name[40]; /* oneDNN's name of the implementation */
} dn_conv_got;

/* What a forward convolution does on its way out: + bias, + residual, ReLU. */
typedef struct dn_conv_tail { bool bias, res, relu; } dn_conv_tail;
/* Reads it off; once in[0] and out[0] have their form: the bias is asked for in f32, the residual as the output, which may take its place. */
dn_conv_tail mf_dn_conv_tail(mf_prep *p);

void      mf_dn_conv_geom(dn_conv *out, const mf_conv2d_attrs *a);
mf_status mf_dn_conv_choose(dn_conv_got *out, mf_backend_ctx *ctx, const dn_conv_want *want, mf_err *err);
/* The common part of `supports`: element types. */
bool      mf_dn_conv_supports(const mf_prep *p, mf_dtype act, char why[128]);

/* Weights in f32, cells of [16 in][16 out] for [Co/16][Ci/16][kh][kw]: the layout that bf16 gradients come in. Both multiples of 16. */
mf_layout mf_dn_weight_cells(const mf_shape *w);

#endif
