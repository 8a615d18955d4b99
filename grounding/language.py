"""Language: which of the four a sentence is written in, by its function words."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .words import Token, listed

Language: TypeAlias = Literal["en", "de", "fr", "es"]

_LANGUAGES: tuple[Language, ...] = ("en", "de", "fr", "es")
_FUNCTION_WORDS: dict[Language, frozenset[str]] = {
    "en": listed(
        """the a is are was were of to and for with you your i we it that this not on at by from be
        been has have had will would can an or there all as if so than its our no do does did my
        they their them any please which what how when"""
    ),
    "de": listed(
        """der die das ist sind war waren und für mit sie ihr ihre ihren ich wir es nicht auf bei
        von zu zum zur den dem des ein eine einen einem einer haben hat wird werden kann können im
        am vom oder als auch noch nach bis um aus kein keine wurde wurden ihnen ihrer pro dass über
        sich schon beim ja nein bitte welche wie wann"""
    ),
    "fr": listed(
        """le la les est sont était et pour avec vous votre vos je nous il elle que qui ne pas sur à
        du des un une au aux dans ou ce cette ces plus par en été avez ont a ai de d l j c n s qu se
        leur son sa tu ton te oui non quel quelle comment"""
    ),
    "es": listed(
        """el la los las es son era y para con usted su sus yo nosotros que no en de del un una al
        por o este esta estos ha han he hay se lo le más fue fueron está están como ya mi tiene
        puede hasta desde te tu sí qué cuál cómo a"""
    ),
}


_ALL = frozenset[str]().union(*_FUNCTION_WORDS.values())


def is_function_word(folded: str) -> bool:
    """Return whether a folded word is a function word of any of the languages."""
    return folded in _ALL


def language_of(tokens: list[Token]) -> Language:
    """Return the language with most function words; English where none has any."""
    # A capital letter alone is a label: `C-13` is not the French `c`.
    words = [t.folded for t in tokens[:200] if len(t.text) > 1 or t.text.islower()]
    counts = {
        language: sum(word in known for word in words)
        for language, known in _FUNCTION_WORDS.items()
    }
    best: Language = max(_LANGUAGES, key=counts.__getitem__)
    return best
