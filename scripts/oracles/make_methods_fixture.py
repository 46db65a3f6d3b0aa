"""Writes Tests/Fixtures/methods/: three LoRAs and what every merge method makes of them, by its dense definition.

a, b, c     kohya's naming, F32: layers of different ranks (4, 3, 1), one of them a 3x3 convolution, one that only a and
            c train, one that is zero in b
expected    "<case>|<layer>" (F64), the dense result [out, in*kh*kw]

Everything is computed from dense dW in double precision and from the methods' papers, never from factors: where a method
works along common axes, these are eigenvectors of the dense sums of dW dW' and dW' dW. Strengths are 1, -0.7 and 0.5.

Run: python make_methods_fixture.py. Needs Python 3.11, numpy 2.4, safetensors 0.8.0.
"""

import numpy as np

from container import FIXTURES, write

FOLDER = FIXTURES / "methods"
WEIGHTS = np.array([1.0, -0.7, 0.5])
Q = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
V = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_v"
CONV = "lora_unet_down_blocks_0_resnets_0_conv1"
ONLY = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"
ZERO = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_v"
SHAPES = {Q: (24, 24), V: (20, 32), CONV: (12, 10, 3, 3), ONLY: (16, 32), ZERO: (16, 16)}
RANKS = [4, 3, 1]


def sources(rng):
    files, deltas = [], []
    for n, rank in enumerate(RANKS):
        tensors, dense = {}, {}
        for layer, shape in SHAPES.items():
            if layer == ONLY and n == 1:
                continue
            out, inputs = shape[0], int(np.prod(shape[1:]))
            up = rng.normal(size=(out, rank)).astype(np.float32) * (1 + n)
            down = rng.normal(size=(rank, inputs)).astype(np.float32)
            if layer == Q and n == 2:  # shares a direction with the first
                down = (deltas[0]["down"][Q][:1] + 0.1 * down).astype(np.float32)
            if layer == ZERO and n == 1:
                up[:] = 0
            alpha = np.float32(rank / (1 + n))
            dense[layer] = (float(alpha) / rank) * up.astype(float) @ down.astype(float)
            tail = shape[2:]
            tensors[layer + ".lora_up.weight"] = up.reshape((out, rank) + (1,) * len(tail))
            tensors[layer + ".lora_down.weight"] = down.reshape((rank, shape[1]) + tail)
            tensors[layer + ".alpha"] = np.array(alpha)
            dense.setdefault("down", {})[layer] = down
        files.append(tensors)
        deltas.append(dense)
    return files, deltas


def rank_of(values):
    return int((values > values.max(initial=0) * 1e-10).sum())


def svd(matrix):
    u, s, vt = np.linalg.svd(matrix, full_matrices=False)
    k = rank_of(s) if s.size and s[0] > 0 else 0
    return u[:, :k], s[:k], vt[:k]


def polar(matrix):
    u, _, vt = np.linalg.svd(matrix, full_matrices=False)
    return u @ vt


def axes(gram):
    values, vectors = np.linalg.eigh(gram)
    kept = [i for i in reversed(range(len(values))) if values[i] > values[-1] * 1e-13]
    return vectors[:, kept]


def in_core(deltas, method):
    """An elementwise method along the common axes."""
    u, v = axes(sum(d @ d.T for d in deltas)), axes(sum(d.T @ d for d in deltas))
    return u @ method([u.T @ d @ v for d in deltas]) @ v.T


def top(matrix, density):
    k = int(density * matrix.size)
    flat = np.zeros(matrix.size)
    order = np.argsort(-np.abs(matrix).ravel(), kind="stable")[:k]
    flat[order] = matrix.ravel()[order]
    return flat.reshape(matrix.shape)


def ties(parts, weights, density, frequency=False):
    pruned = [top(p, density) for p in parts]
    total, votes = sum(pruned), sum(np.sign(p) for p in pruned)
    # Axes have no sign of their own, so a draw goes to the sum.
    sign = np.where((votes if frequency else total) > 0, 1, np.where((votes if frequency else total) < 0, -1, np.where(total >= 0, 1, -1)))
    agree = [np.sign(p) == sign for p in pruned]
    return sum(w * p * a for w, p, a in zip(weights, pruned, agree)) / np.maximum(1, sum(a.astype(int) for a in agree))


def breadcrumbs(parts, weights, density, gamma):
    total = 0
    for part, weight in zip(parts, weights):
        kept, high = int(density * part.size), int(gamma * part.size)
        high = min(high, part.size - kept)
        order = np.argsort(-np.abs(part).ravel(), kind="stable")[high : high + kept]
        flat = np.zeros(part.size)
        flat[order] = part.ravel()[order]
        total = total + weight * flat.reshape(part.shape)
    return total


def sce(parts, weights, tau):
    deltas = [w * p for w, p in zip(weights, parts)]
    if len(deltas) == 1:
        return deltas[0]
    if tau < 1:
        variance = np.var(deltas, axis=0)
        k = int(tau * np.count_nonzero(variance))
        mask = np.zeros(variance.size)
        mask[np.argsort(-variance.ravel(), kind="stable")[:k]] = 1
        deltas = [d * mask.reshape(d.shape) for d in deltas]
    energy = np.array([np.sum(d * d) for d in deltas])
    share = energy / energy.sum() if energy.sum() else np.full(len(deltas), 1 / len(deltas))
    sign = np.where(sum(deltas) >= 0, 1, -1)
    agree = [s * (np.sign(d) == sign) for s, d in zip(share, deltas)]
    divisor = sum(agree)
    return sum(d * a for d, a in zip(deltas, agree)) / np.where(divisor == 0, 1, divisor)


def arc(deltas, sources, t):
    if len(deltas) == 1:
        return deltas[0] * [1 - t, t][sources[0]]
    a, b = deltas
    cosine = np.clip(np.sum(a * b) / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1)
    theta = np.arccos(cosine)
    return (np.sin((1 - t) * theta) * a + np.sin(t * theta) * b) / np.sin(theta)


def tsv(parts, keep):
    kept = []
    for part in parts:
        u, s, vt = svd(part)
        k = min(len(s), max(1, int(np.ceil(keep * len(s)))))
        kept.append((u[:, :k], s[:k], vt[:k]))
    u, s, vt = np.hstack([k[0] for k in kept]), np.concatenate([k[1] for k in kept]), np.vstack([k[2] for k in kept])
    return polar(u) @ np.diag(s) @ polar(vt)


def knots(deltas, weights, density):
    u, s, vt = svd(np.hstack(deltas))
    n = deltas[0].shape[1]
    votes = [s[:, None] * vt[:, i * n : (i + 1) * n] for i in range(len(deltas))]
    return u @ ties(votes, weights, density)


def iso_c(total):
    u, s, vt = svd(total)
    return s.mean() * u @ vt


def iso_cts(parts, common):
    u, s, vt = svd(sum(parts))
    own = (len(s) - int(common * len(s))) // len(parts)
    c = len(s) - own * len(parts)
    us, ss, vts = [u[:, :c]], [s[:c]], [vt[:c]]
    for part in parts:
        if own:
            pu, ps, pvt = svd(part - u[:, :c] @ u[:, :c].T @ part)
            us.append(pu[:, :own])
            ss.append(ps[:own])
            vts.append(pvt[:own])
    return np.concatenate(ss).mean() * polar(np.hstack(us)) @ polar(np.vstack(vts))


def projector(matrix):
    _, _, vt = svd(matrix)
    return vt.T @ vt


def null_space(deltas, weights, protected, kappa):
    p = projector(deltas[protected])
    rest = np.eye(len(p)) - kappa * p
    return sum(w * d @ (np.eye(len(p)) if i == protected else rest) for i, (w, d) in enumerate(zip(weights, deltas)))


def orthogonalise(deltas, weights):
    order = sorted(range(len(deltas)), key=lambda i: (-np.linalg.norm(weights[i] * deltas[i]), i))
    total, taken = 0, np.zeros((0, deltas[0].shape[1]))
    for i in order:
        p = projector(taken) if len(taken) else 0
        total = total + weights[i] * deltas[i] @ (np.eye(deltas[0].shape[1]) - p)
        taken = np.vstack([taken, deltas[i]])
    return total


def wudi(deltas, weights, ridge, q):
    right, left = 0, 0
    for d, w in zip(deltas, weights):
        energy = np.sum(d * d)
        if energy:
            p = d.T @ d / energy
            right, left = right + p, left + w * d @ p
    return left @ np.linalg.inv(right + ridge * np.trace(right) / q * np.eye(len(right)))


def main():
    rng = np.random.default_rng(20261124)
    files, dense = sources(rng)
    FOLDER.mkdir(exist_ok=True)
    for name, tensors in zip("abc", files):
        write(FOLDER / f"{name}.safetensors", tensors)
    expected = {}
    for layer, shape in SHAPES.items():
        present = [i for i in range(3) if layer in dense[i]]
        d = [dense[i][layer] for i in present]
        w = [WEIGHTS[i] for i in present]
        r = [RANKS[i] for i in present]
        n = d[0].shape[1]
        total = sum(a * b for a, b in zip(w, d))

        def put(case, value):
            expected[f"{case}|{layer}"] = np.ascontiguousarray(value)

        put("sum", total)
        put("average", total / np.abs(WEIGHTS).sum())
        put("magnitude-prune", in_core(d, lambda m: sum(a * top(b, 0.4) for a, b in zip(w, m))))
        put("magnitude-prune-dense", sum(a * top(b, 0.4) for a, b in zip(w, d)))
        put("ties", in_core(d, lambda m: ties(m, w, 0.5)))
        put("ties-frequency", in_core(d, lambda m: ties(m, w, 0.7, True)))
        put("ties-dense", ties(d, w, 0.5))
        put("breadcrumbs", in_core(d, lambda m: breadcrumbs(m, w, 0.6, 0.1)))
        put("sce", in_core(d, lambda m: sce(m, w, 0.5)))
        put("sce-all", in_core(d, lambda m: sce(m, w, 1)))
        put("tsv", tsv([a * b for a, b in zip(w, d)], 1))
        put("tsv-half", tsv([a * b for a, b in zip(w, d)], 0.5))
        put("knots-ties", knots(d, w, 0.5))
        put("iso-c", iso_c(total))
        put("iso-cts", iso_cts([a * b for a, b in zip(w, d)], 0.5))
        put("np-soft", null_space(d, w, 0, 0.5 / 1.5))
        put("np-hard", null_space(d, w, 0, 1))
        put("orthogonalise", orthogonalise(d, w))
        put("wudi", wudi(d, w, 1e-6, min(sum(r), n)))
        energy = np.mean([np.sum((a * b) ** 2) for a, b in zip(w, d)])
        put("sum-normalised", total * np.sqrt(energy / np.sum(total**2)))
        # Two sources for the arc: a and c.
        pair = [i for i in (0, 2)]
        put("slerp", arc([dense[i][layer] for i in pair], [0, 1], 0.3))
        put("nuslerp", arc([dense[i][layer] for i in pair], [0, 1], 0.5 / 1.5))
    write(FOLDER / "expected.safetensors", expected)


if __name__ == "__main__":
    main()
