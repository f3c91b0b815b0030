"""Middle, spread and doubt: what a row says about repeated measurements."""
import math
import random
import statistics

# Student's t, two-sided 95 %, by degrees of freedom; beyond the table the last is used.
T95 = (12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179,
       2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
       2.060, 2.056, 2.052, 2.048, 2.045, 2.042)


def median(values):
    return statistics.median(values)


def spread(values):
    """Half the distance between the quartiles; half the range below four values."""
    values = sorted(values)
    if len(values) < 2:
        return 0.0
    if len(values) < 4:
        return (values[-1] - values[0]) / 2
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2


def t95(df):
    return T95[min(max(int(df), 1), len(T95)) - 1]


def paired_change(before, after):
    """Change of after against before, in percent, where the two were measured in turns:
    (mean, low, high) by Student's t on the logarithms of the pairs' ratios. One pair says
    nothing of its doubt: low and high are then infinite."""
    logs = [math.log(b / a) for a, b in zip(before, after) if a > 0 and b > 0]
    if not logs:
        return None
    mean = statistics.fmean(logs)
    if len(logs) < 2:
        return 100 * math.expm1(mean), -math.inf, math.inf
    half = t95(len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return tuple(100 * math.expm1(x) for x in (mean, mean - half, mean + half))


def welch(a, b):
    """Difference of the means of two samples, b - a: (difference, low, high), 95 %."""
    difference = statistics.fmean(b) - statistics.fmean(a)
    if len(a) < 2 or len(b) < 2:
        return difference, -math.inf, math.inf
    va, vb = statistics.variance(a) / len(a), statistics.variance(b) / len(b)
    if va + vb == 0:
        return difference, difference, difference
    df = (va + vb) ** 2 / (va ** 2 / (len(a) - 1) + vb ** 2 / (len(b) - 1))
    half = t95(df) * math.sqrt(va + vb)
    return difference, difference - half, difference + half


def bootstrap_ratio(a, b, rounds=2000, seed=1):
    """median(b) / median(a): (ratio, low, high), 95 % by resampling both."""
    rng = random.Random(seed)
    ratios = []
    for _ in range(rounds):
        bottom = median(rng.choices(a, k=len(a)))
        if bottom:
            ratios.append(median(rng.choices(b, k=len(b))) / bottom)
    ratios.sort()
    if not ratios or not median(a):
        return None
    return (median(b) / median(a), ratios[int(0.025 * len(ratios))],
            ratios[int(0.975 * len(ratios)) - 1])


def distance(p, q):
    """Total variation distance, in points, of two {what: weight}: half the sum of the
    differences of the shares. 0 is the same, 100 has nothing in common."""
    total_p, total_q = sum(p.values()), sum(q.values())
    if not total_p or not total_q:
        return None
    return 50 * sum(abs(p.get(k, 0) / total_p - q.get(k, 0) / total_q)
                    for k in set(p) | set(q))


def distance_of_chance(shares, n, m=0, rounds=200, seed=1):
    """The distance that n samples drawn from these very shares have on average from them
    (m = 0) or from m other such samples: what no profiler can go below."""
    total = sum(shares.values())
    if not total or not n:
        return None
    rng = random.Random(seed)
    n, m = min(int(n), 20000), min(int(m), 20000)
    rounds = max(5, min(rounds, 400000 // (n + m)))

    def drawn(count):
        out = {}
        for what in rng.choices(list(shares), list(shares.values()), k=count):
            out[what] = out.get(what, 0) + 1
        return out
    return statistics.fmean(distance(drawn(n), drawn(m) if m else shares)
                            for _ in range(rounds))
