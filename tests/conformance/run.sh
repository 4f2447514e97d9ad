#!/bin/sh
# Let imbalanced-learn's own tests (shipped in its wheel) judge rareclass: tests/conformance/run.sh [PYTHON]
# Lane "free": tests that pin imbalanced-learn's random stream, and five that pin wrong values, may fail.
# Left out: its deep-learning folders, the test that needs the network, and these of ensembles:
# - test_balanced_bagging_classifier_samplers: it pins how many rows of each class the first bootstrap of seed 0 holds (15
#   and 40), which is imbalanced-learn's random stream; ours holds 14 and 39. What it means, that each member is fitted on
#   as many rows of every class, is in tests/ensemble/test_bagging.py, for the same five samplers;
# - equivalence of weights and repetition: our ensembles take weights, and draw rows at random, repeated ones too;
# - test_smote_nc_categorical_features_auto_error: it wants categorical_features="auto" to pass text columns of a frame
#   over; ours takes them, as our other over-samplers do (tests/over_sampling/test_smotenc.py);
# - check_classifiers_train of EasyEnsemble: it wants predict to be the largest probability, but probabilities are at the
#   real prevalence and predict is balanced, as imbalanced-learn's.
# Takes about ten minutes of processor time.
set -eu

PYTHON=$(command -v "${1:-python}")
HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
REFEREE=${RARECLASS_CONFORMANCE:-$ROOT/../shared/conformance}
if [ ! -f "$REFEREE/imblearn_alias_plugin.py" ]; then
    echo "Skipped: $REFEREE/imblearn_alias_plugin.py is not there, so imbalanced-learn's tests were NOT run."
    exit 0
fi

case $PYTHON in /*) ;; *) PYTHON=$PWD/$PYTHON ;; esac
REAL=$("$PYTHON" -c "import importlib.util as u; print(u.find_spec('imblearn').submodule_search_locations[0])")
LEFT_OUT='not ((BalancedBagging or EasyEnsemble) and check_sample_weight_equivalence)
    and not (EasyEnsemble and check_classifiers_train)
    and not test_balanced_bagging_classifier_samplers
    and not test_smote_nc_categorical_features_auto_error'
export OURS=rareclass.compat.imblearn IMBLEARN_STREAMS=free
export KERAS_BACKEND="${KERAS_BACKEND:-torch}"  # Keras alone would ask for TensorFlow, which make test-deep keeps elsewhere
export PY_IGNORE_IMPORTMISMATCH=1 PYTHONDONTWRITEBYTECODE=1

cd "$REFEREE"
PYTHONPATH=.:$HERE exec "$PYTHON" -m pytest -c /dev/null --rootdir="$REAL" \
    -p imblearn_alias_plugin -p seeded_draws -p no:cacheprovider -q --disable-warnings "$REAL" \
    --ignore="$REAL/keras" --ignore="$REAL/tensorflow" \
    --deselect datasets/tests/test_zenodo.py -k "$(echo $LEFT_OUT)"
