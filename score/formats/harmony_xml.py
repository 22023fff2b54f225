"""Chord symbols as MusicXML <harmony>: the kind that MusicXML has a word for, and degrees for the rest."""

import xml.etree.ElementTree as ET

from ripieno.score.chords import QUALITIES, Chord

KINDS = {
    "": "major", "m": "minor", "dim": "diminished", "aug": "augmented", "5": "power", "sus4": "suspended-fourth",
    "sus2": "suspended-second", "6": "major-sixth", "m6": "minor-sixth", "7": "dominant", "maj7": "major-seventh",
    "m7": "minor-seventh", "m(maj7)": "major-minor", "dim7": "diminished-seventh", "m7b5": "half-diminished",
    "aug7": "augmented-seventh", "9": "dominant-ninth", "maj9": "major-ninth", "m9": "minor-ninth",
    "11": "dominant-11th", "maj11": "major-11th", "m11": "minor-11th", "13": "dominant-13th", "maj13": "major-13th",
    "m13": "minor-13th",
}  # fmt: skip
_DEGREE_OF = {1: (9, -1), 2: (2, 0), 3: (9, 1), 5: (4, 0), 6: (11, 1), 8: (13, -1), 9: (6, 0), 10: (7, 0), 11: (7, 1),
              13: (9, -1), 14: (9, 0), 15: (9, 1), 17: (11, 0), 18: (11, 1), 20: (13, -1), 21: (13, 0)}  # fmt: skip


def add_harmony(parent: ET.Element, chord: Chord | None) -> None:
    """Appends a <harmony> for a chord, or for 'no chord' where it is None."""
    harmony = ET.SubElement(parent, "harmony")
    if chord is None:
        root = ET.SubElement(harmony, "root")
        ET.SubElement(root, "root-step", text="").text = "C"
        ET.SubElement(harmony, "kind", text="N.C.").text = "none"
        return
    _name(ET.SubElement(harmony, "root"), "root", chord.root)
    kind, degrees = kind_of(chord)
    ET.SubElement(harmony, "kind", text=chord.quality).text = kind
    if chord.bass:
        _name(ET.SubElement(harmony, "bass"), "bass", chord.bass)
    for value, alter, type_ in degrees:
        degree = ET.SubElement(harmony, "degree")
        degree.set("print-object", "no")
        ET.SubElement(degree, "degree-value").text = str(value)
        ET.SubElement(degree, "degree-alter").text = str(alter)
        ET.SubElement(degree, "degree-type").text = type_


def _name(element: ET.Element, tag: str, name: str) -> None:
    ET.SubElement(element, f"{tag}-step").text = name[0]
    alter = name.count("#") - name.count("b")
    if alter:
        ET.SubElement(element, f"{tag}-alter").text = str(alter)


def kind_of(chord: Chord) -> tuple[str, list[tuple[int, int, str]]]:
    """(MusicXML kind, degrees as (value, alteration, 'add' or 'alter')) of a chord."""
    known = KINDS.get(chord.quality)
    if known is not None:
        return known, []
    tones = set(chord.intervals)
    degrees: list[tuple[int, int, str]] = []
    base = max((q for q in KINDS if set(QUALITIES[q]) <= tones), key=lambda q: len(QUALITIES[q]), default=None)
    if base is None:  # an altered fifth under a seventh
        plain = (tones - {6, 8}) | {7}
        base = max((q for q in KINDS if set(QUALITIES[q]) <= plain), key=lambda q: len(QUALITIES[q]), default="")
        degrees = [(5, -1 if 6 in tones else 1, "alter")]
        tones -= {6, 8}
    rest = sorted(tones - set(QUALITIES[base]))
    degrees += [(*_DEGREE_OF[i], "add") for i in rest if i in _DEGREE_OF]
    return KINDS[base], degrees
