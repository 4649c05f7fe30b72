"""Decisions are told by codes with values, and the page has words for each of them."""

import re
from pathlib import Path

import pytest

from app.domain.decisions import REASONS, TEXTS, say, say_reason

_ONE = "0" * 31 + "1"
_PAGE = Path(__file__).parents[3] / "frontend" / "src" / "i18n"
_KEPT = {
    f"overlap: execution {_ONE} was in progress": ("overlap", {"execution": _ONE}),
    "overlap": ("overlap_unnamed", {}),
    "overlap: run 7 was under way": ("overlap_chain", {"number": "7"}),
    "missed: nobody could fire it in time": ("missed_unattended", {}),
    "missed: restored from a backup of 2026-01-01": ("missed_restored", {"at": "2026-01-01"}),
    "missed: 3 moments before this run's": ("missed_earlier", {"number": "3"}),
    "paused: the installation was paused": ("paused_installation", {}),
    "paused: the job was paused": ("paused_job", {}),
    "job paused": ("paused_job", {}),
    "paused: new\ndisks": ("paused_because", {"note": "new\ndisks"}),
    "disabled: the job was disabled": ("disabled_job", {}),
    "job disabled": ("disabled_job", {}),
    "blackout: on 2026-12-24 (UTC)": ("blackout", {"blackout": "on 2026-12-24 (UTC)"}),
    "link 2 failed": ("link_failed", {"number": "2"}),
    "its job was deleted": ("job_deleted", {}),
    "no link failed before it": ("no_link_failed", {}),
}


@pytest.mark.parametrize("kept", _KEPT)
def test_a_kept_reason_is_told_by_its_code(kept):
    assert say_reason(kept) == dict(zip(("code", "params"), _KEPT[kept], strict=True)) | {
        "text": kept
    }


def test_every_reason_is_tried_here():
    assert {code for code, _ in _KEPT.values()} == set(REASONS)


@pytest.mark.parametrize("free", ["", "overlap:", "the disk is full", f"{_ONE} overlap"])
def test_free_words_have_no_code(free):
    assert say_reason(free) == {"code": None, "params": {}, "text": free}


def test_values_may_be_words_by_language_or_told_themselves():
    words = {"en": "Every minute", "vi": "Mỗi phút"}
    assert say("schedule_follows", words=words)["text"].startswith("Every minute: ")
    nested = say("did_not_run", reason=say_reason("{braces} stay"))
    assert nested["text"] == "It did not run. {braces} stay."


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize(("group", "codes"), [("told", TEXTS), ("reasons", REASONS)])
def test_the_page_says_each_with_the_same_values(language, group, codes):
    page = (_PAGE / language / "why.ts").read_text()
    block = re.search(rf"^  {group}: {{\n(.*?)^  }},", page, re.DOTALL | re.MULTILINE)
    assert block is not None
    found = dict(re.findall(r"^    (\w+): \"(.*)\",$", block[1], re.MULTILINE))
    assert set(found) == set(codes)
    if group == "told":
        for code, text in TEXTS.items():
            assert sorted(re.findall(r"{\w+}", found[code])) == sorted(re.findall(r"{\w+}", text))
