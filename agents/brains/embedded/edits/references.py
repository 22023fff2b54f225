"""Words that point at the last turn: more of it, less of it, the same elsewhere, the other one."""

import re
from collections.abc import Sequence
from typing import Any

from ripieno.agents.brains.embedded.edits.amounts import degree
from ripieno.agents.brains.embedded.edits.clause import Data
from ripieno.agents.brains.embedded.edits.players import find_tracks
from ripieno.agents.brains.embedded.edits.times import find_time
from ripieno.agents.understanding import Ask, TurnContext
from ripieno.tools.registry import family

_MORE = re.compile(
    r"^(?:(?:even|a (?:bit|little|touch|tad)|much|slightly|some|and|way|yes|yeah|yep|still|do it|once|one)[\s,]+)*(?:more|again|further|(?:some )?more (?:please|of that)|not enough|too little|same again|do (?:it|that) again|more of (?:that|it|this)|another)[.! ]*$"
)
_LESS = re.compile(
    r"^(?:(?:(?:way |far |much )?too much|no|hm+|oh|ok|but|that(?:'s| is| was)|it(?:'s| is)|now it(?:'s| is)|a (?:bit|little|touch|tad)|slightly|way|much|just|maybe|still)[\s,]+)*(?:less|too much|not (?:that|so|quite so|as) much|over the top|too extreme|overdone|too far|half (?:of )?that|half as much|tone it down|dial it back|less of (?:that|it|this)|a bit much)(?: of that| now| for me)?[.! ]*$"
)
_TOO = re.compile(
    r"^(?:(?:still|now|that(?:'s| is)|it(?:'s| is)) )*(?:a (?:bit|little) |way |much |slightly )?too (?P<w>\w+)(?: now)?[.! ]*$"
)
_SAME = re.compile(
    r"^(?:(?:and|now|do|also) )*(?:the )?same (?:thing )?(?:for|to|with|on|in) (?P<x>.+)$|^(?:and |also |ditto |likewise )+(?:for |the |to |with |in )*(?P<y>(?:the )?\w+(?: \w+)?)(?<!up)(?<!down)(?<!louder)(?<!softer)(?: too| as well)?$"
)
_OTHER = re.compile(
    r"^(?:no[,. ]+|oops[,. ]+|sorry[,. ]+|wait[,. ]+)*(?:not (?:that|this)(?: one)?[,. ]+|i (?:meant|mean|said)|(?:not (?:the )?(?P<not>[\w ]+?)[,. ]+))?\s*(?:but )?(?P<x>the other (?:one|\w+)|(?:the )?[\w' -]+?)(?: instead)?[.! ]*$"
)
_MEANT = re.compile(
    r"^(?:no[,.!]|no (?:the|not|i|wait)\b|not (?:that|this|the)\b|oops|sorry|wait|i mean|i meant|actually i mean)|\binstead$"
)
_PREFERRED = re.compile(
    r"^i (?:prefer|preferred|liked|want|miss) the (?:old|previous|original|earlier|first) (?:\w+)[.! ]*$|^(?:i (?:preferred|liked|prefer)|(?:it|that|this) (?:was|sounded)) (?:it |that |them |the \w+ )?(?:much |way |a lot )?(?:better |nicer |more )?"
    r"(?:(?P<w>lower|higher|louder|softer|quieter|faster|slower|simpler|busier)|better|nicer|before|(?:the way|as|how) it was|"
    r"the (?:old|previous|other|first) (?:one|way|version))(?: before| as it was| the way it was)?[.! ]*$"
)
_DISLIKED = re.compile(
    r"^(?:i )?(?:really |still )?(?:don'?t|do not|didn'?t) (?:really |quite )?(?:like|love|want) (?:it|that|this|the result|the change)"
    r"(?: (?:at all|much|any ?more|after all|like this|like that))*[.! ]*$|^(?:that|it|this)(?:'s| is| sounds| was)? "
    r"(?:worse|awful|terrible|horrible|not (?:good|right|it|better|what i (?:meant|wanted|asked for)))(?: now)?[.! ]*$"
)
_TAKEN_BACK = re.compile(
    r"^(?:remove|undo|take (?:out|away|back|off)|lose|drop|get rid of|no) (?:the|that|this) (?P<w>key change|modulation|transposition|tempo change|"
    r"slow ?down|ritardando|crescendo|fade|build ?up|fill|swing|accents?|variation|harmony|countermelody)(?: again)?[.! ]*$"
)
_NAMED_CHANGES = {
    "key": {"change_key", "transpose", "change_mode"}, "modulation": {"change_key", "transpose"}, "transposition": {"transpose"},
    "tempo": {"change_tempo", "fit_duration"}, "slow": {"change_tempo"}, "slowdown": {"change_tempo"}, "ritardando": {"change_tempo"},
    "crescendo": {"shape_dynamics"}, "fade": {"shape_dynamics"}, "build": {"shape_dynamics"}, "buildup": {"shape_dynamics"},
    "fill": {"add_fill"}, "swing": {"swing"}, "accent": {"accent"}, "accents": {"accent"}, "variation": {"vary"},
    "harmony": {"harmonise"}, "countermelody": {"countermelody"},
}  # fmt: skip
_OPPOSITE = {"loud": "quiet", "quiet": "loud", "soft": "loud", "fast": "slow", "slow": "fast", "high": "low", "low": "high", "wet": "dry",
             "dry": "wet"}  # fmt: skip
_COMPLAINT = {"lower": "high", "higher": "low", "louder": "quiet", "softer": "loud", "quieter": "loud", "faster": "slow",
              "slower": "fast", "simpler": "busy", "busier": "simple"}  # fmt: skip
_PAIRS = (("left", "right"), ("up", "down"), ("louder", "softer"), ("louder", "quieter"), ("faster", "slower"), ("higher", "lower"),
          ("major", "minor"), ("before", "after"), ("more", "less"), ("busier", "simpler"), ("brighter", "darker"), ("start", "end"),
          ("beginning", "end"), ("first", "second"), ("first", "last"), ("above", "below"))  # fmt: skip
_INSTEAD = re.compile(
    r"^(?:(?:no+|nope|wait|oops|sorry|actually|rather)[\s,.!]+)+(?:(?:the|to the|i meant?|make it|it|a bit|at the|in the|on the|go) )*"
    r"(?P<w>\w+)(?: (?:one|instead|side|rather|please))*[.! ]*$"
)
# Fields that say how much, and what they are where nothing changes.
_AMOUNTS: dict[str, float] = {"factor": 1.0, "ratio": 0.5, "volume_by": 0, "pan_by": 0, "reverb_by": 0, "chorus_by": 0, "share": 0, "amount": 0,
                              "strength": 0, "semitones": 0, "steps": 0, "octaves": 0, "by": 0, "milliseconds": 0, "bpm": -1}  # fmt: skip


_SIGNED = frozenset({"volume_by", "pan_by", "reverb_by", "chorus_by"})


def refer(text: str, context: TurnContext) -> list[Data] | None:
    """Instructions from words that only make sense after the last turn; None where the words stand on their own."""
    last = last_asks(context)
    if not last or context.table is None:
        return None
    if _MORE.match(text):
        return [
            scaled(ask, 0.5 if degree(text)[0] < 1 else 1.0 if not re.search(r"\b(?:much|way|a lot)\b", text) else 2.0)
            for ask in last
        ]
    undoable = bool(context.can_undo and context.dialogue and context.dialogue[-1].version)
    preferred = _PREFERRED.match(text)
    if preferred and undoable:
        word = preferred["w"]
        if word is None or any(_speaks(ask, _COMPLAINT[word]) for ask in last):
            return [{"kind": "undo", "turns": 1}]
    taken = _TAKEN_BACK.match(text)
    if taken and undoable and any(ask.instruction.kind in _NAMED_CHANGES[taken["w"].split()[0]] for ask in last):
        return [{"kind": "undo", "turns": 1}]
    if _DISLIKED.match(text) and undoable:
        return [{"kind": "undo", "turns": 1}]
    figure = re.match(r"^(?:make|have|set|put|take) (?:it|that|this)(?: at| to)? (\d{2,3})(?: bpm)?(?: instead)?$", text)
    if figure and last[-1].instruction.kind == "change_tempo":
        changed = {**data_of(last[-1]), "bpm": float(figure[1])}
        changed.pop("factor", None)
        return [{"kind": "undo", "turns": 1}, changed] if undoable else [changed]
    again = re.match(r"^same(?: thing)?,? but (?:(a (?:bit|little|touch)|much|a lot|way) )?(more|less|stronger|weaker|harder|gentler)$", text)
    if again:
        up = again[2] in ("more", "stronger", "harder")
        return _instead(last, (1.5 if up else 0.6) if again[1] is None or again[1].startswith("a ") else 2.0 if up else 0.4, context)
    if _LESS.match(text):
        return _instead(last, 0.5, context)
    too = _TOO.match(text)
    if too and any(_speaks(ask, too["w"]) for ask in last):
        return _instead(last, 0.5, context)
    if too and too["w"] in _OPPOSITE and any(_speaks(ask, _OPPOSITE[too["w"]]) for ask in last):
        return [scaled(ask, 0.7) for ask in last]  # 'still too loud' after 'softer': once more
    much = re.match(r"^(?:that(?:'s| is) |it(?:'s| is) |now )*(?:way |a bit )?too much (\w+)[.! ]*$", text)
    if much and any(f"{much[1]}_by" in data_of(ask) or much[1] in ask.words for ask in last):
        return _instead(last, 0.5, context)
    placed = same_elsewhere(text, last, context)
    if placed is not None:
        return placed
    if too and any(too["w"][:3] in ask.words for ask in last) and context.can_undo and context.dialogue[-1].version:
        return [{"kind": "undo", "turns": 1}]
    if _MEANT.search(text):
        other = _OTHER.match(text)
        if other and len(other["x"].split()) <= 4:  # more is a wish of its own: 'could the guitar be a banjo instead'
            return _corrected(last, other["x"], context)
    return None


def turned_round(text: str, context: TurnContext) -> tuple[list[Data], str] | None:
    """'No, right' after 'pan the guitar left': what takes the last turn back, and its words with the other word; else None."""
    match, last = _INSTEAD.match(text), last_asks(context)
    if match is None or len(last) != 1:
        return None
    for pair in _PAIRS:
        for old, new in (pair, pair[::-1]):
            if match["w"] == new and re.search(rf"\b{old}\b", last[0].words):
                undoable = context.can_undo and context.dialogue and context.dialogue[-1].version
                return [{"kind": "undo", "turns": 1}] if undoable else [], re.sub(rf"\b{old}\b", new, last[0].words)
    return None


def same_elsewhere(text: str, last: tuple[Ask, ...], context: TurnContext) -> list[Data] | None:
    """'The same for the bass', 'less on the drums': what was asked, on other tracks or in another place."""
    if not last:
        return None
    none = re.match(r"^(?:none|no more) (?:on|for|in) (?P<x>.+)$", text)
    if none:
        rows = _elsewhere(last, none["x"], context)
        sends = [{**{k: v for k, v in row.items() if k not in _SIGNED}, **{k[:-3]: 0 for k in row if k in _SIGNED}} for row in rows or ()]
        return sends or None
    less = re.match(r"^(?P<d>less|more) (?:on|for|in) (?P<x>.+)$", text)
    if less:
        rows = _elsewhere(last, less["x"], context)
        if rows is not None and less["d"] == "less":
            rows = [{k: -v if k in _SIGNED and isinstance(v, int) and v > 0 else v for k, v in row.items()} for row in rows]
        return rows
    same = _SAME.match(text)
    return _elsewhere(last, same["x"] or same["y"] or "", context) if same else None


def last_asks(context: TurnContext) -> tuple[Ask, ...]:
    """What the last turn with an effect asked for."""
    for turn in reversed(context.dialogue):
        asks = tuple(a for a in turn.asks if family(a.instruction.kind) not in ("turn", "ask"))
        if asks:
            return asks
    return ()


def data_of(ask: Ask) -> Data:
    """An ask as plain data, without what is at its default."""
    data: Data = ask.instruction.model_dump(exclude_defaults=True)
    return {"kind": ask.instruction.kind, **data}


def scaled(ask: Ask, share: float) -> Data:
    """The ask with its amounts taken by a share."""
    data = data_of(ask)
    for name, rest in _AMOUNTS.items():
        value = data.get(name)
        if not isinstance(value, int | float) or name == "bpm":
            continue
        changed: Any = rest + (value - rest) * share
        if isinstance(value, int):
            changed = int(changed) or (1 if value > 0 else -1)
        data[name] = round(changed, 4) if isinstance(changed, float) else changed
    return data


def _instead(last: tuple[Ask, ...], share: float, context: TurnContext) -> list[Data]:
    """The last turn taken back and done in a smaller measure."""
    if context.can_undo and context.dialogue and context.dialogue[-1].version:
        return [{"kind": "undo", "turns": 1}, *(scaled(ask, share) for ask in last)]
    return [scaled(ask, -share) for ask in last]


def _speaks(ask: Ask, word: str) -> bool:
    """Whether 'too fast' and the like complain of this ask."""
    pairs = {"change_tempo": ("fast", "slow", "quick"), "set_mix": ("loud", "soft", "quiet", "wet", "dry", "low", "far"),
             "scale_velocities": ("loud", "soft", "quiet", "hard"), "transpose": ("high", "low"), "make_busier": ("busy", "much", "full"),
             "simplify": ("simple", "plain"), "thin_out": ("thin", "sparse", "empty"), "swing": ("swingy", "bouncy"), "vary": ("different", "wild")}  # fmt: skip
    if word not in pairs.get(ask.instruction.kind, ()):
        return False
    data = data_of(ask)
    up = {"fast", "quick", "loud", "wet", "high", "hard"}
    value = next((data[n] - rest for n, rest in _AMOUNTS.items() if isinstance(data.get(n), int | float) and n != "bpm"), 1.0)
    return (
        (value > 0) == (word in up)
        if ask.instruction.kind in ("change_tempo", "set_mix", "scale_velocities", "transpose")
        else True
    )


def _elsewhere(last: Sequence[Ask], words: str, context: TurnContext) -> list[Data] | None:
    """The last turn's asks on other tracks or in another place."""
    assert context.table is not None
    placed = find_time(words if words.startswith(("in ", "on ", "at ", "from ", "for ")) else f"in {words}", context.table)
    found = find_tracks(words, context.table)
    rows: list[Data] = []
    for ask in last:
        data = data_of(ask)
        scope = dict(data.get("scope", {}))
        if found.tracks:
            scope["tracks"] = found.tracks
            scope.pop("but_tracks", None)
        elif placed.scope:
            scope = {k: v for k, v in scope.items() if k in ("tracks", "but_tracks", "drums")} | placed.scope
        else:
            return None
        data["scope"] = scope
        rows.append(data)
    return rows


def _corrected(last: tuple[Ask, ...], words: str, context: TurnContext) -> list[Data] | None:
    """The last turn taken back and done to what was meant."""
    assert context.table is not None
    if words.startswith("the other"):
        touched = {t for ask in last for t in ask.instruction.scope.tracks}
        rows = [t for t in context.table.tracks if t.id in touched]
        kinds = {t.instrument for t in rows} | {t.role for t in rows}
        others = [t.id for t in context.table.tracks if t.id not in touched and (t.instrument in kinds or t.role in kinds)]
        family_words = {w for t in rows for w in t.instrument.lower().split()}
        others = others or [
            t.id for t in context.table.tracks if t.id not in touched and family_words & set(t.instrument.lower().split())
        ]
        tracks: tuple[str, ...] = tuple(others[:1])
    else:
        tracks = find_tracks(words, context.table).tracks
    if not tracks:
        return None
    moved = []
    for ask in last:
        data = data_of(ask)
        data["scope"] = {**{k: v for k, v in data.get("scope", {}).items() if k != "but_tracks"}, "tracks": tracks}
        moved.append(data)
    undone = context.can_undo and context.dialogue and context.dialogue[-1].version
    return [{"kind": "undo", "turns": 1}, *moved] if undone else moved
