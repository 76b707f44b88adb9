"""Paths through a latent space."""

import numpy as np
import pytest

from audio_vae.morphing.interpolation import SHAPES, along, even_positions, follow


def slerp(start, end, share):
    """Shoemake (1985), Section 3.3, for one point on the unit sphere."""
    angle = np.arccos(np.dot(start, end))
    return np.sin((1 - share) * angle) / np.sin(angle) * start + np.sin(share * angle) / np.sin(angle) * end


class TestAlong:
    def test_two_points_by_hand(self):
        np.testing.assert_array_equal(
            along([[0, 1], [4, -1]], np.linspace(0, 1, 5)), [[0, 1], [1, 0.5], [2, 0], [3, -0.5], [4, -1]]
        )

    def test_numbers_by_hand(self):
        np.testing.assert_allclose(along([1.0, 3.0, 7.0], [-0.5, 0, 0.25, 0.5, 0.75, 1, 1.25]), [-1, 1, 2, 3, 5, 7, 9])

    @pytest.mark.parametrize("n_points", range(2, 9))
    def test_points_are_exact(self, rng, n_points):
        points = rng.normal(size=(n_points, 20)).astype(np.float32)
        np.testing.assert_array_equal(along(points, np.linspace(0, 1, n_points)), points)

    @pytest.mark.parametrize("n_points", [0, 1])
    def test_takes_two_points(self, n_points):
        with pytest.raises(ValueError, match=f"Expected 2 points or more, received: {n_points}"):
            along(np.zeros((n_points, 3)), [0.5])


class TestFollow:
    def test_linear_is_straight(self, rng):
        points = rng.normal(size=(3, 4))
        path, remarks = follow(points, np.linspace(-0.2, 1.2, 9))
        np.testing.assert_allclose(path, along(points, np.linspace(-0.2, 1.2, 9)), rtol=1e-6)
        assert path.dtype == np.float32
        assert remarks == []

    @pytest.mark.parametrize("share", [-0.3, 0.1, 0.5, 0.9, 1.4])
    def test_spherical_equals_the_reference_on_the_unit_sphere(self, rng, share):
        points = rng.normal(size=(2, 7))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        path, remarks = follow(points, [share], "spherical")
        np.testing.assert_allclose(path[0], slerp(*points, share), atol=1e-6)
        assert remarks == []

    def test_quarter_circle_by_hand(self):
        path, _ = follow(np.array([[2.0, 0], [0, 8]]), [0, 0.5, 1, 2], "spherical")
        half = np.sqrt(0.5)
        np.testing.assert_allclose(path, [[2, 0], [4 * half, 4 * half], [0, 8], [-32, 0]], atol=1e-5)

    @pytest.mark.parametrize("n_points", range(2, 6))
    def test_spherical_points_are_exact(self, rng, n_points):
        points = rng.normal(size=(n_points, 20)).astype(np.float32)
        path, _ = follow(points, np.linspace(0, 1, n_points), "spherical")
        np.testing.assert_array_equal(path, points)

    @pytest.mark.parametrize("scale", [1.0, 3.0, 1 + 1e-9])
    def test_points_of_one_direction_are_joined_straight(self, rng, scale):
        point = rng.normal(size=5)
        path, remarks = follow(np.stack([point, scale * point]), np.linspace(0, 1, 3), "spherical")
        np.testing.assert_allclose(path[1], point * np.sqrt(scale), rtol=1e-5)
        assert remarks == []

    @pytest.mark.parametrize(
        ("points", "why"),
        [
            ([[1.0, 2], [-2, -4]], "opposite"),
            ([[1.0, 2], [-1, -2.0000001]], "opposite"),
            ([[0.0, 0], [3, 4]], "zero"),
            ([[3.0, 4], [0, 0]], "zero"),
            ([[0.0, 0], [0, 0]], "zero"),
            ([[1e-30, 0], [3, 4]], "zero"),
        ],
    )
    def test_legs_without_a_great_circle_are_straight_and_told_of(self, points, why):
        positions = np.linspace(-0.5, 1.5, 7)
        path, remarks = follow(np.array(points), positions, "spherical")
        np.testing.assert_allclose(path, along(points, positions), rtol=1e-6)
        assert len(remarks) == 1
        assert remarks[0].startswith("the path has no great circle of its own")
        assert why in remarks[0]

    def test_only_the_leg_without_a_great_circle_is_straight(self):
        points = np.array([[1.0, 0], [0, 1], [0, -1]])
        path, remarks = follow(points, [0.25, 0.75], "spherical")
        np.testing.assert_allclose(path, [[np.sqrt(0.5), np.sqrt(0.5)], [0, 0]], atol=1e-6)
        assert remarks == [
            "leg 2 of the path has no great circle of its own (its ends are opposite each other) "
            "and is followed straight"
        ]

    @pytest.mark.parametrize("shape", SHAPES)
    def test_far_beyond_the_ends_stays_finite(self, rng, shape):
        path, _ = follow(rng.normal(size=(3, 20)), np.linspace(-10, 11, 43), shape)
        assert np.isfinite(path).all()

    def test_unknown_shape(self):
        with pytest.raises(ValueError, match="received: shape='wavy'"):
            follow(np.zeros((2, 3)), [0], "wavy")


class TestEvenPositions:
    def test_known_speed(self):
        # What is heard at position p is p², so equal steps of it lie at the roots of equal parts.
        dense = np.linspace(0, 1, 4001)
        positions = even_positions(dense, np.diff(dense**2), 9)
        np.testing.assert_allclose(positions, np.sqrt(np.linspace(0, 1, 9)), atol=1e-4)

    def test_even_steps_stay(self):
        np.testing.assert_allclose(
            even_positions(np.linspace(-1, 2, 25), np.full(24, 0.3), 4), [-1, 0, 1, 2], atol=1e-12
        )

    def test_no_change_at_all_is_evenly_spaced(self):
        np.testing.assert_array_equal(even_positions(np.linspace(0, 1, 17), np.zeros(16), 3), [0, 0.5, 1])

    def test_standing_still_is_skipped_and_the_ends_stay(self):
        positions = even_positions(np.linspace(0, 1, 5), np.array([0.0, 1, 1, 0]), 3)
        np.testing.assert_allclose(positions, [0, 0.5, 1])
