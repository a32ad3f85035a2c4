/* weights/weights.h: named tensors in and out of files, and into a network.
 *
 * Read: safetensors, PyTorch's zip container and its older stream (.pth, .pt, .th). Written: safetensors.
 * The format is told from the contents, never from the name alone. Nothing in a file is run: the pickle of a PyTorch
 * file is read as data, and whatever is not a tensor or plain data is refused by its name. */
#ifndef MF_WEIGHTS_WEIGHTS_H
#define MF_WEIGHTS_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/file.h"
#include "nn/params.h"
#include "nn/tensor.h"

/* Limits of what one file may make us hold. */
#define MF_WEIGHTS_MAX_TENSORS ((size_t)32768)
#define MF_WEIGHTS_MAX_BYTES   ((uint64_t)8 << 30) /* of all tensors together */
#define MF_WEIGHTS_MAX_NAME    ((size_t)1024)

typedef enum mf_weights_format {
    MF_WEIGHTS_SAFETENSORS, MF_WEIGHTS_TORCH_ZIP, MF_WEIGHTS_TORCH_STREAM, MF_WEIGHTS_ONNX, MF_WEIGHTS_HDF5,
    MF_WEIGHTS_TORCH_TAR, MF_WEIGHTS_UNKNOWN
} mf_weights_format;
/* From the first bytes; `path` (may be NULL) only decides between formats without a signature. */
mf_weights_format mf_weights_sniff(const uint8_t *data, size_t size, const char *path);
const char       *mf_weights_format_name(mf_weights_format f); /* "safetensors", "PyTorch zip" ... */

/* All tensors of a file, in the file's order; *out must be {0} and is {0} again after a failure.
 * Metadata: what a safetensors file carries; of a PyTorch file "format" ("pt"), "torch.dictionary" (which inner
 * dictionary held the tensors, where it was one) and its plain values ("torch.epoch" = "12").
 * MF_E_FORMAT: the file breaks its format, or calls something that is not a tensor. MF_E_UNSUPPORTED: a format or
 * element type that is known and not read. MF_E_LIMIT: a limit above. */
mf_status mf_weights_load(mf_tensors *out, const char *path, mf_err *err);
/* The same from memory. `name` stands for a path (may be NULL). No sentence names the file. max_bytes bounds all tensors. */
mf_status mf_weights_parse(mf_tensors *out, const uint8_t *data, size_t size, const char *name, uint64_t max_bytes,
                           mf_err *err);

/* Write safetensors, atomically, straight from the tensors. The bytes are a function of `ts`: header in the list's
 * order, data by falling element size and then in the list's order, so that every tensor is aligned to its element. */
mf_status mf_weights_save(const char *path, const mf_tensors *ts, mf_err *err);
/* Whether tensors and metadata are equal: names in order, types, shapes, bytes. On a difference *why says the first. */
bool      mf_tensors_equal(const mf_tensors *a, const mf_tensors *b, mf_err *why);

typedef struct mf_load_opts {
    bool        strict;   /* missing and unexpected names are an error (default); else they are only reported */
    bool        new_head; /* the classifier keeps its initial values where its shape differs or it is absent */
    const char *head;     /* glob of the classifier's names ("fc.*"); NULL: the layer of the last trained parameter */
    mf_alias_fn *alias;   /* second names of parameters in the file (NULL: none): accepted where both hold the same bytes */
    const char *prefix;   /* what stands before every name in the file ("module."); NULL: found, "" for none */
} mf_load_opts;
mf_load_opts mf_load_opts_default(void);

/* Names are owned by the report; {0} is empty; end it with mf_load_report_free. */
typedef struct mf_load_report {
    size_t   loaded;
    mf_names missing;    /* in the network, not in the file; batch norm counters do not count */
    mf_names unexpected; /* in the file, not in the network: as in the file, prefix and all */
    mf_names kept;       /* new_head: names that keep their initial values */
    char    *prefix;     /* stripped from the file's names; NULL or "" when none */
} mf_load_report;
void mf_load_report_free(mf_load_report *r);

/* How many tensors have the name of a parameter, under the prefix that suits most; *shaped: how many have its shape too. The parameters need
 * no memory. */
size_t mf_params_fit(size_t *shaped, mf_params *ps, const mf_tensors *ts);

/* Copy tensors into materialised parameters by name, converting floating point types. `o` NULL: defaults; `rep` may be
 * NULL. MF_E_ARG: a shape differs (the sentence names the tensor and both shapes) or a type is not floating point;
 * MF_E_NUMERIC: NaN or infinity among the values; MF_E_NOTFOUND: strict and names differ, or no name is the network's. After a failure no parameter has changed. */
mf_status mf_params_load(mf_params *ps, const mf_tensors *ts, const mf_load_opts *o, mf_load_report *rep, mf_err *err);
/* The same of tensors that nobody needs afterwards: each loses its data once copied, and parameters need no memory before, so that one
 * set of weights is held and not two. What the file has not stays without memory: mf_params_materialize. */
mf_status mf_params_take(mf_params *ps, mf_tensors *ts, const mf_load_opts *o, mf_load_report *rep, mf_err *err);

#endif
