"""POST /v1/analyze-image and /v1/suggest-actions: what a vision provider sees, and what it would
have a character do. Both are free, and neither stores anything."""

import tempfile
from pathlib import Path
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from functions import composition
from functions.api import pictures
from functions.api.call import Call, Reply, Route
from shared.errors import BadRequest, NotFound, ProviderError
from shared.model.base import Id, Value
from shared.model.request import Prompt
from shared.model.schema import one_of, rules
from shared.model.workspace import Scope
from shared.services import answers, assets, collections, workspaces


class AnalyzeBody(Value):
    model_config = ConfigDict(json_schema_extra=rules(one_of("asset_id", "url")))

    asset_id: Id | None = None
    url: pictures.Url | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.asset_id is None) == (self.url is None):
            raise ValueError("asset_id: give either asset_id, of a finished image, or url")
        return self


class SuggestBody(Value):
    model_config = ConfigDict(json_schema_extra=rules(one_of("collection_id", "prompt")))

    collection_id: Id | None = None
    prompt: Prompt | None = None
    count: Annotated[int, Field(ge=1, le=12)] = 6

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.collection_id is None) == (self.prompt is None):
            raise ValueError("collection_id: give either collection_id or a character's prompt")
        return self


def analyze(call: Call) -> Reply:
    """Describe and measure a picture."""
    from shared.services import vision  # decodes pictures

    body = call.body(AnalyzeBody)
    with tempfile.TemporaryDirectory(prefix="mascotry-") as name, answers.faults():
        picture, field = _picture(call, body, Path(name))
        chosen = workspaces.vision_provider(call.ports, call.who.workspace_id, call.settings)
        provider = composition.vision_provider(chosen)
        seen = vision.describe(provider, [picture], field=field)
        measured = vision.measure_figure(picture, call.settings.weights)
    data = {
        "name": seen.name,
        "prompt": seen.character,
        "features": list(seen.features),
        "shading": seen.shading,
        "summary": seen.summary,
        "palette": [
            {"name": colour.name, "hex": colour.hex, "share": colour.share}
            for colour in (measured.palette if measured else ())
        ],
        "line": measured.line.model_dump() if measured and measured.line else None,
        "provider": provider.name,
    }
    return Reply(data)


def suggest(call: Call) -> Reply:
    """Suggest what a character could do."""
    body = call.body(SuggestBody)
    character, field = body.prompt, "prompt"
    if body.collection_id:
        character, field = _prompt(call, body.collection_id), "collection_id"
    with answers.faults():
        chosen = workspaces.vision_provider(call.ports, call.who.workspace_id, call.settings)
        provider = composition.vision_provider(chosen)
        answer = provider.suggest(character or "", body.count)
    return Reply({"actions": list(answers.required(answer, field=field))[: body.count]})


def _picture(call: Call, body: AnalyzeBody, folder: Path) -> tuple[Path, str]:
    """The picture to look at, and the field of the request that names it."""
    from shared.services import vision

    if body.asset_id is None:
        return pictures.fetched(call, body.url or "", folder / "fetched.png", field="url"), "url"
    asset = assets.picture(call.ports, call.who, body.asset_id, field="asset_id")
    return vision.download(call.ports, asset, folder), "asset_id"


def _prompt(call: Call, collection_id: str) -> str:
    try:
        return collections.get(call.ports, call.who, collection_id)[0].prompt
    except NotFound as error:
        raise BadRequest("there is no such collection", field="collection_id") from error


INGEST_ROUTES = (
    Route(
        "POST",
        "/v1/analyze-image",
        analyze,
        Scope.WRITE,
        body=AnalyzeBody,
        answer="Analysis",
        errors=(ProviderError,),
        example={"url": "https://example.com/fox.png"},
    ),
    Route(
        "POST",
        "/v1/suggest-actions",
        suggest,
        Scope.WRITE,
        body=SuggestBody,
        answer="Suggestions",
        errors=(ProviderError,),
        example={"prompt": "an orange fox with a blue scarf", "count": 3},
    ),
)
