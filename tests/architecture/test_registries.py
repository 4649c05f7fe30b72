"""What is listed in two places is the same in both."""


def test_every_spec_has_an_executor_and_the_other_way_round():
    from app.domain.specs import SPECS
    from workers.executors.registry import EXECUTORS

    assert SPECS.keys() == EXECUTORS.keys()


def test_every_spec_is_listed_under_its_own_kind():
    from app.domain.specs import SPECS

    assert {kind: spec.kind for kind, spec in SPECS.items()} == {kind: kind for kind in SPECS}
