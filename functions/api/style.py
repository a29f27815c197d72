"""The style card of a collection, with its editions, and its cautions."""

from typing import Annotated, Any

from pydantic import StringConstraints

from functions.api import parameter
from functions.api.call import Call, Reply, Route
from shared.errors import BadRequest
from shared.model.base import Value
from shared.model.guide import CardEdition
from shared.model.request import NOT_BLANK
from shared.model.style import CardEdit, Caution, StyleCard, diff
from shared.model.workspace import Scope
from shared.services import guides

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400), NOT_BLANK
]


class CautionBody(Value):
    text: Text | None = None
    retired: bool | None = None


def show_card(card: StyleCard) -> dict[str, Any]:
    """A card without what only our own comparisons read."""
    return {
        **card.model_dump(
            mode="json",
            include={
                *("version", "source", "line", "features", "summary", "pictures", "locked"),
                "reference_asset_ids",
            },
        ),
        "palette": [
            {"name": colour.name, "hex": colour.hex, "share": colour.share}
            for colour in card.palette
        ],
        "proportions": {"aspect": card.proportions.aspect, "head": card.proportions.head},
        "shading": {"kind": card.shading.kind, "amount": card.shading.amount},
    }


def show_edition(edition: CardEdition) -> dict[str, Any]:
    return {**show_card(edition.card), "created_at": edition.stored()["created_at"]}


def show_caution(caution: Caution) -> dict[str, Any]:
    return caution.model_dump(mode="json")


def card(call: Call) -> Reply:
    """Read the style card of a collection."""
    return Reply(show_card(guides.card(call.ports, call.who, call.ids["collection_id"])))


def edit_card(call: Call) -> Reply:
    """Change the style card by hand; what is left out stays."""
    wanted = call.body(CardEdit)
    changed = guides.edit_card(call.ports, call.who, call.ids["collection_id"], wanted)
    return Reply(show_card(changed))


def clear_card(call: Call) -> Reply:
    """Forget the style card; the next generation makes another."""
    collection_id = call.ids["collection_id"]
    with call.unless_done():
        guides.clear_card(call.ports, call.who, collection_id)
    return Reply({"id": collection_id, "deleted": True})


def editions(call: Call) -> Reply:
    """List the editions of the style card, the latest first."""
    query = guides.editions(call.ports, call.who, call.ids["collection_id"])
    return call.listing(
        query, lambda page: [show_edition(CardEdition.load(found.data)) for found in page.results]
    )


def compare(call: Call) -> Reply:
    """Tell what changed between two editions of the style card.

    The last two, unless others are asked for.
    """
    collection_id = call.ids["collection_id"]
    latest = guides.latest(call.ports, call.who, collection_id)
    new = _edition(call, "to", latest)
    old = _edition(call, "from", max(1, new.card.version - 1))
    changes = diff(old.card, new.card)
    return Reply({"from": old.card.version, "to": new.card.version, "changes": changes})


def cautions(call: Call) -> Reply:
    """List the cautions, the retired ones too."""
    _, guide = guides.get(call.ports, call.who, call.ids["collection_id"])
    return Reply([show_caution(caution) for caution in (guide.cautions if guide else ())])


def change_caution(call: Call) -> Reply:
    """Reword a caution, retire it, or bring it back."""
    wanted = call.body(CautionBody)
    caution = guides.change_caution(
        call.ports,
        call.who,
        call.ids["collection_id"],
        call.ids["caution_id"],
        text=wanted.text,
        retired=wanted.retired,
    )
    return Reply(show_caution(caution))


def _edition(call: Call, name: str, default: int) -> CardEdition:
    version = call.number(name, default)
    if version < 1:
        raise BadRequest("give the number of an edition, from 1", field=name)
    return guides.edition(call.ports, call.who, call.ids["collection_id"], version)


_CARD = "/v1/collections/<collection_id>/style-card"
_CAUTIONS = "/v1/collections/<collection_id>/cautions"

ROUTES = (
    Route("GET", _CARD, card, answer="StyleCard"),
    Route(
        "PATCH",
        _CARD,
        edit_card,
        Scope.WRITE,
        body=CardEdit,
        answer="StyleCard",
        example={"locked": True},
    ),
    Route("DELETE", _CARD, clear_card, Scope.WRITE, answer="Gone"),
    Route("GET", f"{_CARD}/versions", editions, answer="CardEdition", paged=True),
    Route(
        "GET",
        f"{_CARD}/diff",
        compare,
        query=(
            parameter.whole("from", "The older edition.", 1),
            parameter.whole("to", "The newer edition.", 1),
        ),
        answer="CardDiff",
    ),
    Route("GET", _CAUTIONS, cautions, answer="Cautions", gives={"caution_id": "/0/id"}),
    Route(
        "PATCH",
        f"{_CAUTIONS}/<caution_id>",
        change_caution,
        Scope.WRITE,
        body=CautionBody,
        answer="Caution",
        example={"retired": True},
    ),
)
