"""What is listed in two places is the same in both."""


def test_every_spec_has_an_executor_and_the_other_way_round():
    from app.domain.specs import OWN, SPECS
    from workers.executors import registry

    assert OWN.keys() == registry.OWN.keys()
    assert SPECS.keys() == registry.EXECUTORS.keys()


def test_every_spec_is_listed_under_its_own_kind():
    from app.domain.specs import SPECS

    assert {kind: spec.kind for kind, spec in SPECS.items()} == {kind: kind for kind in SPECS}
