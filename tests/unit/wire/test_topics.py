"""Topics: what a gateway may be called and where its messages go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.errors import DecodeError
from vitals.wire import topics

GATEWAYS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", fullmatch=True)


@given(GATEWAYS)
def test_every_topic_is_parsed_back(gateway: str) -> None:
    assert topics.is_gateway_id(gateway)
    assert topics.parse(topics.vitals(gateway)) == ("v1", gateway, "vitals")
    assert topics.parse(topics.alarm(gateway)) == ("v1", gateway, "alarm")
    assert topics.parse(topics.state(gateway)) == ("v1", gateway, "state")
    assert topics.parse(topics.life(gateway)) == ("v1", gateway, "life")
    assert topics.parse(topics.committed(gateway)) == ("cmd", gateway, "committed")
    assert topics.parse(topics.config(gateway)) == ("cmd", gateway, "config")
    assert topics.parse(topics.request(gateway)) == ("cmd", gateway, "request")


@pytest.mark.parametrize("gateway", ["", "-gw", "gw/1", "gw+", "#", "gw 1", "gw-1\n", "é", "g" * 64])
def test_what_cannot_be_one_level_of_a_topic_names_no_gateway(gateway: str) -> None:
    assert not topics.is_gateway_id(gateway)
    with pytest.raises(DecodeError, match="not one of our topics"):
        topics.parse(topics.vitals(gateway))


@given(st.text(max_size=40))
def test_any_topic_is_parsed_or_refused(topic: str) -> None:
    try:
        parts = topics.parse(topic)
    except DecodeError:
        return
    assert "/".join(parts) == topic


@given(GATEWAYS)
def test_filters_match_the_topics_they_are_for(gateway: str) -> None:
    for pattern, topic in (
        (topics.VITALS_FILTER, topics.vitals(gateway)),
        (topics.ALARM_FILTER, topics.alarm(gateway)),
        (topics.STATE_FILTER, topics.state(gateway)),
        (topics.LIFE_FILTER, topics.life(gateway)),
        (topics.UNKNOWN_VERSION_FILTER, f"v2/{gateway}/vitals"),
    ):
        levels = zip(pattern.split("/"), topic.split("/"), strict=True)
        assert all(wanted in {"+", level} for wanted, level in levels)
