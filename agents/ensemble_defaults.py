"""Who plays: the parts asked for, completed by the style's own players where the request leaves room, each with a role."""

from collections.abc import Mapping

from ripieno.agents.choices import choose, revised, with_notice
from ripieno.score.brief import Brief, Origin, PartRequest
from ripieno.score.checks.request_players import is_excluded
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role, instrument
from ripieno.score.styles import StyleProfile

MAX_TRACKS = 24
_MOST_LEADS = 2
# Families whose pieces live on a rhythm section: one soloist named alone gets one, unless the request closes the ensemble.
_WITH_RHYTHM = frozenset({"jazz", "popular", "electronic", "latin"})
_STAND_INS = ("piano", "strings", "flute", "nylon_guitar", "drums")  # where everybody usual is excluded
_HARMONY = frozenset({Role.CHORDS, Role.ARPEGGIO, Role.PAD})
_FOUNDATION = frozenset({Role.BASS, Role.DRUMS, Role.PERCUSSION, Role.DRONE})


def complete_parts(brief: Brief, profile: StyleProfile) -> Brief:
    """The brief with at least one part, all with roles, none of them excluded, exactly one lead where anybody can.

    Raises:
        BadRequest: more parts than can be written, or everybody is excluded.
    """
    if len(brief.parts) > MAX_TRACKS:
        raise BadRequest(
            f"A piece has at most {MAX_TRACKS} tracks",
            value=f"{len(brief.parts)} parts",
            cure="name fewer instruments, or sections such as 'strings' for many players",
        )
    excluded = frozenset(brief.excluded.value) if brief.excluded else frozenset()
    parts = list(brief.parts)
    for player in profile.ensemble:
        if _wanted(player.role, parts, brief, profile) and not is_excluded(instrument(player.instrument), excluded):
            if any(p.instrument == player.instrument and p.origin is Origin.STATED for p in parts):
                continue
            parts.append(PartRequest(instrument=player.instrument, role=player.role, origin=Origin.DEFAULT))
    if not parts:
        stand_in = next(
            (i for i in ("piano", "strings", "flute", "nylon_guitar", "drums") if not is_excluded(instrument(i), excluded)),
            None,
        )
        if stand_in is None:
            raise BadRequest(
                "A piece needs at least one instrument",
                cause="the request excludes all of them",
                cure="name one that may play",
            )
        parts.append(PartRequest(instrument=stand_in, role=Role.LEAD, origin=Origin.DEFAULT))
        brief = with_notice(brief, "parts", f"everyone who usually plays {profile.name} is excluded; {stand_in} plays instead")
    return revised(brief, {"parts": assign_roles(tuple(parts), usual_roles(profile))})


def lined_up(brief: Brief, profile: StyleProfile, seed: int) -> StyleProfile:
    """The profile with one of its line-ups as the ensemble, drawn by the seed, where the request names nobody.

    The usual ensemble comes twice as often as any other.
    """
    if brief.parts or brief.ensemble_closed or not profile.line_ups:
        return profile
    chosen = choose(seed, "line-up", (profile.ensemble, *profile.ensembles()))
    return profile.model_copy(update={"ensemble": chosen})


def usual_roles(profile: StyleProfile) -> dict[str, Role]:
    """What instruments, and families of them, do in a style beside leading: {'nylon_guitar': chords, 'guitar': chords}."""
    rows: dict[str, Role] = {}
    for player in profile.ensemble:
        if player.role is not Role.LEAD:
            rows.setdefault(player.instrument, player.role)
            rows.setdefault(instrument(player.instrument).family, player.role)
    return rows


def _wanted(role: Role, parts: list[PartRequest], brief: Brief, profile: StyleProfile) -> bool:
    """Whether the style's player of this role joins those named in the request."""
    stated = [p for p in parts if p.origin is not Origin.DEFAULT]
    if brief.ensemble_closed:
        return False
    if not stated:
        return True
    roles = {p.role or _first_role(p.instrument) for p in stated}
    pitched = [p for p in stated if not instrument(p.instrument).is_drum]
    if roles <= _FOUNDATION:  # a bassline and a beat were named: somebody must carry tune and harmony
        return role in _HARMONY or role is Role.LEAD or (profile.family in _WITH_RHYTHM and role not in roles)
    if len(pitched) == 1 and profile.family in _WITH_RHYTHM:
        able = set(instrument(pitched[0].instrument).roles)
        if role is Role.LEAD:
            return pitched[0].role is not None and pitched[0].role is not Role.LEAD
        return (role in _FOUNDATION and role not in roles) or (role in _HARMONY and not able & _HARMONY)
    return False


def _first_role(instrument_id: str) -> Role:
    return instrument(instrument_id).roles[0]


def assign_roles(parts: tuple[PartRequest, ...], usual: Mapping[str, Role] | None = None) -> tuple[PartRequest, ...]:
    """Gives each part without a role one that its instrument does well and that the ensemble still needs.

    `usual`: as `usual_roles` gives it; what an instrument does in the style comes before what it does elsewhere.
    """
    if sum(p.role is Role.LEAD for p in parts) > _MOST_LEADS:  # "a tune for sax, piano, bass": where all lead, nobody does
        parts = tuple(p.model_copy(update={"role": None}) if p.role is Role.LEAD else p for p in parts)
    taken = [p.role for p in parts if p.role is not None]
    result: list[PartRequest] = []
    names_lead = Role.LEAD in taken
    lead = None if names_lead else _lead_index(parts)
    for i, part in enumerate(parts):
        role = part.role
        if role is None:
            able = instrument(part.instrument).roles
            if i == lead:
                role = Role.LEAD
            else:
                open_roles: list[Role] = [r for r in able if r is not Role.LEAD and r not in taken] or [
                    r for r in able if r is not Role.LEAD
                ]
                habit = (usual or {}).get(part.instrument) or (usual or {}).get(instrument(part.instrument).family)
                if habit is not None and habit in able and habit not in taken:
                    open_roles.insert(0, habit)
                role = open_roles[0] if open_roles else (Role.COUNTERMELODY if Role.COUNTERMELODY not in taken else Role.ANSWER)
            taken.append(role)
        result.append(part.model_copy(update={"role": role}))
    if lead is not None and result[lead].role is not Role.LEAD:
        result[lead] = result[lead].model_copy(update={"role": Role.LEAD})
    return tuple(result)


def _lead_index(parts: tuple[PartRequest, ...]) -> int | None:
    """Who leads where nobody was named: the first part without a role that leads well, else the first that can sing."""
    free = [i for i, p in enumerate(parts) if p.role is None and not instrument(p.instrument).is_drum]
    if not free:
        pitched = [i for i, p in enumerate(parts) if not instrument(p.instrument).is_drum and p.role not in _FOUNDATION]
        return pitched[0] if pitched and len(parts) == 1 else None

    # A player of one line sings the tune; who can also accompany does so, where both are there.
    def unfit(i: int) -> tuple[int, bool]:
        row = instrument(parts[i].instrument)
        place = row.roles.index(Role.LEAD) if Role.LEAD in row.roles else 9
        return place + 2 * (row.voices > 2) + 5 * (row.roles[0] in _FOUNDATION), row.is_drum

    return min(free, key=unfit)
