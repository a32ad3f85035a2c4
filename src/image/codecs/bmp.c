/* image/codecs/bmp.c: Windows bitmaps, read only: 1, 4 and 8 bits with a palette, 24 and 32 bits, not packed. A palette of greys
 * gives a grey picture. The format is a header and rows: no library is worth its weight for it. */
#include <string.h>

#include "image/codec.h"

enum { FILE_HEADER = 14, CORE_HEADER = 12, INFO_HEADER = 40, PACKED_NONE = 0, PACKED_MASKS = 3 };

typedef struct bitmap {
    int            width, height, bits;
    bool           top_down, grey;
    size_t         row;              /* bytes, a multiple of 4 */
    const uint8_t *palette;          /* blue, green, red [, 0] */
    size_t         colours, entry;   /* entries, and bytes of one */
    const uint8_t *px;
} bitmap;

static uint32_t
u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t
u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static bool
bmp_is(const uint8_t *data, size_t size)
{
    return size >= FILE_HEADER + CORE_HEADER && data[0] == 'B' && data[1] == 'M' && u32(data + 14) >= CORE_HEADER &&
           u32(data + 14) <= 124;
}

/* Masks of red, green and blue that name whole bytes in the usual order; others are rare enough. */
static bool
usual_masks(const uint8_t *p)
{
    return u32(p) == 0xff0000 && u32(p + 4) == 0xff00 && u32(p + 8) == 0xff;
}

static mf_status
parse_palette(bitmap *b, const uint8_t *data, size_t size, size_t header, mf_err *err)
{
    size_t most = (size_t)1 << b->bits, at = FILE_HEADER + header;
    size_t used = header == CORE_HEADER ? 0 : u32(data + FILE_HEADER + 32);

    b->entry   = header == CORE_HEADER ? 3 : 4;
    b->colours = used && used < most ? used : most;
    if (at > size || b->colours * b->entry > size - at)
        return mf_fail(err, MF_E_FORMAT, "the BMP is cut short in its palette");
    b->palette = data + at;
    b->grey    = true;
    for (size_t i = 0; i < b->colours; i++) {
        const uint8_t *c = b->palette + i * b->entry;

        b->grey &= c[0] == c[1] && c[1] == c[2];
    }
    return MF_OK;
}

static mf_status
parse(bitmap *b, const uint8_t *data, size_t size, mf_err *err)
{
    const uint8_t *h      = data + FILE_HEADER;
    size_t         header = u32(h), at = u32(data + 10);
    uint32_t       packing = PACKED_NONE;
    int64_t        height;
    mf_status      st;

    *b = (bitmap){0};
    if (header != CORE_HEADER && (header < INFO_HEADER || header > size - FILE_HEADER))
        return mf_fail(err, MF_E_FORMAT, "the BMP is cut short in its header");
    if (header == CORE_HEADER) {
        b->width = (int)u16(h + 4);
        height   = (int64_t)u16(h + 6);
        b->bits  = (int)u16(h + 10);
    } else {
        b->width = u32(h + 4) > INT32_MAX ? 0 : (int)u32(h + 4);
        height   = (int64_t)(int32_t)u32(h + 8);
        b->bits  = (int)u16(h + 14);
        packing  = u32(h + 16);
    }
    b->top_down = height < 0;
    height      = height < 0 ? -height : height;
    b->height   = height > INT32_MAX ? 0 : (int)height;
    if (b->width < 1 || b->height < 1)
        return mf_fail(err, MF_E_FORMAT, "the BMP says %d x %d pixels", b->width, b->height);
    if (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 24 && b->bits != 32)
        return mf_fail(err, MF_E_UNSUPPORTED, "a BMP of %d bits a pixel; 1, 4, 8, 24 and 32 are read", b->bits);
    if (packing != PACKED_NONE && !(packing == PACKED_MASKS && b->bits == 32 && size >= FILE_HEADER + INFO_HEADER + 12 &&
                                    usual_masks(h + INFO_HEADER)))
        return mf_fail(err, MF_E_UNSUPPORTED, "a packed BMP (kind %u); save it unpacked, or as PNG", packing);
    if (b->bits <= 8 && (st = parse_palette(b, data, size, header, err)) < 0)
        return st;
    b->row = ((size_t)b->width * (size_t)b->bits + 31) / 32 * 4;
    if (at > size || b->row > (size - at) / (size_t)b->height)
        return mf_fail(err, MF_E_FORMAT, "the BMP is cut short: %d x %d pixels cannot be in %zu bytes", b->width, b->height, size);
    b->px = data + at;
    return MF_OK;
}

static mf_status
bmp_header(mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err)
{
    bitmap    b;
    mf_status st = parse(&b, data, size, err);

    if (st < 0)
        return st;
    *info = (mf_codec_info){.width = b.width, .height = b.height, .channels = b.bits <= 8 && b.grey ? 1 : 3, .orientation = 1};
    info->raw_channels = info->channels;
    return MF_OK;
}

static void
put_row(uint8_t *to, const uint8_t *row, const bitmap *b, int channels)
{
    static const uint8_t black[3] = {0};

    for (size_t x = 0; x < (size_t)b->width; x++, to += channels) {
        const uint8_t *c;

        if (b->bits >= 24) {
            c = row + x * (size_t)(b->bits / 8);
        } else {
            size_t per = 8 / (size_t)b->bits, shift = 8 - (size_t)b->bits * (x % per + 1);
            size_t i   = (size_t)row[x / per] >> shift & (((size_t)1 << b->bits) - 1);

            c = i < b->colours ? b->palette + i * b->entry : black;
        }
        to[0] = channels == 1 ? c[0] : c[2];
        if (channels == 3) {
            to[1] = c[1];
            to[2] = c[0];
        }
    }
}

static mf_status
bmp_decode(uint8_t *px, const mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err)
{
    bitmap    b;
    mf_status st = parse(&b, data, size, err);
    size_t    out = (size_t)info->width * (size_t)info->channels;

    for (size_t y = 0; st == MF_OK && y < (size_t)b.height; y++)
        put_row(px + y * out, b.px + (b.top_down ? y : (size_t)b.height - 1 - y) * b.row, &b, info->channels);
    return st;
}

const mf_codec mf_codec_bmp = {
    .name = "BMP", .endings = " ", .is = bmp_is, .header = bmp_header, .decode = bmp_decode,
};
