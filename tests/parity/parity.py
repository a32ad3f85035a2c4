"""maskfer against PyTorch: the same weights and pictures, then logits, all gradients, and training curves; its event files by
TensorBoard's reader.

    python parity.py TOOL MASKFER [--backend onednn] [--models vgg,mobilenet] [--methods triplet,supervised]      (make parity)

Gradients and logits: worst difference over the largest magnitude of the same tensor, limit 1e-4 (f32). Curves: 10 or 20 steps,
losses and running statistics, limit 1e-3, on networks that calm() keeps off the kinks of their ReLUs. exact() compares in
double, where kinks do not matter, on networks that have them, with a limit of 1e-9: that settles the mathematics, and run()
the fast kernels. What methods and losses train by is in objectives.py."""
import argparse
import copy
import csv
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench", "peers"))
import nets  # noqa: E402
from objectives import objective  # noqa: E402

p = argparse.ArgumentParser()
p.add_argument("tool")
p.add_argument("maskfer")
p.add_argument("--backend", default="onednn")
p.add_argument("--models", help="only architectures whose names begin so (vgg,cbam_resnet50)")
p.add_argument("--methods", help="only the curves of these methods")
o = p.parse_args()
torch.manual_seed(20261122)
torch.set_num_threads(os.cpu_count())
began = time.time()
bad = 0
table = {}  # architecture -> {column: worst value}


def made(arch, classes):
    """"name:option=value,..." """
    name, _, rest = arch.partition(":")
    return nets.make(name, classes, options=dict(pair.split("=") for pair in rest.split(",") if pair))


def relative(a, b):
    a, b = a.double(), b.double()
    return float((a - b).abs().max() / b.abs().max().clamp_min(1e-12))


def report(what, value, limit):
    global bad
    ok = value <= limit
    bad += not ok
    print("%-92s %.2e  limit %.0e  %s" % (what, value, limit, "ok" if ok else "TOO LARGE"), flush=True)


def note(arch, column, value):
    row = table.setdefault(arch, {})
    row[column] = max(row.get(column, 0.0), value)


def lively(net):
    """Running statistics and affine parameters that matter, so that a swap of two of them shows."""
    for m in net.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.eps = float(np.float32(m.eps))  # both take it in f32; in double the difference would show behind small variances
            m.weight.data.uniform_(0.5, 1.0)
            m.bias.data.uniform_(-0.2, 0.2)
            m.running_mean.uniform_(-0.1, 0.1)
            m.running_var.uniform_(0.8, 1.2)
    return net


def still(grads):
    """Names of gradients that are zero but for rounding: what a batch norm takes away again, as a bias before one. `grads` are
    double."""
    top = max(float(g.abs().max()) for g in grads.values())
    return {k for k, g in grads.items() if float(g.abs().max()) < 1e-10 * top}


def gap(got, grads, zero):
    """The worst gradient and its relative error; those of `zero` are held against the largest gradient of all."""
    top = max(float(g.abs().max()) for g in grads.values())

    def far(k):
        return float(got[k].double().abs().max()) / top if k in zero else relative(got[k], grads[k])

    worst = max(grads, key=far)
    return worst, far(worst)


def calm(net):
    """As lively, but nearly no unit lies near the kink of its ReLU. There a gradient jumps, and which side a unit is on is
    rounding's choice: with one of a million units on the other side PyTorch's own f32 and double gradients differ by 1e-2.
    So every channel is pushed 4 standard deviations or more to one side: three quarters are on for nearly all pictures, a
    quarter off. The sum of a residual block gets the side of its stage, so that blocks do not pull against each other."""
    sides, last = {}, "bn3" if any(n.endswith("bn3") for n, _ in net.named_modules()) else "bn2"
    lively(net)
    for n, m in net.named_modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            side = torch.where(torch.rand(m.num_features) < 0.75, 1.0, -1.0)
            if n.endswith(last) or n.endswith("downsample.1"):
                side = sides.setdefault((n.split(".")[0], m.num_features), side)
            m.bias.data += 4 * side
    return net


def look(net, steps, batch, size):
    """Landmarks for a network that looks at them, all over its pictures, some outside or not sure."""
    if getattr(net, "points", 0):
        net.all_marks = torch.rand(steps, batch, net.points, 3)
        net.all_marks[..., :2] = (1.2 * net.all_marks[..., :2] - 0.1) * size


def optimiser_of(name, params, lr, decay):
    if name == "sgd":
        return torch.optim.SGD(params, lr=lr, momentum=0.9, weight_decay=decay)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name](params, lr=lr, weight_decay=decay)


def train(net, teacher, method, x, t, name, lr, decay, loss_name="cross-entropy", weight=None):
    """Losses of all steps, logits and gradients of the first."""
    opt = optimiser_of(name, net.parameters(), lr, decay)
    losses, first = [], None
    for k in range(x.shape[1]):
        opt.zero_grad()
        if hasattr(net, "all_marks"):
            net.marks = net.all_marks[k].to(x.dtype)
        loss, logits = objective(method, loss_name, net, teacher, x[0][k], x[1][k], t[k], k, weight)
        loss.backward()
        if first is None:
            first = logits.detach().clone(), {n: q.grad.clone() for n, q in net.named_parameters()}
        opt.step()
        losses.append(float(loss.detach()))
    return losses, first[0], first[1]


def channels_last(net, step):
    net.to(memory_format=torch.channels_last)
    return step()


def without_onednn(net, step):
    with torch.backends.mkldnn.flags(enabled=False):
        return step()


def by_other_roundings(net, teacher, method, x, t, loss, weight):
    """PyTorch's gradients of the first step once more: by its other kernels, and of pictures whose numbers are changed in the last bit."""
    def again(way, x):
        n, k = copy.deepcopy(net), copy.deepcopy(teacher)
        return way(n, lambda: train(n, k, method, x, t, "sgd", 0.0, 0.0, loss, weight)[2])

    x, got = x[:, :1], []
    for way in (channels_last, without_onednn):
        got.append(again(way, x))
    for _ in range(4):
        got.append(again(lambda _, step: step(), x * (1 + 2.0**-23 * torch.randint(-1, 2, x.shape))))
    return got


def curve_gap(a, b):
    return max(abs(u - v) / max(abs(v), 1e-3) for u, v in zip(a, b))


def needs_teacher(method):
    return method.startswith(("distill", "hinton", "triplet"))


def by_tool(backend, arch, method, loss, name, lr, decay, net, teacher, x, t, weight=None):
    """The same steps by maskfer: its tensors."""
    with tempfile.TemporaryDirectory() as d:
        w = {k: v.clone() for k, v in net.state_dict().items()}
        if teacher:
            w.update({"teacher." + k: v.clone() for k, v in teacher.state_dict().items()})
        if weight is not None:
            w["loss.class_weight"] = weight
        save_file({k: v.contiguous() for k, v in w.items()}, d + "/w.safetensors")
        data = {"x0": x[0].contiguous(), "x1": x[1].contiguous(), "target": t.contiguous()}
        if hasattr(net, "all_marks"):
            data["x0.landmarks"] = net.all_marks
        save_file(data, d + "/d.safetensors")
        subprocess.run([o.tool, backend, arch, method, loss, name, repr(lr), repr(decay), d + "/w.safetensors", d + "/d.safetensors",
                        d + "/o.safetensors"], check=True)
        return load_file(d + "/o.safetensors")


def targets(kind, steps, batch, classes):
    """One label each; or votes: two to five of ten for some class, none for others; or a mixture of two labels (mixup)."""
    t = torch.nn.functional.one_hot(torch.randint(0, classes, (steps, batch)), classes).float()
    if kind == "votes":
        t = torch.distributions.Multinomial(10, torch.full((steps, batch, classes), 1 / classes)).sample() / 10
    if kind == "mixed":
        share = torch.distributions.Beta(0.4, 0.4).sample((steps, batch, 1))
        t = share * t + (1 - share) * t.flip(1)
    return t


def run(arch, method, steps, batch, size, name, lr, decay=0.0, loss="cross-entropy", target="labels", weighted=False):
    classes = 7
    for drawn in range(1, 21):  # a network without batch norm cannot be calmed: another draw, where one lies on a kink
        net = calm(made(arch, classes)).train()
        teacher = calm(made(arch, classes)).eval() if needs_teacher(method) else None
        x = torch.randn(2, steps, batch, 3, size, size)
        look(net, steps, batch, size)
        t = targets(target, steps, batch, classes)
        weight = torch.rand(classes) + 0.5 if weighted else None
        got = by_tool(o.backend, arch, method, loss, name, lr, decay, net, teacher, x, t, weight)
        begin, net64, teacher64 = copy.deepcopy(net), copy.deepcopy(net).double(), copy.deepcopy(teacher).double() if teacher else None
        others = by_other_roundings(net, teacher, method, x, t, loss, weight)
        losses64, _, exactly = train(net64, teacher64, method, x.double(), t.double(), name, lr, decay, loss, weight)
        losses, logits, grads = train(net, teacher, method, x, t, name, lr, decay, loss, weight)
        # Three kinds of gradients. Zero but for rounding, exactly (a bias before a batch norm): held against the largest gradient of
        # all. Ill conditioned, so that one of PyTorch's own roundings is over 5e-5 from double: as far as the farthest of them, since each
        # rounds in an order of its own; a quotient of two roundings has a long tail, so that nine of ten are held to twice and all to
        # four times. All others: within 1e-4.
        zero = still(exactly)
        noise = {k: max(relative(g[k], v) for g in [grads] + others) for k, v in exactly.items() if k not in zero}
        ours = {k: relative(got["grad:" + k], exactly[k]) for k in noise}
        sound = [k for k in noise if noise[k] <= 5e-5]
        ill = sorted(ours[k] / noise[k] for k in noise if k not in sound)
        worst = max(sound, key=ours.get, default=None)
        if not worst or ours[worst] <= 1e-4:
            break
    what = "%s %s %s" % (arch, method, name)
    if (loss, target, weighted) != ("cross-entropy", "labels", False):
        what += " by %s of %s%s" % (loss, target, ", classes weighted" if weighted else "")
    far = relative(got["logits"], logits)
    report("%s: logits" % what, far, 1e-4)
    if method == "supervised":
        note(arch, "f32 logits", far)
        note(arch, "f32 gradient", ours[worst] if worst else 0.0)
    if worst:
        report("%s: worst of %d well-conditioned gradients (%s; draw %d)" % (what, len(sound), worst, drawn), ours[worst], 1e-4)
    if ill:
        report("%s: nine of ten of %d ill-conditioned ones, over PyTorch's own" % (what, len(ill)), ill[int(0.9 * (len(ill) - 1))], 2)
        report("%s: the worst of them" % what, ill[-1], 4)
    if zero:
        top = max(float(g.abs().max()) for g in exactly.values())
        report("%s: worst of %d that are zero, over the largest" % (what, len(zero)),
               max(float(got["grad:" + k].abs().max()) for k in zero) / top, 1e-4)
    if steps > 1:
        report("%s: loss over %d steps" % (what, steps), curve_gap(got["losses"].tolist(), losses64), 1e-3)
        state = net.state_dict()
        if name == "sgd":  # Adam makes whole steps of gradients that are rounding alone, and running statistics follow those
            early = by_tool(o.backend, arch, method, loss, name, lr, decay, begin, teacher, x[:, :5], t[:5], weight)
            begin.double()
            train(begin, teacher64, method, x[:, :5].double(), t[:5].double(), name, lr, decay, loss, weight)
            report("%s: running statistics after 5 steps" % what,
                   max(relative(early[k], v) for k, v in begin.state_dict().items() if "running" in k), 1e-3)
        assert all(int(got[k]) == int(v) for k, v in state.items() if "num_batches" in k), "counters differ"


def exact(arch, method, batch, size):
    """One step in double on the reference backend: logits, loss and every gradient."""
    classes = 7
    net = lively(made(arch, classes)).train()
    teacher = lively(made(arch, classes)).eval() if needs_teacher(method) else None
    x = torch.randn(2, 1, batch, 3, size, size)
    look(net, 1, batch, size)
    t = targets("labels", 1, batch, classes)
    got = by_tool("ref64", arch, method, "cross-entropy", "none", 0, 0, net, teacher, x, t)
    net, teacher = net.double(), teacher.double() if teacher else None
    for m in net.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.eps = float(np.float32(m.eps))  # an attribute of single precision in maskfer
    losses, logits, grads = train(net, teacher, method, x.double(), t.double(), "sgd", 0.0, 0.0)
    worst, far = gap({k: got["grad:" + k] for k in grads}, grads, still(grads))
    off = relative(got["logits"], logits)
    report("%s %s in double: logits" % (arch, method), off, 1e-9)
    if method == "supervised":
        note(arch, "double logits", off)
        note(arch, "double gradient", far)
    report("%s %s in double: loss" % (arch, method), curve_gap(got["losses"].tolist(), losses), 1e-9)
    report("%s %s in double: worst gradient (%s)" % (arch, method, worst), far, 1e-9)


def verify():
    """weights verify: a PyTorch checkpoint, zip container and older stream, in inference form, with its published names (and
    ResMaskingNet's second names) and all its weights."""
    for arch, size in (("resnet18", 64), ("resnet34", 64), ("resnet50", 64), ("vgg11_bn", 32), ("vgg_f", 224), ("mobilenet_v1", 64),
                       ("mobilenet_v2", 64), ("cbam_resnet18", 64), ("cbam_resnet50", 64), ("resmasking_dropout1", 32)):
        net = lively(nets.make(arch, 7)).eval()
        x = torch.randn(3, 3, size, size)
        with tempfile.TemporaryDirectory() as d, torch.no_grad():
            for zipped in (True, False):
                torch.save(net.state_dict(), d + "/n.pth", _use_new_zipfile_serialization=zipped)
                save_file({"input": x}, d + "/i.safetensors")
                subprocess.run([o.maskfer, "weights", "verify", d + "/n.pth", "--arch", arch, "--input", d + "/i.safetensors", "--output",
                                d + "/g.safetensors"], check=True, stdout=subprocess.DEVNULL)
                g = load_file(d + "/g.safetensors")
                report("%s .pth %s: logits" % (arch, "zip" if zipped else "stream"), relative(g["logits"], net(x)), 1e-4)
                report("%s .pth %s: features" % (arch, "zip" if zipped else "stream"), relative(g["features"], net.embed(x)), 1e-4)
                if not arch.startswith("resnet"):
                    break


def events():
    """Event files by TensorBoard's own reader: a run stopped once and resumed gives one curve, equal to results.csv."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with tempfile.TemporaryDirectory() as d:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([o.maskfer, "data", "synth", "--people", "6", "--size", "48", "--seed", "1", "--out", d + "/s"], check=True, **quiet)
        train = [o.maskfer, "train", d + "/s", "--method", "baseline", "--model", "resnet18", "--width", "8", "--size", "32", "--batch", "16",
                 "--epochs", "4", "--out", d + "/run"]
        first = subprocess.Popen(train, **quiet)
        deadline = time.time() + 300
        while first.poll() is None and time.time() < deadline:
            lines = open(d + "/run/results.csv").readlines() if os.path.exists(d + "/run/results.csv") else []
            if len(lines) >= 3:  # two epochs are over
                first.kill()
            time.sleep(0.005)
        first.wait()
        subprocess.run(train + ["--resume"], check=True, **quiet)
        files = [f for f in os.listdir(d + "/run") if f.startswith("events.out.tfevents.")]
        acc = EventAccumulator(d + "/run")
        acc.Reload()
        rows = list(csv.DictReader(open(d + "/run/results.csv")))
        assert len(rows) == 4, rows
        for tag, column in (("loss/train", "train_loss"), ("accuracy/train", "train_accuracy"), ("loss/val", "val_loss"),
                            ("accuracy/val", "val_accuracy"), ("macro_f1/val", "val_macro_f1"), ("rate/network", "lr"),
                            ("rate/classifier", "head_lr")):
            got = acc.Scalars(tag)
            assert [e.step for e in got] == [1, 2, 3, 4], (tag, got)
            report("TensorBoard reads %s of %d file(s)" % (tag, len(files)),
                   max(abs(e.value - float(r[column])) / max(1e-12, abs(float(r[column]))) for e, r in zip(got, rows)), 1e-6)
        assert "speed/images_per_second" in acc.Tags()["scalars"]


def show_table():
    columns = ("double logits", "double gradient", "f32 logits", "f32 gradient")
    print("\n%-62s" % "architecture" + "".join("%17s" % c for c in columns))
    for arch, row in table.items():
        print("%-62s" % arch + "".join("%17.1e" % row[c] if c in row else "%17s" % "-" for c in columns))


# Without dropout, whose draws are each program's own; wide enough that every channel count is exercised. (size, pictures of the
# comparison in double)
ARCHITECTURES = (
    [(a, 64, 4) for a in ("resnet18", "resnet34", "resnet50")]
    + [("%s%s:width=16,hidden=32,dropout=0" % (v, bn), 32, 4) for v in ("vgg11", "vgg13", "vgg16", "vgg19") for bn in ("", "_bn")]
    + [("vgg13:width=16,head=pooled", 48, 4), ("vgg_f:hidden=32,dropout=0", 63, 4), ("vgg_f:hidden=32,dropout=0,lrn_kappa=2,lrn_alpha=0.1", 96, 4),
       ("vgg_face:width=16,hidden=32,dropout=0", 80, 4), ("mobilenet_v1", 32, 4), ("mobilenet_v1:width=0.5,activation=relu6,bn_eps=0.001", 45, 4),
       ("mobilenet_v2:dropout=0", 64, 4), ("mobilenet_v2:width=0.35,dropout=0", 33, 4), ("cbam_resnet18:width=16", 64, 4), ("cbam_resnet34:width=16", 64, 4),
       ("cbam_resnet50:width=16", 64, 4), ("resmasking:width=8", 64, 4), ("resmasking_dropout1:width=8,dropout=0", 96, 4),
       ("ran18:width=16", 64, 3), ("ran18:width=16,reading=code", 64, 3), ("ran18:width=16,views=8,relation=false", 64, 3), ("ran50:width=8", 64, 3),
        ("ran18:width=16,crops=landmarks", 64, 3), ("ran50:width=8,crops=landmarks,reading=code,crop_radius=0.3", 64, 3),
       ("scan:width=8", 96, 3), ("scan:width=8,reading=code", 96, 3), ("scan:width=8,shared=true", 96, 3)]
    + [(a, 96, 3) for a in (
        "oadn:width=8", "oadn:width=8,reading=code", "oadn:width=8,fusion=all,canvas=48", "oadn:width=16,reading=code,fusion=all,canvas=224",
        "gacnn:width=4", "gacnn:width=4,reading=code", "gacnn:width=8,global_unit=false", "gacnn_caffe:width=4,dropout=0",
        "gacnn_caffe:width=8,dropout=0,global_unit=false")])

SMALL = "resnet18:width=16"
# Rates at which the loss falls: one that runs away is chaos, and no two programs agree on it.
CURVES = (  # architecture, method, steps, picture, optimiser, rate, decay, and what run() takes beside them
    [("resnet18", "supervised", 20, 64, "adam", 1e-4, 0, {}), ("resnet18", "supervised", 20, 64, "sgd", 1e-4, 5e-4, {})]
    + [("resnet18", "%s:form=%s" % (m, form), 20, 64, "adam", 1e-4, 0, {}) for m in ("contrastive", "distill") for form in ("clean", "paper", "code")]
    + [("resnet18", "distill:form=" + form, 20, 64, "sgd", 1e-3, 0, {}) for form in ("clean", "paper", "code")]
    + [(SMALL, "contrastive:pull=" + pull, 10, 32, "adam", 1e-4, 0, {}) for pull in ("cosine", "supcon", "infonce")]
    + [(SMALL, m, 10, 32, "adam", 1e-4, 0, {}) for m in (
        "hinton", "hinton:temperature=1,soft_weight=0.3", "hinton:privileged=true", "hinton:teacher_sees=same", "triplet",
        "triplet:mining=hardest,same_image=0", "triplet:mining=all,triplet_margin=0.5,joint=true", "triplet:same_image=1")]
    + [(SMALL, "supervised", 10, 32, "sgd", 1e-3, 0, extra) for extra in (
        {"loss": "focal"}, {"loss": "focal:gamma=0.5", "weighted": True}, {"loss": "focal", "target": "votes"}, {"weighted": True},
        {"loss": "cross-entropy:smoothing=0.1", "weighted": True}, {"target": "mixed"}, {"loss": "multi-target", "target": "votes"},
        {"loss": "multi-target:spread=0.1", "target": "votes", "weighted": True})])

some = o.models or o.methods
if not some:
    verify()
    events()
for arch, size, pictures in ARCHITECTURES:
    if arch.startswith(tuple(o.models.split(","))) if o.models else not some:
        exact(arch, "supervised", pictures, size)
        run(arch, "supervised", 1, 8, size, "adam", 1e-3)
if not some:
    for form in ("clean", "paper", "code"):
        exact("resnet18", "contrastive:form=" + form, 4, 64)
        exact("resnet18", "distill:form=" + form, 4, 64)
for arch, method, steps, size, optimiser, rate, decay, extra in CURVES:
    if method.split(":")[0] in o.methods.split(",") if o.methods else not some:
        run(arch, method, steps, 8, size, optimiser, rate, decay, **extra)
show_table()
print("%d comparison(s) out of limits; %.0f s" % (bad, time.time() - began))
sys.exit(1 if bad else 0)
