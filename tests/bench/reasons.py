"""reasons: why a row is above its goal, as far as it is known. By the
beginning of the row's name."""

REASONS = [
]
