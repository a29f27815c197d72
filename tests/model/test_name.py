"""Names can be read, and leave the text around them as it is."""

import unicodedata

import pytest

from shared.model.name import readable


@pytest.mark.parametrize(
    "name",
    [
        "Wave",
        "挥手",
        "مرحبا بالعالم",
        "שלום (1)",
        "a\u200eb\u200f",  # marks without a scope, as editors write them
        "👩\u200d🚀",
        "❤\ufe0f",
        "می\u200cخواهم",
        "<script>",
        "Z" + "\u0333" * 40,
    ],
)
def test_what_stays_as_it_is(name: str) -> None:
    assert readable(name) == name


def test_letters_are_composed() -> None:
    assert readable("Lo\u0301dz") == "L\u00f3dz"


@pytest.mark.parametrize("number", [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029])
def test_control_characters(number: int) -> None:
    with pytest.raises(ValueError, match="control"):
        readable(f"a{chr(number)}b")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "\u200b",
        "\u200e\u202e",
        "\u2066\u2069",
        "\ufeff",
        "\u00ad",
        "\u034f",
        "\u115f\u1160",
        "\u3164",
        "\uffa0",
        "\u2800",
        "\u180e",
        "\u180b",
        "\ufe0f",
        "\U000e0100",
        "\U000e0041",
        "\U0001d159",
        "\u0301",
        "\u00a0\u3000",
        "\ue000",
        "\u0378",
    ],
)
def test_nothing_to_see(name: str) -> None:
    with pytest.raises(ValueError, match="can be seen"):
        readable(name)


@pytest.mark.parametrize(
    ("name", "isolated"),
    [
        ("\u202egpj.evil", "\u2068\u202egpj.evil\u2069"),
        ("a\u2069b", "\u2068ab\u2069"),
        ("a\u202cb", "\u2068a\u202cb\u2069"),
        ("a\u2067b", "\u2068a\u2067b\u2069\u2069"),
        ("\u2067a\u2069b", "\u2068\u2067a\u2069b\u2069"),
        ("\u2068a\u2069 \u2068b\u2069", "\u2068\u2068a\u2069 \u2068b\u2069\u2069"),
        ("\u2068a", "\u2068\u2068a\u2069\u2069"),
    ],
)
def test_directions_end_with_the_name(name: str, isolated: str) -> None:
    assert readable(name) == isolated
    assert readable(isolated) == isolated
    assert unicodedata.normalize("NFC", isolated) == isolated
