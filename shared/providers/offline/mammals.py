"""The furry ones."""

from shared.providers.offline.geometry import Node
from shared.providers.offline.species import (
    BELLY,
    ArmStyle,
    Ear,
    Eye,
    LegStyle,
    Patch,
    Snout,
    Species,
    Stroke,
    Tail,
)

CREAM = "#fff4e4"
BLUSH = "#ff8a8a"
BROWN = "#4a2a1c"

WHISKERS = (
    Stroke("line", ((150, 58), (196, 50), (246, 50)), 7, side=True, depth=0.6),
    Stroke("line", ((148, 82), (194, 84), (240, 96)), 7, side=True, depth=0.6),
)
ROUND_MUZZLE: tuple[Node, ...] = (
    (0, 26),
    (52, 32),
    (88, 72),
    (78, 122),
    (38, 146),
    (0, 150),
)
ROUND_EAR: tuple[Node, ...] = (
    (84, -128),
    (96, -214),
    (168, -238),
    (226, -184),
    (206, -92),
    (150, -60),
)
ROUND_INNER: tuple[Node, ...] = (
    (112, -126),
    (124, -186),
    (166, -202),
    (198, -168),
    (184, -104),
    (150, -84),
)
POINTED_EAR: tuple[Node, ...] = (
    (46, -140, 0.4),
    (86, -226),
    (164, -296, 0.55),
    (188, -290, 0.55),
    (220, -190),
    (212, -40, 0.4),
    (120, -60, 0.4),
)
POINTED_INNER: tuple[Node, ...] = (
    (92, -142, 0.4),
    (118, -206),
    (168, -258, 0.5),
    (190, -188),
    (186, -74, 0.4),
    (130, -80, 0.4),
)

FOX_EAR_TIP: tuple[Node, ...] = (
    (89, -230, 0.2),
    (120, -262),
    (164, -296, 0.55),
    (188, -290, 0.55),
    (207, -236),
    (213, -214, 0.1),
    (192, -228, 0.2),
    (168, -210, 0.1),
    (142, -234, 0.2),
    (114, -220, 0.1),
)

FOX = Species(
    name="fox",
    colours={
        "body": "#f57f22",
        "belly": CREAM,
        "mask": CREAM,
        "inner": "#ffe0c2",
        "ears": "body",
        "tips": "#63341f",
        "limbs": "#6b3820",
        "tail": "body",
        "tail_tip": CREAM,
        "pads": "#f2a08f",
    },
    head=(
        (0, -204, 0.3),
        (20, -172, 0.25),
        (50, -186, 0.3),
        (64, -160, 0.5),
        (146, -126),
        (208, -48),
        (230, 26),
        (266, 88, 0.45),
        (222, 104, 0.55),
        (206, 142, 0.45),
        (150, 148, 0.8),
        (82, 176),
        (0, 188),
    ),
    ear=Ear(
        nodes=POINTED_EAR,
        inner=POINTED_INNER,
        tip=FOX_EAR_TIP,
        pivot=(140, -110),
    ),
    eye=Eye(x=98, y=2, rx=34, ry=44),
    snout=Snout(nose_y=66, mouth_y=106, mouth_width=50),
    cheek=(164, 66),
    tail=Tail(
        root=(50, -100),
        angle=96,
        bends=(0, -14, -36, -40, -30, 2, 22),
        step=57,
        widths=(46, 82, 118, 142, 146, 126, 82, 3),
        tip=0.6,
    ),
    arm=ArmStyle(glove=0.5),
    leg=LegStyle(sock=0.4),
    patches=(
        Patch(
            "mask",
            (
                (0, 34, 0.4),
                (36, 30),
                (84, 56),
                (150, 36),
                (206, 22),
                (300, 40, 0),
                (300, 230, 0),
                (0, 230, 0),
            ),
            depth=0.45,
        ),
    ),
    belly=(
        (0, -350),
        (70, -330),
        (82, -262, 0.5),
        (76, -200),
        (66, -132),
        (38, -92),
        (0, -82),
    ),
    neck=(0, -330),
    hat=(146, -104),
)

MAMMALS = (FOX,)
_ = (BELLY, ROUND_EAR, ROUND_INNER, ROUND_MUZZLE, WHISKERS, BLUSH)
