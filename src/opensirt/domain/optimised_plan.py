"""What an optimiser is asked, and what it answers: activities, prices, chances, refusals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from opensirt.domain.delivery_error import ErrorDistribution, ErrorQuantity
from opensirt.domain.missing import Missing
from opensirt.errors import InputError


class Objective(Enum):
    """What is made as large as the limits allow."""

    MEAN = "mean"
    """Mean dose over the mass of all tumours."""
    MINIMUM = "minimum"
    """Mean dose of the least-dosed tumour."""
    D70 = "d70"
    """Dose that 70 % of each tumour receives, of the tumour where it is least."""
    CONTROL = "control"
    """Probability that every tumour is controlled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCurve:
    """Tumour control probability by mean dose: 1 / (1 + exp(−slope (D − D50))).

    Raises
    ------
    InputError
        When a figure is not above zero.
    """

    d50_gy: float
    slope_per_gy: float
    source: str = "stated with the request"
    verified: bool = True

    def __post_init__(self) -> None:
        for name in ("d50_gy", "slope_per_gy"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise InputError(f"control curve: {name} is {value:g}; it is above zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class VialRequest:
    """Choose vials as they are sold, at a time after their calibration.

    Raises
    ------
    InputError
        When the hours are not finite, or fewer than one vial is allowed.
    """

    hours_after_calibration: float
    most_per_territory: int | None = None
    """The rule of reference/ordering where None."""

    def __post_init__(self) -> None:
        if not abs(self.hours_after_calibration) < float("inf"):
            raise InputError(f"hours after calibration: {self.hours_after_calibration}")
        if self.most_per_territory is not None and self.most_per_territory < 1:
            raise InputError(
                f"at most {self.most_per_territory} vials for one territory; at least 1 is needed"
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class RobustRequest:
    """How many scenarios, and which limits are to be kept with which chance.

    `chances` maps a limit's key to the least chance of keeping it; ``"all"`` stands for those that
    are not named. Empty: chances are only reckoned, the activity is not chosen by them.

    Raises
    ------
    InputError
        When there are fewer than 100 scenarios or a chance does not lie between 0 and 1.
    """

    n_scenarios: int = 1000
    seed: int = 1
    chances: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "chances", MappingProxyType(dict(self.chances)))
        if self.n_scenarios < 100:  # noqa: PLR2004 - fewer say nothing of a chance of 95 %
            raise InputError(f"{self.n_scenarios} scenarios; at least 100 are needed for a chance")
        for key, chance in self.chances.items():
            if not 0 < chance < 1:
                hint = f"; given as %? Then write {chance / 100:g}" if 1 < chance < 100 else ""  # noqa: PLR2004 - per cent
                raise InputError(
                    f"the chance of keeping {key} is {chance:g}, it lies between 0 and 1{hint}"
                )


@dataclass(frozen=True, eq=False, kw_only=True)
class ActivityConstraints:
    """What chosen activities are to keep beside the limits in force, whenever they are planned.

    Raises
    ------
    InputError
        When nothing is to be kept, or a number is not above zero.
    """

    spheres_per_ml_at_most: float | Missing = Missing.NOT_RECORDED
    """Spheres at administration per mL of perfused volume."""
    activity_per_sphere_bq: float | Missing = Missing.NOT_RECORDED
    """That was reckoned with; the device's figure at calibration where not stated."""
    robust: RobustRequest | None = None
    """Limits to be kept with a chance, and by how many scenarios that is judged."""

    def __post_init__(self) -> None:
        for name in ("spheres_per_ml_at_most", "activity_per_sphere_bq"):
            value = getattr(self, name)
            if not isinstance(value, Missing) and not 0 < value < float("inf"):
                raise InputError(f"{name} is {value:g}; it is above zero")
        chances = {} if self.robust is None else self.robust.chances
        if isinstance(self.spheres_per_ml_at_most, Missing) and not chances:
            raise InputError("constraints of activities: neither a limit of spheres nor a chance")


@dataclass(frozen=True, eq=False, kw_only=True)
class OptimiseRequest:
    """What to optimise, beside the limits in force."""

    objective: Objective = Objective.MINIMUM
    model: str | None = None
    """``partition``, ``multi_tumour_partition`` or ``voxel``; that of the prescription where it is
    one of these, else ``multi_tumour_partition``."""
    control: ControlCurve | None = None
    earlier_lung_gy: float | Missing = Missing.NOT_RECORDED
    """Lung dose of earlier treatments; the cumulative limit is kept where it is stated."""
    spheres_per_ml_at_most: float | Missing = Missing.NOT_RECORDED
    """Spheres at administration per mL of perfused volume; no limit where not stated."""
    activity_per_sphere_bq: float | Missing = Missing.NOT_RECORDED
    """At administration; the device's figure at calibration where not stated."""
    targets_required: bool = False
    """Reach the tumour target in force with every tumour, or refuse."""
    vials: VialRequest | None = None
    robust: RobustRequest | None = None
    trade_off: bool = True


@dataclass(frozen=True, eq=False, kw_only=True)
class LimitAtOptimum:
    """One limit at the optimised plan."""

    key: str
    words: str
    territory: str
    value: float
    at_most: float
    unit: str
    binding: bool
    """Reached, and without it the objective would be larger."""
    reached: bool
    price: float
    """What the objective gains when the limit rises by one of its unit, in the continuous
    relaxation."""
    source: str
    verified: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class VialStep:
    """The next larger vials of one territory, and what they would break."""

    territory: str
    vial_gbq: tuple[float, ...]
    """Sizes at calibration."""
    administered_bq: float
    objective: float
    exceeded: tuple[tuple[str, float, float, str], ...]
    """(words, value, bound, unit) of each limit that it would exceed, or of each chance of keeping
    one that it would use up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOffPoint:
    """The optimum when the normal-liver limit is another one."""

    limit_gy: float
    normal_liver_gy: float
    perfused_normal_liver_gy: float
    least_tumour_gy: float
    mean_tumour_gy: float
    objective: float
    administered_bq: float
    liver_binds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalChance:
    """How likely a goal is met, with the interval of the Monte Carlo estimate."""

    kind: str
    """``limit`` (kept) or ``target`` (reached)."""
    words: str
    planned: float
    bound: float
    unit: str
    chance: float
    low: float
    high: float
    """95 % interval (Wilson) of the chance, from the number of scenarios."""
    median: float
    percentile_5: float
    percentile_95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileRow:
    """Where a dose lies over the scenarios."""

    words: str
    planned: float
    median: float
    percentile_5: float
    percentile_95: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCalibration:
    """How a distribution of errors fares on the site's own cases."""

    quantity: ErrorQuantity
    n_cases: int
    inside_50: float
    inside_80: float
    inside_95: float
    """Part of the cases inside the interval that should hold 50, 80, 95 %; a site's own
    distribution is made without the case that it is asked about."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RobustResult:
    """Chances of one set of activities."""

    n_scenarios: int
    seed: int
    chosen_by_chance: Mapping[str, float]
    goals: tuple[GoalChance, ...]
    doses: tuple[QuantileRow, ...]
    errors: tuple[ErrorDistribution, ...]
    not_varied: Mapping[ErrorQuantity, Missing]
    calibration: tuple[ErrorCalibration, ...]

    def __post_init__(self) -> None:
        for name in ("chosen_by_chance", "not_varied"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def verified(self) -> bool:
        """False when a distribution behind the chances is to be shown with ⚠."""
        return all(one.verified for one in self.errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """One limit that, raised alone, would let an activity be chosen."""

    words: str
    at_most: float
    needed: float
    unit: str


@dataclass(frozen=True, eq=False, kw_only=True)
class OptimisedPlan:
    """The best activities of one device by one model under every limit, or why there are none."""

    device: str
    model: str
    objective: Objective
    objective_value: float | Missing
    """Gy, or a probability for `Objective.CONTROL`."""
    territories: tuple[str, ...]
    administered_bq: tuple[float, ...]
    """Of each territory; empty where refused."""
    reaching_bq: tuple[float, ...]
    vials_gbq: tuple[tuple[float, ...], ...]
    """Sizes at calibration for each territory, where vials were asked for."""
    tumour_doses_gy: Mapping[str, float]
    perfused_normal_doses_gy: Mapping[str, float]
    """Territory → mean dose to its perfused normal liver."""
    normal_liver_gy: float | Missing
    perfused_normal_liver_gy: float | Missing
    """Over the perfused normal liver of all territories."""
    lung_gy: float | Missing
    limits: tuple[LimitAtOptimum, ...]
    continuous_objective: float | Missing
    """Of the continuous relaxation: what vials cost is the difference."""
    next_vials: tuple[VialStep, ...] = ()
    trade_off: tuple[TradeOffPoint, ...] = ()
    robust: RobustResult | None = None
    refusal: str = ""
    relaxations: tuple[Relaxation, ...] = ()
    dose_constant_gy_kg_per_gbq: float | Missing = Missing.NOT_RECORDED
    sources: tuple[str, ...] = ()
    verified: bool = True
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("tumour_doses_gy", "perfused_normal_doses_gy"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def refused(self) -> bool:
        """Whether no activity could be chosen."""
        return bool(self.refusal)

    @property
    def total_bq(self) -> float | Missing:
        """Activity of all territories."""
        return Missing.NOT_EVALUABLE if self.refused else sum(self.administered_bq)

    @property
    def binding(self) -> tuple[LimitAtOptimum, ...]:
        """The limits that fix the activities."""
        return tuple(one for one in self.limits if one.binding)
