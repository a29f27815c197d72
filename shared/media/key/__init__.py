"""The keyer: alpha and clean edges for a character on a flat background.

`choose_key` says what to film it on, `learn` what to expect of it; `key_still` and `FilmKeyer` key.
`matte` tells how.
"""

from shared.media.key.choice import CANDIDATES as CANDIDATES
from shared.media.key.choice import WORN as WORN
from shared.media.key.choice import choose_key as choose_key
from shared.media.key.colour import Floats as Floats
from shared.media.key.colour import Frame as Frame
from shared.media.key.colour import Mask as Mask
from shared.media.key.film import FilmKeyer as FilmKeyer
from shared.media.key.ground import NEAR as NEAR
from shared.media.key.ground import Background as Background
from shared.media.key.ground import estimate_background as estimate_background
from shared.media.key.ground import measure_ground as measure_ground
from shared.media.key.matte import FILM as FILM
from shared.media.key.matte import STILL as STILL
from shared.media.key.matte import Tuning as Tuning
from shared.media.key.matte import spread as spread
from shared.media.key.still import key_still as key_still
from shared.media.key.wardrobe import Glass as Glass
from shared.media.key.wardrobe import Wardrobe as Wardrobe
from shared.media.key.wardrobe import learn as learn
from shared.media.key.wardrobe import palette as palette
