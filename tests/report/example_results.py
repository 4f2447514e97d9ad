"""Realistic `results` dictionaries for the report's tests, made from simulated scores with NumPy alone.

Run as a script, ``python example_results.py DIR``, it writes one page for each case, to be looked at in a browser.
"""

import sys
from pathlib import Path

import numpy as np

ARMS = [  # learner, treatment, separation of the score, shift of its log-odds, verdict
    ("lightgbm", "negative_sampling", 4.05, 0.02, "helps"),
    ("blend", "none", 3.97, 0.0, "no evidence"),
    ("lightgbm", "none", 3.9, 0.0, "baseline"),
    ("random_forest", "none", 3.8, 0.1, "cannot tell"),
    ("lightgbm", "class_weight", 3.7, 0.0, "cannot tell"),
    ("lightgbm", "smote", 3.4, 0.3, "hurts"),
    ("logistic_regression", "none", 3.2, 0.0, "hurts"),
    ("lightgbm", "random_under", 2.9, -0.1, "hurts"),
    ("<script>alert('arm')</script>", "Überabtastung_mit_einem_sehr_langen_Namen_ohne_Leerzeichen", 2.6, 0.0, "hurts"),
    ("lightgbm_library_default", "none", 0.9, 0.9, "hurts"),
]
RESTORED = {
    "none": ("nothing to undo", True),
    "smote": ("not exact: shifted by the realised counts, then calibrated on out-of-fold rows", False),
}


def _lists(**arrays):
    return {
        k: [None if not np.isfinite(v) else float(f"{float(v):.5g}") for v in np.asarray(a)] for k, a in arrays.items()
    }


def _wilson(k, n):
    k, n, z2 = np.asarray(k, float), np.maximum(np.asarray(n, float), 1e-9), 3.8415
    p = k / n
    centre, half = (p + z2 / 2 / n) / (1 + z2 / n), np.sqrt(z2 * (p * (1 - p) / n + z2 / 4 / n**2)) / (1 + z2 / n)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


class _Scored:
    """A binormal scorer's calibrated log-odds and everything that the pictures need."""

    def __init__(self, rng, rows, events, separation, costs, shift=0.0):
        self.y = np.zeros(rows, bool)
        self.y[:events] = True
        raw = rng.normal(size=rows) + separation * self.y
        prior = np.log(events / (rows - events))
        self.z = separation * raw - separation**2 / 2 + prior + shift
        self.p = 1 / (1 + np.exp(-self.z))
        order = np.argsort(-self.z)
        self.ranked, self.tp = self.p[order], np.cumsum(self.y[order])
        self.fp = np.arange(1, rows + 1) - self.tp
        self.events, self.rows, self.costs = events, rows, costs
        self.ap = float((self.tp / np.arange(1, rows + 1))[self.y[order]].mean())
        self.threshold = (
            costs[0] / (costs[0] + costs[1]) if costs else float(np.quantile(self.p, 1 - 1.2 * events / rows))
        )

    def counts(self):
        flag = self.p >= self.threshold
        return {"tp": int((flag & self.y).sum()), "fp": int((flag & ~self.y).sum()),
                "fn": int((~flag & self.y).sum()), "tn": int((~flag & ~self.y).sum())}  # fmt: skip

    def cost_per_row(self):
        c = self.counts()
        return None if not self.costs else (c["fp"] * self.costs[0] + c["fn"] * self.costs[1]) / self.rows

    def figures(self):
        at = np.unique(np.searchsorted(self.tp, np.linspace(1, self.events, min(self.events, 150)).astype(int)))
        flagged = self.tp[at] + self.fp[at]
        low, high = _wilson(self.tp[at], flagged)
        pr = _lists(recall=self.tp[at] / self.events, precision=self.tp[at] / flagged, low=low, high=high)
        at = np.unique(
            np.concatenate([np.linspace(0, self.rows - 1, 60), np.geomspace(1, self.rows, 80) - 1]).astype(int)
        )
        low, high = _wilson(self.tp[at], np.full(at.size, self.events))
        roc = _lists(fpr=self.fp[at] / (self.rows - self.events), tpr=self.tp[at] / self.events, low=low, high=high)
        order = np.argsort(self.p)  # bins of equal expected events
        bins = np.split(order, np.searchsorted(np.cumsum(self.p[order]), np.linspace(0, self.p.sum(), 11)[1:-1]))
        k, n = np.array([self.y[b].sum() for b in bins]), np.array([b.size for b in bins])
        low, high = _wilson(k, n)
        reliability = _lists(mean_predicted=[self.p[b].mean() for b in bins], observed=k / n, low=low, high=high,
                             count=n, events=k)  # fmt: skip
        cost = None
        if self.costs:
            total = (self.fp * self.costs[0] + (self.events - self.tp) * self.costs[1]) / self.rows
            noise = np.sqrt(self.fp * self.costs[0] ** 2 + (self.events - self.tp) * self.costs[1] ** 2) / self.rows
            low, high = np.maximum(total - 1.96 * noise, 0)[at][::-1], (total + 1.96 * noise)[at][::-1]
            cost = {**_lists(threshold=self.ranked[at][::-1], cost=total[at][::-1], low=low, high=high),
                    "chosen": self.threshold,
                    "flag_none": self.events * self.costs[1] / self.rows,
                    "flag_all": (self.rows - self.events) * self.costs[0] / self.rows}  # fmt: skip
        edges = np.linspace(np.quantile(self.z, 0.0005), self.z.max() + 1e-9, 41)
        histogram = _lists(edges=edges, positives=np.histogram(self.z[self.y], edges)[0],
                           negatives=np.histogram(self.z[~self.y], edges)[0])  # fmt: skip
        return {"precision_recall": pr, "roc": roc, "reliability": reliability, "cost": cost, "histogram": histogram,
                "confusion": {"threshold": self.threshold, **self.counts()}}  # fmt: skip


def _interval(value, events, scale=1.0):
    value = min(max(value, 1e-4), 1 - 1e-4)
    half = 1.96 * scale / np.sqrt(events * value * (1 - value))
    z = np.log(value / (1 - value))
    return {"estimate": round(value, 5), "low": round(float(1 / (1 + np.exp(half - z))), 5),
            "high": round(float(1 / (1 + np.exp(-half - z))), 5), "level": 0.95, "method": "logit"}  # fmt: skip


def _arm(spec, scored, base, events, ranked):
    learner, treatment, _, shift, verdict = spec
    verdict = verdict if ranked or verdict == "baseline" else "cannot tell"
    name = f"{learner}+{treatment}"
    restoration, exact = RESTORED.get(
        treatment, ("log-odds shifted by the log of the weight, then calibrated out of fold", True)
    )
    ap = _interval(scored.ap, events)
    difference = None
    if verdict != "baseline":
        d, half = scored.ap - base.ap, 0.03 + 0.9 / np.sqrt(events) * (verdict != "hurts") * (verdict == "cannot tell")
        difference = {"metric": "average_precision", "estimate": d, "low": d - half, "high": d + half,
                      "probability_better": float(1 / (1 + np.exp(-d * 40)))}  # fmt: skip
        said = f"{d:+.3f} [{d - half:+.3f}, {d + half:+.3f}] average precision against lightgbm+none"
        sentence = {
            "helps": f"Ranks better: {said}.",
            "hurts": f"Ranks worse: {said}.",
            "no evidence": f"No evidence of a difference that matters: {said}.",
            "cannot tell": f"Cannot tell with {events} events: {said}; about 1,460 events would settle 0.05.",
        }[verdict]
    else:
        sentence = f"The baseline: average precision {ap['estimate']:.3f} [{ap['low']:.3f}, {ap['high']:.3f}]."
    c = scored.counts()
    recall, precision = c["tp"] / events, c["tp"] / max(c["tp"] + c["fp"], 1)
    cost = scored.cost_per_row()
    metrics = {"average_precision": ap, "roc_auc": _interval(0.5 + 0.49 * scored.ap, events),
               "recall": _interval(recall, events),
               "precision": _interval(precision, max(c["tp"] + c["fp"], 1))}  # fmt: skip
    if cost is not None:
        metrics["expected_cost"] = {"estimate": cost, "low": cost * 0.85, "high": cost * 1.16}
    skill = round(scored.ap * 0.82 - 0.05, 4)
    return {
        "name": name, "note": "fitted on 33,200 rows with 143 events", "learner": learner, "treatment": treatment,
        "learner_label": {"lightgbm": "Guarded LightGBM"}.get(learner),
        "metrics": metrics,
        "calibration": {"observed_to_expected": round(float(np.exp(shift / 2)), 4), "brier_skill": skill,
                        "brier_skill_ceiling": round(skill + 0.006, 4)},
        "decision": {"rule": "minimum_cost" if cost is not None else "alert_budget", "threshold": scored.threshold,
                     "expected_cost": cost, "alert_rate": (c["tp"] + c["fp"]) / scored.rows},
        "difference_to_baseline": difference, "verdict": verdict, "sentence": sentence, "restoration": restoration,
        "exact": exact, "fit_rows": 33_200, "fit_seconds": round(0.4 + 6.2 * (learner == "blend") + scored.ap, 3),
        "warnings": [],
    }  # fmt: skip


def _drivers(rng):
    """Columns with awkward names, the three kinds of effects, and rows with their reasons."""
    names = ["V14", "<img src=x onerror=alert(1)>",
             "ein_außergewöhnlich_langer_Spaltenname_ohne_jede_Trennmöglichkeit_darin",
             "is \"new\" & 'odd'", *(f"V{i}" for i in range(1, 12))]  # fmt: skip
    kinds = ["number", "category", "text", "boolean", *["number"] * 11]
    sizes = 2.4 * 0.7 ** np.arange(len(names))

    def limits(value):
        return {"estimate": value, "low": value * 0.8, "high": value * 1.2, "level": 0.95, "method": "t"}

    columns = [
        {"name": n, "kind": k, "events": limits(v), "rows": limits(v / 3), "rank_low": max(i, 1), "rank_high": i + 2,
         "first": 1.0 if i < 4 else 0.2}
        for i, (n, k, v) in enumerate(zip(names, kinds, sizes.tolist(), strict=True))
    ]  # fmt: skip
    grid = np.linspace(0, 1, 20)
    effects = [
        {"name": "V14", "kind": "number", "values": (-18 + 25000 * grid**4).tolist(), "missing": 0.4,
         "change": (3 / (1 + np.exp(12 * (grid - 0.3))) - 0.6).tolist(), "share": [0.05] * 20},
        {"name": names[1], "kind": "category", "labels": ["<b>a</b>", "x" * 40, *"cdefghij"], "missing": -1.2,
         "change": rng.normal(0, 0.7, 10).tolist(), "share": (0.6 * 0.5 ** np.arange(10)).tolist()},
        {"name": names[3], "kind": "boolean", "values": [0.0, 1.0], "change": [-0.2, 0.9], "share": [0.83, 0.17]},
        *({"name": f"V{i}", "kind": "number", "values": np.sort(rng.normal(0, 10.0**i, 20)).tolist(),
           "change": np.cumsum(rng.normal(0, 0.08, 20)).tolist(), "share": [0.05] * 20} for i in range(1, 4)),
    ]  # fmt: skip
    top = [
        {"row": 100_000 - 7_919 * i, "probability": 0.97 * 0.8**i, "alert": i < 8, "event": i % 3 != 1,
         "reasons": [{"name": n, "text": f"{n} = {-12.3 / (j + 1):.3g}", "contribution": (2.0 - i / 8) * (-0.6) ** j}
                     for j, n in enumerate(names[:4])]}
        for i in range(10)
    ]  # fmt: skip
    return {"part": "locked test part", "rows": 1000, "events": 35, "columns": columns, "more": 14, "unused": 2,
            "effects": effects, "top": top, "why_not": ""}  # fmt: skip


def full_results(*, rows=91_138, events=143, costs=(10.0, 500.0), ranked=True, seed=0):
    """About ten arms, awkward names, a locked test part, warnings, findings and advice."""
    rng = np.random.default_rng(seed)
    scored = [_Scored(rng, rows, events, spec[2], costs, spec[3]) for spec in ARMS]
    base = scored[2]
    arms = [_arm(spec, s, base, events, ranked) for spec, s in zip(ARMS, scored, strict=True)]
    champion, baseline = ("lightgbm+negative_sampling", "lightgbm+none")
    by_name = {a["name"]: s for a, s in zip(arms, scored, strict=True)}
    shown = [champion, baseline, "lightgbm_library_default+none"]
    test_events = events // 4 if ranked else 0
    test_rows = rows // 4 if ranked else 0
    results = {
        "schema_version": 1, "title": "creditcard_ulb_int40.csv", "created": "2026-11-21T09:41:07+00:00",
        "command": "rareclass compare creditcard_ulb_int40.csv.gz --target Class --cost-fp 10 --cost-fn 500 --out run",
        "data": {
            "rows": rows + test_rows, "events": events + test_events,
            "prevalence": (events + test_events) / (rows + test_rows), "pos_label": "1", "target": "Class",
            "fingerprint": "sha256:9f2c7e1a4b0d83aa5e6fb3c1d4e8a7706152433f9b8c7d6e5f4a3b2c1d0e9f8a",
            "columns": [{"name": f"V{i}", "kind": "number"} for i in range(1, 29)]
            + [{"name": "Amount", "kind": "number"}, {"name": "<img src=x onerror=alert(1)>", "kind": "category"},
               {"name": "ein_außergewöhnlich_langer_Spaltenname_ohne_jede_Trennmöglichkeit_darin", "kind": "text"},
               {"name": "日付", "kind": "time"}, {"name": "is \"new\" & 'odd'", "kind": "boolean"}],
            "duplicates": 481, "conflicting": 3,
            "notes": ["481 rows repeat an earlier one; equal rows stay on one side of every split.",
                      "3 rows have the same features as a row with the other label.",
                      "Column <img src=x onerror=alert(1)> has 12,004 distinct values; 255 are kept."],
        },
        "design": {
            "folds": 5, "repeats": 1, "split": "stratified", "dev_rows": rows, "dev_events": events,
            "test_rows": test_rows, "test_events": test_events, "seed": 0, "ranked": ranked, "fit_rows": 40_000,
            "seconds": 84.2,
            "notes": ["More than 50,000 rows: every fit uses all events and sampled negatives (about 40,000 rows), "
                      "undone by the log of the share kept; every row is judged."],
        },
        "arms": arms,
        "arms_not_run": [{"name": "xgboost+none", "reason": "xgboost cannot be loaded: No module named 'xgboost'. "
                          'Install it with: pip install "rareclass[xgboost]"'},
                         {"name": "random_forest+smote", "reason": "left out by the default budget; --full runs it"}],
        "baseline": baseline, "champion": champion,
        "champion_reason": "lightgbm+negative_sampling ranks better than the baseline beyond the interval of the "
        "difference, +0.039 [+0.009, +0.069], and has the lowest expected cost.",
        "warnings": ["lightgbm_library_default+none ranks below logistic regression: the library defaults collapse on "
                     "these data."],
        "findings": [{"code": "L003", "severity": "warning", "title": "Column V14 alone reaches a ROC AUC of 0.97",
                      "evidence": "ROC AUC 0.972 [0.961, 0.981] on 143 events.",
                      "remedy": "Ask whether V14 is known before the event; if not, compare with --drop V14."},
                     {"code": "L001", "severity": "error", "title": "Fold 3: groups stand on both <b>sides</b>",
                      "evidence": "12 groups", "remedy": "Name their column with --groups."},
                     {"code": "D001", "severity": "note", "title": "481 exact duplicate rows",
                      "evidence": "They stay on one side of every split."}],
        "advice": [{"topic": "SMOTE", "textbook": "Over-sample the rare class to balance before training.",
                    "measured": "Ranks worse by 0.094 [0.064, 0.124] average precision, and its probabilities cannot "
                    "be restored exactly.", "evidence_id": "E-1.3"},
                   {"topic": "Threshold", "textbook": "Predict positive at 0.5.",
                    "measured": "With a missed event 50 times as dear as a false alert, 0.0196 costs 0.29 per row, "
                    "0.5 costs 0.41.", "evidence_id": "E-4.1"}],
        "figures": {name: by_name[name].figures() for name in shown}, "figures_test": {}, "test": {},
    }  # fmt: skip
    if ranked:
        test = _Scored(rng, test_rows, test_events, 3.95, costs)
        c, ap, cost = test.counts(), _interval(test.ap, test_events), test.cost_per_row()
        results["figures_test"] = test.figures()
        results["test"] = {
            "arm": champion, "rows": test_rows, "events": test_events,
            "metrics": {"average_precision": ap, "roc_auc": _interval(0.985, test_events),
                        "recall": _interval(c["tp"] / test_events, test_events),
                        "precision": _interval(c["tp"] / (c["tp"] + c["fp"]), c["tp"] + c["fp"]),
                        },
            "calibration": {"observed_to_expected": 1.04, "brier_skill": 0.61, "brier_skill_ceiling": 0.62},
            "decision": {"rule": "minimum_cost" if costs else "alert_budget", "threshold": test.threshold,
                         "why": "The Bayes rule for a false alert of 10 and a missed event of 500." if costs else
                         "The 1.2 rows per event with the highest probability fit the budget of 190 alerts.",
                         "expected_cost": cost, "alert_rate": (c["tp"] + c["fp"]) / test_rows,
                         "recall": c["tp"] / test_events, "precision": c["tp"] / (c["tp"] + c["fp"])},
        }  # fmt: skip
        results["drivers"] = _drivers(rng)
        if costs:
            results["test"]["metrics"]["expected_cost"] = {"estimate": cost, "low": cost * 0.7, "high": cost * 1.4}
    return results


def no_cost_results():
    """No costs were given: nothing about money anywhere, an alert budget decides."""
    results = full_results(costs=None, seed=1)
    results["command"] = "rareclass compare creditcard_ulb_int40.csv.gz --target Class --alert-budget 190 --out run"
    return results


def few_events_results():
    """Twelve events: no ranking, no test part, the default blend is deployed with the verdict "cannot tell"."""
    results = full_results(rows=4_212, events=12, costs=None, ranked=False, seed=2)
    results["champion_reason"] = (
        "12 events cannot rank models (about 200 would); the default blend is deployed because it is the safest choice "
        "on other data, not because it won here."
    )
    results["title"] = "smtp_sample.parquet"
    results["warnings"] = ["Only 12 events: every number below has a wide interval."]
    results["findings"], results["arms_not_run"] = [], []
    results["drivers"] = {"part": "rows it was trained on", "why_not": "a SVC is none of rareclass's learners"}
    for arm in results["arms"][:4]:
        arm["difference_to_baseline"] = None
        arm["calibration"] = {"observed_to_expected": None, "brier_skill": None, "brier_skill_ceiling": None}
        arm["metrics"]["average_precision"]["low"] = None
    return results


def minimal_results():
    """Only what `results.json` promises at the least, with the nulls that it may hold."""
    return {
        "schema_version": 1,
        "data": {"rows": 300, "events": 20, "prevalence": 0.0667, "pos_label": "yes", "target": "t"},
        "design": {"folds": 5, "repeats": 1, "split": "stratified", "test_rows": 0, "test_events": 0, "seed": 0},
        "arms": [
            {"name": "lightgbm+none", "note": "", "learner": "lightgbm", "treatment": "none",
             "metrics": {"average_precision": {"estimate": 0.4, "low": 0.2, "high": 0.6}},
             "calibration": {}, "decision": {}, "difference_to_baseline": None, "verdict": "baseline",
             "fit_seconds": 0.1},
            {"name": "broken+none", "learner": "broken", "treatment": "none", "metrics": {}, "verdict": "cannot tell",
             "calibration": {"observed_to_expected": None}, "decision": None, "difference_to_baseline": None,
             "fit_seconds": None},
        ],
        "baseline": "lightgbm+none", "champion": "lightgbm+none", "test": {"metrics": {}, "decision": {}},
    }  # fmt: skip


CASES = {"full": full_results, "no_cost": no_cost_results, "few_events": few_events_results, "minimal": minimal_results}

if __name__ == "__main__":
    from rareclass.report.html import render_html

    for case, make in CASES.items():
        Path(sys.argv[1], f"{case}.html").write_text(render_html(make()), encoding="utf-8")
