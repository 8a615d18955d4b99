"""What an answer tells of a deed is what was done, whatever was wished for: in four languages."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pointsman.grounding.check import check
from pointsman.grounding.effects import EffectCall
from pointsman.grounding.evidence import index
from pointsman.grounding.ground import Ground

TODAY = date(2026, 5, 4)
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
}
REFUNDS = (
    "I've refunded {} euros.",
    "I have refunded you {} euros for your order.",
    "{} euros have been refunded to you.",
    "A refund of {} euros was issued.",
    "Your refund of {} euros has been processed.",
    "You will get {} euros back.",
    "Refunded: {} euros.",
    "Ich habe Ihnen {} Euro erstattet.",
    "Ihnen wurden {} Euro erstattet.",
    "Die Erstattung über {} Euro wurde veranlasst.",
    "Sie bekommen {} Euro zurück.",
    "Je vous ai remboursé {} euros.",
    "{} euros vous ont été remboursés.",
    "Un remboursement de {} euros a été effectué.",
    "Vous allez recevoir {} euros.",
    "Le he reembolsado {} euros.",
    "Se le han reembolsado {} euros.",
    "Un reembolso de {} euros ha sido emitido.",
    "Recibirá {} euros.",
)
MOVES = {
    "en": ("I've moved your appointment to {}.", "Your appointment was moved to {}."),
    "de": ("Ich habe Ihren Termin auf den {} verschoben.", "Der Termin wurde auf den {} verlegt."),
    "fr": ("J'ai déplacé le rendez-vous au {}.", "Le rendez-vous a été déplacé au {}."),
    "es": ("He cambiado la cita al {}.", "La cita ha sido cambiada al {}."),
}
CANCELLED = (
    "I've cancelled order {}.",
    "Order {} has been cancelled.",
    "Order {} cancelled.",
    "Ich habe die Bestellung {} storniert.",
    "Die Bestellung {} wurde storniert.",
    "J'ai annulé la commande {}.",
    "La commande {} a été annulée.",
    "He cancelado el pedido {}.",
    "El pedido {} fue cancelado.",
)
COUNTED = (
    "I've cancelled {} orders.",
    "{} orders were cancelled.",
    "Ich habe {} Bestellungen storniert.",
    "Es wurden {} Bestellungen storniert.",
    "J'ai annulé {} commandes.",
    "He cancelado {} pedidos.",
)
SENT = (
    "I've sent the offer to {}.",
    "The offer was sent to {}.",
    "Ich habe das Angebot an {} geschickt.",
    "J'ai envoyé l'offre à {}.",
    "He enviado la oferta a {}.",
)
DENIED = (
    "I have not cancelled order {}.",
    "I could not cancel order {}.",
    "Order {} was not cancelled.",
    "Ich habe die Bestellung {} nicht storniert.",
    "Ich konnte die Bestellung {} nicht stornieren.",
    "Je n'ai pas pu annuler la commande {}.",
    "No he podido cancelar el pedido {}.",
)

few = settings(max_examples=15)
cents = st.decimals(min_value="1", max_value="9999", places=2)
days = st.dates(min_value=TODAY, max_value=TODAY + timedelta(days=200))
numbers = st.integers(min_value=1000, max_value=99_999).map(str)
names = st.sampled_from(["Nora Lind", "Paul Auer", "Lea Roth", "Tomás Vidal", "Elodie Roux"])


def status(sentence: str, request: str, *effects: tuple[str, dict[str, Any]]) -> str:
    """Return what the checker says of a sentence after a request and what was done."""
    done = [EffectCall(tool=tool, args=args, output={"ok": True}) for tool, args in effects]
    ground = Ground(evidence={}, today=TODAY, request=request, effects=done)
    return check(sentence, (), ground).status


def written(day: date, language: str) -> str:
    """Return a day as a language writes it."""
    month = MONTHS[language].split()[day.month - 1]
    middle = {"en": " ", "de": ". ", "fr": " ", "es": " de "}[language]
    return f"{day.day}{middle}{month}"


@pytest.mark.parametrize("sentence", REFUNDS)
@few
@given(wished=cents, done=cents)
def test_an_amount_is_the_one_that_was_paid(sentence: str, wished: Decimal, done: Decimal) -> None:
    """The request names one amount, the ledger another: only the ledger's was refunded."""
    assume(wished != done and wished != 100 * done and done != 100 * wished)
    effect = ("refund_payment", {"amount": float(done), "currency": "EUR"})
    request = f"Please refund {wished} euros."

    assert status(sentence.format(done), request, effect) != "failed"
    assert status(sentence.format(wished), request, effect) == "failed"


@pytest.mark.parametrize("language", MOVES)
@few
@given(wished=days, done=days)
def test_a_day_is_the_one_that_was_booked(language: str, wished: date, done: date) -> None:
    """An appointment stands where it was moved to, not where it was to be moved to."""
    assume(wished != done)
    effect = ("move_appointment", {"id": "T-9", "day": done.isoformat()})
    request = f"Move my appointment to {wished.isoformat()}."

    for sentence in MOVES[language]:
        right = sentence.format(written(done, language))
        wrong = sentence.format(written(wished, language))
        assert status(right, request, effect) != "failed", right
        assert status(wrong, request, effect) == "failed", wrong


@pytest.mark.parametrize("sentence", CANCELLED)
@few
@given(one=numbers, other=numbers)
def test_an_identifier_is_the_one_that_was_acted_on(sentence: str, one: str, other: str) -> None:
    """Of two orders that the request names, the one that was cancelled may be said to be."""
    assume(one != other and len(one) == len(other))
    effect = ("cancel_order", {"order_id": one})
    request = f"Cancel orders {one} and {other}."

    assert status(sentence.format(one), request, effect) != "failed"
    assert status(sentence.format(other), request, effect) == "failed"


@pytest.mark.parametrize("sentence", CANCELLED)
@few
@given(one=numbers, other=numbers)
def test_an_identifier_of_letters_and_digits_too(sentence: str, one: str, other: str) -> None:
    """`ORD-1234` and `ORD-1235` are told apart like plain numbers."""
    assume(one != other and len(one) == len(other))
    effect = ("cancel_order", {"order_id": f"ORD-{one}"})
    request = f"Cancel orders ORD-{one} and ORD-{other}."

    assert status(sentence.format(f"ORD-{one}"), request, effect) != "failed"
    assert status(sentence.format(f"ORD-{other}"), request, effect) == "failed"


@pytest.mark.parametrize("sentence", COUNTED)
@few
@given(done=st.integers(min_value=2, max_value=6), wished=st.integers(min_value=2, max_value=6))
def test_so_many_things_as_were_done(sentence: str, done: int, wished: int) -> None:
    """The number of effects is counted, not taken from the request."""
    assume(done != wished)
    effects = [("cancel_order", {"order_id": f"A-{n}90"}) for n in range(done)]
    request = f"Cancel my {wished} orders."

    assert status(sentence.format(done), request, *effects) != "failed"
    assert status(sentence.format(wished), request, *effects) == "failed"


@pytest.mark.parametrize("sentence", SENT)
@few
@given(done=names, wished=names)
def test_a_recipient_is_the_one_it_went_to(sentence: str, done: str, wished: str) -> None:
    """Who was to get it and did not is no recipient."""
    assume(done != wished)
    effect = ("send_message", {"recipient": done, "body": "Here is the offer."})
    request = f"Send the offer to {wished} or to {done}."

    assert status(sentence.format(done), request, effect) != "failed"
    assert status(sentence.format(wished), request, effect) == "failed"


@pytest.mark.parametrize("sentence", DENIED)
@few
@given(done=numbers, other=numbers)
@example(done="1383", other="2766")
def test_what_was_done_is_not_denied(sentence: str, done: str, other: str) -> None:
    """Only of what was not done may be said that it was not."""
    assume(done != other and len(done) == len(other))
    effect = ("cancel_order", {"order_id": done})
    request = f"Cancel orders {done} and {other}."

    assert status(sentence.format(other), request, effect) != "failed"
    assert status(sentence.format(done), request, effect) == "failed"


@few
@given(one=cents, other=cents)
def test_several_effects_come_to_their_sum(one: Decimal, other: Decimal) -> None:
    """Two refunds may be told one by one, or as what they come to."""
    assume(one != other)
    effects = [("refund_payment", {"amount": float(n), "currency": "EUR"}) for n in (one, other)]

    for said in (one, other, one + other):
        assert status(f"I've refunded {said} euros.", "Refund me.", *effects) != "failed"


def test_an_earlier_answer_grounds_what_it_said() -> None:
    """What was done in an earlier turn may be repeated as it was told then, and not otherwise."""
    ground = Ground(
        evidence={},
        today=TODAY,
        request="I asked for 5000 euros. I have refunded 50 euros. What did you do?",
        told=("I have refunded 50 euros.",),
    )

    assert check("I have refunded 50 euros.", (), ground).status != "failed"
    assert check("50 euros were refunded.", (), ground).status != "failed"
    assert check("I have refunded 5000 euros.", (), ground).status == "failed"
    assert check("5000 euros were refunded.", (), ground).status == "failed"


PAYMENTS = index(
    "h", "list_payments {}", '[{"id": "P1", "amount": 50.0}, {"id": "P2", "amount": 731.0}]'
)
SENT_TO_ANN = EffectCall(tool="send_money", args={"to": "Ann", "amount": 17.35})


@pytest.mark.parametrize(("amount", "status"), [("17.35", "carried"), ("17.45", "failed")])
def test_the_amount_of_a_deed_stands_whatever_is_cited(amount: str, status: str) -> None:
    """What it was worked out from may be cited in its place; another amount is still wrong."""
    ground = Ground(
        evidence={"h": PAYMENTS}, today=TODAY, request="Pay Ann.", effects=[SENT_TO_ANN]
    )

    assert check(f"I sent Ann {amount}.", ["h"], ground).status == status
