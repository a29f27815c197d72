"""Guides: what steps learn about a character, and what its owner makes of it.

A step does not write what it has learned: it hands a function to the runner, which commits the
writes together with the step's own end. So nothing is learned twice, however often a step is run.
"""

from collections.abc import Callable, Container, Sequence
from typing import Final

from shared.character import card as cards
from shared.character import cautions
from shared.character.prompt import Brief
from shared.errors import Conflict, NotFound
from shared.model import paths
from shared.model.collection import Collection
from shared.model.guide import CardEdition, Guide
from shared.model.stance import Anchor
from shared.model.style import CardEdit, Caution, Decision, Measurement, StyleCard, Verdict
from shared.ports import Create, Documents, Ports, Query, Replace, Write
from shared.services import collections, contention
from shared.services.keys import Principal

LEARNS_FROM: Final = 12
"""Accepted pictures that enter a card; more would let a slow drift become the character."""
MOST_CAUTIONS: Final = 60
NO_CARD: Final = "There is no style card yet; the next generated image makes one."

Change = Callable[[Guide], Guide]


def load(documents: Documents, workspace_id: str, collection_id: str) -> Guide | None:
    """What is known of a character; None before anything is."""
    document = documents.get(paths.guide(workspace_id, collection_id))
    return Guide.load(document.data) if document else None


def get(ports: Ports, who: Principal, collection_id: str) -> tuple[Collection, Guide | None]:
    """A collection and what is known of its character."""
    collection, _ = collections.get(ports, who, collection_id)
    return collection, load(ports.documents, who.workspace_id, collection_id)


def brief(
    collection: Collection, guide: Guide | None, *, checks: Container[str] | None = None
) -> Brief:
    """What a prompt says of a character, with the active cautions of some checks or of all."""
    card = guide.card_for(collection.reference_asset_ids) if guide else None
    return Brief(
        character=collection.prompt,
        style=card.summary if card else "",
        cautions=cautions.active(guide.cautions, checks=checks) if guide else (),
    )


# --- what steps learn ----------------------------------------------------------------------------


def extracted(
    ports: Ports, workspace_id: str, collection_id: str, card: StyleCard
) -> Sequence[Write]:
    """The writes that give a character its card, unless it has one by now, or other references."""
    found = ports.documents.get(paths.collection(workspace_id, collection_id))
    if found is None or set(found.data["reference_asset_ids"]) != set(card.reference_asset_ids):
        return ()

    def take(guide: Guide) -> Guide:
        if guide.card_for(card.reference_asset_ids):
            return guide
        return _edition(guide, card)

    return _writes(ports, workspace_id, collection_id, take)


def judged(
    ports: Ports,
    workspace_id: str,
    collection_id: str,
    verdict: Verdict,
    *,
    asset_id: str,
    measurement: Measurement | None,
    anchor: Anchor | None = None,
) -> Sequence[Write]:
    """The writes that a judged picture leads to: its drifts become cautions or count up, those that
    it does not show come nearer to their end, and with a `measurement` of a picture that was
    accepted the card gets to know the character better. `anchor` is the frame of its poses if there
    is none by now."""

    def learn(guide: Guide) -> Guide:
        now = ports.clock.now()
        after = guide.with_(
            cautions=cautions.record(
                verdict, guide.cautions, asset_id=asset_id, now=now, new_id=ports.ids.uuid
            )[-MOST_CAUTIONS:]
        )
        after = after.with_(anchor=guide.anchor or anchor)
        card = guide.card
        accepted = verdict.decision is Decision.ACCEPT
        if card and measurement and accepted and card.pictures < LEARNS_FROM:
            after = after.with_(card=cards.merge(card, measurement))
        return after

    return _writes(ports, workspace_id, collection_id, learn)


def anchored(
    ports: Ports, workspace_id: str, collection_id: str, anchor: Anchor
) -> Sequence[Write]:
    """The writes that give a character the frame of its poses, unless it has one by now."""

    def settle(guide: Guide) -> Guide:
        return guide.with_(anchor=guide.anchor or anchor)

    return _writes(ports, workspace_id, collection_id, settle)


# --- what owners change --------------------------------------------------------------------------


def edit_card(ports: Ports, who: Principal, collection_id: str, wanted: CardEdit) -> StyleCard:
    """Change the card by hand; new content makes a new edition. NotFound without a card."""
    collection, _ = collections.get(ports, who, collection_id)

    def change(guide: Guide) -> Guide:
        card = _card(collection, guide)
        after = cards.edit(card, wanted)
        if after.with_(locked=card.locked) == card:  # a lock is not content
            return guide.with_(card=after)
        return _edition(guide, after.with_(source="edited"))

    return _card(collection, _apply(ports, who, collection_id, change))


def clear_card(ports: Ports, who: Principal, collection_id: str) -> None:
    """Forget the card, and the frame of the poses; the next generation makes new ones. The card's
    editions stay readable."""
    collection, _ = collections.get(ports, who, collection_id)

    def change(guide: Guide) -> Guide:
        _card(collection, guide)
        return guide.with_(card=None, anchor=None)

    _apply(ports, who, collection_id, change)


def card(ports: Ports, who: Principal, collection_id: str) -> StyleCard:
    """The current card; NotFound before the first picture, and after the references changed."""
    return _card(*get(ports, who, collection_id))


def editions(ports: Ports, who: Principal, collection_id: str) -> Query:
    """The query for all editions of a collection's card, the latest first."""
    collections.get(ports, who, collection_id)
    kind = paths.collection_of(who.workspace_id, "card_editions")
    return Query(kind, {"collection_id": collection_id}, descending=True)


def latest(ports: Ports, who: Principal, collection_id: str) -> int:
    """The number of the latest edition; NotFound when there has been none."""
    _, guide = get(ports, who, collection_id)
    if guide is None or not guide.versions:
        raise NotFound(NO_CARD)
    return guide.versions


def edition(ports: Ports, who: Principal, collection_id: str, version: int) -> CardEdition:
    """One edition of the card; NotFound when there was none of that number."""
    collections.get(ports, who, collection_id)
    document = ports.documents.get(paths.card_edition(who.workspace_id, collection_id, version))
    if document is None:
        raise NotFound(f"There is no edition {version} of the style card.")
    return CardEdition.load(document.data)


def change_caution(
    ports: Ports,
    who: Principal,
    collection_id: str,
    caution_id: str,
    *,
    text: str | None = None,
    retired: bool | None = None,
) -> Caution:
    """Write a caution's text by hand, retire it, or take it back into use."""
    collections.get(ports, who, collection_id)

    def change(guide: Guide) -> Guide:
        found = guide.cautions
        try:
            if text is not None:
                found = cautions.edit(found, caution_id, text)
            if retired is not None:
                found = cautions.retire(found, caution_id, retired=retired)
        except KeyError:
            raise NotFound("There is no such caution.") from None
        return guide.with_(cautions=found)

    after = _apply(ports, who, collection_id, change)
    found = next((one for one in after.cautions if one.id == caution_id), None)
    if found is None:
        raise NotFound("There is no such caution.")
    return found


# --- reading and writing -------------------------------------------------------------------------


def _card(collection: Collection, guide: Guide | None) -> StyleCard:
    card = guide.card_for(collection.reference_asset_ids) if guide else None
    if card is None:
        raise NotFound(NO_CARD)
    return card


def _edition(guide: Guide, card: StyleCard) -> Guide:
    version = guide.versions + 1
    return guide.with_(card=card.with_(version=version), versions=version)


def _apply(ports: Ports, who: Principal, collection_id: str, change: Change) -> Guide:
    for _ in contention.tries(ports):
        writes = _writes(ports, who.workspace_id, collection_id, change)
        try:
            ports.documents.commit(writes)
        except Conflict:
            continue  # a step has learned something meanwhile
        return load(ports.documents, who.workspace_id, collection_id) or _empty(
            ports, collection_id
        )
    raise Conflict("The style card is being changed by too many at once; try again.")


def _writes(ports: Ports, workspace_id: str, collection_id: str, change: Change) -> Sequence[Write]:
    """The writes for a change of the guide, with the edition that it makes."""
    path = paths.guide(workspace_id, collection_id)
    document = ports.documents.get(path)
    before = Guide.load(document.data) if document else _empty(ports, collection_id)
    after = change(before)
    if after == before:
        return ()
    now = ports.clock.now()
    data = after.with_(updated_at=now).stored()
    writes: list[Write] = [
        Replace(path, data, document.version) if document else Create(path, data)
    ]
    if after.card and after.versions != before.versions:
        made = CardEdition(
            id=f"{collection_id}.{after.versions}",
            created_at=now,
            updated_at=now,
            collection_id=collection_id,
            card=after.card,
        )
        edition_path = paths.card_edition(workspace_id, collection_id, after.versions)
        writes.append(Create(edition_path, made.stored()))
    return writes


def _empty(ports: Ports, collection_id: str) -> Guide:
    now = ports.clock.now()
    return Guide(id=collection_id, created_at=now, updated_at=now)
