"""One t-SNE by scikit-learn or openTSNE with its defaults (perplexity 30, PCA start): tsne_peer.py PEER N D IN OUT THREADS.
Reads and writes raw float32; prints a JSON line with the CPU and wall seconds of the embedding alone."""
import json
import resource
import sys
import time

import numpy as np

peer, n, d, src, dst, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5], int(sys.argv[6])
x = np.fromfile(src, dtype=np.float32).reshape(n, d)
if peer == "scikit-learn":
    import sklearn as module
    from sklearn.manifold import TSNE

    run = lambda: TSNE(2, perplexity=30, random_state=0, n_jobs=threads).fit_transform(x)
else:
    import openTSNE as module

    run = lambda: np.asarray(module.TSNE(perplexity=30, random_state=0, n_jobs=threads).fit(x))


def cpu():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


c, t = cpu(), time.time()
y = run()
c, t = cpu() - c, time.time() - t
y.astype(np.float32).tofile(dst)
print(json.dumps({"cpu_seconds": round(c, 3), "wall_seconds": round(t, 3), "version": module.__version__,
                  "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
