"""Refresh tokens name their session, and nothing else is one."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.ids import new_id
from app.domain.people import refresh_tokens as form


def test_a_token_names_its_session_and_no_two_are_alike():
    session_id = new_id()
    made = {form.new_token(session_id) for _ in range(50)}
    assert len(made) == 50
    assert {form.session_of(token) for token in made} == {session_id}
    assert len({form.hash_of(token) for token in made}) == 50


@given(st.text(max_size=120))
def test_rubbish_names_nothing(text):
    assert form.session_of(text) is None


def test_a_changed_form_names_nothing():
    token = form.new_token(new_id())
    for other in (token[:-1], token + "0", token.upper(), token + "\n", " " + token, token[1:]):
        assert form.session_of(other) is None
