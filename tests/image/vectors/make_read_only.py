#!/usr/bin/env python3
"""Make read_only.bin and the fuzz corpora of the formats that are only read, BMP and TIFF, with Pillow as the judge.

    python3 make_read_only.py      writes beside itself and into fuzz/corpora/{bmp,tiff}

Made with Python 3.11, Pillow 13.0.0 and its libtiff 4.7.2; a rerun gives the same pictures. Records as in decode.bin (make.py): a 32-byte
name, six little-endian int32 (channels asked for, width, height, channels, bytes of the file, tolerance in levels), then the file and
the pixels that must come out of it.
"""
import io
import os
import struct

from PIL import Image, ImageOps

from make import HERE, CORPORA, smooth


def save(im, fmt, **options):
    out = io.BytesIO()
    im.save(out, fmt, **options)
    return out.getvalue()


def big_endian_grey(w, h, px):
    """What Pillow does not write: an uncompressed strip in Motorola order, as JAFFE has."""
    tags = [(256, 3, 1, w << 16), (257, 3, 1, h << 16), (258, 3, 1, 8 << 16), (259, 3, 1, 1 << 16), (262, 3, 1, 1 << 16),
            (273, 4, 1, 8), (277, 3, 1, 1 << 16), (278, 3, 1, h << 16), (279, 4, 1, w * h)]
    at = 8 + len(px) + len(px) % 2
    return (b"MM\0*" + struct.pack(">I", at) + px + b"\0" * (len(px) % 2) + struct.pack(">H", len(tags)) +
            b"".join(struct.pack(">HHII", *t) for t in tags) + struct.pack(">I", 0))


def top_down_bmp(w, h, px):
    row = (3 * w + 3) // 4 * 4
    rows = b"".join((bytes(b for x in range(w) for b in px[3 * (y * w + x):3 * (y * w + x) + 3][::-1])).ljust(row, b"\0")
                    for y in range(h))
    return (b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54) +
            struct.pack("<IiiHHIIiiII", 40, w, -h, 1, 24, 0, len(rows), 0, 0, 0, 0) + rows)


def cases():
    w, h = 21, 13
    grey, rgb = Image.frombytes("L", (w, h), smooth(w, h, 1)), Image.frombytes("RGB", (w, h), smooth(w, h, 3))
    rgba = Image.frombytes("RGBA", (w, h), smooth(w, h, 4))
    white = Image.new("RGBA", (w, h), (255, 255, 255, 255))
    over = Image.alpha_composite(white, rgba).convert("RGB")
    for packing in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield "grey-%s.tif" % packing, save(grey, "TIFF", compression=packing), grey, 0
        yield "rgb-%s.tif" % packing, save(rgb, "TIFF", compression=packing), rgb, 0
    yield "alpha.tif", save(rgba, "TIFF"), over, 2
    yield "palette.tif", save(rgb.quantize(30), "TIFF"), rgb.quantize(30).convert("RGB"), 0
    yield "one-bit.tif", save(grey.convert("1"), "TIFF"), grey.convert("1").convert("L"), 0
    yield "motorola.tif", big_endian_grey(w, h, grey.tobytes()), grey, 0
    for turn in (2, 3, 6, 8):
        exif = Image.Exif()
        exif[0x0112] = turn
        data = save(rgb, "TIFF", tiffinfo={274: turn})
        yield "turn%d.tif" % turn, data, ImageOps.exif_transpose(Image.open(io.BytesIO(data))), 0
    yield "rgb.bmp", save(rgb, "BMP"), rgb, 0
    yield "grey.bmp", save(grey, "BMP"), grey, 0
    yield "palette.bmp", save(rgb.quantize(30), "BMP"), rgb.quantize(30).convert("RGB"), 0
    yield "one-bit.bmp", save(grey.convert("1"), "BMP"), grey.convert("1").convert("L"), 0
    yield "top-down.bmp", top_down_bmp(w, h, rgb.tobytes()), rgb, 0


def main():
    with open(os.path.join(HERE, "read_only.bin"), "wb") as out:
        for name, data, want, tolerance in cases():
            px = want.tobytes()
            c = len(px) // (want.width * want.height)
            out.write(name.encode().ljust(32, b"\0") +
                      struct.pack("<6i", 0, want.width, want.height, c, len(data), tolerance) + data + px)
            kind, stem = ("bmp" if name.endswith("bmp") else "tiff"), name.split(".")[0]
            os.makedirs(os.path.join(CORPORA, kind), exist_ok=True)
            for label, part in ((stem, data), (stem + "-cut", data[:len(data) * 2 // 3])):
                with open(os.path.join(CORPORA, kind, label), "wb") as f:
                    f.write(part)


if __name__ == "__main__":
    main()
