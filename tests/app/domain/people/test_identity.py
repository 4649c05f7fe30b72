"""What a provider says of a person, and what we make of it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.people import identity
from app.domain.people.accounts import clean_username

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
)


@pytest.mark.parametrize(
    ("url", "is_secure"),
    [
        ("https://id.example.com/realms/x", True),
        ("http://localhost:8180/realms/x", True),
        ("http://127.0.0.1:8180", True),
        ("http://[::1]:8180", True),
        ("http://id.example.com", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1", False),
        ("ftp://localhost", False),
        ("https://user:word@id.example.com", False),
        ("//id.example.com", False),
        ("", False),
    ],
)
def test_what_is_sent_there_nobody_reads(url, is_secure):
    assert identity.is_secure(url) is is_secure


@pytest.mark.parametrize("text", ["https://id.test/realms/x", "https://id.test/"])
def test_an_issuer_stays_as_it_is_written(text):
    assert identity.clean_issuer(text) == text


@pytest.mark.parametrize(
    "text", ["http://id.test", "https://id.test?x=1", "https://id.test/#x", "https://" + "x" * 500]
)
def test_what_can_be_no_issuer_is_refused(text):
    with pytest.raises(ValueError, match="https://"):
        identity.clean_issuer(text)


def test_our_own_address_has_no_path():
    assert identity.clean_base("https://jobs.test:8443/") == "https://jobs.test:8443"
    for text in ("https://jobs.test/x", "https://jobs.test?x", "https://jobs.test#x", "jobs.test"):
        with pytest.raises(ValueError, match=r"such as https://jobs\.example\.com"):
            identity.clean_base(text)


@pytest.mark.parametrize("text", ["", "x" * 256, "a\0", "a\n"])
def test_what_can_be_no_subject_is_refused(text):
    with pytest.raises(ValueError, match="1 to 255"):
        identity.clean_subject(text)
    assert identity.clean_subject("f:1:é") == "f:1:é"


def test_a_map_of_roles_is_read():
    read = identity.parse_role_map("a=user, b = admin ,cn=x,a=viewer,ou=y=user,")
    assert read == (
        ("a", "user"),
        ("b", "admin"),
        ("cn", "x"),
        ("a", "viewer"),
        ("ou=y", "user"),
    )
    for text in ("a", "a=", "=user", "a=user,b"):
        with pytest.raises(ValueError, match="role-of-the-provider=role"):
            identity.parse_role_map(text)


@pytest.mark.parametrize(
    ("claims", "path", "names"),
    [
        ({"realm_access": {"roles": ["a", "b"]}}, "realm_access.roles", {"a", "b"}),
        ({"roles": "a"}, "roles", {"a"}),
        ({"https://x.test/roles": ["a"]}, "https://x.test/roles", {"a"}),
        ({"r": {"my.client": {"roles": ["a"]}}}, "r.my.client.roles", {"a"}),
        ({"a.b": ["x"], "a": {"b": ["y"]}}, "a.b", {"x", "y"}),
        ({"realm_access": {}}, "realm_access.roles", set()),
        ({"realm_access": ["roles"]}, "realm_access.roles", set()),
        ({"roles": [7, None, ["a"], {"b": 1}, "c"]}, "roles", {"c"}),
        ({"roles": {"a": True}}, "roles", set()),
        ({}, "...", set()),
        ({"roles": [str(n) for n in range(1001)]}, "roles", {str(n) for n in range(1000)}),
    ],
)
def test_roles_are_found_where_they_are(claims, path, names):
    assert identity.roles_in(claims, path) == names


@given(st.dictionaries(st.text(max_size=5), JSON), st.text(max_size=20))
def test_whatever_a_token_holds_roles_are_names(claims, path):
    assert all(isinstance(name, str) for name in identity.roles_in(claims, path))


RULES = (("a", "user"), ("b", "admin"), ("a", "viewer"), ("c", "user"))


@given(st.sets(st.sampled_from("abcdef")))
def test_only_what_a_rule_names_gives_something(given):
    ours = identity.mapped(given, RULES)
    assert set(ours) == {our for their, our in RULES if their in given}
    assert len(ours) == len(set(ours))


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "Alice"}, "alice"),
        ({"preferred_username": "alice@corp.test"}, "alice"),
        ({"preferred_username": "Nguyễn Văn Đức"}, "nguyen-van-duc"),
        ({"preferred_username": "CORP\\alice"}, "corp-alice"),
        ({"preferred_username": " ", "email": "bob@x.test"}, "bob"),
        ({"preferred_username": 7, "email": "bob@x.test"}, "bob"),
        ({"email": "b.o+b@x.test"}, "b.o-b"),
    ],
)
def test_a_name_becomes_one_of_ours(claims, name):
    assert identity.username_of(claims) == name


@pytest.mark.parametrize(
    "claims",
    [{}, {"preferred_username": "@x"}, {"preferred_username": "李"}, {"email": ["a@b.test"]}],
)
def test_who_has_no_name_gets_none(claims):
    with pytest.raises(ValueError, match=r"must|tells"):
        identity.username_of(claims)


@given(st.text(max_size=300))
def test_whatever_a_name_is_it_becomes_one_that_we_take(text):
    with contextlib.suppress(ValueError):
        name = identity.username_of({"preferred_username": text})
        assert clean_username(name) == name


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "A@x.test"}, "a@x.test"),
        ({"email": "a@x.test", "email_verified": True}, "a@x.test"),
        ({"email": "a@x.test", "email_verified": False}, None),
        ({"email": "nobody"}, None),
        ({"email": 7}, None),
        ({}, None),
    ],
)
def test_an_address_is_taken_unless_it_is_doubted(claims, email):
    assert identity.email_of(claims) == email
