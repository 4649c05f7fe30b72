"""Names and values of variables."""

import pytest

from app.domain.variables import MAX_VALUE_BYTES, check_value, clean_name


@pytest.mark.parametrize("name", ["A", "_", "api_token", "A" * 64, "ENV", "HOME", "a1"])
def test_usual_names_are_taken(name):
    assert clean_name(name) == name


@pytest.mark.parametrize("name", ["", "1A", "A B", "A-B", "A.B", "Ä", "A" * 65, "A\n", "${A}"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="1 to 64 letters"):
        clean_name(name)


@pytest.mark.parametrize("name", ["PATH", "LD_PRELOAD", "PYTHONPATH", "BASH_ENV", "ONEOFF_JOB_ID"])
def test_names_that_would_make_programs_load_other_code_are_refused(name):
    with pytest.raises(ValueError, match="choose another"):
        clean_name(name)


def test_a_value_is_any_text_up_to_its_size():
    assert check_value("") == ""
    assert check_value("ä\n" * 21_845) == "ä\n" * 21_845
    with pytest.raises(ValueError, match=f"{MAX_VALUE_BYTES} bytes, and has 65538"):
        check_value("ä" * 32_769)
    for text in ("a\0", "\ud800"):
        with pytest.raises(ValueError, match=r"NUL|surrogate"):
            check_value(text)
