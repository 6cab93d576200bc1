#!/usr/bin/env bash
# Guess:   @settings(derandomize=True, database=None) draws the same examples in every run of the same version, as the
#          seed comes from the test function alone.
# Truth:   which examples are drawn also depends on which other files of the project have been imported. Hypothesis
#          collects the numbers and strings written in all local modules that are loaded and offers them now and then
#          instead of random values. A test alone, and the same test after others have imported more of the project,
#          see different examples; so do two workers of pytest-xdist.
# Version: Hypothesis 6.170.15, Python 3.11.
# Source:  hypothesis/internal/conjecture/providers.py (`_get_local_constants` walks `sys.modules`).
# Why:     a derandomized test that passes alone can fail in the whole run (and in CI only), which reads as a flaky
#          test. Draws that must not change belong into a file, or the test must hold for every draw.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check hypothesis==6.170.15
cd "$folder"
echo 'LIMITS = (86413, 271829, 314161, 577217, 662607, 693149, 141423, 161803, 173207, 223609)' >unrelated.py
cat >drawn.py <<'PY'
import hashlib
import sys

from hypothesis import given, settings, strategies as st

if "more" in sys.argv:
    import unrelated  # noqa: F401

seen = []


@settings(max_examples=300, derandomize=True, database=None)
@given(st.lists(st.integers(0, 1_000_000), max_size=5))
def collect(value):
    seen.append(value)


collect()
print(hashlib.sha256(repr(seen).encode()).hexdigest()[:12])
PY
alone="$(env/bin/python drawn.py)"
again="$(env/bin/python drawn.py)"
more="$(env/bin/python drawn.py more)"
echo "alone $alone, again $again, with one more module imported $more"
[ "$alone" = "$again" ] || { echo "not even two equal runs agree"; exit 1; }
[ "$alone" != "$more" ] || { echo "the imported modules make no difference now"; exit 1; }
