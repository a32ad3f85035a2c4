"""Makes the files of this folder with PyTorch: small checkpoints of every kind, hostile ones, and what PyTorch reads.

    python3 make.py [FOLDER WITH TRAINED MODELS]

Made with PyTorch 2.15.0 and NumPy on CPU. The values are written out below: there is no seed.

  cases.pth, cases_stream.pth   one checkpoint in both containers; cases.txt says what PyTorch reads from them
  wrapped.pth                   a state_dict inside a checkpoint, beside an epoch, an optimiser and NumPy numbers
  os_system*.pth, builtins.pth  pickles that run a command; never load them with a pickle reader
  whole_object.pth              a module saved whole, not its state_dict
  models.txt                    what PyTorch reads from the trained models (only when their folder is given)

A line of a .txt file: name, element type, shape, first 16 digits of the SHA-256 of the row-major little-endian bytes.
"""
import collections
import hashlib
import os
import pickle
import struct
import sys
import zipfile

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = {
    torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}
INNER = ["state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params"]


def flatten(obj, prefix=""):
    if isinstance(obj, torch.Tensor):
        yield prefix or "tensor", obj
    elif isinstance(obj, dict):
        for key, value in obj.items():
            yield from flatten(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(obj, (list, tuple)):
        for i, value in enumerate(obj):
            yield from flatten(value, f"{prefix}.{i}" if prefix else str(i))


def inner(obj):
    while isinstance(obj, dict) and not any(isinstance(v, torch.Tensor) for v in obj.values()):
        for key in INNER:
            if isinstance(obj.get(key), dict) and any(True for _ in flatten(obj[key])):
                obj = obj[key]
                break
        else:
            break
    return obj


def lines(obj):
    for name, t in flatten(inner(obj)):
        t = t.detach().contiguous()
        raw = t.reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b""
        shape = "x".join(str(d) for d in t.shape) or "scalar"
        yield f"{name} {WORDS[t.dtype]} {shape} {hashlib.sha256(raw).hexdigest()[:16]}\n"


def path(name):
    return os.path.join(HERE, name)


def cases():
    ramp = torch.arange(24, dtype=torch.float32) / 7 - 1
    base = torch.arange(60, dtype=torch.float32).sqrt()
    d = collections.OrderedDict()
    for dtype in WORDS:
        d["types." + WORDS[dtype].lower()] = (ramp * 3).to(dtype).reshape(2, 3, 4)
    d["scalar"] = torch.tensor(2.5)
    d["counter"] = torch.tensor(123456789012, dtype=torch.int64)
    d["empty"] = torch.zeros(0, 3)
    d["one.by.one"] = torch.tensor([[-0.0]])
    d["special"] = torch.tensor([float("nan"), float("inf"), -float("inf"), 1e-45])
    d["shared.all"] = base
    d["shared.slice"] = base[7:20]
    d["shared.strided"] = base[3:50:5]
    d["transposed"] = base.reshape(5, 12).t()
    d["permuted"] = base.reshape(3, 4, 5).permute(2, 0, 1)
    d["expanded"] = base[4:8].reshape(4, 1).expand(4, 3)
    d["channels_last"] = base.reshape(1, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    d["six"] = base[:32].reshape(2, 2, 2, 1, 2, 2)
    d["parameter"] = torch.nn.Parameter(ramp.reshape(4, 6))
    d["u\u00e4\u00f6.name"] = torch.tensor([1.0, 2.0])
    return d


class Runs:
    """Its pickle calls a function; `file` must never appear."""

    def __init__(self, fn, *args):
        self.fn, self.args = fn, args

    def __reduce__(self):
        return self.fn, self.args


COMMAND = "echo run > MASKFER_MUST_NOT_RUN_THIS"


def main():
    d = cases()
    torch.save(d, path("cases.pth"))
    real = torch.serialization.location_tag
    torch.serialization.location_tag = lambda storage: "cuda:2"  # as if saved from the third GPU
    torch.save(d, path("cases_stream.pth"), _use_new_zipfile_serialization=False)
    torch.serialization.location_tag = real
    with open(path("cases.txt"), "w", encoding="utf-8") as f:
        f.writelines(lines(d))

    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    with torch.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(torch.arange(p.numel(), dtype=torch.float32).reshape(p.shape) / 8 + i)
    adam = torch.optim.Adam(net.parameters())
    net(torch.ones(4, 3) * torch.arange(4.0)[:, None]).sum().backward()
    adam.step()
    wrapped = {
        "epoch": 12, "arch": "tiny", "best_acc": np.float64(91.5), "loss": 0.25, "done": True, "when": None,
        "size": torch.Size([3, 2]), "device": torch.device("cuda", 1), "dtype": torch.float16, "history": [1, 2.5, "three"],
        "big": 1 << 80, "optimizer": adam.state_dict(), "state_dict": {"module." + k: v for k, v in net.state_dict().items()},
    }
    torch.save(wrapped, path("wrapped.pth"), pickle_protocol=4)
    with open(path("wrapped.txt"), "w", encoding="utf-8") as f:
        f.writelines(lines(wrapped))

    evil = {"conv1.weight": torch.ones(2, 2), "x": Runs(os.system, COMMAND)}
    torch.save(evil, path("os_system.pth"))
    torch.save(evil, path("os_system_stream.pth"), _use_new_zipfile_serialization=False)
    with open(path("os_system_plain.pth"), "wb") as f:
        pickle.dump(evil["x"], f, protocol=4)
    with open(path("os_system_text.pth"), "wb") as f:
        f.write(b"cos\nsystem\n(S'" + COMMAND.encode() + b"'\ntR.")
    torch.save({"w": torch.ones(1), "x": Runs(eval, "__import__('os').system('" + COMMAND + "')")}, path("builtins.pth"))
    torch.save(torch.nn.Linear(2, 2), path("whole_object.pth"))
    torch.save({"w": torch.ones(2, dtype=torch.complex64)}, path("complex.pth"))
    torch.save({"w": torch.ones(2, dtype=torch.complex64)[:1].conj()}, path("lazy.pth"))

    if len(sys.argv) > 1:
        found = []
        for folder, _, names in os.walk(sys.argv[1]):
            found += [os.path.join(folder, n) for n in names if n.endswith((".pth", ".th"))]
        with open(path("models.txt"), "w", encoding="utf-8") as f:
            for p in sorted(found):
                obj = torch.load(p, map_location="cpu", weights_only=True)
                f.write(f"file {os.path.relpath(p, sys.argv[1])}\n")
                f.writelines(lines(obj))


main()
