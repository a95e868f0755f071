#!/bin/bash
# SAHI 0.12.8 (its newest), merging with its defaults (GREEDYNMM, IOS, 0.5): of one object that a tile
# sees whole and two others in part, a part stays beside the whole where the other part scores more
# than both. The best box takes what overlaps it, the whole, and grows to cover it; what overlaps only
# the whole, the second part, is compared with the best box as it was, not as it has become.
#
# Output seen:
#   the whole scores most: 1 object [[100, 100, 200, 200]]
#   a part scores most:    2 objects [[100, 100, 200, 200], [160, 100, 200, 200]]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --only-binary=:all: sahi==0.12.8 opencv-python-headless==4.13.0.92 numpy==2.4.6
cat > merge.py <<'END'
from sahi.postprocess.combine import GreedyNMMPostprocess
from sahi.prediction import ObjectPrediction

LEFT, WHOLE, RIGHT = [100, 100, 130, 200], [100, 100, 200, 200], [160, 100, 200, 200]


def merged(*scores):
    found = [
        ObjectPrediction(bbox=box, score=score, category_id=0, category_name="ship")
        for box, score in zip((LEFT, WHOLE, RIGHT), scores)
    ]
    kept = GreedyNMMPostprocess(0.5, "IOS", class_agnostic=False)(found)
    return [[int(value) for value in each.bbox.to_xyxy()] for each in kept]


first, second = merged(0.9, 0.95, 0.85), merged(0.95, 0.9, 0.85)
print("the whole scores most:", len(first), "object", first)
print("a part scores most:   ", len(second), "objects", second)
assert first == [WHOLE]
assert second == [WHOLE, RIGHT]
END
venv/bin/python merge.py
