#!/bin/sh
# Let imbalanced-learn's own tests (shipped in its wheel) judge rareclass: tests/conformance.sh [PYTHON]
# Lane "free": tests that pin imbalanced-learn's random stream, and five that pin wrong values, may fail.
# Left out: its deep-learning and ensemble folders, and the test that needs the network. Takes some minutes.
set -eu

PYTHON=$(command -v "${1:-python}")
ROOT=$(cd "$(dirname "$0")/.." && pwd)
REFEREE=${RARECLASS_CONFORMANCE:-$ROOT/../shared/conformance}
if [ ! -f "$REFEREE/imblearn_alias_plugin.py" ]; then
    echo "Skipped: $REFEREE/imblearn_alias_plugin.py is not there, so imbalanced-learn's tests were NOT run."
    exit 0
fi

case $PYTHON in /*) ;; *) PYTHON=$PWD/$PYTHON ;; esac
REAL=$("$PYTHON" -c "import importlib.util as u; print(u.find_spec('imblearn').submodule_search_locations[0])")
export OURS=rareclass.compat.imblearn IMBLEARN_STREAMS=free
export PY_IGNORE_IMPORTMISMATCH=1 PYTHONDONTWRITEBYTECODE=1

cd "$REFEREE"
PYTHONPATH=. exec "$PYTHON" -m pytest -c /dev/null --rootdir="$REAL" \
    -p imblearn_alias_plugin -p no:cacheprovider -q --disable-warnings "$REAL" \
    --ignore="$REAL/keras" --ignore="$REAL/tensorflow" --ignore="$REAL/ensemble" \
    --deselect datasets/tests/test_zenodo.py
