"""Everything that a mascot can wear, by name."""

from collections.abc import Mapping

from shared.providers.offline import hats, neckwear, ornaments
from shared.providers.offline.cloth import Garment

GARMENTS: Mapping[str, Garment] = {
    "scarf": Garment("#2f6fe4", (("chest", neckwear.scarf_ends), ("neck", neckwear.scarf_band))),
    "bow_tie": Garment("#e2434d", (("neck", neckwear.bow_tie),)),
    "necktie": Garment("#3b5bdb", (("neck", neckwear.necktie),)),
    "medal": Garment("#ffc83a", (("chest", neckwear.medal),)),
    "cape": Garment("#e2434d", (("back", neckwear.cape_back), ("neck", neckwear.cape_front))),
    "backpack": Garment(
        "#2fa38a", (("back", neckwear.backpack_back), ("chest", neckwear.backpack_straps))
    ),
    "hat": Garment("#5b6b8c", (("head", hats.hat),)),
    "crown": Garment("#ffc83a", (("head", hats.crown),)),
    "cap": Garment("#e2434d", (("head", hats.cap),)),
    "beanie": Garment("#3f9cf0", (("head", hats.beanie),)),
    "wizard_hat": Garment("#5b4bc4", (("head", hats.wizard_hat),)),
    "party_hat": Garment("#f0609e", (("head", hats.party_hat),)),
    "halo": Garment("#ffd95a", (("head", ornaments.halo),)),
    "bow": Garment("#f0609e", (("head", ornaments.bow),)),
    "flower": Garment("#ff8fb5", (("head", ornaments.flower),)),
    "headphones": Garment("#8a4fd3", (("head", ornaments.headphones),)),
    "glasses": Garment("#2b2b33", (("face", ornaments.glasses),)),
    "sunglasses": Garment("#2b2b33", (("face", ornaments.sunglasses),)),
}
