"""Prompt composition: the one place where the words for a provider are put together."""

from shared.model.collection import Collection

FRAMING = (
    "The whole figure is in the frame with a margin all around, centred, alone, on a perfectly "
    "flat, plain background of one colour that the character does not wear. No text, no shadow "
    "on the ground."
)


def still_prompt(collection: Collection, action: str) -> str:
    """Everything a provider needs to draw one still, in a stable order."""
    parts = [f"Character: {collection.prompt.strip()}"]
    if collection.style_card:
        parts.append(f"Style: {collection.style_card.summary}")
    parts += [f"Take care: {caution}" for caution in collection.cautions]
    parts += [f"Action: {action.strip()}", FRAMING]
    return "\n".join(parts)


def film_prompt(collection: Collection, motion: str, *, loop: bool) -> str:
    """Everything a provider needs to move a still."""
    parts = [f"Character: {collection.prompt.strip()}", f"Motion: {motion.strip()}"]
    if loop:
        parts.append("The film is a seamless loop: its last frame leads into its first.")
    parts.append(f"The camera does not move. {FRAMING}")
    return "\n".join(parts)
