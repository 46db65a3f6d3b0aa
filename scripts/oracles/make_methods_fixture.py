"""Writes Tests/Fixtures/methods/: three LoRAs and what every merge method makes of them, by its dense definition.

a, b, c     kohya's naming, F32: layers of different ranks (4, 3, 1), one of them a 3x3 convolution, one that only a and
            c train, one that is zero in b
d           the same of rank 3 as b, for the method that adds factors
covariances "<n>.<layer>.covariance" [in, in] or ".inputs" [T, in] (F32) of a, b, c as sources 1 to 3, and of silent inputs (0)
expected    "<case>|<layer>" (F64; F32 for the methods with masks and those of sd-scripts), the dense result [out, in*kh*kw]

Everything is computed from dense dW in double precision and from the methods' papers, never from factors: where a method
works along common axes, these are eigenvectors of the dense sums of dW dW' and dW' dW. Random masks are made anew by the
documented generator (SplitMix64 from FNV-1a of the layer's name, the seed and the source's position), in row order.
Strengths are 1, -0.7 and 0.5; kohya-compat is of b and d at 0.8 and -0.6, by the steps of sd-scripts' merge_lora.py.

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
PATHS = {  # the layers' own names, from which masks are seeded
    Q: "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
    V: "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_v",
    CONV: "unet.down_blocks.0.resnets.0.conv1",
    ONLY: "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k",
    ZERO: "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_v",
}
SEED = 2024  # of the masks
WORD = (1 << 64) - 1


class Masks:
    """The random numbers of one source in one layer, from 0 up to 1."""

    def __init__(self, layer, source):
        state = 0xCBF29CE484222325
        for byte in layer.encode():
            state = (state ^ byte) * 0x100000001B3 & WORD
        self.state = state ^ (SEED * 0x9E3779B97F4A7C15 & WORD) ^ (source * 0xD1B54A32D192ED03 & WORD)
        self.next()

    def next(self):
        self.state = self.state + 0x9E3779B97F4A7C15 & WORD
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & WORD
        z = (z ^ z >> 27) * 0x94D049BB133111EB & WORD
        return z ^ z >> 31

    def like(self, matrix):
        return np.array([(self.next() >> 11) / 2.0**53 for _ in range(matrix.size)]).reshape(matrix.shape)


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


def twin(rng):
    """Another LoRA with the ranks of b, of every layer and with alphas of its own."""
    result = {}
    for layer, shape in SHAPES.items():
        rank, tail = RANKS[1], shape[2:]
        result[layer + ".lora_up.weight"] = rng.normal(size=(shape[0], rank) + (1,) * len(tail)).astype(np.float32)
        result[layer + ".lora_down.weight"] = rng.normal(size=(rank, shape[1]) + tail).astype(np.float32)
        result[layer + ".alpha"] = np.array(np.float32(rank * (2 if layer == CONV else 0.25)))
    return result


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
    return elect([top(p, density) for p in parts], weights, frequency)


def elect(pruned, weights, frequency=False, draws_to_plus=False):
    total, votes = sum(pruned), sum(np.sign(p) for p in pruned)
    # Axes have no sign of their own, so a draw goes to the sum.
    if draws_to_plus:
        votes, total = np.where(votes >= 0, 1, -1), np.where(total >= 0, 1, -1)
    sign = np.where((votes if frequency else total) > 0, 1, np.where((votes if frequency else total) < 0, -1, np.where(total >= 0, 1, -1)))
    agree = [np.sign(p) == sign for p in pruned]
    return sum(w * p * a for w, p, a in zip(weights, pruned, agree)) / np.maximum(1, sum(a.astype(int) for a in agree))


def drop(parts, masks, probabilities):
    """Keeps an element where its random number is below its probability, and divides it by that."""
    return [np.where(m.like(p) < q, p / q, 0) for p, m, q in zip(parts, masks, map(probabilities, parts))]


def by_rank(part, density, epsilon):
    """DELLA's keeping probabilities: evenly by rank of magnitude within a row."""
    result = np.full(part.shape, density)
    if part.shape[1] > 1:
        for row, out in zip(part, result):
            rising = np.argsort(-np.abs(row), kind="stable")[::-1]
            out[rising] = density - epsilon + 2 * epsilon * np.arange(row.size) / (row.size - 1)
    return result


def covariances(rng):
    """Inputs of every layer: of the convolution fewer than it has channels, of the others their sums, or both kinds."""
    tensors = {}
    for layer, shape in SHAPES.items():
        n = int(np.prod(shape[1:]))
        for source in range(4):
            if source == 0 and layer == ZERO:
                continue
            x = rng.normal(size=(20 if layer == CONV else n + 8, n)).astype(np.float32)
            key = f"{source}.{PATHS[layer]}"
            if layer == CONV or (layer == V and source == 2):
                tensors[key + ".inputs"] = x
            else:
                tensors[key + ".covariance"] = x.T @ x
    return tensors


def regmean(deltas, weights, sources, layer, tensors, ridge):
    def one(source):
        key = f"{source}.{PATHS[layer]}"
        if key + ".inputs" in tensors:
            x = tensors[key + ".inputs"].astype(float)
            return x.T @ x
        c = tensors.get(key + ".covariance")
        return 0 if c is None else (c.astype(float) + c.T.astype(float)) / 2

    own = [one(source + 1) for source in sources]
    total = sum(own) + one(0)
    left = sum(w * d @ c for w, d, c in zip(weights, deltas, own))
    n = len(total)
    return np.linalg.solve(total + ridge * np.trace(total) / n * np.eye(n), left.T).T


def merge_lora(files, ratios, layer):
    """sd-scripts' merge_lora.py: factors are added, each relative to the alpha of the first file that has the layer."""
    up, down, base = 0, 0, None
    for tensors, ratio in zip(files, ratios):
        if layer + ".alpha" not in tensors:
            continue
        alpha = float(tensors[layer + ".alpha"])
        base = alpha if base is None else base
        scale = np.sqrt(alpha / base) * ratio
        u, d = (tensors[f"{layer}.lora_{side}.weight"].astype(float) for side in ("up", "down"))
        up, down = up + abs(scale) * u.reshape(len(u), -1), down + scale * d.reshape(len(d), -1)
    return base / len(down) * up @ down


def svd_merge(total, rank):
    """sd-scripts' svd_merge_lora.py without its clamp."""
    u, s, vt = np.linalg.svd(total, full_matrices=False)
    return u[:, :rank] * s[:rank] @ vt[:rank]


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
    files.append(twin(rng))
    for name, tensors in zip("abcd", files):
        write(FOLDER / f"{name}.safetensors", tensors)
    inputs = covariances(rng)
    write(FOLDER / "covariances.safetensors", inputs)
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

        def single(case, value):
            expected[f"{case}|{layer}"] = np.ascontiguousarray(value, dtype=np.float32)

        def masks():
            return [Masks(PATHS[layer], i) for i in present]

        def weighted(parts):
            return sum(a * b for a, b in zip(w, parts))

        def dare(m, density):
            return drop(m, masks(), lambda p: np.full(p.shape, density))

        def della(m, density, epsilon):
            return drop(m, masks(), lambda p: by_rank(p, density, epsilon))

        single("dare", in_core(d, lambda m: weighted(dare(m, 0.4))))
        single("dare-dense", weighted(dare(d, 0.4)))
        single("dare-ties", in_core(d, lambda m: elect(dare(m, 0.6), w)))
        single("dare-ties-frequency", in_core(d, lambda m: elect(dare(m, 0.6), w, True)))
        single("dare-ties-dense", elect(dare(d, 0.6), w, draws_to_plus=True))
        single("della", in_core(d, lambda m: elect(della(m, 0.5, 0.2), w)))
        single("della-dense", elect(della(d, 0.5, 0.2), w, draws_to_plus=True))
        single("svd-2", svd_merge(total, 2))
        single("regmean", regmean(d, w, present, layer, inputs, 1e-3))
        single("kohya-compat", merge_lora([files[1], files[3]], [0.8, -0.6], layer))
        # Two sources for the arc: a and c.
        pair = [i for i in (0, 2)]
        put("slerp", arc([dense[i][layer] for i in pair], [0, 1], 0.3))
        put("nuslerp", arc([dense[i][layer] for i in pair], [0, 1], 0.5 / 1.5))
    write(FOLDER / "expected.safetensors", expected)


if __name__ == "__main__":
    main()
