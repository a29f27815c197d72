"""What an artist cannot draw of a request, said before anything is paid."""

from shared.config import Settings
from shared.model.asset import Asset
from shared.model.collection import Collection
from shared.model.job import Job, Step, StepKind
from shared.model.request import ImageProviderName, VideoProviderName


def caveats(
    job: Job, collection: Collection, source: Asset | None, settings: Settings
) -> tuple[str, ...]:
    """Warnings of what was planned for a character. `source` is the still that is edited."""
    missing: list[str] = []
    for step in job.steps.values():
        match step.kind, _artist(step, settings):
            case StepKind.IMAGE, ImageProviderName.OFFLINE:
                missing += _not_drawn(step, collection, source)
            case StepKind.VIDEO, VideoProviderName.OFFLINE:
                missing += _missing("", "", step.params["motion"] or "")
    if not missing:
        return ()
    words = ", ".join(dict.fromkeys(missing))
    return (f"The offline artist is a demonstration with few words; it leaves out: {words}.",)


def _artist(step: Step, settings: Settings) -> str:
    """Who does a step, as far as it draws."""
    default = settings.video_provider if step.kind is StepKind.VIDEO else settings.image_provider
    return str(step.params.get("provider") or default)


def _not_drawn(step: Step, collection: Collection, source: Asset | None) -> list[str]:
    """Of a new picture all that is left out, and of an edit what it asks for in vain."""
    instructions = step.params["instructions"]
    if not instructions:
        return _missing(collection.prompt, step.params["action"])
    known = source.provenance.parameters if source and source.provenance else {}
    character, action = known.get("character", ""), known.get("action", "")
    edits = tuple(known.get("edits", ()))
    before = _missing(character, action, edits=edits)
    after = _missing(character, action, edits=(*edits, instructions))
    return [words for words in after if words not in before]


def _missing(
    character: str, action: str, motion: str = "", *, edits: tuple[str, ...] = ()
) -> list[str]:
    from shared.providers.base import Scene  # its vocabulary is large, and few need it
    from shared.providers.offline.lexicon import read

    return list(read(Scene(character, action, motion, edits)).missing)
