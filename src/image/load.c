/* image/load.c: encoded pictures in and out. Owns the registry of codecs and the order of checks: format, header,
 * limits, memory, pixels, orientation, channels. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/str.h"
#include "image/codec.h"
#include "image/decoder.h"

const mf_codec *const *
mf_codecs(size_t *n)
{
    static const mf_codec *const all[] = {
#define MF_CODEC(name) &mf_codec_##name,
#include "image/codec_list.h"
#undef MF_CODEC
    };
    *n = sizeof all / sizeof all[0];
    return all;
}

mf_status
mf_scratch_need(mf_scratch *s, size_t size, const char *what, mf_err *err)
{
    if (size <= s->cap)
        return MF_OK;
    mf_free(s->data);
    *s       = (mf_scratch){0};
    s->data = mf_aligned(size);
    if (!s->data)
        return mf_oom(err, size, what);
    s->cap = size;
    return MF_OK;
}

void
mf_decoder_free(mf_decoder *dc)
{
    if (!dc)
        return;
    mf_free(dc->file.data);
    mf_free(dc->px.data);
    mf_free(dc->turned.data);
    mf_free(dc->coef.data);
    *dc = (mf_decoder){0};
}

static mf_status
find_codec(const mf_codec **out, const uint8_t *data, size_t size, mf_err *err)
{
    size_t                 n;
    const mf_codec *const *all = mf_codecs(&n);

    *out = NULL;
    if (size == 0)
        return mf_fail(err, MF_E_FORMAT, "the file is empty");
    if (size > MF_IMAGE_MAX_BYTES)
        return mf_fail(err, MF_E_LIMIT, "%zu bytes are over the limit of %d", size, (int)MF_IMAGE_MAX_BYTES);
    for (size_t i = 0; i < n; i++)
        if (all[i]->is(data, size)) {
            *out = all[i];
            return MF_OK;
        }
    mf_str names = {0};
    for (size_t i = 0; i < n; i++)
        mf_str_printf(&names, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", all[i]->name);
    mf_status st = mf_fail(err, MF_E_FORMAT, "not a %s file", mf_str_c(&names));
    mf_str_free(&names);
    return st;
}

/* Header and limits; afterwards width x height x 4 fits in size_t. */
static mf_status
read_header(const mf_codec **codec, mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err)
{
    mf_status st;

    *info = (mf_codec_info){0};
    if ((st = find_codec(codec, data, size, err)) < 0 || (st = (*codec)->header(info, data, size, err)) < 0)
        return st;
    if (info->width < 1 || info->height < 1)
        return mf_fail(err, MF_E_FORMAT, "the header says %d x %d pixels", info->width, info->height);
    if (info->width > MF_IMAGE_MAX_SIDE || info->height > MF_IMAGE_MAX_SIDE ||
        (int64_t)info->width * info->height > MF_IMAGE_MAX_PIXELS)
        return mf_fail(err, MF_E_LIMIT,
                       "%d x %d pixels are over the limit (%d on a side, %d in all); make the picture smaller first",
                       info->width, info->height, (int)MF_IMAGE_MAX_SIDE, (int)MF_IMAGE_MAX_PIXELS);
    return MF_OK;
}

static mf_status
decode(mf_decoder *dc, mf_image *lent, const uint8_t *data, size_t size, int channels, mf_err *err)
{
    mf_status       st;
    const mf_codec *codec;
    mf_codec_info   info;

    if (channels != 0 && channels != 1 && channels != 3)
        return mf_fail(err, MF_E_ARG, "a picture is read with 0 (as stored), 1 or 3 channels, not %d", channels);
    if ((st = read_header(&codec, &info, data, size, err)) < 0)
        return st;

    int    want = channels ? channels : info.channels, most = info.raw_channels;
    size_t n    = (size_t)info.width * (size_t)info.height;
    most        = most > info.channels ? most : info.channels;
    most        = most > want ? most : want;
    if ((st = mf_scratch_need(&dc->px, n * (size_t)most, "a picture", err)) < 0 ||
        (st = codec->decode(dc->px.data, &info, data, size, err)) < 0)
        return st;
    mf_convert_px(dc->px.data, want, dc->px.data, info.channels, n);
    *lent = (mf_image){.px = dc->px.data, .width = info.width, .height = info.height, .channels = want};
    if (info.orientation > 1) {
        if ((st = mf_scratch_need(&dc->turned, n * (size_t)want, "a picture turned upright", err)) < 0)
            return st;
        mf_orient(dc->turned.data, dc->px.data, info.width, info.height, want, info.orientation);
        lent->px = dc->turned.data;
        if (mf_orientation_turns(info.orientation)) {
            lent->width  = info.height;
            lent->height = info.width;
        }
    }
    return MF_OK;
}

mf_status
mf_decoder_decode(mf_decoder *dc, mf_image *lent, const char *name, const uint8_t *data, size_t size, int channels,
                  mf_err *err)
{
    *lent        = (mf_image){0};
    mf_status st = decode(dc, lent, data, size, channels, err);
    if (st < 0) {
        *lent = (mf_image){0};
        mf_fail_in(err, st, "picture '%s'", name);
    }
    return st;
}

/* The whole file into dc->file, which only grows. */
static mf_status
read_file(mf_decoder *dc, size_t *size, const char *path, mf_err *err)
{
    struct stat sb;
    mf_status   st = MF_OK;
    size_t      got = 0;
    int         fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return mf_fail_errno(err, errno, "cannot open");
    if (fstat(fd, &sb) < 0) {
        st = mf_fail_errno(err, errno, "cannot read");
    } else if (!S_ISREG(sb.st_mode)) {
        st = mf_fail(err, MF_E_IO, "not a regular file");
    } else if (sb.st_size > MF_IMAGE_MAX_BYTES) {
        st = mf_fail(err, MF_E_LIMIT, "%lld bytes are over the limit of %d", (long long)sb.st_size,
                     (int)MF_IMAGE_MAX_BYTES);
    } else if ((st = mf_scratch_need(&dc->file, (size_t)sb.st_size + 1, "a picture file", err)) == MF_OK) {
        while (got < (size_t)sb.st_size) {
            ssize_t r = read(fd, dc->file.data + got, (size_t)sb.st_size - got);
            if (r < 0 && errno == EINTR)
                continue;
            if (r < 0)
                st = mf_fail_errno(err, errno, "cannot read");
            if (r <= 0)
                break;
            got += (size_t)r;
        }
    }
    close(fd);
    *size = got;
    return st;
}

mf_status
mf_decoder_load(mf_decoder *dc, mf_image *lent, const char *path, int channels, mf_err *err)
{
    size_t    size = 0;
    mf_status st;

    *lent = (mf_image){0};
    if ((st = read_file(dc, &size, path, err)) < 0)
        return mf_fail_in(err, st, "picture '%s'", path);
    return mf_decoder_decode(dc, lent, path, dc->file.data, size, channels, err);
}

/* Make what the decoder lends the caller's, and empty the decoder. */
static void
take(mf_image *out, const mf_image *lent, mf_decoder *dc)
{
    if (lent->px && lent->px == dc->px.data)
        dc->px = (mf_scratch){0};
    else if (lent->px)
        dc->turned = (mf_scratch){0};
    *out = *lent;
    mf_decoder_free(dc);
}

mf_status
mf_image_load(mf_image *out, const char *path, int channels, mf_err *err)
{
    mf_decoder dc = {0};
    mf_image   lent;
    mf_status  st = mf_decoder_load(&dc, &lent, path, channels, err);

    take(out, &lent, &dc);
    return st;
}

mf_status
mf_image_decode(mf_image *out, const char *name, const uint8_t *data, size_t size, int channels, mf_err *err)
{
    mf_decoder dc = {0};
    mf_image   lent;
    mf_status  st = mf_decoder_decode(&dc, &lent, name, data, size, channels, err);

    take(out, &lent, &dc);
    return st;
}

mf_status
mf_image_probe(int *width, int *height, int *channels, const char *name, const uint8_t *data, size_t size, mf_err *err)
{
    const mf_codec *codec;
    mf_codec_info   info;
    mf_status       st = read_header(&codec, &info, data, size, err);

    *width = *height = *channels = 0;
    if (st < 0)
        return mf_fail_in(err, st, "picture '%s'", name);
    bool turns = mf_orientation_turns(info.orientation);
    *width     = turns ? info.height : info.width;
    *height    = turns ? info.width : info.height;
    *channels  = info.channels;
    return MF_OK;
}

static const mf_codec *
codec_for(const char *path)
{
    size_t                 n;
    const mf_codec *const *all = mf_codecs(&n);
    const char            *dot = strrchr(mf_path_base(path), '.');
    char                   key[16];

    if (!dot || strlen(dot) > sizeof key - 3 || strchr(dot, ' '))
        return NULL;
    key[0] = ' ';
    size_t k = 1;
    for (const char *p = dot; *p; p++)
        key[k++] = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    key[k++] = ' ';
    key[k]   = 0;
    for (size_t i = 0; i < n; i++)
        if (strstr(all[i]->endings, key))
            return all[i];
    return NULL;
}

/* Find the codec and encode; bytes.release is the caller's. */
static mf_status
encode(mf_codec_bytes *bytes, const char *path, const mf_image *im, int quality, mf_err *err)
{
    mf_status       st;
    const mf_codec *codec = codec_for(path);

    if (!codec || !codec->encode)
        return mf_fail(err, MF_E_ARG, "picture '%s': the name must end in .png, .jpg, .jpeg or .webp", path);
    if (quality < 1 || quality > 100)
        return mf_fail(err, MF_E_ARG, "picture '%s': the quality is 1 to 100, not %d", path, quality);
    if (!im->px)
        return mf_fail(err, MF_E_ARG, "picture '%s': there are no pixels to write", path);
    if ((st = codec->encode(bytes, im, quality, err)) < 0)
        return mf_fail_in(err, st, "picture '%s'", path);
    return MF_OK;
}

mf_status
mf_image_encode(mf_blob *out, const char *name, const mf_image *im, int quality, mf_err *err)
{
    mf_codec_bytes bytes;
    mf_status      st;

    *out = (mf_blob){0};
    if ((st = encode(&bytes, name, im, quality, err)) < 0)
        return st;
    out->data = mf_calloc(bytes.size + 1, 1);
    if (out->data) {
        memcpy(out->data, bytes.data, bytes.size);
        out->size = bytes.size;
    } else {
        st = mf_oom(err, bytes.size, "an encoded picture");
    }
    bytes.release(bytes.data);
    return st;
}

mf_status
mf_image_save(const char *path, const mf_image *im, int quality, mf_err *err)
{
    mf_codec_bytes bytes;
    mf_status      st = encode(&bytes, path, im, quality, err);

    if (st < 0)
        return st;
    st = mf_file_write(path, bytes.data, bytes.size, err);
    bytes.release(bytes.data);
    return st;
}

mf_status
mf_image_write(const char *path, const mf_image *im, int quality, mf_err *err)
{
    mf_codec_bytes bytes;
    mf_status      st = encode(&bytes, path, im, quality, err);
    size_t         put = 0;
    int            fd;

    if (st < 0)
        return st;
    if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)) < 0)
        st = mf_fail_errno(err, errno, "cannot make '%s'", path);
    while (st == MF_OK && put < bytes.size) {
        ssize_t k = write(fd, bytes.data + put, bytes.size - put);

        if (k < 0 && errno != EINTR)
            st = mf_fail_errno(err, errno, "cannot write '%s'", path);
        put += k > 0 ? (size_t)k : 0;
    }
    if (fd >= 0 && close(fd) != 0 && st == MF_OK)
        st = mf_fail_errno(err, errno, "cannot write '%s'", path);
    bytes.release(bytes.data);
    return st;
}
