from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from handler.nuclio.commented import Commented, plain, to_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LINES = st.builds("\n".join, st.lists(TEXT))
SCALARS = st.one_of(LINES, st.integers(-(2**31), 2**31), st.booleans(), st.none())


def documents() -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        st.dictionaries(TEXT, SCALARS, min_size=1, max_size=3),
        lambda inner: st.one_of(
            st.dictionaries(TEXT, inner, min_size=1, max_size=3),
            st.builds(
                lambda rows: {"rows": rows}, st.lists(inner | SCALARS, min_size=1, max_size=3)
            ),
        ),
        max_leaves=6,
    )


@given(documents())
def test_what_is_written_is_what_is_read(document: dict[str, Any]) -> None:
    assert yaml.safe_load(to_yaml(document)) == document


def test_a_comment_stands_above_its_key_and_is_no_value() -> None:
    document = {"spec": {"image": Commented("Prebuilt.", "auto-annotate:1"), "workers": 1}}
    assert to_yaml(document) == ("spec:\n  # Prebuilt.\n  image: auto-annotate:1\n  workers: 1\n")
    assert plain(document) == {"spec": {"image": "auto-annotate:1", "workers": 1}}


def test_words_that_yaml_reads_otherwise_are_quoted() -> None:
    words = {"a": "no", "b": "null", "c": "12", "d": "1e3", "e": "2026-01-01", "f": "x: y"}
    assert yaml.safe_load(to_yaml(words)) == words
