# SPDX-License-Identifier: GPL-2.0
"""Statistics of the benchmark: few, and none that needs a belief about distributions.

A case is measured in rounds; in a round every peer runs once, in turn, in one boot.  There are few
rounds (5), noise is skewed (an emulator on a shared host), so a figure is a *median* and its
spread the whole range, *[min..max]*: no round is thrown away, and no confidence is claimed that
five numbers cannot give.

Two peers are compared by *paired ratios*: value of one by value of the other in the same round of
the same boot, so that what differs between boots and hours (host load, where memory fell) cancels.
The figure is the median of the ratios, which is not the ratio of the medians.

Ratios over several cases are averaged by the *geometric mean*: it gives the same verdict whichever
peer is below the line, and no case weighs more because its numbers are bigger.

Two runs *agree* in a figure when their ranges overlap; better, when each one's median lies in the
other's range.  Even if both drew from one distribution this fails now and then.  Then each order
of the n + m values is equally likely, so that
    P(no overlap) = 2 / C(n + m, n)
and for the medians the orders are counted; for odd n and m a median is one of the values, so the
order decides.
"""
import itertools
import math
from dataclasses import dataclass


def median(values):
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def geomean(values):
    """Of values from 0."""
    return math.exp(math.fsum(map(math.log, values)) / len(values)) if all(values) else 0.0


@dataclass(frozen=True)
class Summary:
    n: int
    median: float
    min: float
    max: float

    def overlaps(self, other):
        return self.min <= other.max and other.min <= self.max

    def holds(self, value):
        return self.min <= value <= self.max


def summarize(values):
    """None stands for unknown and is left out; None of no values."""
    known = [value for value in values if value is not None]
    return Summary(len(known), median(known), min(known), max(known)) if known else None


def ratio(value, base):
    """Unknown if either is, or if there is nothing to compare with."""
    return None if value is None or not base else value / base


def chance_apart(n, m):
    """How likely two runs of n and m rounds, drawn from one distribution, do not overlap."""
    return 2 / math.comb(n + m, n)


def chance_medians_out(n, m):
    """How likely not both medians lie in the other's range; None if n or m is even, or too many
    orders to count."""
    if n % 2 == 0 or m % 2 == 0 or n + m > 16:
        return None
    out = 0
    for first in itertools.combinations(range(n + m), n):
        second = [rank for rank in range(n + m) if rank not in first]
        if not (second[0] < first[n // 2] < second[-1] and first[0] < second[m // 2] < first[-1]):
            out += 1
    return out / math.comb(n + m, n)
