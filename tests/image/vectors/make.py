#!/usr/bin/env python3
"""Make resize.bin, decode.bin and the fuzz corpora of the picture formats, with Pillow as the judge.

    python3 make.py            writes beside itself and into fuzz/corpora/{jpeg,png,webp}

Made with Python 3.11, Pillow 9.4.0; numbers come from a small generator below, so a rerun gives the same pictures.

resize.bin: records of five little-endian int32 (width, height, channels, new width, new height), then the source pixels
and the pixels after Image.resize(size, BILINEAR).
decode.bin: records of a 32-byte name, six little-endian int32 (channels asked for, width, height, channels, bytes of the
file, tolerance in levels), then the file and the pixels that must come out of it.
"""
import io
import os
import struct
import zlib

from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
CORPORA = os.path.join(HERE, "..", "..", "..", "fuzz", "corpora")
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def noise(n, seed):
    """n bytes of a linear congruential generator."""
    out = bytearray()
    for _ in range(n):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        out.append(seed >> 56)
    return bytes(out)


def smooth(w, h, c):
    """A picture with slopes and an edge, as photographs have."""
    out = bytearray()
    for y in range(h):
        for x in range(w):
            for k in range(c):
                v = (x * (5 + k) + y * (3 + 2 * k)) % 256
                if (x - w / 2) ** 2 + (y - h / 2) ** 2 < (min(w, h) / 4) ** 2:
                    v = 255 - v // 2
                out.append(v)
    return bytes(out)


def resize_cases():
    sizes = [(37, 23, 16, 16), (5, 7, 11, 13), (64, 48, 7, 5), (1, 1, 4, 3), (9, 1, 3, 1), (1, 9, 1, 20), (48, 48, 24, 24),
             (30, 40, 30, 17), (30, 40, 13, 40), (50, 33, 49, 34), (100, 3, 1, 1), (12, 12, 12, 12), (16, 20, 33, 41)]
    seed = 1
    for w, h, nw, nh in sizes:
        for c in (1, 3, 4):
            for make in (noise, smooth):
                if make is smooth and c == 4 and w * h > 2000:
                    continue
                seed += 1
                px = noise(w * h * c, seed) if make is noise else smooth(w, h, c)
                im = Image.frombytes(MODES[c], (w, h), px)
                yield struct.pack("<5i", w, h, c, nw, nh) + px + im.resize((nw, nh), Image.BILINEAR).tobytes()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(w, h, depth, kind, rows, extra=b"", interlaced=False):
    """rows(x0, y0, dx, dy): packed rows of every dx-th pixel of every dy-th row from (x0, y0)."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for p in passes if interlaced else [(0, 0, 1, 1)]:
        for row in rows(*p):
            raw += b"\0" + row if row else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", w, h, depth, kind, 0, 0, int(interlaced))) + extra
            + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def rows_of(samples, w, h, per, depth):
    """samples: flat list, `per` a pixel; a function for png()."""
    def rows(x0, y0, dx, dy):
        for y in range(y0, h, dy):
            bits, n, out = 0, 0, bytearray()
            for x in range(x0, w, dx):
                for k in range(per):
                    bits, n = bits << depth | samples[(y * w + x) * per + k], n + depth
                    while n >= 8:
                        out.append(bits >> (n - 8) & 255)
                        n -= 8
                        bits &= (1 << n) - 1
            if n:
                out.append(bits << (8 - n) & 255)
            yield bytes(out)
    return rows


def down16(v):
    return (v * 255 + 32895) >> 16


def record(name, want, w, h, c, data, px, tolerance=0):
    assert len(px) == w * h * c, name
    return struct.pack("<32s6i", name.encode(), want, w, h, c, len(data), tolerance) + data + bytes(px)


def png_cases():
    w, h = 13, 9
    n = w * h
    for depth in (1, 2, 4, 8):
        g = [v >> (8 - depth) for v in noise(n, depth)]
        px = [v * 255 // ((1 << depth) - 1) for v in g]
        yield f"grey{depth}.png", 0, w, h, 1, png(w, h, depth, 0, rows_of(g, w, h, 1, depth)), px
        yield f"grey{depth}i.png", 0, w, h, 1, png(w, h, depth, 0, rows_of(g, w, h, 1, depth), interlaced=True), px
    g = [a << 8 | b for a, b in zip(noise(n, 20), noise(n, 21))]
    yield "grey16.png", 0, w, h, 1, png(w, h, 16, 0, rows_of(g, w, h, 1, 16)), [down16(v) for v in g]
    ga = list(noise(2 * n, 22))
    px = [v for i in range(n) for v in (ga[2 * i],) * 3 + (ga[2 * i + 1],)]
    yield "greyalpha8.png", 0, w, h, 4, png(w, h, 8, 4, rows_of(ga, w, h, 2, 8)), px
    over = [(ga[2 * i] * ga[2 * i + 1] + 255 * (255 - ga[2 * i + 1]) + 127) // 255 for i in range(n)]
    yield "greyalpha8-grey.png", 1, w, h, 1, png(w, h, 8, 4, rows_of(ga, w, h, 2, 8)), over
    yield "greyalpha8-rgb.png", 3, w, h, 3, png(w, h, 8, 4, rows_of(ga, w, h, 2, 8)), [v for v in over for _ in range(3)]
    ga = [a << 8 | b for a, b in zip(noise(2 * n, 23), noise(2 * n, 24))]
    px = [down16(v) for i in range(n) for v in (ga[2 * i],) * 3 + (ga[2 * i + 1],)]
    yield "greyalpha16.png", 0, w, h, 4, png(w, h, 16, 4, rows_of(ga, w, h, 2, 16)), px
    g = [v & 15 for v in noise(n, 25)]
    px = [v for s in g for v in (s * 17,) * 3 + (0 if s == 5 else 255,)]
    yield "grey4trns.png", 0, w, h, 4, png(w, h, 4, 0, rows_of(g, w, h, 1, 4), chunk(b"tRNS", struct.pack(">H", 5))), px
    for depth in (1, 2, 4, 8):
        k = 1 << depth
        pal = list(noise(3 * k, 30 + depth))
        idx = [v % k for v in noise(n, 40 + depth)]
        plte = chunk(b"PLTE", bytes(pal))
        px = [v for i in idx for v in pal[3 * i:3 * i + 3]]
        yield f"palette{depth}.png", 0, w, h, 3, png(w, h, depth, 3, rows_of(idx, w, h, 1, depth), plte), px
        al = list(noise(max(1, k // 2), 50 + depth))
        px = [v for i in idx for v in pal[3 * i:3 * i + 3] + [al[i] if i < len(al) else 255]]
        yield (f"palette{depth}alpha.png", 0, w, h, 4,
               png(w, h, depth, 3, rows_of(idx, w, h, 1, depth), plte + chunk(b"tRNS", bytes(al))), px)
    for c, kind, name in ((3, 2, "rgb"), (4, 6, "rgba")):
        s8 = list(noise(n * c, 60 + c))
        yield f"{name}8.png", 0, w, h, c, png(w, h, 8, kind, rows_of(s8, w, h, c, 8)), s8
        yield f"{name}8i.png", 0, w, h, c, png(w, h, 8, kind, rows_of(s8, w, h, c, 8), interlaced=True), s8
        s16 = [a << 8 | b for a, b in zip(noise(n * c, 70 + c), noise(n * c, 80 + c))]
        yield f"{name}16.png", 0, w, h, c, png(w, h, 16, kind, rows_of(s16, w, h, c, 16)), [down16(v) for v in s16]
    rgb = noise(n * 3, 63)
    grey = Image.frombytes("RGB", (w, h), rgb).convert("L").tobytes()
    yield "rgb8-grey.png", 1, w, h, 1, png(w, h, 8, 2, rows_of(list(rgb), w, h, 3, 8)), grey
    g8 = list(noise(n, 90))
    yield "grey8-rgb.png", 3, w, h, 3, png(w, h, 8, 0, rows_of(g8, w, h, 1, 8)), [v for v in g8 for _ in range(3)]
    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    turned = Image.frombytes("L", (w, h), bytes(g8)).transpose(Image.ROTATE_270).tobytes()
    yield "exif6.png", 0, h, w, 1, png(w, h, 8, 0, rows_of(g8, w, h, 1, 8), chunk(b"eXIf", tiff)), turned
    yield "one.png", 0, 1, 1, 1, png(1, 1, 8, 0, rows_of([77], 1, 1, 1, 8)), [77]


def saved(im, **how):
    out = io.BytesIO()
    im.save(out, **how)
    return out.getvalue()


def jpeg_cases():
    w, h = 29, 21
    rgb = Image.frombytes("RGB", (w, h), smooth(w, h, 3))
    grey = Image.frombytes("L", (w, h), smooth(w, h, 1))
    for name, im, how in (("grey.jpg", grey, {}), ("rgb444.jpg", rgb, {"subsampling": 0}),
                          ("rgb422.jpg", rgb, {"subsampling": 1}), ("rgb420.jpg", rgb, {"subsampling": 2}),
                          ("progressive.jpg", rgb, {"progressive": True}), ("quality30.jpg", rgb, {"quality": 30})):
        data = saved(im, format="JPEG", **{"quality": 90, **how})
        back = Image.open(io.BytesIO(data))
        yield name, 0, w, h, len(back.getbands()), data, back.tobytes()
    cmyk = Image.frombytes("CMYK", (w, h), smooth(w, h, 4))
    data = saved(cmyk, format="JPEG", quality=95)
    # one level: Pillow rounds ink by ink another way
    yield "cmyk.jpg", 0, w, h, 3, data, Image.open(io.BytesIO(data)).convert("RGB").tobytes(), 1
    for o in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = o
        data = saved(rgb, format="JPEG", quality=90, exif=exif)
        im = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        yield f"exif{o}.jpg", 0, im.width, im.height, 3, data, im.tobytes()
    exif = Image.Exif()
    exif[0x0112] = 77  # no such orientation: left alone
    data = saved(grey, format="JPEG", quality=90, exif=exif)
    yield "exif77.jpg", 0, w, h, 1, data, Image.open(io.BytesIO(data)).tobytes()


def webp_cases():
    w, h = 29, 21
    rgb = Image.frombytes("RGB", (w, h), smooth(w, h, 3))
    rgba = Image.frombytes("RGBA", (w, h), smooth(w, h, 4))
    for name, im, how in (("lossless.webp", rgb, {"lossless": True}), ("lossy.webp", rgb, {"quality": 80}),
                          ("alpha.webp", rgba, {"lossless": True, "exact": True}), ("alphalossy.webp", rgba, {"quality": 70})):
        data = saved(im, format="WEBP", **how)
        back = Image.open(io.BytesIO(data))
        yield name, 0, w, h, len(back.getbands()), data, back.tobytes()
    exif = Image.Exif()
    exif[0x0112] = 8
    data = saved(rgb, format="WEBP", lossless=True, exif=exif)
    im = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    yield "exif8.webp", 0, im.width, im.height, 3, data, im.tobytes()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def main():
    write(os.path.join(HERE, "resize.bin"), b"".join(resize_cases()))
    out = b""
    for fmt, cases in (("jpeg", jpeg_cases), ("png", png_cases), ("webp", webp_cases)):
        folder = os.path.join(CORPORA, fmt)
        os.makedirs(folder, exist_ok=True)
        for case in cases():
            out += record(*case)
            name, data = case[0], case[5]
            write(os.path.join(folder, name), data)
            if name in ("rgb420.jpg", "progressive.jpg", "rgb8.png", "palette4alpha.png", "lossy.webp", "alpha.webp"):
                stem, end = name.split(".")
                write(os.path.join(folder, f"{stem}-cut.{end}"), data[:len(data) * 2 // 3])
                write(os.path.join(folder, f"{stem}-head.{end}"), data[:24])
                bad = bytearray(data)
                for i in range(len(bad) // 2, len(bad), 7):
                    bad[i] ^= 0x5A
                write(os.path.join(folder, f"{stem}-bad.{end}"), bytes(bad))
    write(os.path.join(CORPORA, "png", "huge-head.png"), png(30000, 30000, 8, 2, lambda *_: iter([b""])))
    frames = [Image.frombytes("RGB", (8, 8), noise(192, s)) for s in (1, 2)]
    write(os.path.join(CORPORA, "webp", "animation.webp"),
          saved(frames[0], format="WEBP", save_all=True, append_images=frames[1:], duration=100, lossless=True))
    write(os.path.join(HERE, "decode.bin"), out)


main()
