from pathlib import Path

from handler.models.folder.several import folders_in


def test_a_folder_of_folders_is_the_models_in_it(tmp_path: Path) -> None:
    for name in ("b", "a", ".git", "lost+found"):
        (tmp_path / name).mkdir()
    (tmp_path / "README.md").touch()
    a, b = tmp_path / "a", tmp_path / "b"
    assert folders_in([tmp_path]) == [a, b]
    assert folders_in([b, tmp_path]) == [b, a]


def test_a_model_folder_is_itself(tmp_path: Path) -> None:
    (tmp_path / "best_openvino_model").mkdir()
    assert folders_in([tmp_path]) == [tmp_path]
    assert folders_in([tmp_path / "best_openvino_model"]) == [tmp_path / "best_openvino_model"]
    plugin = tmp_path / "plugin"
    (plugin / "code").mkdir(parents=True)
    (plugin / "model.yaml").touch()
    assert folders_in([plugin]) == [plugin]


def test_what_holds_no_folders_is_left_to_its_error(tmp_path: Path) -> None:
    missing, file = tmp_path / "missing", tmp_path / "best.pt.txt"
    assert folders_in([tmp_path, missing]) == [tmp_path, missing]
    file.touch()
    assert folders_in([file]) == [file]
