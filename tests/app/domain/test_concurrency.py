"""Keys under which executions share slots."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import concurrency

JOB = SimpleNamespace(
    id="1" * 32,
    name="a job",
    project_id="default",
    type="shell",
    queue="slow",
    priority=5,
    external_id=None,
)


@pytest.mark.parametrize(
    ("template", "key"),
    [
        ("plain", "key:plain"),
        ("tenant-{{project_id}}", "key:tenant-default"),
        ("{{ type }}/{{queue}}/{{priority}}", "key:shell/slow/5"),
        ("{{job_id}}", "key:" + "1" * 32),
        ("[{{external_id}}]", "key:[]"),
        ("{single}", "key:{single}"),
    ],
)
def test_a_template_is_filled_from_the_job(template, key):
    assert concurrency.render(concurrency.check(template), JOB) == key


@pytest.mark.parametrize(
    "template",
    ["", "x" * 256, "a\nb", "{{secret}}", "{{name", "name}}", "{{}}", "{{a b}}", "{{{{name}}}}"],
)
def test_what_is_no_template_is_refused(template):
    with pytest.raises(ValueError, match=r"m(ust|ay)"):
        concurrency.check(template)


@given(st.text(max_size=300))
def test_what_a_template_makes_is_bounded_and_never_code(text):
    try:
        template = concurrency.check(text)
    except ValueError:
        return
    key = concurrency.render(template, JOB)
    assert key.startswith(concurrency.PREFIX)
    assert len(key) <= concurrency.LONGEST


def test_long_keys_stay_apart():
    ends = [SimpleNamespace(**vars(JOB) | {"name": "n" * 250 + end}) for end in "ab"]
    first, second = (concurrency.render("{{name}}{{name}}", job) for job in ends)
    assert first != second
    assert len(first) == len(second) == concurrency.LONGEST
