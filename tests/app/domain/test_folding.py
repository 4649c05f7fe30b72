"""Texts as people type them in a hurry."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.folding import BARE, TONED, bare, fold, rank
from migrations import folding


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Đồng bộ KHO", "dong bo kho"),
        ("nightly-report", "nightly-report"),
        ("Café Ünal", "cafe unal"),
        ("Straße", "strasse"),
    ],
)
def test_tones_accents_and_capitals_go(text, folded):
    assert fold(text) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded


def test_what_the_databases_index_keeps_its_case():
    assert bare("Đồng bộ KHO") == "Dong bo KHO"
    assert bare(unicodedata.normalize("NFD", "Đồng bộ KHO")) == "Dong bo KHO"


@given(st.text(TONED + BARE + " -"))
def test_without_tones_is_folded_but_for_the_case(text):
    assert bare(text).lower() == fold(text)


def test_the_index_was_made_by_the_same_letters():
    assert (folding.TONED, folding.BARE) == (TONED, BARE)
    assert folding.on_postgresql("name").count(folding.SIGNS) == 1


def test_better_fits_rank_first():
    names = ["export", "export-late", "late-export", "reexport", "nothing"]
    assert [rank("export", name) for name in names] == [0, 1, 2, 3, None]
    assert rank("x", "axb-x") == 2
