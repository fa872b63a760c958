import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.significance import bootstrap, compare

SHARES = st.lists(st.floats(0, 1, allow_nan=False), min_size=2, max_size=30)


@given(SHARES)
def test_a_mean_lies_within_its_interval(values: list[float]) -> None:
    found = bootstrap(values)
    assert found is not None
    assert found.low - 1e-9 <= found.mean <= found.high + 1e-9


def test_no_value_has_no_mean() -> None:
    assert bootstrap([]) is None


def test_the_same_values_have_the_same_interval_again() -> None:
    assert bootstrap([0.1, 0.5, 0.9]) == bootstrap([0.1, 0.5, 0.9])


def test_a_system_does_not_differ_from_itself() -> None:
    found = compare([0.2, 0.4, 1.0], [0.2, 0.4, 1.0])
    assert (found.difference, found.p, found.p_fall) == (0.0, 1.0, 1.0)


def test_one_question_out_of_many_is_noise_and_all_of_them_are_not() -> None:
    before = [1.0] * 40
    assert compare(before, [0.0, *before[1:]]).p_fall > 0.3
    assert compare(before, [0.8] * 40).p_fall < 0.001


def test_a_fall_and_a_rise_are_told_apart() -> None:
    low, high = [0.2] * 20, [0.6] * 20
    assert compare(high, low).p_fall < 0.001
    assert compare(low, high).p_fall > 0.99


def test_the_test_agrees_with_the_exact_one_on_three_questions() -> None:
    """Differences 0.1, 0.2, 0.3: of the eight signs only +++ and --- are as far from zero, so p = 2/8."""
    assert compare([0.0, 0.0, 0.0], [0.1, 0.2, 0.3]).p == pytest.approx(0.25, abs=0.02)


def test_systems_with_other_questions_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same questions"):
        compare([1.0], [1.0, 0.0])
