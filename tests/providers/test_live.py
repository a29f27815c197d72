"""The check for real, as its user starts it, with a local server in the provider's place."""

import json
from pathlib import Path

from shared.media.verify import verify_film
from tests.providers.looking import DESCRIPTION
from tests.providers.test_choice import python
from tests.providers.wire.material import SECRET, encoded, film, png
from tests.providers.wire.server import Reply, Wire


def test_a_still_a_description_and_a_film(wire: Wire, tmp_path: Path) -> None:
    drawn = {"parts": [{"inlineData": {"mimeType": "image/png", "data": encoded(png(64))}}]}
    words = {"parts": [{"text": json.dumps(DESCRIPTION)}]}
    made = film(tmp_path / "made.mp4", 4.0, size=(256, 144))
    content = [{"type": "video", "data": encoded(made)}]
    done = {
        "id": "v1",
        "status": "completed",
        "steps": [{"type": "model_output", "content": content}],
    }
    wire.answer(
        Reply({"candidates": [{"content": drawn, "finishReason": "STOP"}]}),
        Reply({"candidates": [{"content": words, "finishReason": "STOP"}]}),
        Reply({"id": "v1", "status": "in_progress"}),
        Reply({"error": {"message": "hiccup"}}, 503),
        Reply(done),
    )
    tried = python(
        *("-m", "infra.live", "--provider", "google", "--video", "--yes"),
        *("--folder", str(tmp_path / "out")),
        MASCOTRY_GOOGLE_API_KEY=SECRET,
        MASCOTRY_GOOGLE_URL=wire.url,
        MASCOTRY_PROVIDER_POLL_INTERVAL="0.05",
    )
    assert tried.returncode == 0, tried.stderr
    assert "a still by gemini-nano-banana-2.1, about $0.03" in tried.stdout
    assert "a film by gemini-omni-1.2-flash, about $0.28" in tried.stdout
    assert "Orange fox, with blue scarf" in tried.stdout
    verify_film(tmp_path / "out" / "film.mp4", None, (512, 512), 72, 24, alpha_expected=False)
    assert SECRET not in tried.stdout + tried.stderr


def test_nothing_is_spent_without_a_yes(wire: Wire, tmp_path: Path) -> None:
    tried = python(
        *("-m", "infra.live", "--provider", "openai", "--folder", str(tmp_path)),
        MASCOTRY_OPENAI_API_KEY=SECRET,
        MASCOTRY_OPENAI_URL=wire.url,
    )
    assert tried.returncode == 1
    assert "nothing was asked for, nothing was spent" in tried.stderr
    assert wire.requests == []
