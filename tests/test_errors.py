from handler.errors import AnnotateError, RequestError, nearest


def test_an_error_is_one_line_with_its_remedy() -> None:
    assert str(AnnotateError("The disk\nis full", "Empty  it.")) == "The disk is full. Empty it."
    assert str(AnnotateError("It says: full.", "Empty it.")) == "It says: full. Empty it."


def test_a_code_can_be_more_precise_than_the_class() -> None:
    assert RequestError("x").code == "bad_request"
    assert RequestError("x", code="not_json").code == "not_json"


def test_nearest_suggests_what_is_close_and_lists_what_is_not() -> None:
    assert nearest("treshold", ["iou", "threshold"]) == "Did you mean 'threshold'?"
    assert nearest("zzz", ["iou", "threshold"]) == "Known are: iou, threshold."
    assert nearest("zzz", [f"class {index}" for index in range(80)]).endswith(" and 60 more.")
