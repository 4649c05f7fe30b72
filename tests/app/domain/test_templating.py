"""The grammar of ${NAME}: what is put in, what is missing, what stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import templating
from app.domain.templating import MissingVariables, TooLong, fill, names, words

_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,63}", fullmatch=True)
#: Texts that are rich in what the grammar is made of.
_texts = st.lists(
    st.one_of(st.sampled_from(["$", "{", "}", "${", "$${", "${A}", "$${A}", "\n"]), st.text()),
    max_size=12,
).map("".join)
_trees = st.recursive(
    st.one_of(_texts, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(_texts, inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("${A}", "1"),
        ("x${A}${B}y", "x1${A}y"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$A $(A) {A} {{A}} %A% ${ A} ${A ${} ${A-x} ${1A} ${A.B}", None),
        ("${Ä}", None),
        ("$$ $ $$$", None),
        ("{{ ''.__class__.__mro__ }} {% for i in x %} $(id) `id` %s", None),
    ],
)
def test_only_a_name_in_braces_is_put_in(text, made):
    assert fill(text, {"A": "1", "B": "${A}"}) == (text if made is None else made)


@given(_trees)
def test_what_holds_no_name_stays_as_it_is(tree):
    if not names(tree) and "$${" not in json.dumps(tree):
        assert fill(tree, {}) == tree


@given(_trees, _texts)
def test_a_value_is_put_in_once_and_never_looked_at_again(tree, value):
    found = names(tree)
    holder = {"before": "${THE_ONE}", "tree": tree}
    made = fill(holder, dict.fromkeys(found, "") | {"THE_ONE": value})
    assert made["before"] == value


@given(_trees, st.data())
def test_all_that_is_missing_is_named_at_once(tree, data):
    found = sorted(names(tree))
    there = set(data.draw(st.lists(st.sampled_from(found)))) if found else set()
    missing = tuple(name for name in found if name not in there)
    if missing:
        with pytest.raises(MissingVariables) as error:
            fill(tree, dict.fromkeys(there, "x"))
        assert error.value.names == missing
    else:
        fill(tree, dict.fromkeys(found, "x"))


@given(_texts, _names)
def test_an_escaped_text_comes_out_as_it_was_written(text, name):
    assert fill(f"$${{{name}}}", {name: "wrong"}) == f"${{{name}}}"
    escaped = templating._HOLE.sub(lambda m: f"${m[0]}" if not m[1] else m[0], text)
    assert not names(escaped)


@given(_trees)
def test_the_shape_of_a_value_stays(tree):
    made = fill(tree, dict.fromkeys(names(tree), '"}],\\'))

    def shape(value):
        if isinstance(value, dict):
            return {name: shape(part) for name, part in value.items()}
        return [shape(part) for part in value] if isinstance(value, list) else type(value)

    assert shape(made) == shape(tree)


@given(st.lists(_names, max_size=5))
def test_words_are_found_however_they_are_written(found):
    text = "".join(f"os.environ['{name}'] ${name};" for name in found)
    assert set(found) <= words({"script": text})


def test_short_texts_can_not_ask_for_gigabytes():
    with pytest.raises(TooLong):
        fill(["${A}" * 1000], {"A": "x" * 65_536})
