/* weights/weights.c: which format a file has, and the reader for it. */
#include "weights/weights.h"

#include <string.h>

#include "weights/safetensors.h"
#include "weights/torch.h"

static bool
begins(const uint8_t *data, size_t size, const void *with, size_t n)
{
    return size >= n && memcmp(data, with, n) == 0;
}

static bool
is_torch_name(const char *path)
{
    static const char *const ends[] = {".pth", ".pt", ".th", ".pkl", ".bin", ".tar", ".ckpt"};

    for (size_t i = 0; path != NULL && i < sizeof ends / sizeof *ends; i++) {
        if (mf_str_ends(path, ends[i])) {
            return true;
        }
    }
    return false;
}

mf_weights_format
mf_weights_sniff(const uint8_t *data, size_t size, const char *path)
{
    if (begins(data, size, "PK\3\4", 4)) {
        return MF_WEIGHTS_TORCH_ZIP;
    }
    if (begins(data, size, "\x89HDF\r\n\x1a\n", 8)) {
        return MF_WEIGHTS_HDF5;
    }
    if (size > 8 && data[8] == '{' && data[5] == 0 && data[6] == 0 && data[7] == 0) {
        return MF_WEIGHTS_SAFETENSORS;
    }
    if (size > 262 && memcmp(data + 257, "ustar", 5) == 0) {
        return MF_WEIGHTS_TORCH_TAR;
    }
    if (size > 1 && data[0] == 0x80 && data[1] <= 5) {
        return MF_WEIGHTS_TORCH_STREAM;
    }
    /* No signature: an ONNX file begins with field 1 (version) as a small varint; a text pickle with anything. */
    if (path != NULL && mf_str_ends(path, ".safetensors")) {
        return MF_WEIGHTS_SAFETENSORS;
    }
    if ((path != NULL && mf_str_ends(path, ".onnx")) || (size > 2 && data[0] == 0x08 && data[1] < 32 && data[2] == 0x12)) {
        return MF_WEIGHTS_ONNX;
    }
    return is_torch_name(path) ? MF_WEIGHTS_TORCH_STREAM : MF_WEIGHTS_UNKNOWN;
}

const char *
mf_weights_format_name(mf_weights_format f)
{
    switch (f) {
    case MF_WEIGHTS_SAFETENSORS: return "safetensors";
    case MF_WEIGHTS_TORCH_ZIP: return "PyTorch zip";
    case MF_WEIGHTS_TORCH_STREAM: return "PyTorch stream";
    case MF_WEIGHTS_ONNX: return "ONNX";
    case MF_WEIGHTS_HDF5: return "HDF5";
    case MF_WEIGHTS_TORCH_TAR: return "tar";
    case MF_WEIGHTS_UNKNOWN: break;
    }
    return "unknown";
}

mf_status
mf_weights_parse(mf_tensors *out, const uint8_t *data, size_t size, const char *name, uint64_t max_bytes, mf_err *err)
{
    mf_status st;

    if (size == 0) {
        return mf_fail(err, MF_E_FORMAT, "the file is empty");
    }
    switch (mf_weights_sniff(data, size, name)) {
    case MF_WEIGHTS_SAFETENSORS:
        st = mf_safetensors_read(out, data, size, max_bytes, err);
        break;
    case MF_WEIGHTS_TORCH_ZIP:
        st = mf_torch_zip_read(out, data, size, max_bytes, err);
        break;
    case MF_WEIGHTS_TORCH_STREAM:
        st = mf_torch_stream_read(out, data, size, max_bytes, err);
        break;
    case MF_WEIGHTS_ONNX:
        st = mf_fail(err, MF_E_UNSUPPORTED, "ONNX files are not read by this version; convert it to safetensors");
        break;
    case MF_WEIGHTS_HDF5:
        st = mf_fail(err, MF_E_UNSUPPORTED, "HDF5 (Keras) files are not read; convert it to safetensors");
        break;
    case MF_WEIGHTS_TORCH_TAR:
        st = mf_fail(err, MF_E_UNSUPPORTED, "a tar: files of PyTorch before 0.1.10 and archives are not read; load it in PyTorch and save it anew");
        break;
    case MF_WEIGHTS_UNKNOWN:
    default:
        st = mf_fail(err, MF_E_FORMAT, "neither safetensors nor a PyTorch file");
        break;
    }
    if (st < 0) {
        mf_tensors_free(out);
    }
    return st;
}

mf_status
mf_weights_load(mf_tensors *out, const char *path, mf_err *err)
{
    mf_map    file = {0};
    mf_status st;

    if ((st = mf_map_open(&file, path, err)) < 0) {
        return st;
    }
    if ((st = mf_weights_parse(out, file.data, file.size, path, MF_WEIGHTS_MAX_BYTES, err)) < 0) {
        mf_fail_in(err, st, "weights '%s'", path);
    }
    mf_map_close(&file);
    return st;
}

bool
mf_tensors_equal(const mf_tensors *a, const mf_tensors *b, mf_err *why)
{
    if (a->n != b->n || a->n_meta != b->n_meta) {
        mf_fail(why, MF_E_ARG, "%zu tensors and %zu entries of metadata against %zu and %zu", a->n, a->n_meta, b->n, b->n_meta);
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        const mf_tensor *x = &a->t[i], *y = &b->t[i];

        if (!mf_str_eq(x->name, y->name)) {
            mf_fail(why, MF_E_ARG, "tensor %zu is '%s' against '%s'", i, x->name, y->name);
            return false;
        }
        if (x->dtype != y->dtype || !mf_shape_eq(&x->shape, &y->shape)) {
            char s[96], t[96];

            mf_fail(why, MF_E_ARG, "tensor '%s' is %s %s against %s %s", x->name, mf_dtype_name(x->dtype), mf_shape_text(s, &x->shape),
                    mf_dtype_name(y->dtype), mf_shape_text(t, &y->shape));
            return false;
        }
        if (x->bytes != 0 && memcmp(x->data, y->data, x->bytes) != 0) {
            mf_fail(why, MF_E_ARG, "tensor '%s' differs in its values", x->name);
            return false;
        }
    }
    for (size_t i = 0; i < 2 * a->n_meta; i++) {
        if (!mf_str_eq(a->meta[i], b->meta[i])) {
            mf_fail(why, MF_E_ARG, "metadata '%s' differs", a->meta[i - i % 2]);
            return false;
        }
    }
    return true;
}
