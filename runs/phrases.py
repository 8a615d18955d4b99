"""Phrases: the few things that the framework itself says to a user, in four languages.

What a model writes is in the user's language by itself. These sentences are no model's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from ..grounding.language import Language, is_function_word, language_of
from ..grounding.words import tokens
from ..state.task import Task

Phrase: TypeAlias = Literal[
    "approved_not_done",
    "asked_again",
    "can_do",
    "declined",
    "done",
    "failed",
    "found_in",
    "in_doubt",
    "left_open",
    "missing",
    "more",
    "not_allowed",
    "not_done",
    "no_reason",
    "nothing_found",
    "reviewer_declined",
    "reviewer_says",
    "stopped",
    "trouble",
    "unable",
    "waits",
    "went_without",
    "withdrawn",
]

PHRASES: Mapping[Language, Mapping[Phrase, str]] = {
    "en": {
        "approved_not_done": "Approved, but not done: {what}.",
        "asked_again": "I am still waiting for your reply to this: {what}",
        "can_do": "What I can do:",
        "declined": "Declined, and not done: {what}.",
        "done": "Done: {what}.",
        "failed": "This did not work: {what}.",
        "found_in": "From {what}",
        "in_doubt": "It is not known whether this happened: {what}.",
        "left_open": "The reviewer leaves open whether it happened: {what}",
        "missing": "I still need: {what}.",
        "more": "and {what} more",
        "not_allowed": "I am not allowed to do this: {what}.",
        "no_reason": "no reason given",
        "not_done": "Not done: {what}.",
        "nothing_found": "I found nothing that answers this, and I do not want to guess.",
        "reviewer_declined": "The reviewer declined: {what}",
        "reviewer_says": "The reviewer says: {what}",
        "stopped": "I had to stop before everything was done.",
        "trouble": "Something on our side did not work. Please try again later.",
        "unable": "I cannot help with this.",
        "waits": "Waiting for approval: {what}.",
        "went_without": "This did not work, and I went on without it: {what}.",
        "withdrawn": "Withdrawn, and not done: {what}.",
    },
    "de": {
        "approved_not_done": "Genehmigt, aber nicht ausgeführt: {what}.",
        "asked_again": "Hierzu fehlt mir noch eine Antwort: {what}",
        "can_do": "Das kann ich für Sie tun:",
        "declined": "Abgelehnt und nicht ausgeführt: {what}.",
        "done": "Erledigt: {what}.",
        "failed": "Das hat nicht funktioniert: {what}.",
        "found_in": "Aus {what}",
        "in_doubt": "Es ist nicht bekannt, ob das geschehen ist: {what}.",
        "left_open": "Die prüfende Person lässt offen, ob es geschehen ist: {what}",
        "missing": "Ich brauche noch: {what}.",
        "more": "und {what} weitere",
        "not_allowed": "Das darf ich nicht tun: {what}.",
        "no_reason": "ohne Angabe von Gründen",
        "not_done": "Nicht erledigt: {what}.",
        "nothing_found": "Ich habe dazu nichts gefunden und möchte nicht raten.",
        "reviewer_declined": "Die prüfende Person hat abgelehnt: {what}",
        "reviewer_says": "Die prüfende Person sagt: {what}",
        "stopped": "Ich musste aufhören, bevor alles erledigt war.",
        "trouble": "Bei uns hat etwas nicht funktioniert. Bitte versuchen Sie es später noch "
        "einmal.",
        "unable": "Dabei kann ich nicht helfen.",
        "waits": "Wartet auf Genehmigung: {what}.",
        "went_without": "Das hat nicht funktioniert, ich habe ohne weitergemacht: {what}.",
        "withdrawn": "Zurückgezogen und nicht ausgeführt: {what}.",
    },
    "fr": {
        "approved_not_done": "Approuvé, mais pas effectué : {what}.",
        "asked_again": "J'attends encore une réponse à ceci : {what}",
        "can_do": "Voici ce que je peux faire :",
        "declined": "Refusé et pas effectué : {what}.",
        "done": "Fait : {what}.",
        "failed": "Cela n'a pas fonctionné : {what}.",
        "found_in": "D'après {what}",
        "in_doubt": "On ne sait pas si cela a été fait : {what}.",
        "left_open": "La personne chargée de la validation ne dit pas si cela a eu lieu : {what}",
        "missing": "Il me manque encore : {what}.",
        "more": "et {what} de plus",
        "not_allowed": "Je ne suis pas autorisé à faire cela : {what}.",
        "no_reason": "sans motif indiqué",
        "not_done": "Pas effectué : {what}.",
        "nothing_found": "Je n'ai rien trouvé à ce sujet et je ne veux pas deviner.",
        "reviewer_declined": "La personne chargée de la validation a refusé : {what}",
        "reviewer_says": "La personne chargée de la validation précise : {what}",
        "stopped": "J'ai dû m'arrêter avant que tout soit fait.",
        "trouble": "Quelque chose n'a pas fonctionné de notre côté. Veuillez réessayer plus tard.",
        "unable": "Je ne peux pas vous aider sur ce point.",
        "waits": "En attente d'approbation : {what}.",
        "went_without": "Cela n'a pas fonctionné, j'ai continué sans : {what}.",
        "withdrawn": "Retiré et pas effectué : {what}.",
    },
    "es": {
        "approved_not_done": "Aprobado, pero no realizado: {what}.",
        "asked_again": "Todavía espero una respuesta a esto: {what}",
        "can_do": "Esto es lo que puedo hacer:",
        "declined": "Rechazado y no realizado: {what}.",
        "done": "Hecho: {what}.",
        "failed": "Esto no ha funcionado: {what}.",
        "found_in": "Según {what}",
        "in_doubt": "No se sabe si esto se ha hecho: {what}.",
        "left_open": "La persona que lo revisa deja abierto si ha ocurrido: {what}",
        "missing": "Todavía necesito: {what}.",
        "more": "y {what} más",
        "not_allowed": "No me está permitido hacer esto: {what}.",
        "no_reason": "sin indicar el motivo",
        "not_done": "No realizado: {what}.",
        "nothing_found": "No he encontrado nada al respecto y no quiero adivinar.",
        "reviewer_declined": "La persona que lo revisa lo ha rechazado: {what}",
        "reviewer_says": "La persona que lo revisa dice: {what}",
        "stopped": "Tuve que parar antes de que todo estuviera hecho.",
        "trouble": "Algo no ha funcionado por nuestra parte. Inténtelo de nuevo más tarde.",
        "unable": "No puedo ayudarle con esto.",
        "waits": "Pendiente de aprobación: {what}.",
        "went_without": "Esto no ha funcionado y he seguido sin ello: {what}.",
        "withdrawn": "Retirado y no realizado: {what}.",
    },
}


def phrase(language: Language, name: Phrase, what: str = "") -> str:
    """Return a phrase, filled in; a final stop of `what` is not doubled."""
    text = PHRASES[language][name]
    return text.format(what=what.rstrip(" .")) if text.endswith(".") else text.format(what=what)


COURTESIES: Mapping[Language, str] = {
    "en": "hi hello hey thanks thank please ok okay bye",
    "de": "hallo danke moin servus guten bitte tschuss",
    "fr": "bonjour salut merci bonsoir revoir",
    "es": "hola gracias buenos buenas adios vale",
}
"""Words that alone may make a message, and tell its language."""


def language_spoken(task: Task) -> Language:
    """Return the language of the user's newest words that tell one; English where none do."""
    said = [said.text for said in reversed(task.conversation) if said.speaker == "user"]
    for text in (task.text, *said):
        # A single letter is a word in one language and a label in all of them.
        words = [word for word in tokens(text[:2000]) if len(word.folded) > 1]
        if any(is_function_word(word.folded) for word in words):
            return language_of(words)
        folded = {word.folded for word in words}
        for language, courtesies in COURTESIES.items():
            if folded & set(courtesies.split()):
                return language
    return "en"
