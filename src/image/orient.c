/* image/orient.c: EXIF orientation read (libexif) and applied. A camera's note is advice: a broken one is ignored. */
#include <libexif/exif-data.h>
#include <string.h>

#include "image/codec.h"

enum { EXIF_BYTES = 65535 }; /* what one JPEG segment can hold; more is cut, the first directory is in front */

int
mf_exif_orientation(const uint8_t *data, size_t size)
{
    static const uint8_t head[6] = {'E', 'x', 'i', 'f', 0, 0};
    uint8_t              buf[EXIF_BYTES]; /* libexif wants the head, PNG and WebP store the block without it */
    int                  orientation = 1;

    if (size >= sizeof head && memcmp(data, head, sizeof head) == 0) {
        data += sizeof head;
        size -= sizeof head;
    }
    if (size < 8)
        return 1;
    if (size > sizeof buf - sizeof head)
        size = sizeof buf - sizeof head;
    memcpy(buf, head, sizeof head);
    memcpy(buf + sizeof head, data, size);

    ExifData *exif = exif_data_new();
    if (!exif)
        return 1;
    exif_data_load_data(exif, buf, (unsigned)(size + sizeof head));
    ExifEntry *e = exif_content_get_entry(exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (e && e->format == EXIF_FORMAT_SHORT && e->components >= 1 && e->size >= 2) {
        int v = exif_get_short(e->data, exif_data_get_byte_order(exif));
        if (v >= 1 && v <= 8)
            orientation = v;
    }
    exif_data_unref(exif);
    return orientation;
}

bool
mf_orientation_turns(int orientation)
{
    return orientation >= 5;
}

/* Orientation as EXIF 2.3, table 6: where row 0 and column 0 of the stored picture are in the upright one. */
void
mf_orient(uint8_t *dst, const uint8_t *src, int w, int h, int channels, int orientation)
{
    size_t ch = (size_t)channels, dw = (size_t)(mf_orientation_turns(orientation) ? h : w);

    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int dx = x, dy = y;
            switch (orientation) {
            case 2: dx = w - 1 - x; break;
            case 3: dx = w - 1 - x; dy = h - 1 - y; break;
            case 4: dy = h - 1 - y; break;
            case 5: dx = y; dy = x; break;
            case 6: dx = h - 1 - y; dy = x; break;
            case 7: dx = h - 1 - y; dy = w - 1 - x; break;
            case 8: dx = y; dy = w - 1 - x; break;
            default: break;
            }
            const uint8_t *s = src + ((size_t)y * (size_t)w + (size_t)x) * ch;
            uint8_t       *d = dst + ((size_t)dy * dw + (size_t)dx) * ch;
            for (size_t c = 0; c < ch; c++)
                d[c] = s[c];
        }
}
