"""Makes jitter.txt beside this file: torchvision's ColorJitter by the calls of Pillow that it makes.

    python make_jitter.py

A case is: order (0 to 23, permutations of brightness, contrast, saturation, hue in lexical order), the three factors, the turn of
hue's byte, width, height, and two lines of bytes: before and after. Numbers of seed 4."""
import itertools
import os

import numpy as np
import PIL
from PIL import Image, ImageEnhance

rng = np.random.default_rng(4)


def hue(im, turn):
    h, s, v = im.convert("HSV").split()
    h = Image.fromarray(((np.array(h).astype(int) + turn) % 256).astype(np.uint8))
    return Image.merge("HSV", (h, s, v)).convert("RGB")


def apply(im, order, b, c, s, turn):
    steps = [lambda i: ImageEnhance.Brightness(i).enhance(b), lambda i: ImageEnhance.Contrast(i).enhance(c),
             lambda i: ImageEnhance.Color(i).enhance(s), lambda i: hue(i, turn)]
    for k in list(itertools.permutations(range(4)))[order]:
        im = steps[k](im)
    return im


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "jitter.txt"), "w") as f:
    f.write(f"# made by make_jitter.py with Pillow {PIL.__version__}, numpy {np.__version__}, seed 4\n")
    for n in range(48):
        w, h = int(rng.integers(3, 9)), int(rng.integers(3, 7))
        px = rng.integers(0, 256, size=(h, w, 3)).astype(np.uint8)
        if n % 6 == 0:
            px[0] = px[0, :, :1]  # greys
        order = n % 24
        b, c, s = (float(np.float32(v)) for v in rng.uniform([0.6, 0.7, 0.75], [1.4, 1.3, 1.25]))
        turn = int(rng.integers(-12, 13)) if n < 40 else int(rng.integers(-127, 128))
        out = np.array(apply(Image.fromarray(px), order, b, c, s, turn))
        f.write(f"case {order} {b:.9g} {c:.9g} {s:.9g} {turn} {w} {h}\n")
        for a in (px, out):
            f.write(" ".join(map(str, a.ravel().tolist())) + "\n")
