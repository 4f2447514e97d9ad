"""Hashed words are those of scikit-learn's hashing vectorizer."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.feature_extraction.text import HashingVectorizer

from rareclass.kernels.words import word_features

TEXTS = [
    "WIN £1000 cash!!! Call 0800-123 now?",
    "",
    " \t\n\v\f\r ",
    "Grüße aus Zürich – ÄÖÜ ß İ ŉ 東京 😀 naïve_word 3.14",
    "a ab abc abcd abcde " * 9,
    "x" * 1000,
    "\u00a0non-breaking\u00a0blank\u2028line",
]


def random_texts(n=300):
    rng = np.random.default_rng(0)
    letters = list("abcXYZ 019 .,!?-_éß€£$\t\n😀漢")
    return ["".join(rng.choice(letters, size=rng.integers(0, 60))) for _ in range(n)]


@pytest.mark.parametrize("buckets", [1, 7, 256])
def test_words_are_counted_as_scikit_learn_counts_them(buckets):
    texts = TEXTS + random_texts()
    hasher = HashingVectorizer(
        n_features=buckets, alternate_sign=False, norm=None, token_pattern=r"(?u)\b\w+\b|[£$€!?]"
    )
    np.testing.assert_array_equal(word_features(texts, buckets)[:, 4:], np.log1p(hasher.transform(texts).toarray()))


def test_shapes_are_those_that_arrow_counts():
    texts = TEXTS + random_texts()
    column = pa.array(texts)
    length = pc.utf8_length(column).to_numpy().astype(float)
    found = word_features(texts, 4)
    np.testing.assert_array_equal(found[:, 0], np.log1p(length))
    for k, pattern in enumerate((r"[0-9]", r"[A-Z]", r"[^A-Za-z0-9\s]"), start=1):
        counts = pc.count_substring_regex(column, pattern).to_numpy()
        np.testing.assert_array_equal(found[:, k], counts / np.maximum(length, 1))


def test_a_missing_text_is_missing_throughout():
    found = word_features([None, "a"], 8)
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()
