"""What a vision provider says of a picture, where one is chosen."""

from collections.abc import Callable
from typing import TypeVar

from functions import composition
from shared.errors import StepError
from shared.providers.base import Later, Refused, VisionProvider
from shared.services.steps import StepContext

A = TypeVar("A")


def ask(
    context: StepContext, question: Callable[[VisionProvider], A | Refused | Later]
) -> A | Later | None:
    """The answer to a question about pictures.

    None without a provider that looks (the pixels are measured anyway), and from one that refuses
    or goes on failing: what somebody sees is a help, and no reason to lose a picture.
    """
    name = context.step.params["provider"] or context.settings.vision_provider
    if name == composition.OFFLINE:
        return None
    try:
        answer = question(composition.vision_provider(name))
    except StepError as error:
        if error.retryable and not context.is_last_try:
            raise
        return None
    return None if isinstance(answer, Refused) else answer
