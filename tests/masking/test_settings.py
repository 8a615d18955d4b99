"""The section `masking` says what is wrong with it, field by field."""

from __future__ import annotations

import pytest

from pointsman import Settings
from pointsman.errors import ConfigError


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"prompts": ["e-mail"]}, "prompts: there is no kind or group `e-mail`"),
        ({"tools": {"kinds": ["x"]}}, "tools.kinds: there is no kind or group `x`"),
        ({"data_classes": {"health": ["y"]}}, "data_classes.health: there is no kind or group `y`"),
        ({"logs": ["customer"]}, "Groups: secrets, payment, identity, contact, network, all"),
        ({"patterns": {"customer": "(a+"}}, "patterns.customer: The pattern '(a+' cannot"),
        ({"patterns": {"customer": r"(a)\1"}}, "patterns.customer: The pattern"),
        ({"patterns": {"customer": "(?<=x)a"}}, "patterns.customer: The pattern"),
        ({"patterns": {"customer": "a*"}}, "patterns.customer: it finds an empty text"),
        ({"patterns": {"Customer": "a"}}, "patterns.Customer: a kind is named by small letters"),
        ({"patterns": {"email": "a"}}, "patterns.email: there is such a kind"),
        ({"patterns": {"payment": "a"}}, "patterns.payment: there is such a kind"),
        ({"patterns": {"customer": "a" * 2000}}, "patterns.customer: A pattern has more than"),
        ({"promts": []}, "masking.promts"),
        ({"tools": {"otherwise": "drop"}}, "masking.tools.otherwise"),
        ({"key": "not a name"}, "masking.key"),
    ],
)
def test_it_names_the_field(section: dict[str, object], said: str) -> None:
    """Whoever wrote it knows what to correct."""
    with pytest.raises(ConfigError) as caught:
        Settings.parse({"masking": section})
    assert said in str(caught.value)
    assert "masking" in str(caught.value)


def test_a_tenants_own_kind_is_a_kind() -> None:
    """It can be named wherever the others can."""
    settings = Settings.parse(
        {"masking": {"patterns": {"customer": r"\bCU-\d{6}\b"}, "prompts": ["customer", "payment"]}}
    )
    assert settings.masking.prompts == ("customer", "payment")
