"""Every species that can be drawn, by name."""

from collections.abc import Mapping

from shared.providers.offline.exotics import EXOTICS
from shared.providers.offline.mammals import MAMMALS
from shared.providers.offline.oddities import ODDITIES
from shared.providers.offline.species import Species

SPECIES: Mapping[str, Species] = {
    species.name: species for species in (*MAMMALS, *EXOTICS, *ODDITIES)
}
