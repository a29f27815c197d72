"""Slugs: short, plain, and telling what the name says, in whatever script it is written."""

import re
import subprocess
import sys

import pytest

from shared.services.slugs import MAX_LENGTH, slugify


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Wave", "wave"),
        ("Thumbs up!", "thumbs-up"),
        ("a/b", "a-b"),
        ("%2e%2e%2f", "2e-2e-2f"),
        ("<script>alert(1)</script>", "script-alert-1-script"),
        ("Äpfel & Öl", "apfel-ol"),
        ("ñandú", "nandu"),
        ("straße", "strasse"),
        ("Größe", "grosse"),
        ("Æble", "aeble"),
        ("Øl", "ol"),
        ("Łódź", "lodz"),
        ("Đà Nẵng", "da-nang"),
        ("İstanbul", "istanbul"),
        ("Привет", "privet"),
        ("Ελληνικά", "ellinika"),
        ("挥手", "hui-shou"),
        ("挥手 wave", "hui-shou-wave"),
        ("東京タワー", "dong-jing-tawa"),
        ("キツネ", "kitsune"),
        ("여우", "yeo-u"),
        ("مرحبا", "mrhb"),
        ("שלום", "slvm"),
        ("สวัสดี", "swasdi"),
        ("नमस्ते", "nmste"),
        ("٣", "3"),
        ("ｗａｖｅ", "wave"),
        ("𝓦𝓪𝓿𝓮", "wave"),
        ("ﬁsh", "fish"),
        ("e\u0301te\u0301", "ete"),
        ("🦊", "fox"),
        ("👋🏽", "wave"),
    ],
)
def test_a_name_becomes(name: str, slug: str) -> None:
    assert slugify(name, "item") == slug


@pytest.mark.parametrize("name", ["", "..", "-" * 120, "/", "\u3164", "\ue000", "\u2800"])
def test_of_nothing_to_spell(name: str) -> None:
    assert slugify(name, "item") == "item"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("x" * 120, "x" * MAX_LENGTH),
        (f"a {'x' * 120}", f"a-{'x' * (MAX_LENGTH - 2)}"),
        (f"{'x' * 40} {'y' * 40}", "x" * 40),
        (f"{'x' * 23} {'y' * 24} z", f"{'x' * 23}-{'y' * 24}"),
        (f"{'x' * 30} {'y' * 18}", "x" * 30),
        (f"{'x' * 47} {'y' * 9}", "x" * 47),
        ("手" * 40, "-".join(["shou"] * 9)),
    ],
)
def test_a_long_name_is_cut_at_a_word(name: str, slug: str) -> None:
    assert slugify(name, "item") == slug
    assert len(slug) <= MAX_LENGTH


def test_every_character_gives_a_slug() -> None:
    for number in range(0, 0x30000, 7):
        if not 0xD800 <= number < 0xE000:
            slug = slugify(f"a{chr(number)}b", "item")
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug), hex(number)


def test_a_plain_name_loads_no_tables() -> None:
    code = """
import sys
from shared.services.slugs import slugify
assert slugify("Wave", "item") == "wave"
assert "anyascii" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
