"""Whether a message says that a prompt does not fit the model, in whoever's words.

Providers word it anew with each release, and gateways in the language of their people. So besides
the phrases that are known, what grows (a prompt, an input, its tokens) together with what says that
it is too much is enough, in any of the languages below.
"""

from __future__ import annotations

import re

READ_CHARACTERS = 4_000
"""How much of a message is looked at."""

_CONTEXT = re.compile(
    # OpenAI, Azure, vLLM, SGLang, DeepSeek, Mistral, Ollama, llama.cpp, LM Studio, LiteLLM
    r"context[ _-]?(?:length|window|size|limit)|contextwindow|contextlength|exceed_context"
    r"|context the overflows"
    # Anthropic, Bedrock, Ollama, Zhipu
    r"|(?:prompt|inputs?|messages|conversation)\b[^.]{0,60}\b(?:too long|exceeds? max)"
    r"|(?:messages|inputs?|prompt)\b\S{0,40}\s?string too long"
    r"|long context beta|request (?:entity|payload) too large"
    # llama.cpp, LM Studio
    r"|input is too large to process|physical batch size|kv cache|memory slot for batch|\bn_ctx\b"
    r"|context (?:shift|overflow)"
    # Gemini, Cohere, AI21, Bedrock
    r"|input token count|too many (?:input |prompt )?tokens|number of tokens in the prompt"
    # TGI, Together
    r"|`?inputs`? tokens \+ `?max_new_tokens|`?inputs`? must have (?:less|fewer) than"
    # xAI, vLLM, TensorRT-LLM, TabbyAPI, DashScope, Moonshot, Groq
    r"|max(?:imum)? (?:supported |allowed )?(?:model|prompt|input|sequence) (?:len|char)"
    r"|max_(?:seq|input|model)_len|max_tokens must be at least 1, got -\d"
    r"|range of input length|exceeded model token limit|reduce the length"
    r"|reduce (?:your|the) (?:prompt|input|messages)|current length is \d+ while limit"
    r"|expected maxLength|text fields that are too large"
    r"|(?:prompt|input|request) (?:has|contains|with|of) [\d,]+ (?:input )?tokens"
    r"|exceeds? (?:the )?max(?:imum)?(?: allowed)? (?:number of )?(?:input |prompt )?tokens"
    r"|(?:tokens?|prompt) (?:limit|length) (?:was |is )?exceeded"
    r"|string_above_max_length|token limit exceeded"
    # Perplexity, Moonshot, TensorRT-LLM, transformers, gateways of firms
    r"|model context|context full|out of context"
    r"|max[ _](?:message|num|position)[ _](?:tokens|embeddings)|max_length is set to"
    r"|supports? (?:prompts?|inputs?) up to|more than max tokens|message length exceeds"
    r"|\b(?:prompt|input)(?:'s|s)? token(?:s must be| count)|at most [\d,]+ tokens, got",
    re.IGNORECASE,
)
_LARGER = re.compile(
    # What grows and what it exceeds, in any provider's order of words.
    r"\b(?:prompts?|inputs?|messages|conversation|request|tokens)\b[^.]{0,80}"
    r"\b(?:exceeds?|exceeded|not exceed|longer than|larger than|greater than)\b[^.]{0,60}"
    r"(?:\blimit|\bmax|\bmodel|\bcontext|\btokens?\b|\d{3})",
    re.IGNORECASE,
)
_OF_MEDIA = re.compile(
    r"\b(?:images?|audio|video|files?|pdf|attachments?|pixels?|pages?|tools?|schema|[kmg]i?b)\b"
    r"|\bnumber of (?:messages|requests|inputs)\b"
    r"|\b(?:bild|datei|fichier|imagen|archivo|immagine|imagem|arquivo|afbeelding|bestand)"
    r"|изображени|файл|图|文件|画像|ファイル|이미지|파일",
    re.IGNORECASE,
)
_OF_RATE = re.compile(
    r"\b[qrt]ps\b|\brequests? limit|\btoo many requests|throttl"
    r"|\bper[ -](?:min|hour|day|sec)|\b[TR]P[MD]\b|rate[ _-]?limit|quota|kontingent|pro minute"
    r"|par minute|por minuto|al minuto|в минуту|квот"
    r"|频率|速率|配额|额度|每分钟|レート|分あたり|분당|할당",
    re.IGNORECASE,
)
_GROWS = (
    r"\b(?:prompts?|inputs?|messages?|conversation|contexts?|requests?|query|texts?|contents?"
    r"|sequence|seq len|payload|tokens?"
    r"|eingabe\w{0,9}|anfrage|nachricht|kontext\w{0,9}"
    r"|entrée|contexte|requête|invite|texte|jetons"
    r"|entrada|mensaje|contexto|solicitud|texto|mensagem|solicitação"
    r"|contesto|richiesta|messaggio|testo|invoer|bericht|verzoek|aanvraag)\b"
    # The name of a field that holds the message is not what grows.
    r"(?!['\"])"
    r"|запрос|контекст|промпт|сообщение|токен"
    r"|输入|上下文|提示词|文本|内容|请求|入力|プロンプト|コンテキスト|トークン|입력|프롬프트|컨텍스트|토큰"
)
_TOO_LARGE = (
    r"\btoo (?:long|large|big)\b|\b(?:does not|doesn't|will not|won't|cannot|can't) fit\b"
    r"|\b(?:limits? reached|overflow|exceeded)\b|\bexceeds (?:model|its) capacity\b"
    r"|\bzu (?:lang|groß|gross|umfangreich)|überschr[ei]+t"
    r"|\btrop (?:long|grand|volumineu)|dépass|\b(?:demasiado|muy) (?:larg|grand|extens)|\bexcede"
    r"|\bsupera\b|\bmuito (?:long|grand|extens)|\b(?:long|grand)[oae] demais"
    r"|\btroppo (?:lung|grand)|\bte (?:lang|groot)\b|overschrijdt"
    r"|слишком (?:длин|больш|велик)|превыша"
    r"|过长|太长|过大|超过|超出|超限|過長|太長|長すぎ|大きすぎ|超え|超過"
    r"|너무 (?:길|깁|긴|큽|큰)|초과"
)
_TOO_MUCH = re.compile(
    rf"(?:{_GROWS})[^.。]{{0,60}}(?:{_TOO_LARGE})"
    # How many there are beside how many there may be.
    r"|\b(?:tokens?|seq len|length)\b\D{0,20}\d{2,9}\)?\s?(?:>|over (?:the )?(?:limit|max))"
    r"|\bmore than [\d,]{2,12} (?:input |prompt )?tokens|\btokens\b[^.]{0,40}\blimit of [\d,]{2,12}"
    r"|(?:too many|zu viele|trop de|demasiad[oa]s|muitos|troppi|te veel|слишком много)"
    r" (?:tokens?|jetons|токен)",
    re.IGNORECASE,
)
_NEAR = 30
_OF_ELSE = re.compile(
    # How long something took, and what else of a request can be too large.
    r"\b(?:took|takes|taking|timed? ?out|dauer\w{0,9}|gedauert|pris|temps|tard\w{0,9}|tempo"
    r"|tiempo)\b"
    r"|долго|время|超时|タイムアウト|시간|\b(?:stop|headers?|cookies?|ur[il]|cache key)\b",
    re.IGNORECASE,
)
_OF_OUTPUT = re.compile(
    r"(?:completion|output|new) tokens|max_(?:completion_)?tokens", re.IGNORECASE
)
_OF_INPUT = re.compile(r"context|input|prompt|messages|got -\d", re.IGNORECASE)


def is_too_long(text: str) -> bool:
    """Say whether a message means that the prompt does not fit the model."""
    read = text[:READ_CHARACTERS]
    if _OF_OUTPUT.search(read) and not _OF_INPUT.search(read):
        return False
    if _CONTEXT.search(read):
        return not _OF_RATE.search(read)
    if _OF_MEDIA.search(read) or _OF_RATE.search(read):
        return False
    return bool(_LARGER.search(read)) or _is_too_much(read)


def _is_too_much(text: str) -> bool:
    # Codes speak in words, too: `prompt_too_long`.
    words = text.replace("_", " ")
    found = _TOO_MUCH.search(words)
    if found is None:
        return False
    around = words[max(0, found.start() - _NEAR) : found.end() + _NEAR]
    return not _OF_ELSE.search(around)
