"""A program of its own: reads SVG documents from stdin, writes PNGs to stdout.

The rasteriser holds the interpreter's lock while it works, so a second core needs a second process.
Every message is its length in four bytes (big-endian) and then as many bytes.
"""

import sys

import resvg_py


def main() -> None:
    size = int(sys.argv[1])
    while head := sys.stdin.buffer.read(4):
        svg = sys.stdin.buffer.read(int.from_bytes(head, "big")).decode()
        png = resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True)
        sys.stdout.buffer.write(len(png).to_bytes(4, "big") + png)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
