"""A turn's words cut into clauses, one wish each: 'drop the drums, bring the strings up an octave, and a bit slower'."""

import re
from functools import lru_cache

from ripieno.agents.brains.embedded.lexicon import lexicon

_SEPARATOR = re.compile(
    r"\s*(?:[.;!?\n]+(?=\s|$)|,?\s+(?:and|(?<!everything\s)(?<!everyone\s)(?<!all\s)(?<!tracks\s)(?<!nothing\s)but|&)\s+(?:then\s+|also\s+)?|,?\s+(?:then|after that|also|plus)\s+|,\s*(?:and\s+|but\s+)?(?:then\s+|also\s+)?)\s*"
)
# Words with which a clause of its own begins; anything else after an "and" or a comma goes on with what stands before it.
_STARTS = re.compile(
    r"^(?:(?:a (?:bit|little|touch|tad|lot)|much|slightly|way|far|somewhat|even|no|not) )*"
    r"(?:add|drop|remove|delete|cut|take|mute|unmute|solo|unsolo|make|bring|move|raise|lower|transpose|turn|put|set|change|switch|swap|"
    r"replace|give|let|keep|lock|unlock|release|leave|play|repeat|loop|double|halve|extend|shorten|lengthen|trim|insert|copy|duplicate|"
    r"paste|split|merge|combine|rename|call|label|quanti[sz]e|humani[sz]e|swing|straighten|harmoni[sz]e|reharmoni[sz]e|invert|reverse|retrograde|"
    r"everything|everyone|arpeggiate|strum|accent|emphasi[sz]e|pan|fade|crescendo|diminuendo|decrescendo|slow|speed|thin|simplify|vary|rewrite|regenerate|redo|"
    r"recompose|undo|revert|restore|go|start|stop|end|finish|begin|build|create|write|generate|compose|export|describe|explain|analy[sz]e|"
    r"compare|tell|show|what|why|which|how|who|when|where|is|are|does|do|did|has|have|same|ditto|likewise|faster|slower|louder|softer|quieter|"
    r"higher|brighter|darker|busier|simpler|more|less|fewer|longer|shorter|shift|nudge|tighten|loosen|fill|get|use|bump|push|pull|crank|"
    r"tone|beef|strip|spice|try|increase|decrease|reduce|boost|duck|sidechain|octave|kill|lose|ditch|scrap|silence|(?:bass|drums?)(?= \w)|"
    r"come|no (?:more )?[a-z]+|we|i|it|that|this|the \w+(?: \w+)? (?:is|are|should|needs?|could|sounds?|feels?|has|have)|maybe|please|can|could|"
    r"staccato|legato|minor|major|in [a-g](?:[ #b♯♭]|$)|ritard\w*|accelerando|half[- ]?time|double[- ]?time|without|with|stretch|fit|again|"
    r"none|transform|convert|turn|adapt|retune|pitch|clean|open|soften|sharpen|enter|introduce|continue|expand|move|reorder|put)\b"
)


# A name with a predicate of its own and no verb: the verb of the clause before holds for it too.
_GAPPED = re.compile(
    r"^(?!hard |far |slightly )(?:the |my |our )?[a-z-]+(?: [a-z-]+)? (?:hard |far |slightly |a (?:bit|little) )?(?:left|right|legato|staccato|up|down|louder|softer|quieter|an? octave|muted|off|out)\b"
    r"|^(?:the )?(?:tempo|time signature|metre|meter|key|volume|pan|reverb) (?:to|at) \S+$"
)


# A verb that needs more than its object: what follows the "and" goes on with it ('bring the drums and bass down').
_UNFINISHED = re.compile(
    r"^(?:bring|turn|move|put|let|pan|push|pull|give|have|get|set)(?: (?:the|my|our|this|that))?(?: [a-z-]+){1,2}$(?<!\bback)(?<!\bup)"
    r"(?<!\bdown)(?<!\boff)(?<!\bon)(?<!\bout)(?<!er)(?<!\bleft)(?<!\bright)"
)


@lru_cache(maxsize=1)
def _polite() -> re.Pattern[str]:
    table = lexicon("edits")["polite"]
    return re.compile(rf"^(?:(?:{table['words']}|{table['ask']})[\s,!.]+)+")


def cleaned(text: str) -> str:
    """A clause without greetings and forms of asking, in lower case, with plain quotes and blanks."""
    low = " ".join(text.lower().replace("’", "'").replace("“", '"').replace("”", '"').split())
    low = re.sub(
        r"[\s,]*\b(?:please|pls|thanks|thank you|will you|would you|for me|if (?:you can|possible)|somehow|i think)[\s.!?]*$",
        "",
        low,
    )
    before = None
    while before != low:
        before, low = low, _polite().sub("", low).strip(" ,")
    if _polite().fullmatch(low + " "):
        return ""
    for plain, pattern in _comparatives():
        low = pattern.sub(plain, low)
    return _in_figures(low)


def _in_figures(text: str) -> str:
    """Lengths and shares in figures: 'two minutes', 'a minute and a half', 'ten percent'."""
    text = re.sub(r"\b(?:an?|one) minute and a half\b|\bone and a half minutes\b", "90 seconds", text)
    text = re.sub(r"\bhalf a minute\b", "30 seconds", text)
    text = re.sub(r"\b(\w+) (minutes?|seconds?|secs?|mins?) and a half\b", r"\1.5 \2", text)
    figures = rf"\b({'|'.join(_FIGURES)})(?=[ -](?:minutes?|seconds?|secs?|mins?|percent|per cent)\b)"
    return re.sub(figures, lambda m: str(_FIGURES[m[1]]), text)


_FIGURES = {word: n for n, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 1)}
_FIGURES |= {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50, "sixty": 60, "ninety": 90}


_VERB = re.compile(r"^(?:make|turn|bring|pan|put|set|move|take|push|pull|let|give|mute|play|transpose|shift|raise|lower|change|get|have)\b")
# A list of exceptions goes on after its "and": 'everyone but the bass and drums'.
_EXCEPTED = re.compile(r"\b(?:but|except(?: for)?|apart from|other than|both|just|only) (?:the )?[a-z]+(?: [a-z]+)?$")


@lru_cache(maxsize=1)
def _comparatives() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """One word for comparatives said in two: 'more quiet' is 'quieter'."""
    return tuple((word, re.compile(rf"\b(?:{said})\b")) for word, said in lexicon("edits")["comparatives"].items())


def clauses(text: str) -> tuple[str, ...]:
    """The clauses in order, cleaned. Lists of names ('drums, bass and strings') and of chords stay together."""
    text = " ".join(text.split("\n")) if "\n" not in text.strip() else text.strip()
    found: list[str] = []
    last = 0
    pieces: list[tuple[str, str]] = []
    sign = ""
    for match in _SEPARATOR.finditer(text):
        pieces.append((sign, text[last : match.start()]))
        sign, last = match[0], match.end()
    pieces.append((sign, text[last:]))
    for sign, piece in pieces:
        if not piece.strip():
            continue
        low = cleaned(piece)
        before = cleaned(found[-1]) if found else ""
        ended = any(c in sign for c in ".;!?\n")
        open_ended = not ended and bool(_UNFINISHED.match(before) or _EXCEPTED.search(before))
        gapped = not open_ended and _VERB.match(before) and _GAPPED.match(low)
        if gapped and not ended and not _STARTS.match(low):
            piece = f"{before.split(' ')[0]} {low}"  # 'pan the guitar left and the piano right'
            low = piece
        fresh = not found or ended or (_STARTS.match(low) and not open_ended)
        if fresh:
            found.append(piece)
        else:
            found[-1] = found[-1] + sign + piece
    return tuple(c for c in map(cleaned, found) if c)
