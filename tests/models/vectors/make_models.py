#!/usr/bin/env python3
"""Makes models.txt: what the independent PyTorch programs of bench/peers give for small forms of the architectures, in double.

    python3 make_models.py > models.txt

No weights are stored: every element is a function of its tensor's name and its place, drawn() here and in test_vectors.c, so
the seed is the names. "case ARCH SIDE BATCH" opens a case; "logits" are those in evaluation form, row by row, "features DOT NORM" the embedding there of
networks that look at landmarks (as a gradient below); "loss" is the
cross-entropy in training form (class of picture n: n mod 5); "grad NAME DOT NORM" a gradient's product with drawn("probe " +
NAME) and its length, of every third parameter and the last."""
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "bench", "peers"))
import nets  # noqa: E402

CLASSES = 5
CASES = (("resnet18:width=8", 32, 4), ("vgg11:width=4,hidden=16,dropout=0", 32, 4), ("vgg13_bn:width=4,hidden=16,dropout=0", 48, 4),
         ("vgg16:width=4,head=pooled", 40, 4), ("vgg19_bn:width=4,hidden=16,dropout=0", 32, 4), ("vgg_f:hidden=16,dropout=0,lrn_alpha=0.25", 63, 2),
         ("vgg_face:width=4,hidden=16,dropout=0", 64, 4), ("mobilenet_v1:width=0.25", 64, 4),
         ("mobilenet_v1:width=0.25,activation=relu6,bn_eps=0.001", 45, 4), ("mobilenet_v2:width=0.35,dropout=0", 64, 4),
         ("cbam_resnet18:width=16", 64, 4), ("cbam_resnet34:width=16", 32, 4), ("cbam_resnet50:width=16", 64, 4), ("resmasking:width=4", 64, 4),
         ("resmasking_dropout1:width=4,dropout=0", 32, 4), ("oadn:width=8,fusion=all", 48, 3), ("oadn:width=8,fusion=all,reading=code,canvas=64", 64, 3),
         ("gacnn:width=2", 64, 3), ("gacnn:width=2,reading=code", 72, 3), ("gacnn_caffe:width=2,dropout=0", 64, 3),
         ("ran18:width=8,crops=landmarks", 48, 3))


def drawn(name, n):
    """n numbers in [-1, 1): FNV-1a of the name, then splitmix64 of the place, the upper 24 bits."""
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = (h ^ b) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(h)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1.0


def fill(net):
    for name, t in list(net.named_parameters()) + list(net.named_buffers()):  # each once, under its first name
        if name.endswith("num_batches_tracked"):
            continue
        u = drawn(name, t.numel())
        last = name.rsplit(".", 1)[-1]
        if t.dim() > 1:
            u = u * np.sqrt(6.0 / (t.numel() // t.shape[0]))
        elif last == "running_var":
            u = 1.0 + 0.25 * u
        elif last == "weight":
            u = 0.75 + 0.25 * u
        else:
            u = 0.125 * u
        t.copy_(torch.from_numpy(u.astype(np.float32).reshape(tuple(t.shape))))


print("# made by make_models.py with PyTorch %s" % torch.__version__.split("+")[0])
for arch, side, batch in CASES:
    name, _, rest = arch.partition(":")
    net = nets.make(name, CLASSES, options=dict(p.split("=") for p in rest.split(",") if p))
    with torch.no_grad():
        fill(net)
    net = net.double()
    for m in net.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.eps = float(np.float32(m.eps))
    x = torch.from_numpy((2.0 * drawn("x", batch * 3 * side * side)).reshape(batch, 3, side, side))
    print("case", arch, side, batch)
    points = getattr(net, "points", 0)
    if points:
        u = drawn("landmarks", batch * points * 3).reshape(batch, points, 3)
        net.marks = torch.from_numpy(np.concatenate([side * (0.5 + 0.6 * u[..., :2]), 0.75 + 0.5 * u[..., 2:]], 2).astype(np.float32))
    with torch.no_grad():
        print("logits", *("%.17g" % v for v in net.eval()(x).reshape(-1).tolist()))
        if points:
            e = net.embed(x).reshape(-1)
            print("features %.17g %.17g" % (float((e * torch.from_numpy(drawn("probe features", e.numel()))).sum()), float(e.norm())))
    loss = F.cross_entropy(net.train()(x), torch.arange(batch) % CLASSES)
    loss.backward()
    print("loss %.17g" % float(loss.detach()))
    grads = [(n, p.grad.reshape(-1)) for n, p in net.named_parameters()]
    for k, (n, g) in enumerate(grads):
        if k % 3 == 0 or k == len(grads) - 1:
            print("grad %s %.17g %.17g" % (n, float((g * torch.from_numpy(drawn("probe " + n, g.numel()))).sum()), float(g.norm())))
