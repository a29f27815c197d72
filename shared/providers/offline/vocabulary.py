"""The words that the artist knows, as data: colours, creatures, parts, clothes, looks and poses."""

from collections.abc import Mapping

from shared.providers.base import Rgb


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _table(text: str) -> Mapping[str, Rgb]:
    words = text.split()
    return {
        name: (int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16))
        for name, code in zip(words[::2], words[1::2], strict=True)
    }


CSS_COLOURS = _table("""
aliceblue f0f8ff  antiquewhite faebd7  aqua 00ffff  aquamarine 7fffd4  azure f0ffff
beige f5f5dc  bisque ffe4c4  black 000000  blanchedalmond ffebcd  blue 0000ff
blueviolet 8a2be2  brown a52a2a  burlywood deb887  cadetblue 5f9ea0  chartreuse 7fff00
chocolate d2691e  coral ff7f50  cornflowerblue 6495ed  cornsilk fff8dc  crimson dc143c
cyan 00ffff  darkblue 00008b  darkcyan 008b8b  darkgoldenrod b8860b  darkgray a9a9a9
darkgreen 006400  darkgrey a9a9a9  darkkhaki bdb76b  darkmagenta 8b008b  darkolivegreen 556b2f
darkorange ff8c00  darkorchid 9932cc  darkred 8b0000  darksalmon e9967a  darkseagreen 8fbc8f
darkslateblue 483d8b  darkslategray 2f4f4f  darkslategrey 2f4f4f  darkturquoise 00ced1
darkviolet 9400d3  deeppink ff1493  deepskyblue 00bfff  dimgray 696969  dimgrey 696969
dodgerblue 1e90ff  firebrick b22222  floralwhite fffaf0  forestgreen 228b22  fuchsia ff00ff
gainsboro dcdcdc  ghostwhite f8f8ff  gold ffd700  goldenrod daa520  gray 808080  green 008000
greenyellow adff2f  grey 808080  honeydew f0fff0  hotpink ff69b4  indianred cd5c5c
indigo 4b0082  ivory fffff0  khaki f0e68c  lavender e6e6fa  lavenderblush fff0f5
lawngreen 7cfc00  lemonchiffon fffacd  lightblue add8e6  lightcoral f08080  lightcyan e0ffff
lightgoldenrodyellow fafad2  lightgray d3d3d3  lightgreen 90ee90  lightgrey d3d3d3
lightpink ffb6c1  lightsalmon ffa07a  lightseagreen 20b2aa  lightskyblue 87cefa
lightslategray 778899  lightslategrey 778899  lightsteelblue b0c4de  lightyellow ffffe0
lime 00ff00  limegreen 32cd32  linen faf0e6  magenta ff00ff  maroon 800000
mediumaquamarine 66cdaa  mediumblue 0000cd  mediumorchid ba55d3  mediumpurple 9370db
mediumseagreen 3cb371  mediumslateblue 7b68ee  mediumspringgreen 00fa9a  mediumturquoise 48d1cc
mediumvioletred c71585  midnightblue 191970  mintcream f5fffa  mistyrose ffe4e1
moccasin ffe4b5  navajowhite ffdead  navy 000080  oldlace fdf5e6  olive 808000
olivedrab 6b8e23  orange ffa500  orangered ff4500  orchid da70d6  palegoldenrod eee8aa
palegreen 98fb98  paleturquoise afeeee  palevioletred db7093  papayawhip ffefd5
peachpuff ffdab9  peru cd853f  pink ffc0cb  plum dda0dd  powderblue b0e0e6  purple 800080
rebeccapurple 663399  red ff0000  rosybrown bc8f8f  royalblue 4169e1  saddlebrown 8b4513
salmon fa8072  sandybrown f4a460  seagreen 2e8b57  seashell fff5ee  sienna a0522d
silver c0c0c0  skyblue 87ceeb  slateblue 6a5acd  slategray 708090  slategrey 708090
snow fffafa  springgreen 00ff7f  steelblue 4682b4  tan d2b48c  teal 008080  thistle d8bfd8
tomato ff6347  turquoise 40e0d0  violet ee82ee  wheat f5deb3  white ffffff  whitesmoke f5f5f5
yellow ffff00  yellowgreen 9acd32
""")

EVERYDAY_COLOURS = _table("""
amber ffb300  apricot fbceb1  blond f0d795  blonde f0d795  bronze b0733a  burgundy 7c1d36
caramel c68143  charcoal 3c4148  cherry d2143a  cobalt 0f52ba  copper c26b3f  cream fff3dc
emerald 1fa566  ginger e0762c  golden ffc61a  graphite 474b54  grape 6f3fa0  jade 14a876
lemon fff04d  lilac c8a2d8  mauve b784a7  mint 9fe6c4  mustard e1ad21  ochre cc7722
peach ffc29e  pearl f3efe6  petrol 00637c  rose ff6f91  ruby c2185b  rust b7472a  sand e6cf9c
sapphire 1f4fb5  scarlet ff2400  taupe 8b7d74  vermilion e34234  wine 722f37  mocha 8a5a44
""")

COLOURS: Mapping[str, Rgb] = {**CSS_COLOURS, **EVERYDAY_COLOURS}

# Where a CSS name is far from what people picture: pure primaries look like signal lights.
SOFTENED = _table("""
blue 2f6fe4  red e23b3b  green 3fae4a  yellow ffd23f  orange f57f22  purple 8a4fd3  pink ff8fb5
black 2b2b33  gray 8f97a3  grey 8f97a3  brown 8a5635  cyan 2cc9e0  magenta e0399e  lime 9be04a
gold ffc61a  silver c4cad3  white fbfbf8  teal 14999c
""")

# Colour names that are things in their own right: without a noun to colour they are those things.
THINGS = _words(
    """
    snow tomato salmon chocolate linen seashell honeydew plum wheat peru thistle orchid rose
    cherry grape lemon sand wine pearl mustard mint peach caramel ginger copper cream
    """
)

MODIFIERS: Mapping[str, tuple[float, float]] = {
    "light": (0.45, 0.85),
    "pale": (0.6, 0.6),
    "pastel": (0.55, 0.75),
    "soft": (0.3, 0.8),
    "dark": (-0.32, 0.95),
    "deep": (-0.26, 1.1),
    "bright": (0.1, 1.3),
    "vivid": (0.05, 1.35),
    "neon": (0.15, 1.6),
    "hot": (0.0, 1.4),
    "lighter": (0.3, 0.9),
    "paler": (0.4, 0.7),
    "softer": (0.3, 0.8),
    "darker": (-0.24, 0.97),
    "deeper": (-0.2, 1.1),
    "brighter": (0.12, 1.3),
}
"""Word → share of the way to white (or, below 0, to black), and the factor on the chroma."""


def _groups(text: str) -> Mapping[tuple[str, ...], str]:
    """`value: phrase, phrase` lines → phrase (as words) → value."""
    found: dict[tuple[str, ...], str] = {}
    for line in text.strip().splitlines():
        value, _, phrases = line.partition(":")
        for phrase in phrases.split(","):
            found[tuple(phrase.split())] = value.strip()
    return found


SPECIES = _groups("""
fox: fox, foxy, vixen
cat: cat, kitten, kitty, feline, kittycat
dog: dog, puppy, pup, doggy, hound, corgi, shiba, retriever, labrador
bear: bear, teddy, teddy bear, cub, grizzly
panda: panda, panda bear
rabbit: rabbit, bunny, hare, bunny rabbit
owl: owl, owlet
penguin: penguin
frog: frog, toad, froggy
dragon: dragon, drake, wyvern
robot: robot, bot, android, droid, chatbot
blob: blob, slime, monster, jelly, goo, creature
koala: koala, koala bear
pig: pig, piglet, piggy, hog
mouse: mouse, rat
unicorn: unicorn
ghost: ghost, ghosty, phantom, spirit
lion: lion
tiger: tiger
raccoon: raccoon, racoon
monkey: monkey, chimp, ape
chick: chick, duck, duckling, bird, chicken
""")

KIN = _groups("""
fox: wolf, coyote, jackal, husky
cat: lynx, panther, puma, cheetah, leopard, jaguar, ocelot
raccoon: badger, skunk, lemur, red panda
bear: wombat, sloth, capybara, beaver, otter, groundhog, moose
dog: seal, walrus, meerkat
mouse: squirrel, chipmunk, hedgehog, gerbil, ferret, weasel, hamster, guinea pig
pig: boar, hippo, rhino, elephant, tapir
unicorn: horse, pony, zebra, donkey, deer, giraffe, llama, alpaca, goat, sheep, lamb, cow
chick: parrot, eagle, sparrow, toucan, crow, raven, goose, swan, flamingo, rooster
frog: turtle, tortoise, gecko, chameleon, lizard
dragon: dinosaur, dino, crocodile, alligator, snake, trex
blob: octopus, squid, jellyfish, alien, cloud, star, drop, droplet, fish, whale, shark, bee
robot: astronaut, machine, computer
penguin: puffin
rabbit: kangaroo, wallaby
monkey: gorilla, person, boy, girl, man, woman, human, kid
""")
"""Creatures that are not drawn, and the one that comes closest."""

PARTS = _groups("""
body: body, fur, skin, coat, feathers, plumage
belly: belly, tummy, stomach, chest, bellied
ears: ear, eared
eyes: eye, eyed, iris
tail: tail, tailed
nose: nose, beak, bill, nosed, beaked, trunk
limbs: paw, feet, foot, hand, glove, boot, sock, shoe, pawed
mask: muzzle, face, snout, cheek fur
cheeks: cheek, blush, cheeked
hair: mane, hair, maned, haired
horns: horn, antler, horned
wings: wing, winged
marks: stripe, striped, spot, spotted, patch, patches, marking
""")

WEAR = _groups("""
scarf: scarf, scarve, scarfed, shawl, muffler
hat: hat, top hat, bowler hat, fedora, hatted, bowler
crown: crown, tiara, crowned
glasses: glasses, spectacle, eyeglasses, bespectacled, specs, goggle
sunglasses: sunglasses, sun glasses, shades
bow_tie: bow tie, bowtie, bow tied
headphones: headphone, headset, earphone
cape: cape, cloak, caped
backpack: backpack, rucksack, knapsack, back pack
bow: bow, hair bow, ribbon, hair ribbon
flower: flower, daisy, blossom
necktie: necktie, tie, neck tie
cap: cap, baseball cap, capped
wizard_hat: wizard hat, witch hat, wizards hat, pointy hat, magician hat
beanie: beanie, wool hat, winter hat, knit hat, bobble hat, woolly hat
party_hat: party hat, birthday hat
halo: halo
medal: medal
""")

LOOKS = _groups("""
happy: happy, happily, cheerful, cheerfully, joyful, joyfully, smiling, smile, grinning, glad
happy: delighted, cheery, happier, smiles, grin, grins
sad: sad, sadly, crying, unhappy, disappointed, upset, gloomy, sorry
sad: sadder, cry, cries
surprised: surprised, shocked, astonished, amazed, startled, surprise, wow
angry: angry, angrily, mad, grumpy, furious, annoyed, frowning, grumpily
angry: angrier, frown, frowns, grumpier
sleepy: sleepy, tired, drowsy, sleepily, exhausted, bored
sleepy: sleepier
excited: excited, excitedly, thrilled, enthusiastic, enthusiastically, ecstatic
wink: wink, winking, winks, cheeky
laughing: laughing, laugh, laughs, giggling, giggle
calm: calm, calmly, relaxed, serene, peaceful, neutral, content
calm: calmer
confused: confused, puzzled, unsure, perplexed
""")

POSES = _groups("""
wave: wave, waving, waves, waved, says hello, say hello, saying hello, says hi, say hi, hello
wave: hi, greeting, greet, greets, goodbye, bye, says goodbye, welcoming, welcome
idle: idle, idling, standing, stand, stands, breathing, breathe, waiting, wait, still, resting
thumbs_up: thumbs up, thumb up, thumbsup, approving, approval, approve, approves, like
jump: jump, jumping, jumps, leap, leaping, leaps, hop, hopping, hops, bounce, bouncing, bounces
dance: dance, dancing, dances, boogie, grooving
sit: sit, sitting, sits, seated, sat
think: think, thinking, thinks, pondering, ponder, wondering, thoughtful, thoughtfully
think: contemplating
celebrate: celebrate, celebrating, celebrates, cheer, cheering, cheers, victory, arms up
celebrate: arms raised, hooray, winning, celebration
point: point, pointing, points, showing, presenting, presents, gesturing
sleep: sleep, sleeping, sleeps, asleep, napping, nap, naps, snoozing, dozing, snoring
run: run, running, runs, jog, jogging, jogs, sprinting, racing, walking, walk, walks
shrug: shrug, shrugging, shrugs, dont know, shrugged, clueless
""")

BREAKS = frozenset(("with", "wearing", "wears", "having", "has", ".", ";", ":"))
LINKS = _words(
    """
    that is are in which of colour color coloured colored was being all
    """
)
NEGATIONS = _words(
    """
    without no not never minus lacking
    """
)

SOFT = _words(
    """
    a accent accents adorable again air all also an and animal animate animated animation any
    app are arm arms around as at baby background be being big body bold both bouncy brand brave
    bright buddy bushy but by camera cartoon character characters charming chibi chubby clean
    clever color colored colour coloured company confident cool creature curious cute dark do
    does doing down drawing dressed each ear ears emoji end ends energetic everyone expression
    eye eyes face faced facing feet figure finger fingers flat floppy fluffy foot for forward
    friend friendly from front full funny furry fuzzy gave gentle gently get gets give gives
    giving goes going had hand hands has have having he head headed her hero hers hey high his
    hold holding holds i icon illustration image in into is it its just kawaii kind large left
    leg legs light like lines little lively logo long look looking looks loop looped looping
    loops lovable lovely main makes making mascot mascots matching me minimal modern mood motion
    move moves moving my nice no not of off on once one onto or our out outline outlines over
    own pair pal pale paw paws people picture place playful plump pointy pose poses posing
    primary proud quickly really right round rounded seamless seamlessly see shading she short
    show shows side simple slowly small smart smooth smoothly so soft softly some standing start
    starts startup sticker style styled sweet tail that the their them then there they this
    thumb thumbs time tiny tipped to too toon toward towards transparent twice two under up us
    user users vector very view viewer wants warm was we wear wearing wears which while who wise
    with without worn you young your
    """
)
"""Words that ask for nothing in particular, or for what every drawing has."""


EDIT_VERBS = _groups("""
set: make, makes, change, turn, paint, dye, tint, recolour, recolor, set, update, modify, adjust
add: add, give, gives, put, put on, wear, wearing, wears, has, have, having, include
remove: remove, delete, erase, take, take off, take away, lose, get rid of, leave out, leave off
remove: without, no, not, never, minus, stop, instead of, rather than, dont, less, no longer
swap: replace, swap, exchange, switch, trade, substitute
keep: keep, keeping, leave, leaving, dont change, do not change, dont touch
""")
"""What an instruction does with the nouns behind the verb."""

EDIT_LINKS = _groups("""
to: to, into, in to, :
with: with, for, by
""")
"""What stands before the new value; `with` does so only where something is swapped."""

EDIT_PLACES = _groups("place: on, onto, upon, of, around, over, from, off, under, behind")
"""What makes the next noun a place: "glasses on its face" asks for no face."""

EDIT_SHADES = _groups("""
lighter: lighter
paler: paler
softer: softer
darker: darker
deeper: deeper
brighter: brighter
""")
"""Comparatives that change the colour that a thing has."""

EDIT_SOFT = _groups("""
soft: please, instead, more, much, bit, slightly, rather, actually, could, can, should, would
soft: want, need, let, lets, now, same, version, try, something, somewhat, appear, seem, become
soft: still, like, look like, looks like, creature, neck, this, well, too, everything, whole, entire
soft: these, those, default, kind, sort, any, anymore, longer, them, him, its, theirs, new
soft: different
""")
"""Words that ask for nothing in an instruction, though some of them do in a description."""

PRONOUNS = _words("it him her them")
DETERMINERS = _words("the this that its my his her their")

EXTRAS = _words("wings horns hair marks")
"""Parts that only some creatures have."""

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "hat": ("cap", "beanie", "wizard_hat", "party_hat"),
    "glasses": ("sunglasses",),
    "necktie": ("bow_tie",),
}
"""What else a word may mean where something that is already worn is spoken of."""

SLOTS: tuple[frozenset[str], ...] = (
    _words("hat crown cap beanie wizard_hat party_hat"),
    _words("glasses sunglasses"),
)
"""Where there is room for one thing only: the next one takes the place of the last."""
