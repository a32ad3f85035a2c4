"""Makes optim.txt, schedules.txt and curves.txt beside this file: what PyTorch does, for tests without PyTorch.

    python make.py

Optimisers: a vector of 37 weights under 12 made-up gradients. Schedules: rates of PyTorch's own schedulers. Curves: losses
of 20 steps of each method on a net of two convolutions, in double precision, from weights and pictures that both sides
make by formula (fill below, tests/train/formula.h there)."""
import math
import os

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_default_dtype(torch.float64)


def fill(n, scale, phase):
    """Element i: scale * sin(0.7 i + phase) * cos(0.013 i i)"""
    i = torch.arange(n, dtype=torch.float64)
    return scale * torch.sin(0.7 * i + phase) * torch.cos(0.013 * i * i)


def numbers(t):
    return " ".join("%.12g" % v for v in t.reshape(-1).tolist())


def head(f):
    f.write("# made by make.py with PyTorch %s\n" % torch.__version__)


# ---- optimisers
N, STEPS = 37, 12
CASES = [
    ("adam", "adam", 0.1, 0.0, {}, lambda p: torch.optim.Adam(p, lr=0.1)),
    ("adam_l2", "adam", 0.03, 0.1, {"beta1": 0.8, "eps": 1e-6},
     lambda p: torch.optim.Adam(p, lr=0.03, weight_decay=0.1, betas=(0.8, 0.999), eps=1e-6)),
    ("adamw", "adamw", 0.05, 0.2, {}, lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.2)),
    ("sgd", "sgd", 0.1, 0.0, {"momentum": 0}, lambda p: torch.optim.SGD(p, lr=0.1)),
    ("sgd_momentum", "sgd", 0.1, 0.01, {}, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01)),
    ("sgd_dampening", "sgd", 0.1, 0.0, {"dampening": 0.3},
     lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.3)),
    ("sgd_nesterov", "sgd", 0.05, 0.02, {"nesterov": "true"},
     lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.02, nesterov=True)),
    ("radam", "radam", 0.05, 0.1, {}, lambda p: torch.optim.RAdam(p, lr=0.05, weight_decay=0.1, decoupled_weight_decay=True)),
    ("radam_l2", "radam", 0.05, 0.1, {"decoupled": "false"}, lambda p: torch.optim.RAdam(p, lr=0.05, weight_decay=0.1)),
]
with open(os.path.join(HERE, "optim.txt"), "w") as f:
    head(f)
    for name, kind, lr, wd, options, make in CASES:
        p = torch.nn.Parameter(fill(N, 1.0, 0.3))
        o = make([p])
        f.write("case %s %s %g %g %d" % (name, kind, lr, wd, len(options)))
        for k, v in options.items():
            f.write(" %s %s" % (k, v))
        f.write("\n")
        for t in range(STEPS):
            p.grad = fill(N, 0.5, 1.0 + 0.9 * t)
            o.step()
            f.write(numbers(p.data) + "\n")

# ---- schedules: rates at each step (or epoch), base rate 0.1
def rates(make, n, metric=None):
    p = torch.nn.Parameter(torch.zeros(1))
    o = torch.optim.SGD([p], lr=0.1)
    s = make(o)
    out = []
    for i in range(n):
        out.append(o.param_groups[0]["lr"])
        o.step()
        s.step() if metric is None else s.step(metric[i])
    return out


acc = [30, 40, 50, 50, 49, 48, 60, 60, 60.003, 60, 60, 61, 60, 59, 58, 57, 56, 55, 54, 53]
with open(os.path.join(HERE, "schedules.txt"), "w") as f:
    head(f)
    f.write("cosine %s\n" % " ".join("%.12g" % v for v in rates(
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 40, eta_min=0.001), 40)))
    f.write("onecycle %s\n" % " ".join("%.12g" % v for v in rates(
        lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=40, cycle_momentum=False), 39)))
    f.write("step %s\n" % " ".join("%.12g" % v for v in rates(
        lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [7, 13, 19]), 25)))
    f.write("exponential %s\n" % " ".join("%.12g" % v for v in rates(
        lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.95), 25)))
    f.write("accuracy %s\n" % " ".join("%g" % v for v in acc))
    f.write("plateau %s\n" % " ".join("%.12g" % v for v in rates(
        lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o, patience=2, factor=0.1, min_lr=1e-6), len(acc),
        [100.0 - a for a in acc])))


# ---- curves
class Net(torch.nn.Module):
    """conv 3->8 stride 2, bn, relu, conv 8->8, bn, + , relu; map; mean; linear 8->5."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(8)
        self.conv2 = torch.nn.Conv2d(8, 8, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(8)
        self.fc = torch.nn.Linear(8, 5)
        self.norm = "none"

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        m = torch.relu(self.bn2(self.conv2(x)) + x)
        if self.norm == "map":
            m = m / m.norm(dim=1, keepdim=True).clamp_min(1e-12)
        e = m.mean((2, 3))
        if self.norm == "embedding":
            e = e / e.norm(dim=1, keepdim=True).clamp_min(1e-12)
        return m, e, self.fc(e)


def start(net, phase):
    with torch.no_grad():
        for k, (name, p) in enumerate(net.named_parameters()):
            if name in ("bn1.weight", "bn2.weight"):
                p.fill_(1.0)
            elif name in ("bn1.bias", "bn2.bias"):
                p.fill_(0.0)
            else:
                p.copy_(fill(p.numel(), 0.4, phase + k).reshape(p.shape))
    return net


def pictures(phase):
    return fill(6 * 3 * 10 * 10, 1.0, phase).reshape(6, 3, 10, 10)


def unit(x):
    return x / x.norm(dim=1, keepdim=True).clamp_min(1e-12)


ce = torch.nn.CrossEntropyLoss()
mse = torch.nn.MSELoss()
y = torch.tensor([0, 1, 2, 3, 4, 0])


def pull(kind, a, b, tau=0.1):
    """Written pair by pair, from the papers' equations."""
    a, b, n = unit(a), unit(b), len(y)
    if kind == "cosine":
        return torch.stack([1 - torch.nn.functional.cosine_similarity(a[i], b[i], dim=0) for i in range(n)]).mean()
    if kind == "infonce":
        s = a @ b.T / tau
        return 0.5 * (ce(s, torch.arange(n)) + ce(s.T, torch.arange(n)))
    z, label, total = torch.cat([a, b]), torch.cat([y, y]), 0.0
    for i in range(2 * n):
        rest = torch.tensor([j for j in range(2 * n) if j != i])
        logits = z[rest] @ z[i] / tau
        logp = logits - torch.logsumexp(logits, 0)
        total = total - logp[label[rest] == label[i]].mean()
    return total / (2 * n)


def triplets(anchor, teacher, o):
    """The mean over the triplets that `mining` chooses."""
    anchor, teacher, margin, total, count = unit(anchor), unit(teacher), float(o.get("triplet_margin", 0.2)), 0.0, 0
    for i in range(len(y)):
        mates = [j for j in range(len(y)) if j != i and y[j] == y[i]]
        p = mates[0] if o["same_image"] == "0" and mates else i     # never more than one here: nothing is drawn
        dp = (anchor[i] - teacher[p]).pow(2).sum()
        dn = {j: (anchor[i] - anchor[j]).pow(2).sum() for j in range(len(y)) if y[j] != y[i]}
        near = sorted(dn, key=lambda j: dn[j].item())
        semi = [j for j in near if dp < dn[j] < dp + margin]
        kind = o.get("mining", "semi-hard")
        for j in near if kind == "all" else [semi[0] if kind == "semi-hard" and semi else near[0]]:
            total = total + torch.relu(dp - dn[j] + margin)
            count += 1
    return total / count


def curve(method, form, o):
    net, teacher = start(Net(), 0.1), start(Net(), 2.3).eval()
    net.norm = teacher.norm = {"clean": "none", "paper": "embedding", "code": "map"}[form or "clean"]
    twice = (lambda z: torch.softmax(z, 1)) if form == "code" else (lambda z: z)
    adam = torch.optim.Adam([{"params": [p for n, p in net.named_parameters() if not n.startswith("fc")], "lr": 0.003},
                             {"params": net.fc.parameters(), "lr": 0.01}], weight_decay=0)
    losses = []
    net.train()
    for t in range(20):
        a, b = pictures(0.2 + 0.05 * t), pictures(0.9 + 0.05 * t)
        adam.zero_grad()
        if method == "supervised":
            loss = ce(net(a)[2], y)
        elif method == "contrastive":
            ma, ea, za = net(a)
            mb, eb, zb = net(b)
            alpha = 1.0 if form == "code" else 0.2
            far = pull(o["pull"], ea, eb) if "pull" in o else mse(ma, mb) if form == "code" else mse(ea, eb)
            loss = alpha * far + ce(twice(za), y) + ce(twice(zb), y)
        elif method == "hinton":
            with torch.no_grad():
                zt = teacher(b if o.get("teacher_sees") == "same" else a)[2]
            zs, T, w = net(b)[2], float(o.get("temperature", 4)), float(o.get("soft_weight", 0.7))
            kl = torch.nn.KLDivLoss(reduction="batchmean")
            q = torch.softmax(zt / T, 1)
            soft = kl(torch.log_softmax(zs if "privileged" in o else zs / T, 1), q) - (q * q.log()).sum(1).mean()
            loss = (1 - w) * ce(zs, y) + w * (1 if "privileged" in o else T * T) * soft
        elif method == "triplet":
            with torch.no_grad():
                et = teacher(a)[1]
            _, es, zs = net(b)
            loss = triplets(es, et, o) + ce(zs if "joint" in o else net.fc(es.detach()), y)
        else:
            with torch.no_grad():
                mt, et, _ = teacher(a)
            ms, es, zs = net(b)
            far = mse(mt, ms) if form == "code" else mse(et, es) if form == "paper" else mse(unit(et), unit(es))
            loss = ce(twice(zs), y) + 100.0 * far
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return losses, net.bn1.running_mean.tolist(), net.bn2.running_var.tolist(), net.fc.weight.detach().reshape(-1).tolist()


CURVES = [("supervised", {})] + [(m, {"form": f}) for m in ("contrastive", "distill") for f in ("clean", "paper", "code")] + [
    ("contrastive", {"pull": "cosine"}), ("contrastive", {"pull": "supcon"}), ("contrastive", {"pull": "infonce"}),
    ("hinton", {}), ("hinton", {"temperature": "1", "soft_weight": "0.3"}), ("hinton", {"privileged": "true"}),
    ("hinton", {"teacher_sees": "same"}),
    ("triplet", {"same_image": "1"}), ("triplet", {"same_image": "0", "mining": "hardest"}),
    ("triplet", {"same_image": "0", "mining": "all", "triplet_margin": "0.5", "joint": "true"})]
with open(os.path.join(HERE, "curves.txt"), "w") as f:
    head(f)
    for method, options in CURVES:
        losses, mean, var, fc = curve(method, options.get("form", ""), options)
        assert all(math.isfinite(v) for v in losses)
        f.write("case %s" % method + "".join(" %s=%s" % kv for kv in options.items()) + "\n")
        for row in (losses, mean, var, fc):
            f.write(" ".join("%.10g" % v for v in row) + "\n")
