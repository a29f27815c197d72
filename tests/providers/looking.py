"""What models are told to answer when they look, in the shapes that they are asked for."""

DESCRIPTION = {
    "name": "Orange fox",
    "character": "A friendly orange fox with a blue scarf",
    "features": ["blue scarf", "white-tipped tail"],
    "shading": "flat",
    "summary": "Thick dark lines, warm colours, a large head.",
}
SIGHTING = {"missing": [2, 2], "added": ["red hat"]}
FEATURES = ("blue scarf", "white-tipped tail")
