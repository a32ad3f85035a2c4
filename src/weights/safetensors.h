/* weights/safetensors.h: the safetensors format, both ways.
 *
 * u64 little-endian header length n; n bytes of a JSON object {name: {"dtype", "shape", "data_offsets": [begin, end]}},
 * "__metadata__" being a dictionary of strings, padded with spaces; then the data, which the offsets tile exactly. */
#ifndef MF_WEIGHTS_SAFETENSORS_H
#define MF_WEIGHTS_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "nn/tensor.h"

#define MF_SAFETENSORS_MAX_HEADER ((uint64_t)100 * 1000 * 1000)

/* Every rule of the format is checked before the first tensor is made. */
mf_status mf_safetensors_read(mf_tensors *out, const uint8_t *data, size_t size, uint64_t max_bytes, mf_err *err);

#endif
