"""The wilder furry ones and the horse from the tales: figures with manes, masks, rings and horns."""

from dataclasses import replace

from shared.providers.offline.geometry import Node
from shared.providers.offline.mammals import (
    CAT,
    ROUND_EAR,
    ROUND_INNER,
    ROUND_MUZZLE,
    WHISKERS,
)
from shared.providers.offline.species import (
    ArmStyle,
    Ear,
    Eye,
    LegStyle,
    Patch,
    Snout,
    Species,
    Tail,
    skull,
)

MANE: tuple[Node, ...] = (
    (0, -252),
    (70, -232, 0.3),
    (104, -250),
    (150, -204, 0.3),
    (196, -204),
    (222, -144, 0.3),
    (266, -122),
    (270, -60, 0.3),
    (300, -16),
    (282, 38, 0.3),
    (292, 90),
    (250, 124, 0.3),
    (238, 174),
    (180, 182, 0.3),
    (150, 222),
    (90, 206, 0.3),
    (50, 236),
    (0, 214, 0.3),
)

LION = Species(
    name="lion",
    colours={
        "body": "#f6b646",
        "belly": "#fde6b4",
        "mask": "#fff2d8",
        "ears": "body",
        "inner": "#e08a4a",
        "hair": "#b3561f",
        "tail": "body",
        "tail_tip": "#b3561f",
        "nose": "#5a2a1d",
    },
    head=skull(200, -156, 172),
    ear=Ear(
        nodes=tuple((x * 0.92, y * 0.88 - 6) for x, y in (node[:2] for node in ROUND_EAR)),
        inner=tuple((x * 0.92, y * 0.88 - 6) for x, y in (node[:2] for node in ROUND_INNER)),
        pivot=(138, -104),
    ),
    eye=Eye(x=82, y=-4, rx=29, ry=38),
    snout=Snout(nose_y=50, nose_size=1.1, mouth_y=92, mouth_width=44, fang=True),
    cheek=(136, 60),
    tail=Tail(
        root=(66, -100),
        angle=96,
        bends=(0, -24, -40, -28, 16, 20, 0),
        step=48,
        widths=(36, 34, 32, 30, 32, 76, 74, 6),
        tip=0.6,
    ),
    patches=(
        Patch("hair", MANE, layer="behind"),
        Patch("mask", ROUND_MUZZLE, depth=0.9),
    ),
    hat=(150, -98),
    collar=(110, -314),
)

TIGER = replace(
    CAT,
    name="tiger",
    colours={
        **CAT.colours,
        "body": "#f58a2a",
        "belly": "#fff6e6",
        "mask": "#fff6e6",
        "limbs": "#fff6e6",
        "inner": "#ffe2cc",
        "tail_tip": "#3b2a26",
        "marks": "#3b2a26",
        "nose": "#e5717d",
        "eyes": "#c07a14",
    },
    ear=Ear(nodes=ROUND_EAR, inner=ROUND_INNER, pivot=(150, -110)),
    tail=replace(CAT.tail, rings=((0.28, 0.4), (0.52, 0.64))) if CAT.tail else None,
    patches=(
        *CAT.patches,
        Patch("marks", ((250, 30, 0), (192, 40), (188, 54), (250, 62, 0)), side=True),
        Patch(
            "marks", ((150, -240, 0), (80, -226), (82, -210), (150, -206, 0)), on="body", side=True
        ),
        Patch(
            "marks", ((150, -184, 0), (90, -168), (92, -152), (150, -148, 0)), on="body", side=True
        ),
    ),
)

RACCOON = replace(
    CAT,
    name="raccoon",
    colours={
        **CAT.colours,
        "body": "#8d93a0",
        "belly": "#e9e7e4",
        "mask": "#f2f0ec",
        "patch": "#41434f",
        "marks": "#41434f",
        "limbs": "#41434f",
        "inner": "#e9e7e4",
        "tail_tip": "#41434f",
        "nose": "#2e2c33",
        "eyes": "#5b3a26",
    },
    ear=Ear(nodes=ROUND_EAR, inner=ROUND_INNER, pivot=(150, -110)),
    eye=Eye(x=96, y=4, rx=31, ry=40, ground="patch"),
    snout=Snout(nose="oval", nose_y=58, nose_size=0.95, mouth_y=96, mouth_width=42),
    arm=ArmStyle(glove=0.5),
    leg=LegStyle(sock=0.4),
    tail=Tail(
        root=(56, -104),
        angle=100,
        bends=(0, -18, -34, -34, -20, 4, 10),
        step=52,
        widths=(46, 76, 96, 106, 106, 98, 76, 30),
        tip=0.86,
        rings=((0.28, 0.43), (0.57, 0.72)),
    ),
    patches=(
        Patch("mask", ((0, -60), (70, -72), (170, -60), (280, 20, 0), (280, 60, 0), (0, 40)), depth=0.4),
        Patch("mask", ((0, 20), (60, 46), (150, 90), (260, 90, 0), (200, 220, 0), (0, 220, 0)), depth=0.5),
        Patch(
            "patch",
            ((96, -56), (160, -36), (252, 34, 0.4), (248, 76, 0.4), (150, 72), (70, 62), (34, 30), (44, -26)),
            side=True,
            depth=0.55,
        ),
        Patch("patch", ((-14, -190, 0), (14, -190, 0), (18, -60), (12, 30), (-12, 30), (-18, -60)), whole=True, depth=0.7),
    ),
    strokes=(),
)

MONKEY = Species(
    name="monkey",
    colours={
        "body": "#8a5530",
        "belly": "#f3cf9f",
        "mask": "#f3cf9f",
        "ears": "#f3cf9f",
        "inner": "#e3a877",
        "tail": "body",
        "limbs": "#f3cf9f",
        "nose": "#5b3524",
    },
    head=(
        (0, -206, 0.3),
        (26, -172, 0.4),
        (110, -150),
        (188, -70),
        (206, 30),
        (176, 124),
        (92, 166),
        (0, 174),
    ),
    ear=Ear(
        nodes=((170, -54), (216, -84), (272, -66), (290, -4), (262, 52), (214, 60), (176, 40)),
        inner=((196, -34), (224, -54), (256, -40), (264, 0), (246, 32), (214, 34), (196, 22)),
        pivot=(190, 0),
    ),
    eye=Eye(x=76, y=-12, rx=29, ry=38, ground="mask"),
    snout=Snout(nose="dots", nose_y=50, mouth_y=88, mouth_width=64, cleft=False),
    cheek=(128, 58),
    tail=Tail(
        root=(64, -100),
        angle=104,
        bends=(0, -20, -34, -34, -24, 30, 60, 62, 60),
        step=46,
        widths=(34, 33, 32, 31, 30, 30, 29, 28, 27, 24),
    ),
    arm=ArmStyle(width=56, wrist=46, glove=0.76),
    leg=LegStyle(sock=0.6, width=76),
    patches=(
        Patch(
            "mask",
            ((0, -62, 0.5), (50, -92), (112, -76), (136, -10), (128, 34), (164, 86), (120, 146), (0, 164)),
            depth=0.6,
        ),
    ),
)

UNICORN = Species(
    name="unicorn",
    colours={
        "body": "#fbf7ff",
        "belly": "#ffffff",
        "mask": "#fbdce8",
        "ears": "body",
        "inner": "#fbc4d6",
        "hair": "#b784f2",
        "hair2": "#ff9ecb",
        "horns": "#ffcf4a",
        "tail": "#b784f2",
        "tail_tip": "#ff9ecb",
        "limbs": "#d9b8f5",
        "nose": "#c77da8",
        "eyes": "#7a4fc0",
    },
    head=(
        (0, -160),
        (104, -146),
        (174, -76),
        (192, 20),
        (176, 114),
        (112, 170),
        (0, 184),
    ),
    ear=Ear(
        nodes=((92, -130, 0.4), (104, -206), (160, -262, 0.5), (194, -196), (190, -92, 0.4)),
        inner=((122, -136, 0.4), (130, -192), (160, -226, 0.5), (174, -184), (168, -118, 0.4)),
        pivot=(140, -112),
    ),
    eye=Eye(x=88, y=-8, rx=31, ry=42),
    snout=Snout(nose="dots", nose_y=76, mouth_y=112, mouth_width=44, cleft=False),
    cheek=(136, 56),
    tail=Tail(
        root=(60, -108),
        angle=90,
        bends=(0, -20, -20, 20, 44, 30, 0),
        step=48,
        widths=(40, 66, 88, 100, 98, 84, 56, 3),
        tip=0.6,
    ),
    leg=LegStyle(foot="hoof", sock=0.7),
    arm=ArmStyle(glove=0.74),
    patches=(
        Patch(
            "hair",
            (
                (-60, -190),
                (-130, -186),
                (-196, -110, 0.6),
                (-236, -20),
                (-226, 70, 0.5),
                (-262, 150, 0.3),
                (-196, 168),
                (-150, 100),
                (-100, -60),
            ),
            layer="behind",
            whole=True,
            swing=0.4,
        ),
        Patch("mask", ((0, 46), (70, 54), (116, 96), (130, 210, 0), (0, 220, 0)), depth=0.7),
        Patch(
            "horns",
            ((-36, -140, 0.3), (-7, -312, 0.4), (7, -312, 0.4), (36, -140, 0.3), (0, -128)),
            layer="front",
            whole=True,
            depth=0.3,
        ),
        Patch(
            "hair",
            (
                (8, -176, 0.5),
                (-70, -178),
                (-138, -118),
                (-150, -50, 0.3),
                (-104, -74),
                (-84, -40, 0.3),
                (-56, -92),
                (-30, -66, 0.3),
                (4, -120),
            ),
            layer="front",
            whole=True,
            depth=0.4,
        ),
        Patch(
            "hair2",
            ((0, -160, 0.4), (-52, -150), (-104, -100), (-112, -74, 0.3), (-70, -104), (-20, -124)),
            layer="front",
            whole=True,
            depth=0.4,
        ),
    ),
    hat=(132, -112),
)

EXOTICS = (LION, TIGER, RACCOON, MONKEY, UNICORN)
