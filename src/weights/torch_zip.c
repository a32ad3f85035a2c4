/* weights/torch_zip.c: the zip container. libzip reads the directory and checks each member's CRC; the sizes it reports
 * are compared with what the pickle asks for before anything is allocated. */
#include <string.h>
#include <zip.h>

#include "core/mem.h"
#include "core/str.h"
#include "weights/names.h"
#include "weights/torch.h"
#include "weights/weights.h"

#define MAX_MEMBERS ((zip_int64_t)200000)

typedef struct archive {
    zip_t   *zip;
    mf_str   prefix; /* "archive/": before every member */
    mf_str   path;
    uint8_t *buf;    /* the storage that was fetched last */
    size_t   cap;
} archive;

static mf_status
zip_failed(mf_err *err, const char *what, const char *why)
{
    return mf_fail(err, MF_E_FORMAT, "%s: %s", what, why);
}

static mf_status
open_zip(archive *a, const uint8_t *data, size_t size, mf_err *err)
{
    zip_error_t   why;
    zip_source_t *source;

    zip_error_init(&why);
    source = zip_source_buffer_create(data, size, 0, &why);
    if (source != NULL) {
        a->zip = zip_open_from_source(source, ZIP_RDONLY, &why);
    }
    if (a->zip == NULL) {
        mf_status st = zip_error_code_zip(&why) == ZIP_ER_MEMORY
                           ? mf_oom(err, size, "the directory of a zip")
                           : zip_failed(err, "the zip container is broken or cut off", zip_error_strerror(&why));

        zip_source_free(source);
        zip_error_fini(&why);
        return st;
    }
    zip_error_fini(&why); /* the archive owns the source now */
    return MF_OK;
}

/* What may be read of a member: its size is known, it is stored or deflated, and it is not encrypted. */
static mf_status
stat_member(zip_stat_t *sb, archive *a, zip_uint64_t index, const char *name, mf_err *err)
{
    const zip_uint64_t need = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;

    if (zip_stat_index(a->zip, index, 0, sb) != 0 || (sb->valid & need) != need) {
        return zip_failed(err, name, zip_strerror(a->zip));
    }
    if (sb->encryption_method != ZIP_EM_NONE) {
        return mf_fail(err, MF_E_UNSUPPORTED, "member '%s' is encrypted", name);
    }
    if (sb->comp_method != ZIP_CM_STORE && sb->comp_method != ZIP_CM_DEFLATE) {
        return mf_fail(err, MF_E_UNSUPPORTED, "member '%s' is compressed by method %d; stored and deflated ones are read", name,
                       (int)sb->comp_method);
    }
    return MF_OK;
}

/* All `size` bytes, and the end behind them: reading to the end is what makes libzip compare the CRC. */
static mf_status
read_member(uint8_t *to, size_t size, archive *a, zip_uint64_t index, const char *name, mf_err *err)
{
    zip_file_t *f  = zip_fopen_index(a->zip, index, 0);
    size_t      at = 0;
    uint8_t     more;
    zip_int64_t got = 0;
    mf_status   st  = MF_OK;

    if (f == NULL) {
        return zip_failed(err, name, zip_strerror(a->zip));
    }
    while (at < size && (got = zip_fread(f, to + at, size - at)) > 0) {
        at += (size_t)got;
    }
    if (got >= 0 && at == size) {
        got = zip_fread(f, &more, 1);
    }
    if (got < 0) {
        st = zip_failed(err, name, zip_file_strerror(f));
    } else if (at < size || got > 0) {
        st = mf_fail(err, MF_E_FORMAT, "member '%s' is not as long as the directory says", name);
    }
    zip_fclose(f);
    return st;
}

/* The one member NAME/data.pkl; its index, and "NAME/" in a->prefix. Names twice in the directory are refused. */
static mf_status
find_pickle(archive *a, zip_uint64_t *index, mf_err *err)
{
    zip_int64_t n     = zip_get_num_entries(a->zip, 0);
    bool        found = false;

    if (n > MAX_MEMBERS) {
        return mf_fail(err, MF_E_LIMIT, "%lld members; at most %lld are allowed", (long long)n, (long long)MAX_MEMBERS);
    }
    for (zip_int64_t i = 0; i < n; i++) {
        const char *name = zip_get_name(a->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        const char *slash;
        char        shown[340];

        if (name == NULL) {
            return zip_failed(err, "a member's name", zip_strerror(a->zip));
        }
        if (zip_name_locate(a->zip, name, ZIP_FL_ENC_RAW) != i) {
            mf_show_bytes(shown, name, strlen(name));
            return mf_fail(err, MF_E_FORMAT, "member '%s' is there twice", shown);
        }
        slash = strchr(name, '/');
        if (slash == NULL || !mf_str_eq(slash + 1, "data.pkl")) {
            continue;
        }
        if (found) {
            return mf_fail(err, MF_E_FORMAT, "more than one data.pkl");
        }
        found  = true;
        *index = (zip_uint64_t)i;
        mf_str_addn(&a->prefix, name, (size_t)(slash + 1 - name));
    }
    if (!found) {
        return mf_fail(err, MF_E_FORMAT, "a zip without NAME/data.pkl: not a file of torch.save");
    }
    return mf_str_ok(&a->prefix, err);
}

/* NAME/byteorder, where there is one, must say "little". */
static mf_status
check_byteorder(archive *a, mf_err *err)
{
    zip_stat_t  sb;
    zip_int64_t index;
    uint8_t     word[6];
    mf_status   st;

    mf_str_clear(&a->path);
    mf_str_printf(&a->path, "%sbyteorder", mf_str_c(&a->prefix));
    if ((st = mf_str_ok(&a->path, err)) < 0 || (index = zip_name_locate(a->zip, mf_str_c(&a->path), ZIP_FL_ENC_RAW)) < 0) {
        return st;
    }
    if ((st = stat_member(&sb, a, (zip_uint64_t)index, "byteorder", err)) < 0) {
        return st;
    }
    if (sb.size != sizeof word) {
        return mf_fail(err, MF_E_UNSUPPORTED, "its byte order is not little-endian");
    }
    if ((st = read_member(word, sizeof word, a, (zip_uint64_t)index, "byteorder", err)) < 0) {
        return st;
    }
    return memcmp(word, "little", sizeof word) == 0 ? MF_OK : mf_fail(err, MF_E_UNSUPPORTED, "its byte order is not little-endian");
}

static mf_status
fetch(void *arg, const uint8_t **out, const mf_pk_storage *s, size_t bytes, mf_err *err)
{
    archive    *a = arg;
    zip_stat_t  sb;
    zip_int64_t index;
    char        name[340];
    mf_status   st;

    mf_str_clear(&a->path);
    mf_str_printf(&a->path, "%sdata/", mf_str_c(&a->prefix));
    mf_str_addn(&a->path, s->key, s->key_n);
    if ((st = mf_str_ok(&a->path, err)) < 0) {
        return st;
    }
    mf_show_bytes(name, mf_str_c(&a->path), a->path.len);
    if ((index = zip_name_locate(a->zip, mf_str_c(&a->path), ZIP_FL_ENC_RAW)) < 0) {
        return mf_fail(err, MF_E_FORMAT, "member '%s' is missing", name);
    }
    if ((st = stat_member(&sb, a, (zip_uint64_t)index, name, err)) < 0) {
        return st;
    }
    if (sb.size != bytes) {
        return mf_fail(err, MF_E_FORMAT, "member '%s' has %llu bytes, but the pickle says %zu", name, (unsigned long long)sb.size, bytes);
    }
    if (bytes > a->cap) {
        mf_free(a->buf);
        a->cap = 0;
        if ((a->buf = mf_realloc(NULL, bytes, 1)) == NULL) {
            return mf_oom(err, bytes, name);
        }
        a->cap = bytes;
    }
    *out = a->buf;
    return read_member(a->buf, bytes, a, (zip_uint64_t)index, name, err);
}

mf_status
mf_torch_zip_read(mf_tensors *out, const uint8_t *data, size_t size, uint64_t max_bytes, mf_err *err)
{
    archive      a     = {0};
    mf_arena     arena = {0};
    zip_stat_t   sb;
    zip_uint64_t index = 0;
    uint8_t     *pickle = NULL;
    const mf_pk *root;
    size_t       used;
    mf_status    st;

    if ((st = open_zip(&a, data, size, err)) < 0 || (st = find_pickle(&a, &index, err)) < 0 || (st = check_byteorder(&a, err)) < 0 ||
        (st = stat_member(&sb, &a, index, "data.pkl", err)) < 0) {
        goto done;
    }
    if (sb.size > MF_PICKLE_MAX_BYTES) {
        st = mf_fail(err, MF_E_LIMIT, "data.pkl has %llu bytes; at most %zu are allowed", (unsigned long long)sb.size, MF_PICKLE_MAX_BYTES);
        goto done;
    }
    if ((pickle = mf_realloc(NULL, (size_t)sb.size + 1, 1)) == NULL) {
        st = mf_oom(err, (size_t)sb.size, "data.pkl");
        goto done;
    }
    if ((st = read_member(pickle, (size_t)sb.size, &a, index, "data.pkl", err)) < 0 ||
        (st = mf_pickle_read(&root, &used, NULL, &arena, pickle, (size_t)sb.size, err)) < 0) {
        goto done;
    }
    if (used != sb.size) {
        st = mf_fail(err, MF_E_FORMAT, "data.pkl has %llu bytes after its end", (unsigned long long)sb.size - used);
        goto done;
    }
    st = mf_torch_tensors(out, root, max_bytes, fetch, &a, err);
done:
    mf_arena_free(&arena);
    mf_free(pickle);
    mf_free(a.buf);
    mf_str_free(&a.prefix);
    mf_str_free(&a.path);
    if (a.zip != NULL) {
        zip_discard(a.zip);
    }
    return st;
}
