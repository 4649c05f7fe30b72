"""Errors that tell a person what to mend."""

from app.domain.errors import MOST_FAULTS, Conflict, Fault, Invalid, invalid, shorten


def test_an_error_without_words_speaks_by_its_description():
    assert str(Conflict()) == "The object's present state does not allow this."


def test_faults_become_one_sentence_each():
    faults = [
        Fault("name", "must not be empty", ""),
        Fault("", "the body must be a JSON object"),
        Fault("priority", "priority must be between 1 and 10"),
    ]
    error = Invalid(faults)
    assert str(error) == (
        "name: must not be empty; the body must be a JSON object; priority must be between 1 and 10"
    )
    assert error.details == [
        {"field": "name", "message": "must not be empty", "value": ""},
        {"field": "", "message": "the body must be a JSON object"},
        {"field": "priority", "message": "priority must be between 1 and 10"},
    ]


def test_of_very_many_faults_the_first_are_told_and_the_rest_counted():
    error = Invalid([Fault(str(n), "no") for n in range(MOST_FAULTS + 7)])
    assert len(error.faults) == MOST_FAULTS + 1
    assert error.faults[-1].message == "and 7 faults more"


def test_values_are_shown_shortened():
    assert invalid("a", "no", "x" * 101).faults[0].value == "x" * 99 + "…"
    assert shorten({"a": 1}) == "{'a': 1}"
    assert invalid("a", "no").faults[0].value is None
