"""Numbers as text: plain digits, and none of what Python takes beside them."""

import pytest

from shared.model import number

NO_NUMBER = [
    "",
    " ",
    "x",
    "1_0",
    " 10",
    "10 ",
    "10\n",
    "+10",
    "\uff11\uff10",  # full-width
    "\u0661\u0660",  # Arabic
    "\u00b2",  # a superscript
    "--1",
    "0x10",
    "1e3",
    "nan",
    "inf",
    "-Infinity",
    "True",
    "1,000",
    "9" * 5_000,
]


@pytest.mark.parametrize("text", [*NO_NUMBER, "5.0", ".5"])
def test_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(ValueError, match="a whole number"):
        number.whole(text)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("10", 10), ("-1", -1), ("007", 7)])
def test_whole_numbers(text: str, value: int) -> None:
    assert number.whole(text) == value


@pytest.mark.parametrize("text", [*NO_NUMBER, "-1", ".5", "5.", "1.5.2"])
def test_what_are_no_seconds(text: str) -> None:
    with pytest.raises(ValueError, match="seconds"):
        number.seconds(text)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("17", 17), ("1.5", 1.5)])
def test_seconds(text: str, value: float) -> None:
    assert number.seconds(text) == value
