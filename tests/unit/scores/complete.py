"""A complete set of observations, all of them normal."""

Values = dict[str, float | str]

NORMAL: Values = {
    "respiratory_rate": 16,
    "spo2": 97,
    "oxygen": "air",
    "systolic": 120,
    "pulse": 70,
    "consciousness": "A",
    "temperature": 37.0,
}
