"""The guide: what keeps a character the same, learned from its pictures and editable by hand."""

from collections.abc import Collection

from shared.model.base import Entity
from shared.model.stance import Anchor
from shared.model.style import Caution, StyleCard


class Guide(Entity):
    """A character's style card and its cautions; the id is that of the collection.

    It is a document of its own since steps write it while they learn, and owners write the
    collection. `anchor` is the frame of its stills' size variants. `versions` is the number of
    the latest edition of the card, also after the card is gone.
    """

    card: StyleCard | None = None
    anchor: Anchor | None = None
    versions: int = 0
    cautions: tuple[Caution, ...] = ()

    def card_for(self, reference_asset_ids: Collection[str]) -> StyleCard | None:
        """The card, unless the references have changed since it was made."""
        card = self.card
        return card if card and set(card.reference_asset_ids) == set(reference_asset_ids) else None


class CardEdition(Entity):
    """One edition of a collection's style card, as it was when it was made."""

    collection_id: str
    card: StyleCard
