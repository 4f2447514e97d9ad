"""The likelihood of a prevalence given unlabelled rows, under one calibration or averaged over several."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from rareclass.kernels.logits import sigmoid, softplus

FAR = 36.0
"""Log-odds that stand for a prevalence of 0 and, positive, of 1."""
_BINS = 100


@dataclass(frozen=True)
class PrevalenceLikelihood:
    """Log-likelihoods of the prevalence, one for each of k calibrations; concave in the prevalence."""

    evidence: np.ndarray  # (k, m) log ratio of the class densities of each row
    weight: np.ndarray  # (m,)

    def most_likely(self, tolerance: float = 1e-12) -> np.ndarray:
        """Log-odds (k,), to within `tolerance`, of the prevalence of greatest likelihood; `FAR` at the ends."""
        total = self.weight.sum()
        # at the ends the slope in the prevalence is sum(exp(evidence) - 1) and sum(1 - exp(-evidence))
        none, all_ = (np.exp(np.minimum(e, 700.0)) @ self.weight <= total for e in (self.evidence, -self.evidence))
        low, high = np.full(none.size, -FAR), np.full(none.size, FAR)
        share = np.full(none.size, -3.0)
        for _ in range(100):
            r, p = sigmoid(self.evidence + share[:, None]), sigmoid(share)
            gap = r @ self.weight / total - p
            slope = (r * (1 - r)) @ self.weight / total - p * (1 - p)
            low, high = np.where(gap > 0, share, low), np.where(gap > 0, high, share)
            with np.errstate(divide="ignore", invalid="ignore"):
                new = share - gap / slope
            new = np.where((new > low) & (new < high), new, (low + high) / 2)
            done = np.abs(new - share) <= tolerance
            share = new
            if (done | none | all_).all():
                break
        return np.where(none, -FAR, np.where(all_, FAR, share))

    def log_likelihood(self, share: np.ndarray) -> np.ndarray:
        """Log-likelihoods (k,) at log-odds (k,) of the prevalence, each up to a constant."""
        # log(p * ratio + 1 - p) summed
        return np.asarray((softplus(self.evidence + share[:, None]) - softplus(share)[:, None]) @ self.weight)

    def interval(self, level: float) -> tuple[float, float]:
        """Log-odds of the ends of the interval at `level`.

        The signed roots of the likelihood ratio are normal; their distribution functions are averaged over the
        calibrations. With one calibration this is the interval of the likelihood ratio.
        """
        best = self.most_likely(1e-12 if self.evidence.shape[0] == 1 else 1e-3)
        top = self.log_likelihood(best)

        def below(x: float, tail: float) -> float:
            drop = np.maximum(top - self.log_likelihood(np.full(best.size, x)), 0.0)
            return float(ndtr(np.sign(x - best) * np.sqrt(2 * drop)).mean()) - tail

        ends = []
        for tail in ((1 - level) / 2, (1 + level) / 2):
            if below(-FAR, tail) >= 0:
                ends.append(-FAR)
            elif below(FAR, tail) <= 0:
                ends.append(FAR)
            else:
                ends.append(float(brentq(below, -FAR, FAR, args=(tail,), xtol=1e-6)))
        return ends[0], ends[1]


def pooled(z: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds and weight of rows in at most 100 bins of equal width, for likelihoods under many calibrations."""
    if z.size <= _BINS:
        return z, weight
    width = max(float(np.ptp(z)), 1e-300) / _BINS
    number = np.minimum(((z - z.min()) / width).astype(np.int64), _BINS - 1)
    size = np.bincount(number, weight, minlength=_BINS)
    kept = size > 0
    return np.bincount(number, weight * z, minlength=_BINS)[kept] / size[kept], size[kept]
