/* weights/torch.h: PyTorch's files: where the pickle is, where the storages are, and the tensors made of both. */
#ifndef MF_WEIGHTS_TORCH_H
#define MF_WEIGHTS_TORCH_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "nn/tensor.h"
#include "weights/pickle.h"

/* A zip with NAME/data.pkl, NAME/data/KEY for every storage, and perhaps NAME/byteorder. */
mf_status mf_torch_zip_read(mf_tensors *out, const uint8_t *data, size_t size, uint64_t max_bytes, mf_err *err);
/* Five pickles (magic number, protocol 1001, system, object, storage keys), then count and bytes of each storage. */
mf_status mf_torch_stream_read(mf_tensors *out, const uint8_t *data, size_t size, uint64_t max_bytes, mf_err *err);

/* Lend the bytes of a storage until the next call: exactly `bytes` of them, whatever the file says. */
typedef mf_status mf_torch_fetch(void *arg, const uint8_t **out, const mf_pk_storage *s, size_t bytes, mf_err *err);
/* Find the dictionary that holds the tensors, name them, and copy each out of its storage in row-major order. */
mf_status mf_torch_tensors(mf_tensors *out, const mf_pk *root, uint64_t max_bytes, mf_torch_fetch *fetch, void *arg, mf_err *err);

/* Bytes of the whole storage. MF_E_UNSUPPORTED: an element type that is not held. */
mf_status mf_torch_storage_bytes(size_t *out, const mf_pk_storage *s, mf_err *err);
/* Order by key, then by count and type: for qsort over const mf_pk_storage *. */
int mf_torch_storage_order(const mf_pk_storage *a, const mf_pk_storage *b);

#endif
