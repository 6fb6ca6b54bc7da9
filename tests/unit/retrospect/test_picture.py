"""What of a picture can be told without looking at it."""

from vitals.retrospect.envelope import Band
from vitals.retrospect.picture import _doubled, blind


def test_a_gap_of_one_column_is_hatched_and_a_value_of_one_column_drawn() -> None:
    values = [97.0, None, 80.0, None, None, 97.0]
    band = Band(list(values), list(values))
    assert blind(band, [0, 1, 2, 3, 4, 5, 6]) == [(1, 1), (3, 2)]
    assert [value for value in _doubled(values) if value == 80] == [80, 80]
