"""Codes are read aloud, typed on phones, and guessed: what one is, how it is meant, and how often one may try."""

import hypothesis
import hypothesis.strategies as st
import pytest

from deploy.classroom import codes
from deploy.classroom.classes import Classes
from deploy.classroom.codes import ALL_GUESSES, GUESSES, LENGTH, SIGNS, Guesses, as_code, digest, new_code, new_token
from deploy.classroom.store import Store
from tests.deploy.class_questions import Clock

# Signs that people take for each other, on a wall or by ear.
CONFUSABLE = "0O1IL2Z5S8BUV"
SEPARATORS = " -–—._·\t\u00a0\u3000"


def fullwidth(text):
    """As a keyboard for Japanese types it."""
    return "".join(chr(ord(sign) + 0xFEE0) for sign in text)


def test_no_sign_of_a_code_is_taken_for_another():
    assert not set(CONFUSABLE) & set(SIGNS)
    assert len(set(SIGNS)) == len(SIGNS) == 23
    assert SIGNS.isascii()
    assert SIGNS.isupper()


def test_codes_and_tokens_are_new_and_of_all_signs():
    found = {new_code() for _ in range(2000)}
    assert len(found) > 1990
    assert {len(code) for code in found} == {LENGTH}
    assert set("".join(found)) == set(SIGNS)
    tokens = {new_token() for _ in range(2000)}
    assert len(tokens) == 2000
    assert {len(token) for token in tokens} == {22}, "128 bits"
    assert len({digest(token) for token in tokens}) == 2000
    assert not tokens & {digest(token) for token in tokens}


@hypothesis.given(code=st.text(SIGNS, min_size=LENGTH, max_size=LENGTH), chance=st.randoms(use_true_random=False))
def test_a_code_is_read_as_it_is_meant_however_it_was_typed(code, chance):
    typed = "".join(
        chance.choice((sign, sign.lower(), fullwidth(sign), fullwidth(sign.lower()))) + chance.choice(("", *SEPARATORS))
        for sign in code
    )
    assert as_code(chance.choice(SEPARATORS) + typed) == code


@hypothesis.given(st.text(max_size=50))
def test_whatever_is_typed_is_read_as_signs_of_codes(text):
    assert set(as_code(text)) <= set(SIGNS)


@pytest.mark.parametrize("typed", ["", "A", "AAAAAAA", "ААAAAA", "=()"])
def test_what_is_no_code_finds_no_class(typed):
    store = Store(":memory:")
    classes = Classes(store)
    classes.open()
    assert classes.by_code(typed) is None
    store.close()


def test_a_letter_of_another_alphabet_is_not_taken_for_one_of_a_code():
    assert as_code("\N{CYRILLIC CAPITAL LETTER A}\N{CYRILLIC CAPITAL LETTER ES}\N{GREEK CAPITAL LETTER EPSILON}") == ""


def test_no_two_classes_have_one_code(monkeypatch):
    store, drawn = Store(":memory:"), iter(["AAAAAA", "AAAAAA", "CCCCCC"])
    monkeypatch.setattr("deploy.classroom.classes.new_code", lambda: next(drawn))
    classes = Classes(store)
    assert [classes.open().row.code for _ in range(2)] == ["AAAAAA", "CCCCCC"]
    store.close()


def test_who_guesses_waits_a_minute_and_others_do_not():
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(GUESSES):
        assert not guesses.too_many("10.0.0.7")
        guesses.note("10.0.0.7")
    assert guesses.too_many("10.0.0.7")
    assert not guesses.too_many("10.0.0.8")
    clock.now += codes.MINUTE + 0.1
    assert not guesses.too_many("10.0.0.7")


def test_many_who_guess_together_wait_too():
    clock = Clock()
    guesses = Guesses(clock)
    for number in range(ALL_GUESSES):
        guesses.note(f"10.0.{number // 200}.{number % 200}")
    assert guesses.too_many("10.9.9.9")
    clock.now += codes.MINUTE + 0.1
    assert not guesses.too_many("10.9.9.9")


def test_those_who_guess_all_week_hardly_find_a_class():
    """Of 148 million codes one is a class's, which lasts a week at most."""
    tried = ALL_GUESSES * 7 * 24 * 60
    assert tried / len(SIGNS) ** LENGTH < 0.03
