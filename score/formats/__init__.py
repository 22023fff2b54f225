"""Files in and out: the only rooms that know formats and the libraries that read and draw them.

What exists (nothing is imported here; each library loads when its function is called):

| module | functions | with |
| --- | --- | --- |
| `midi` | `write_midi`, `read_midi`, `load_midi` | our own codec (`smf`) |
| `musicxml` | `write_musicxml` | xml.etree |
| `musicxml_read` | `read_musicxml`, `load_musicxml` | xml.etree (`musicxml_open`, `musicxml_part`) |
| `abc` | `write_abc`, `read_abc` (strict), `load_abc` | our own reader (`abc_tune`, `abc_voice`) |
| `engrave` | `engrave`, `svg_to_png` | verovio, resvg |
| `pianoroll` | `draw_piano_roll` | matplotlib |

`notation.notate` is the one step between a piece and everything written, `printed.Performance` the one between everything
printed and a piece; `limits.Limits` bounds everything read.
"""
