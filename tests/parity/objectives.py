"""What methods and losses train by, in plain PyTorch, written from the papers' equations (of pulls and triplets, pair by pair):
the other side of parity.py's comparisons. Targets are distributions [N, C]; logits, features and targets may be of any precision."""
import torch
import torch.nn.functional as F

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def options(text):
    """"name:option=value,..." -> name, {option: value}"""
    name, _, rest = text.partition(":")
    return name, dict(pair.split("=") for pair in rest.split(",") if pair)


def unit(x):
    return x / x.norm(dim=1, keepdim=True).clamp_min(1e-12)


def cross(logits, t, double=False):
    if double:
        logits = logits.softmax(1)
    return -(t * logits.log_softmax(1)).sum(1).mean()


def loss_of_logits(text, logits, t, weight=None):
    """The run's loss: of one label each where the class alone is looked at, else of distributions."""
    name, o = options(text)
    w = torch.ones_like(t[0]) if weight is None else weight.to(t)
    if name == "cross-entropy" and ((t == 0) | (t == 1)).all():
        return F.cross_entropy(logits, t.argmax(1), weight=w, label_smoothing=float(o.get("smoothing", 0)))
    each = (t * w).sum(1)  # what a sample weighs
    if name == "cross-entropy":
        return -(w * t * logits.log_softmax(1)).sum() / each.sum()
    p = logits.softmax(1)
    if name == "focal":
        return -(w * t * (1 - p) ** float(o.get("gamma", 2)) * p.log()).sum() / each.sum()
    e = float(o.get("spread", 0.001))
    best = (torch.where(t > 0, 1.0, e).to(p) * p).max(1)[0]
    return -(each * best.log()).sum() / each.sum()


def trained_by(net, logits, t, loss, weight):
    """The loss of the logits, or of the heads by their weights, and the network's own penalty."""
    heads = getattr(net, "heads", None) or [(1.0, logits)]
    return getattr(net, "penalty", 0) + sum(w * loss_of_logits(loss, z, t, weight) for w, z in heads)


def forms(net, x, place):
    """features for the MSE, logits: msde.md 2.2."""
    m = net.maps(x)
    if place == "map":
        m = unit(m)
        e = m.mean((2, 3))
        return m, net.fc(e)
    e = m.mean((2, 3))
    if place == "embedding":
        e = unit(e)
    return e, net.fc(e)


def pull(kind, a, b, label, tau):
    a, b, n = unit(a), unit(b), len(label)
    if kind == "cosine":
        return (1 - F.cosine_similarity(a, b)).mean()
    if kind == "infonce":
        s = a @ b.T / tau
        return 0.5 * (F.cross_entropy(s, torch.arange(n)) + F.cross_entropy(s.T, torch.arange(n)))
    z, label, total = torch.cat([a, b]), torch.cat([label, label]), 0.0
    for i in range(2 * n):
        rest = torch.tensor([j for j in range(2 * n) if j != i])
        logits = z[rest] @ z[i] / tau
        total = total - (logits - torch.logsumexp(logits, 0))[label[rest] == label[i]].mean()
    return total / (2 * n)


def mixed(x):
    """splitmix64's finaliser."""
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & MASK
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def draws(step, i, seed=1, node=0):
    """Two numbers of 32 bits for anchor i, drawn as src/nn/triplet.h says."""
    key = mixed(seed + GOLDEN & MASK)
    for v in (step, node):
        key = mixed(key ^ (v + GOLDEN & MASK))
    return [mixed(key + (2 * i + k + 1) * GOLDEN & MASK) >> 32 for k in (0, 1)]


def triplets(anchor, teacher, label, o, step):
    """The mean over the triplets that `mining` chooses."""
    anchor, teacher, margin, total, count = unit(anchor), unit(teacher), float(o.get("triplet_margin", 0.2)), 0.0, 0
    for i in range(len(label)):
        mates = [j for j in range(len(label)) if j != i and label[j] == label[i]]
        own, which = draws(step, i)
        p = i if not mates or own < float(o.get("same_image", 0.5)) * 2**32 else mates[which * len(mates) >> 32]
        dp = (anchor[i] - teacher[p]).pow(2).sum()
        dn = {j: (anchor[i] - anchor[j]).pow(2).sum() for j in range(len(label)) if label[j] != label[i]}
        near = sorted(dn, key=lambda j: dn[j].item())
        semi = [j for j in near if dp < dn[j] < dp + margin]
        kind = o.get("mining", "semi-hard")
        for j in near if kind == "all" else near[:1] if kind == "hardest" or not semi else semi[:1]:
            total = total + torch.relu(dp - dn[j] + margin)
            count += 1
    return total / count


def objective(method, loss, net, teacher, x0, x1, t, step=0, weight=None):
    """The value that a step descends, and the logits that are shown."""
    name, o = options(method)
    label = t.argmax(1)
    if name == "supervised":
        logits = net(x0)
        return trained_by(net, logits, t, loss, weight), logits
    if name == "hinton":
        with torch.no_grad():
            zt = teacher(x1 if o.get("teacher_sees") == "same" else x0)
        zs, far, share = net(x1), float(o.get("temperature", 4)), float(o.get("soft_weight", 0.7))
        q = torch.softmax(zt / far, 1)
        soft = F.kl_div(F.log_softmax(zs if "privileged" in o else zs / far, 1), q, reduction="batchmean") - (q * q.log()).sum(1).mean()
        return (1 - share) * loss_of_logits(loss, zs, t, weight) + share * (1 if "privileged" in o else far * far) * soft, zs
    if name == "triplet":
        with torch.no_grad():
            et = teacher.embed(x0)
        es = net.embed(x1)
        logits = net.fc(es if "joint" in o else es.detach())
        return triplets(es, et, label, o, step) + loss_of_logits(loss, logits, t, weight), logits
    form = o.get("form", "clean")
    place = {"clean": "none", "paper": "embedding", "code": "map"}[form]
    double = form == "code"
    if name == "contrastive":
        f0, l0 = forms(net, x0, place)
        f1, l1 = forms(net, x1, place)
        alpha = 1.0 if form == "code" else 0.2
        far = pull(o["pull"], f0, f1, label, float(o.get("tau", 0.1))) if "pull" in o else ((f0 - f1) ** 2).mean()
        return alpha * far + cross(l0, t, double) + cross(l1, t, double), l1
    assert name == "distill", method
    with torch.no_grad():
        ft, _ = forms(teacher, x0, place)
    fs, ls = forms(net, x1, place)
    if form == "clean":  # unit vectors for the comparison, the plain embedding for the classifier
        ft, fs = unit(ft), unit(fs)
    return cross(ls, t, double) + 100.0 * ((ft - fs) ** 2).mean(), ls
