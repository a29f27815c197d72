"""The bits of a NAL unit of HEVC, read and put together again (ITU-T H.265, 7.3.1.1, 9.2).

Between bits and bytes lie two things: a stop bit with zeros behind it fills the last byte, and a
byte of 3 keeps what looks like a start code apart ("emulation prevention").
"""

import re

_START_CODE = re.compile(rb"\x00\x00(?=[\x00-\x03])")


def escaped(payload: bytes) -> bytes:
    """`payload` with a 3 in each place where two zeros would begin a start code or hide a 3."""
    return _START_CODE.sub(b"\x00\x00\x03", payload)


def unescaped(unit: bytes) -> bytes:
    """What `escaped` was given."""
    return unit.replace(b"\x00\x00\x03", b"\x00\x00")


def bits_of(unit: bytes) -> str:
    """The bits of a NAL unit as zeros and ones, up to its stop bit, which is left out.

    Raises `ValueError` if there is none.
    """
    bits = "".join(f"{byte:08b}" for byte in unescaped(unit))
    stop = bits.rfind("1")
    if stop < 0:
        raise ValueError("a NAL unit without a stop bit")
    return bits[:stop]


def unit_of(bits: str) -> bytes:
    """The NAL unit that has these bits."""
    stopped = bits + "1"
    stopped += "0" * (-len(stopped) % 8)
    return escaped(int(stopped, 2).to_bytes(len(stopped) // 8))


class Reader:
    """Reads values one after another; `at` is the place of the next bit in `bits`.

    What is not there raises `ValueError`.
    """

    def __init__(self, bits: str) -> None:
        self.bits, self.at = bits, 0

    def number(self, width: int) -> int:
        """An unsigned number of `width` bits."""
        found = self.bits[self.at : self.at + width]
        if len(found) < width:
            raise ValueError("a parameter set is cut off")
        self.at += width
        return int(found, 2) if width else 0

    def flag(self) -> bool:
        return self.number(1) == 1

    def golomb(self) -> int:
        """An unsigned Exp-Golomb number: as many zeros as there are bits behind the next one."""
        one = self.bits.find("1", self.at)
        if one < 0:
            raise ValueError("a parameter set is cut off")
        zeros = one - self.at
        self.at = one
        return self.number(zeros + 1) - 1

    def align(self) -> None:
        """Go on at the next whole byte."""
        self.at += -self.at % 8
