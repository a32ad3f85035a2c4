#!/usr/bin/env python3
"""Makes ops.txt: values and gradients of single operations by PyTorch in double precision.

    python3 make_ops.py > ops.txt

The file is a list of cases. "case NAME" opens one; "tensor NAME NDIM D0 D1 ..." is followed by its elements in row-major
order, eight a line. Gradients are those of sum(y * dy) for the random dy in the file. Attributes are in the test's code.
"""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
gen = torch.Generator().manual_seed(20240607)


def rand(*shape):
    return torch.randn(shape, generator=gen)


def number(v):
    v = float(v)
    if v != v:
        return "nan"
    return repr(v)


def tensor(name, t):
    t = torch.as_tensor(t).detach()
    print("tensor", name, t.dim(), *t.shape)
    flat = [number(v) for v in t.reshape(-1)]
    for i in range(0, len(flat), 8):
        print(" ".join(flat[i:i + 8]))


def case(name, f, out="y", **inputs):
    """f(**inputs) -> y; writes the inputs, y, dy and d<input> of every input that floats freely."""
    print("case", name)
    for k, v in inputs.items():
        v.requires_grad_(not k.startswith("fixed_"))
        tensor(k, v)
    y = f(*inputs.values())
    dy = rand(*y.shape)
    y.backward(dy)
    tensor(out, y)
    tensor("dy", dy)
    for k, v in inputs.items():
        if v.requires_grad:
            tensor("d" + k, v.grad)


print("# made by make_ops.py with PyTorch", torch.__version__)

case("conv2d", lambda x, w, b: F.conv2d(x, w, b, stride=(2, 1), padding=(1, 2), dilation=(2, 1), groups=2),
     x=rand(2, 4, 7, 5), w=rand(6, 2, 3, 3), b=rand(6))
case("conv2d_depthwise", lambda x, w: F.conv2d(x, w, None, stride=1, padding=1, groups=3), x=rand(1, 3, 4, 4), w=rand(3, 1, 3, 3))
case("conv_t2d", lambda x, w, b: F.conv_transpose2d(x, w, b, stride=(2, 3), padding=(1, 0), dilation=(1, 2), groups=2),
     x=rand(2, 4, 3, 3), w=rand(4, 2, 3, 2), b=rand(4))
case("linear", F.linear, x=rand(3, 5), w=rand(4, 5), b=rand(4))


def bn_train(name, shape):
    """Two batches through one layer in training form; the gradients are of the second."""
    print("case", name)
    bn = torch.nn.BatchNorm2d(shape[1]) if len(shape) == 4 else torch.nn.BatchNorm1d(shape[1])
    bn.weight.data = rand(shape[1])
    bn.bias.data = rand(shape[1])
    tensor("weight", bn.weight)
    tensor("bias", bn.bias)
    for i in (1, 2):
        x = rand(*shape) * i + i
        x.requires_grad_(True)
        tensor("x%d" % i, x)
        y = bn(x)
        tensor("y%d" % i, y)
        tensor("running_mean%d" % i, bn.running_mean)
        tensor("running_var%d" % i, bn.running_var)
    dy = rand(*shape)
    y.backward(dy)
    tensor("dy", dy)
    tensor("dx2", x.grad)
    tensor("dweight", bn.weight.grad)
    tensor("dbias", bn.bias.grad)
    bn.eval()
    tensor("eval", bn(x))


bn_train("bn_maps", (3, 2, 2, 3))
bn_train("bn_rows", (5, 3))

case("maxpool", lambda x: F.max_pool2d(x, 3, 2, 1), x=rand(2, 2, 6, 7))
case("maxpool_ceil", lambda x: F.max_pool2d(x, 2, 2, 0, ceil_mode=True), x=rand(1, 2, 5, 5))
case("maxpool_ceil_pad", lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True), x=rand(1, 2, 6, 4))
ties = torch.tensor([[[[1., 1., 0.], [1., 1., 2.], [2., 2., 2.]]]])
case("maxpool_ties", lambda x: F.max_pool2d(x, 2, 1), x=ties)
case("avgpool", lambda x: F.avg_pool2d(x, (3, 2), (2, 1), (1, 1), count_include_pad=False), x=rand(2, 2, 5, 4))
case("avgpool_pad", lambda x: F.avg_pool2d(x, (3, 2), (2, 1), (1, 1), count_include_pad=True), x=rand(2, 2, 5, 4))
case("avgpool_ceil", lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False), x=rand(1, 2, 6, 6))
case("avgpool_ceil_pad", lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=True), x=rand(1, 2, 6, 6))

label = torch.tensor([2, 0, 6, 3])
hot = F.one_hot(label, 7).to(torch.float64)
soft = torch.softmax(rand(4, 7), 1)
weight = torch.rand(7, generator=gen) + 0.5
case("ce", lambda z, t: F.cross_entropy(z, label), z=rand(4, 7), fixed_target=hot)
case("ce_smooth", lambda z, t: F.cross_entropy(z, label, label_smoothing=0.1), z=rand(4, 7), fixed_target=hot)
case("ce_weight", lambda z, t, w: F.cross_entropy(z, label, weight=w), z=rand(4, 7), fixed_target=hot, fixed_weight=weight.clone())
case("ce_weight_smooth", lambda z, t, w: F.cross_entropy(z, label, weight=w, label_smoothing=0.1), z=rand(4, 7), fixed_target=hot,
     fixed_weight=weight.clone())
case("ce_soft", lambda z, t: F.cross_entropy(z, t), z=rand(4, 7), fixed_target=soft)
case("ce_soft_smooth", lambda z, t: F.cross_entropy(z, t, label_smoothing=0.25), z=rand(4, 7), fixed_target=soft)
case("ce_large", lambda z, t: F.cross_entropy(z, label), z=rand(4, 7) * 300, fixed_target=hot)

case("softmax", lambda x: torch.softmax(x, 1), x=rand(2, 4, 2, 3))
case("log_softmax", lambda x: torch.log_softmax(x, 1), x=rand(3, 7))
case("l2norm", lambda x: F.normalize(x, dim=1), x=rand(2, 5, 2, 2))
case("prelu", F.prelu, x=rand(2, 3, 2, 2), slope=rand(3))
case("mse", F.mse_loss, a=rand(2, 3, 2, 2), b=rand(2, 3, 2, 2))
case("sigmoid", torch.sigmoid, x=rand(2, 5) * 4)
case("div", lambda a, b: a / b, a=rand(2, 3, 2, 2), b=torch.rand(3, 1, 1, generator=gen) + 0.5)
case("relu6", F.relu6, x=rand(2, 10) * 6)
case("lrn", lambda x: F.local_response_norm(x, 5, alpha=0.5, beta=0.75, k=2.0), x=rand(2, 7, 2, 2))  # alpha / 5 in our terms
case("bmm", torch.bmm, a=rand(3, 2, 4), b=rand(3, 4, 5))
case("adaptive_avgpool", lambda x: F.adaptive_avg_pool2d(x, (3, 7)), x=rand(2, 2, 5, 4))


def centres(name, n, d, k, rate, target):
    """Wen et al. 2016, equations 2 to 4, sample by sample; two batches in a row."""
    print("case", name)
    m = rand(k, d)
    tensor("centres0", m)
    for i in (1, 2):
        x, t = rand(n, d).requires_grad_(), target()
        loss = sum(t[a, c] * ((x[a] - m[c]) ** 2).sum() for a in range(n) for c in range(k)) / (2 * n)
        loss.backward()
        new = m.clone()
        for c in range(k):
            step, count = torch.zeros(d), 0.0
            for a in range(n):
                step = step + t[a, c] * (m[c] - x[a].detach())
                count += float(t[a, c])
            new[c] = m[c] - rate * step / (1 + count)
        m = new
        for what, v in (("x", x), ("target", t), ("loss", loss.reshape(1)), ("dx", x.grad), ("centres", m)):
            tensor(what + str(i), v)


centres("centres", 6, 4, 3, 0.5, lambda: F.one_hot(torch.randint(0, 3, (6,), generator=gen), 3).to(torch.float64))
centres("centres_soft", 5, 3, 4, 0.25, lambda: torch.softmax(2 * rand(5, 4), 1))
