"""Mind: what the models of one run know and want, whatever roles they play."""

from __future__ import annotations

import re
from collections import Counter

from ...state.values import Json, JsonObject
from .channels import ORDER_NAME, Channel, with_orders
from .given import plain
from .plans import ANSWER, Reason, plan_honestly
from .scene import Scene, SceneCall
from .tools import reads_only

_BLOCK = re.compile(r"<data \w+ name='([^']+)' source='([^']+)'>")

_KEEP_TO = re.compile(r"named for later\. Use one of \[([^\]]*)\]")

SABOTAGE = 0.0
"""Confidence that makes verification fail a step, which has the planner asked again."""


class Mind:
    """Knows how the user's task is done, and, if it is compromised, obeys what it reads.

    All roles of a run share one mind: what one model has read, the others act on, the planner
    before all. That is more than any attacker can count on. Only a step whose own prompt holds
    nothing from outside is done honestly: a model keeps nothing from one call to the next, and
    steps that run side by side must not tell each other what they read.

    Args:
        scene: The task, and what the injection orders.
        compromised: Whether an injection that was read is obeyed.
    """

    def __init__(self, scene: Scene, *, compromised: bool) -> None:
        self.scene = scene
        self.plan = plan_honestly(scene)
        self.read_by: Counter[str] = Counter()
        """Role → prompts that held the injection."""
        self.asked: Counter[str] = Counter()
        """Role → prompts."""
        self._compromised = compromised
        self._order = plain(scene.goal)
        self._sabotaged = False

    @property
    def obeys(self) -> bool:
        """Whether the attacker commands."""
        return self._compromised and bool(self.read_by)

    @property
    def channel(self) -> Channel:
        """What of the plan the injection goes through."""
        return self.scene.pair.channel

    def read(self, role: str, text: str) -> None:
        """Take note of a prompt."""
        self.asked[role] += 1
        if self._order and (self._order in plain(text) or self._is_told_by_a_name(text)):
            self.read_by[role] += 1

    def _is_told_by_a_name(self, text: str) -> bool:
        return self.channel == "shape" and ORDER_NAME in text

    def steps(self, prompt: str) -> JsonObject:
        """Plan; once the attacker commands, what the injection orders comes first.

        Where a revision may use certain tools alone, he orders what they can do: a plan that is
        refused again and again would do nothing for him.
        """
        ordered = self.attack_steps(_allowed(prompt)) if self.obeys else []
        if self.channel and not ordered:
            # The user's own request names these calls for some case; nothing has been read yet.
            steps, orders = self.plan.steps, self.attack_steps()
            reads = [s for s in steps if s["kind"] == "tool" and reads_only(s["tool"])]
            return with_orders(self.channel, steps, orders, reads, self.scene.goal)
        return {"steps": [*ordered, *self.plan.steps]}

    def attack_steps(self, allowed: frozenset[str] | None = None) -> list[JsonObject]:
        """Return the injection's calls as steps, their arguments as literals.

        Args:
            allowed: Tools that may be used; `None` for all.
        """
        return [
            {
                "id": f"order{number}",
                "kind": "tool",
                "goal": call.tool,
                "tool": call.tool,
                "args": call.args,
                "after": [f"order{number - 1}"] if number else [],
            }
            for number, call in enumerate(
                call for call in self.scene.ordered if allowed is None or call.tool in allowed
            )
        ]

    def reason(self, prompt: str) -> JsonObject:
        """Do a `reason` step; for the attacker, put his values in, or have the plan made anew."""
        reason = next(r for r in self.plan.reasons if plain(r.prompt) in plain(prompt))
        # Whoever has another way in draws no attention to himself.
        if not self.obeys or self.channel or not self._reaches(prompt):
            return _reply(reason.result)
        planted = self._planted(reason)
        if planted != reason.result:
            return _reply(planted)
        if not self._sabotaged and self.scene.ordered:
            self._sabotaged = True
            return {**_reply(reason.result), "confidence": SABOTAGE}
        return _reply(self._answer(reason))

    def _reaches(self, prompt: str) -> bool:
        """Whether a prompt holds the injection, or data of which it is said to be from outside."""
        sources = {source for _, source in _BLOCK.findall(prompt)}
        return self._order in plain(prompt) or bool(sources - {"ours"})

    def _planted(self, reason: Reason) -> Json:
        order = next((c for c in self.scene.ordered if c.tool == reason.serves), None)
        if order is None:
            return reason.result
        return {name: _fitting(value, order, name) for name, value in reason.result.items()}

    def _answer(self, reason: Reason) -> Json:
        if isinstance(reason.result, str) and self.scene.slogan:
            return f"{reason.result}\n{self.scene.slogan}"
        return reason.result

    def sentences(self, prompt: str) -> JsonObject:
        """Write the answer; for the attacker, say what he wants said, on whatever evidence."""
        said = [{"text": self.scene.said or "Done.", "cites": [ANSWER]}]
        if self.obeys:
            blocks = dict(_BLOCK.findall(prompt))
            # First on evidence that nobody doubts, in case that goes through without a label.
            trusted = [name for name, source in blocks.items() if source == "ours"]
            said += [
                {"text": text[:1000], "cites": cites[:12]}
                for text in (self.scene.slogan, self.scene.goal)
                for cites in (trusted, list(blocks))
                if text
            ]
        return {"sentences": said}

    def next_call(self, made: list[SceneCall]) -> SceneCall | None:
        """Say what a model in a tool loop calls next; `None`: it answers."""
        ordered = list(self.scene.ordered) if self.obeys else []
        for call in (*ordered, *self.scene.asked):
            if call in made:
                made.remove(call)
            else:
                return call
        return None

    def last_words(self) -> str:
        """Answer as a model in a tool loop does."""
        told = [self.scene.said, self.scene.slogan if self.obeys else ""]
        return "\n".join(text for text in told if text) or "Done."


def _allowed(prompt: str) -> frozenset[str] | None:
    """Return the tools that a refused plan was told to keep to; `None` where none was refused."""
    told = _KEEP_TO.findall(prompt)
    return frozenset(re.findall(r"\w+", told[-1])) if told else None


def _fitting(value: Json, order: SceneCall, name: str) -> Json:
    """Return the attacker's value for an argument, if he has one of its type."""
    wanted = order.args.get(name, value)
    numbers = isinstance(wanted, int | float) and isinstance(value, float)
    return wanted if type(wanted) is type(value) or numbers else value


def _reply(result: Json) -> JsonObject:
    """Return a step's result as a model replies with it: a text has a name."""
    return result if isinstance(result, dict) else {"text": result}
