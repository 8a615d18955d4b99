"""CedarPolicy: one Cedar policy file decides what runs, what waits, and what is refused.

It fails closed. What no policy permits, what a policy could not evaluate, and what does not fit
the schema is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cedarpy

from ..state.approval import DECISIONS
from ..state.run import Principal
from ..state.values import JsonObject, digest
from ..tools.contract import ToolContract
from . import requests
from .facts import CallFacts, PolicyDecision
from .leaks import disclosure
from .policyset import PolicyNote, load_policies
from .rulings import RememberedRulings, Ruling
from .settings import PolicySettings, ToolOverride
from .wording import call_words, reason

_AS_DECLARED = ToolOverride()


class CedarPolicy:
    """Decides, without I/O. Immutable; safe to share between threads and event loops.

    Args:
        settings: Which files, and corrections to contracts; the defaults that ship otherwise.
        folder: What relative paths of the settings are relative to.

    Raises:
        ConfigError: A file cannot be read, or does not hold valid policies.
    """

    version: str
    """Digest of policies, schema and the settings that change what they decide."""

    def __init__(self, settings: PolicySettings | None = None, *, folder: Path = Path()) -> None:
        self.settings = settings or PolicySettings()
        self._compiled = load_policies(self.settings, folder)
        self._remembered = RememberedRulings()
        overrides = {name: o.model_dump(mode="json") for name, o in self.settings.tools.items()}
        environment = self.settings.environment
        self.version = digest([self._compiled.digest, overrides, environment])
        self.texts: JsonObject = {
            **self._compiled.texts,
            "overrides": overrides,
            "environment": environment,
        }
        """Whatever its version is made of, for those who want to read what was in force."""

    def decide(self, contract: ToolContract, facts: CallFacts) -> PolicyDecision:
        """Say whether the call runs unattended, waits for a person, or is refused."""
        if contract.name != facts.tool:
            return self._refuse(f"{facts.tool} is not a known tool.")
        contract, facts = self._as_seen(contract, facts)
        call, unattended = self._rulings(contract, facts)
        words = call_words(contract, facts)
        if error := call.error or unattended.error:
            return self._refuse(error)
        if not call.allowed:
            why = reason(call.policies, words) or f"Nothing permits to call {facts.tool}."
            return self._refuse(why, call.policies)
        if unattended.allowed:
            return PolicyDecision(
                outcome="run",
                reason=reason(unattended.policies, words),
                policies=_ids((*unattended.policies, *call.policies)),
                version=self.version,
            )
        asked = self._ask((*unattended.policies, *call.policies), unattended.policies, words)
        leaks = disclosure(contract, facts).leaks
        return asked.model_copy(update={"leaks": leaks}) if leaks else asked

    def rulings(self, contract: ToolContract, facts: CallFacts) -> tuple[Ruling, Ruling]:
        """Return Cedar's rulings for `call` and `callUnattended`."""
        return self._rulings(*self._as_seen(contract, facts))

    def _rulings(self, contract: ToolContract, facts: CallFacts) -> tuple[Ruling, Ruling]:
        call, unattended = self._rule(
            ("call", "callUnattended"),
            requests.user(facts.principal),
            requests.tool(contract, frozen=facts.frozen),
            requests.call_context(contract, facts),
        )
        return call, unattended

    def may_see(self, contract: ToolContract, principal: Principal) -> bool:
        """Say whether the planner may know of the tool."""
        override = self._override(contract)
        [ruling] = self._rule(
            ("see",),
            requests.user(principal),
            requests.tool(override.apply(contract), frozen=override.frozen),
            requests.circumstances(principal, environment=self.settings.environment),
        )
        return ruling.allowed

    def may_approve(
        self, approver: Principal, contract: ToolContract, facts: CallFacts, requester: str
    ) -> PolicyDecision:
        """Say whether this person may approve this call (`run` or `refuse`)."""
        contract, facts = self._as_seen(contract, facts)
        context = requests.call_context(contract, facts, requester=requester, approver=approver)
        [ruling] = self._rule(
            ("approve",),
            requests.user(approver),
            requests.tool(contract, frozen=facts.frozen),
            context,
        )
        words = call_words(contract, facts, actor=approver, requester=requester)
        return self._yes_or_no(ruling, words)

    def may_use_model(self, principal: Principal, model: str, data_class: str) -> bool:
        """Say whether the run may send its data to this model."""
        [ruling] = self._rule(
            ("useModel",),
            requests.user(principal),
            requests.model(model),
            requests.circumstances(
                principal, environment=self.settings.environment, dataClass=data_class
            ),
        )
        return ruling.allowed

    def may_instruct(self, principal: Principal) -> bool:
        """Say whether what this person tells the agent to be and do counts."""
        return self.may_administer(principal, "instruct").outcome == "run"

    def may_administer(self, principal: Principal, operation: str) -> PolicyDecision:
        """Say whether this person may operate the agent (`run` or `refuse`).

        Args:
            principal: Who wants to.
            operation: A switch's kind (`pause`, `freeze_tool`, …), `issue_token`, `forget` or
                `instruct`.
        """
        [ruling] = self._rule(
            ("administer",),
            requests.user(principal),
            requests.system(),
            requests.circumstances(
                principal, environment=self.settings.environment, operation=operation
            ),
        )
        words = {"principal": principal.id, "role": principal.role, "operation": operation}
        return self._yes_or_no(ruling, words)

    def corrected(self, contract: ToolContract) -> ToolContract:
        """Return the contract with the operator's corrections, as policy sees it."""
        return self._override(contract).apply(contract)

    def _override(self, contract: ToolContract) -> ToolOverride:
        return self.settings.tools.get(contract.name, _AS_DECLARED)

    def _as_seen(self, contract: ToolContract, facts: CallFacts) -> tuple[ToolContract, CallFacts]:
        override = self._override(contract)
        changes = {
            "frozen": facts.frozen or override.frozen,
            "environment": self.settings.environment or facts.environment,
        }
        return override.apply(contract), facts.model_copy(update=changes)

    def _rule(
        self, actions: Sequence[str], principal: JsonObject, resource: JsonObject, ctx: JsonObject
    ) -> tuple[Ruling, ...]:
        return self._remembered.ruled(
            [*actions, principal, resource, ctx],
            lambda: self._asked(actions, principal, resource, ctx),
        )

    def _asked(
        self, actions: Sequence[str], principal: JsonObject, resource: JsonObject, ctx: JsonObject
    ) -> tuple[Ruling, ...]:
        asked = [requests.request(principal, action, resource, ctx) for action in actions]
        try:
            ruled = cedarpy.is_authorized_batch(
                asked,
                self._compiled.policies,
                [principal, resource],
                self._compiled.schema,
            )
        except Exception as error:  # noqa: BLE001 - foreign code; whatever it throws is a refusal
            problem = f"The policies could not be asked: {error}"
            return tuple(Ruling(action=a, allowed=False, error=problem) for a in actions)
        return tuple(
            self._ruling(action, each) for action, each in zip(actions, ruled, strict=True)
        )

    def _ruling(self, action: str, ruled: cedarpy.AuthzResult) -> Ruling:
        # Cedar leaves a policy out that fails to evaluate. Left-out forbids would permit, so any
        # error is a refusal.
        if errors := ruled.diagnostics.errors:
            text = f"The policies could not be evaluated: {'; '.join(errors)}"
            return Ruling(action=action, allowed=False, error=text[:1000])
        notes = [self._compiled.notes[key] for key in ruled.diagnostics.reasons]
        notes.sort(key=lambda note: note.position)
        return Ruling(action=action, allowed=ruled.allowed, policies=tuple(notes))

    def _ask(
        self, asking: Sequence[PolicyNote], forbids: Sequence[PolicyNote], words: Mapping[str, str]
    ) -> PolicyDecision:
        limits = [n.expires_seconds for n in asking if n.expires_seconds is not None]
        if self.settings.approval_expiry_seconds is not None:
            limits.append(self.settings.approval_expiry_seconds)
        allowed = set(DECISIONS).intersection(*(note.allowed for note in asking))
        return PolicyDecision(
            outcome="ask",
            reason=reason(forbids, words) or reason(asking, words) or "Nothing permits it alone.",
            policies=_ids(asking),
            # Nobody can be left without a way to say no.
            allowed=tuple(kind for kind in DECISIONS if kind in allowed) or ("reject",),
            quorum=max(note.quorum for note in asking),
            expires_seconds=min(limits, default=None),
            version=self.version,
        )

    def _yes_or_no(self, ruling: Ruling, words: Mapping[str, str]) -> PolicyDecision:
        why = ruling.error or reason(ruling.policies, words)
        if not ruling.allowed:
            return self._refuse(why or "Nothing permits it.", ruling.policies)
        return PolicyDecision(
            outcome="run", reason=why, policies=_ids(ruling.policies), version=self.version
        )

    def _refuse(self, why: str, policies: Sequence[PolicyNote] = ()) -> PolicyDecision:
        return PolicyDecision(
            outcome="refuse", reason=why, policies=_ids(policies), version=self.version
        )


def _ids(notes: Sequence[PolicyNote]) -> tuple[str, ...]:
    return tuple(note.id for note in notes)
