"""What a simulation raises when something is wrong."""


class Broken(AssertionError):
    """Something does not hold that always should."""
