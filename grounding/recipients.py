"""Recipients: whether the names that a deed is told with are of those that it was done to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .entries import own_keys
from .evidence import Indexed
from .ground import Holding
from .lexicon.reading import lexicon
from .names import Name, name_key
from .words import key_words, listed, tokens

_REMARKS = listed(lexicon("deeds")["remarks"])


@dataclass(frozen=True)
class Recipients:
    """What says whom or what a deed was done to."""

    given: Holding
    """The arguments of the effects."""
    whole: Holding
    """Their arguments and results."""
    told: Holding
    """What earlier answers told of such a deed."""
    evidence: Holding
    """All evidence there is."""

    def wrong(self, names: Sequence[Name], text: str) -> str:
        """Return the first of a deed's names that is not of those it was done to, or nothing.

        Args:
            names: The names that a sentence tells the deed with.
            text: The sentence.
        """
        return next((n.text for n in names if not self._is_named(n, names, text)), "")

    def _is_named(self, name: Name, names: Sequence[Name], text: str) -> bool:
        """A name that only the request holds is wrong where the effects hold another one."""
        key = name_key(name.folded)
        known = self.whole.names | self.told.names
        if key in known or any(key in k or k in key for k in known if len(k) >= 5 <= len(key)):
            return True
        if not name.certain or _is_spoken_to(name, text):
            return True
        if key in self.evidence.names:
            return self._is_linked(key)
        others = [n for n in names if n is not name and name_key(n.folded) in known]
        named = any(map(_names_somebody, self.given.items))
        return bool(others) or not named

    def _is_linked(self, key: str) -> bool:
        """Whether a name or address stands in a record of what the deed was done to.

        In a list it does where the record holds something that the effects hold, or where none of
        the list does.
        """
        keys = self.whole.keys | self.whole.names
        for item in self.evidence.items:
            rows = [r for r in item.rows if r.path]
            own = [r for r in rows if key in {name_key(w) for w in r.words} | own_keys(r)]
            others = [r for r in rows if r not in own and own_keys(r) & keys]
            if own and others and not any(own_keys(r) & keys for r in own):
                return False
        return True


def _is_spoken_to(name: Name, text: str) -> bool:
    """Whether it is the reader's own, as in `I have cancelled it, Anna`."""
    before, after = text[: name.start].rstrip(), text[name.end :].lstrip()
    return (not before or before.endswith(",")) and after[:1] in ("", ",", ".", "!")


def _names_somebody(item: Indexed) -> bool:
    """Return whether arguments hold an address, or a text of capitalised words alone."""
    values = [leaf for leaf in item.leaves if not _REMARKS & set(key_words(leaf.key))]
    texts = [leaf.value for leaf in values if isinstance(leaf.value, str)]
    return any("@" in text or _is_title(text) for text in texts)


def _is_title(text: str) -> bool:
    words = [t.text for t in tokens(text) if len(t.text) > 3 or t.text[0].isupper()]
    return 0 < len(words) <= 4 and all(
        w[0].isupper() and not w.isupper() and w.isalpha() for w in words
    )
