"""Laws of the analytic models."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.physics.analytic import (
    Compartments,
    activity_for_lung_dose_bq,
    body_surface_area_m2,
    lobar_activity_by_involvement_bq,
    lobar_activity_by_share_bq,
    lung_dose_gy,
    lung_limit_binds_at_fraction,
    mono_compartment_activity_bq,
    mono_compartment_dose_gy,
    tumour_shunt_activities,
    whole_liver_activity_bq,
)

constants = st.floats(10.0, 60.0)
shunts = st.floats(0.0, 0.6)
masses_kg = st.floats(0.01, 3.0)
ratios = st.floats(0.2, 30.0)
doses_gy = st.floats(1.0, 500.0)
activities_bq = st.floats(1e7, 2e10)


@st.composite
def livers(draw: st.DrawFn) -> Compartments:
    tumours = draw(st.lists(st.tuples(masses_kg, ratios), max_size=4))
    return Compartments(
        normal_mass_kg=draw(masses_kg),
        tumour_masses_kg={f"t{n}": mass for n, (mass, _) in enumerate(tumours)},
        tumour_to_normal_ratio={f"t{n}": ratio for n, (_, ratio) in enumerate(tumours)},
    )


@given(livers(), activities_bq, shunts, masses_kg, constants)
def test_all_energy_is_deposited_in_tumours_normal_liver_and_lungs(
    liver: Compartments, activity: float, shunt: float, lung_kg: float, constant: float
) -> None:
    normal = liver.normal_dose_gy(
        activity, dose_constant_gy_kg_per_gbq=constant, lung_shunt_fraction=shunt
    )
    tumours = liver.tumour_doses_gy(normal)
    lungs = lung_dose_gy(
        activity,
        lung_shunt_fraction=shunt,
        lung_mass_kg=lung_kg,
        dose_constant_gy_kg_per_gbq=constant,
    )
    deposited = sum(tumours[name] * kg for name, kg in liver.tumour_masses_kg.items())
    deposited += normal * liver.normal_mass_kg + lungs * lung_kg
    assert deposited == pytest.approx(constant * activity / 1e9, rel=1e-9)


@given(masses_kg, masses_kg, doses_gy, shunts, constants)
def test_ratio_one_is_the_single_compartment(
    tumour_kg: float, normal_kg: float, gy: float, shunt: float, constant: float
) -> None:
    liver = Compartments(
        normal_mass_kg=normal_kg,
        tumour_masses_kg={"t": tumour_kg},
        tumour_to_normal_ratio={"t": 1.0},
    )
    partition = liver.activity_for_normal_dose_bq(
        gy, dose_constant_gy_kg_per_gbq=constant, lung_shunt_fraction=shunt
    )
    single = mono_compartment_activity_bq(
        gy,
        mass_kg=tumour_kg + normal_kg,
        dose_constant_gy_kg_per_gbq=constant,
        lung_shunt_fraction=shunt,
    )
    assert partition == pytest.approx(single, rel=1e-12)


@given(livers(), doses_gy, shunts, constants)
def test_the_dose_of_the_activity_for_a_dose_is_that_dose(
    liver: Compartments, gy: float, shunt: float, constant: float
) -> None:
    activity = liver.activity_for_normal_dose_bq(
        gy, dose_constant_gy_kg_per_gbq=constant, lung_shunt_fraction=shunt
    )
    back = liver.normal_dose_gy(
        activity, dose_constant_gy_kg_per_gbq=constant, lung_shunt_fraction=shunt
    )
    assert back == pytest.approx(gy, rel=1e-12)


@given(livers(), doses_gy, constants)
def test_lumping_the_tumours_keeps_the_activity(
    liver: Compartments, gy: float, constant: float
) -> None:
    each = liver.activity_for_normal_dose_bq(gy, dose_constant_gy_kg_per_gbq=constant)
    together = liver.lumped().activity_for_normal_dose_bq(gy, dose_constant_gy_kg_per_gbq=constant)
    assert together == pytest.approx(each, rel=1e-9)


@given(masses_kg, doses_gy, shunts, st.floats(0.0, 0.5), constants)
def test_shunt_and_residual_only_ever_raise_the_activity(
    mass: float, gy: float, shunt: float, residual: float, constant: float
) -> None:
    plain = mono_compartment_activity_bq(gy, mass_kg=mass, dose_constant_gy_kg_per_gbq=constant)
    more = mono_compartment_activity_bq(
        gy,
        mass_kg=mass,
        dose_constant_gy_kg_per_gbq=constant,
        lung_shunt_fraction=shunt,
        residual_fraction=residual,
    )
    assert more >= plain
    back = mono_compartment_dose_gy(
        more,
        mass_kg=mass,
        dose_constant_gy_kg_per_gbq=constant,
        lung_shunt_fraction=shunt,
        residual_fraction=residual,
    )
    assert back == pytest.approx(gy, rel=1e-9)


@given(activities_bq, masses_kg, constants)
def test_no_shunt_gives_the_lungs_nothing(activity: float, mass: float, constant: float) -> None:
    assert (
        lung_dose_gy(
            activity,
            lung_shunt_fraction=0.0,
            lung_mass_kg=mass,
            dose_constant_gy_kg_per_gbq=constant,
        )
        == 0.0
    )


@given(activities_bq, doses_gy, masses_kg, constants)
def test_at_the_bound_both_limits_give_the_same_activity(
    reaching: float, limit: float, lung_kg: float, constant: float
) -> None:
    bound = lung_limit_binds_at_fraction(
        reaching, lung_limit_gy=limit, lung_mass_kg=lung_kg, dose_constant_gy_kg_per_gbq=constant
    )
    by_lung = activity_for_lung_dose_bq(
        limit,
        lung_shunt_fraction=bound,
        lung_mass_kg=lung_kg,
        dose_constant_gy_kg_per_gbq=constant,
    )
    assert by_lung * (1 - bound) == pytest.approx(reaching, rel=1e-6)


volumes_ml = st.floats(50.0, 1500.0)


@given(
    st.floats(145, 200),
    st.floats(45, 130),
    volumes_ml,
    volumes_ml,
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_the_lobes_add_up_to_the_liver(
    height: float, weight: float, right: float, left: float, in_right: float, in_left: float
) -> None:
    bsa = body_surface_area_m2(height, weight)
    whole_ml = right + left
    tumour = in_right * right + in_left * left
    whole = whole_liver_activity_bq(bsa, tumour_volume_ml=tumour, liver_volume_ml=whole_ml)
    by_involvement = sum(
        lobar_activity_by_involvement_bq(
            bsa, tumour_in_treated_ml=part * ml, treated_volume_ml=ml, liver_volume_ml=whole_ml
        )
        for ml, part in ((right, in_right), (left, in_left))
    )
    by_share = sum(
        lobar_activity_by_share_bq(
            bsa, tumour_volume_ml=tumour, treated_volume_ml=ml, liver_volume_ml=whole_ml
        )
        for ml in (right, left)
    )
    assert by_involvement == pytest.approx(whole, rel=1e-9)
    assert by_share == pytest.approx(whole, rel=1e-9)


@given(doses_gy, masses_kg, ratios, st.floats(0.0, 0.9), constants)
def test_the_tumour_shunt_model_keeps_its_own_definitions(
    gy: float, mass: float, ratio: float, shunt: float, constant: float
) -> None:
    found = tumour_shunt_activities(
        gy,
        tumour_mass_kg=mass,
        tumour_to_normal_activity_ratio=ratio,
        tumour_lung_shunt_fraction=shunt,
        dose_constant_gy_kg_per_gbq=constant,
    )
    assert found.tumour_bq / found.normal_bq == pytest.approx(ratio)
    assert found.lung_bq / (found.lung_bq + found.tumour_bq) == pytest.approx(shunt, abs=1e-12)
    assert constant * found.tumour_bq / 1e9 / mass == pytest.approx(gy)
