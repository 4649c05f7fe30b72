"""Nobody is kept waiting by another: who may hold how many threads."""

from hypothesis import given
from hypothesis import strategies as st

from workers.shares import Shares


def test_an_endpoint_has_one_thread_until_it_answered_well_and_then_two():
    shares = Shares(16)
    assert [shares.take("a") for _ in range(2)] == [True, False]
    shares.note("a", well=True)
    assert [shares.take("a") for _ in range(2)] == [True, False]
    shares.note("a", well=False)
    shares.give_back("a")
    assert not shares.take("a")
    shares.give_back("a")
    assert shares.take("a")


def test_endpoints_that_fail_leave_half_of_the_threads_to_the_others():
    shares = Shares(16)
    for number in range(8):
        shares.note(f"bad{number}", well=False)
    assert [shares.take(f"bad{number}") for number in range(8)] == [True] * 4 + [False] * 4
    assert [shares.take(f"good{number}") for number in range(5)] == [True] * 4 + [False]


def test_a_pool_of_one_thread_still_works():
    shares = Shares(1)
    assert shares.take("a")
    assert not shares.take("b")
    shares.give_back("a")
    assert shares.take("b")


@given(
    st.integers(1, 40),
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["take", "give", "well", "bad"]))
    ),
)
def test_half_of_the_threads_is_never_exceeded_and_all_comes_back(slots, moves):
    shares, held = Shares(slots), []
    for endpoint, move in moves:
        if move == "take" and shares.take(endpoint):
            held.append(endpoint)
            assert len(held) <= max(1, slots // 2)
            assert held.count(endpoint) <= 2
        elif move == "give" and endpoint in held:
            held.remove(endpoint)
            shares.give_back(endpoint)
        elif move in {"well", "bad"}:
            shares.note(endpoint, well=move == "well")
    for endpoint in held:
        shares.give_back(endpoint)
    assert shares.take("fresh")
