from importlib.metadata import version

from handler.bench.surroundings import in_words, surroundings


def test_the_machine_and_the_versions_are_named() -> None:
    around = surroundings()
    assert around["cores"] <= around["cores_of_host"]
    assert around["versions"]["openvino"] == version("openvino")
    line = in_words(around)
    assert f"openvino {version('openvino')}" in line
    assert around["processor"] in line
