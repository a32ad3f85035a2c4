"""Makes losses.txt beside this file: values and gradients of every loss by PyTorch in double precision.

    python make_losses.py

A case is its name, the loss, its options, and lines of numbers: rows and classes, smoothing, logits, target, class weights
(none: an empty line), the loss, its gradient for the logits. Numbers of seed 11. The formulas are written from the papers,
sample by sample; nothing of them is shared with the program."""
import os

import torch

torch.set_default_dtype(torch.float64)
gen = torch.Generator().manual_seed(11)
N, C = 9, 5


def one_hot():
    return torch.nn.functional.one_hot(torch.randint(0, C, (N,), generator=gen), C).double()


def votes():
    """Distributions with zeros, as counts of ten voters give."""
    out = torch.zeros(N, C)
    for i in range(N):
        for k in torch.randint(0, C, (10,), generator=gen).tolist():
            out[i, k if k % 2 == i % 2 or i % 3 else 0] += 0.1
    return out


def smooth(t, s):
    return (1 - s) * t + s / C


def cross_entropy(z, t, w, s, o):
    u, total, weight = smooth(t, s), 0.0, 0.0
    for i in range(N):
        lp = z[i] - torch.logsumexp(z[i], 0)
        for c in range(C):
            total = total - w[c] * u[i, c] * lp[c]
            weight += w[c] * t[i, c]
    return total / weight


def focal(z, t, w, s, o):
    u, total, weight = smooth(t, s), 0.0, 0.0
    for i in range(N):
        p = torch.exp(z[i] - torch.logsumexp(z[i], 0))
        for c in range(C):
            total = total - w[c] * u[i, c] * (1 - p[c]) ** o["gamma"] * torch.log(p[c])
            weight += w[c] * t[i, c]
    return total / weight


def multi_target(z, t, w, s, o):
    e, total, weight = o["spread"], 0.0, 0.0
    for i in range(N):
        p = torch.softmax(z[i], 0)
        u = torch.where(t[i] > 0, 1.0, e)
        share = (w * t[i]).sum()
        total = total - share * torch.log((u * p).max())
        weight += share
    return total / weight


def line(t):
    return " ".join("%.17g" % v for v in t.reshape(-1).tolist()) + "\n"


here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "losses.txt"), "w") as f:
    f.write("# made by make_losses.py with PyTorch %s, seed 11\n" % torch.__version__)
    for name, loss, fn, options in (("cross-entropy", "cross-entropy", cross_entropy, {}),
                                    ("focal", "focal", focal, {"gamma": 2.0}), ("focal-half", "focal", focal, {"gamma": 0.5}),
                                    ("focal-zero", "focal", focal, {"gamma": 0.0}),
                                    ("multi-target", "multi-target", multi_target, {"spread": 0.001}),
                                    ("multi-target-wide", "multi-target", multi_target, {"spread": 0.2})):
        for kind, target, weighted, s in (
                ("hard", one_hot, False, 0.0), ("weighted", one_hot, True, 0.125), ("votes", votes, True, 0.0)):
            z, t = 2 * torch.randn(N, C, generator=gen), target()
            w = torch.rand(C, generator=gen) + 0.3 if weighted else torch.ones(C)
            z.requires_grad_(True)
            value = fn(z, t, w, s, options)
            value.backward()
            f.write("case %s-%s %s %d" % (name, kind, loss, len(options)))
            f.write("".join(" %s %g" % kv for kv in options.items()) + "\n")
            f.write("%d %d %g\n" % (N, C, s) + line(z.detach()) + line(t) + (line(w) if weighted else "\n") + line(value.detach()) + line(z.grad))
