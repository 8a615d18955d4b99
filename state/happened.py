"""What a person says of a call whose outcome is unknown: it happened, it did not, or neither.

A sentence must not be taken for its opposite: "the transfer bounced" is no confirmation. Only what
plainly says one of the two counts; everything else is asked again.
"""

from __future__ import annotations

import re
from typing import Literal

Happened = Literal["yes", "no", "unclear"]

_PLAINLY = re.compile(
    r"\W*it (?P<denied>did not |didn[’']t )?happen(?:ed)?\s*(?:[:;.,!–—-]|$)", re.I
)
"""The beginnings that the question asks for; what follows is a remark."""
_DOUBT = re.compile(
    r"\b(?:idea|know|knows|sure|unclear|unknown|uncertain|maybe|perhaps|possibly|might|whether|if|"
    r"probably|likely|should|will|would|pending|queued?|still|yet|soon|later|tomorrow|waiting|"
    r"half|partly|partially|refunded|returned|reversed|cancell?ed|recalled|stopped|undone|back|"
    r"wei(?:ß|ss)|sicher|vielleicht|wohl|noch|storniert|sais|peut-être|quizás?|seguro)\b|\?",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"^\W*(?:no|nope|nein|non)\b"
    r"|\b(?:did|do|does|has|have|had|was|were|is|are|could|can)(?:\s+not|n[’']t)\b"
    r"|\b(?:not|never)\s+(?:\w+\s+)?"
    r"(?:happen|happened|sent|paid|made|done|booked|executed|received|arrived|found|there|gone)\b"
    r"|\bnever\b|\b(?:ist|wurde|hat)\s+(?:\w+\s+)?nicht\b|\bn[’']a pas\b|\bno se\b",
    re.IGNORECASE,
)
_FAILURE = re.compile(
    r"\b(?:failed|declined|rejected|refused|denied|bounced|unpaid|unsuccessful|"
    r"fehlgeschlagen|gescheitert|abgelehnt|geplatzt|échoué|refusé|fallado|falló|rechazad[ao])\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|no|none|nothing|nobody|without|missing|lost|nicht|nichts|kein\w*|nie|pas|rien|"
    r"jamais|nunca|nada|ningun\w*|failure|error|fail|fails|fehler)\b|n[’']t\b",
    re.IGNORECASE,
)
_CONFIRMS = re.compile(
    r"\b(?:yes|yep|yeah|ja|oui|si|sí|happened|occurred|done|paid|sent|made|executed|received|"
    r"booked|arrived|answered|confirm(?:s|ed)?|succeeded|successful(?:ly)?|success|complet(?:e|ed)|"
    r"processed|delivered|posted|transferred|wired|debited|credited|charged|settled|cleared|"
    r"(?:went|gone) (?:through|out)|took place|taken place|shows?|shown|sees?|saw|seen|found|"
    r"listed|recorded|exists|in (?:\w+[’']?s? ){0,3}(?:books?|list|log|records?|ledger|"
    r"statement|account|history|system)|passiert|geschehen|erledigt|erfolgt|bezahlt|überwiesen|"
    r"gebucht|ausgeführt|angekommen|gesendet|fait|payée?|envoyée?|effectuée?|reçue?|arrivée?|"
    r"hech[ao]|pagad[ao]|enviad[ao]|recibid[ao]|realizad[ao])\b",
    re.IGNORECASE,
)


def what_happened(message: str) -> Happened:
    """Say what a person's words mean for the call.

    Args:
        message: The words.
    """
    text = message[:2000]
    if plain := _PLAINLY.match(text):
        return "no" if plain["denied"] else "yes"
    if _DOUBT.search(text):
        return "unclear"
    if _DENIAL.search(text):
        return "no"
    confirmed = _CONFIRMS.search(text) is not None
    if _FAILURE.search(text):
        return "unclear" if confirmed else "no"
    return "yes" if confirmed and not _NEGATION.search(text) else "unclear"
