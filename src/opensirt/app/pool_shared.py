"""The centres' files joined: signatures first, then one Newton step, then the next point."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opensirt.domain.finding import Finding, Severity
from opensirt.errors import InputError
from opensirt.files.shared_file import SignedShare, fingerprint, read_shared_file
from opensirt.files.shared_plan import read_point, read_shared_plan, write_point
from opensirt.files.toml_document import read_toml
from opensirt.outcomes.federated.pool import FederatedRound, RoundMemory, pool_shares


@dataclass(frozen=True, eq=False, kw_only=True)
class PooledCentres:
    """A round with the keys it was signed with, and what is to be said."""

    round: FederatedRound
    fingerprints: Mapping[str, str]
    findings: tuple[Finding, ...]
    written: Path | None


def pool_shared_files(
    paths: Sequence[Path],
    *,
    plan_path: Path,
    point_path: Path | None = None,
    trust_path: Path | None = None,
    out: Path | None = None,
) -> PooledCentres:
    """Return the pooled models of the centres' files of one round; write the next point to `out`.

    Parameters
    ----------
    point_path
        The point that the centres computed at; none in round 0.
    trust_path
        TOML with ``centre = "fingerprint"`` lines, as centres confirmed them by another way.

    Raises
    ------
    InputError
        When a file was tampered with, a centre signed with another key than before or than
        confirmed, or the files do not belong together.
    """
    plan = read_shared_plan(plan_path)
    memory: RoundMemory | None = None
    known: dict[str, str] = {}
    if point_path is not None:
        memory, known = read_point(point_path, plan)
    signed = [read_shared_file(one) for one in paths]
    keys = {one.share.centre: one.public_key for one in signed}
    _refuse_other_keys(signed, known)
    findings = _check_trust(signed, trust_path)
    made = pool_shares(plan, [one.share for one in signed], memory)
    if out is not None:
        write_point(out, made, known | keys)
    return PooledCentres(
        round=made,
        fingerprints={name: fingerprint(key) for name, key in sorted(keys.items())},
        findings=(*findings, *_absences(made)),
        written=out,
    )


def _refuse_other_keys(signed: Sequence[SignedShare], known: Mapping[str, str]) -> None:
    for one in signed:
        centre = one.share.centre
        if centre in known and known[centre] != one.public_key:
            raise InputError(
                f"{centre} signed this round with another key ({one.fingerprint}) than before "
                f"({fingerprint(known[centre])}); ask the centre by another way"
            )


def _check_trust(signed: Sequence[SignedShare], path: Path | None) -> tuple[Finding, ...]:
    if path is None:
        listed = ", ".join(f"{one.share.centre} {one.fingerprint}" for one in signed)
        return (
            Finding(
                Severity.WARN,
                "keys_not_confirmed",
                f"signatures hold, but whose keys they are was not confirmed: {listed}",
            ),
        )
    confirmed = {str(name): str(one) for name, one in read_toml(path).items()}
    for one in signed:
        centre = one.share.centre
        if confirmed.get(centre) != one.fingerprint:
            raise InputError(
                f"{path.name} confirms {confirmed.get(centre, 'no key')} for {centre}, the file is "
                f"signed with {one.fingerprint}; ask the centre by another way"
            )
    return ()


def _absences(made: FederatedRound) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            Severity.WARN,
            "withheld",
            f"{name} is without {', '.join(f'{one} ({why})' for one, why in given.items())}",
        )
        for name, given in made.absent.items()
    )
