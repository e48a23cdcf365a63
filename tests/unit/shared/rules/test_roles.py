"""Roles, each of which includes the one before."""

import pytest

from shared.rules.roles import Role, lesser


@pytest.mark.parametrize("role", list(Role))
def test_a_role_includes_itself_and_those_before(role: Role) -> None:
    assert [each for each in Role if role.includes(each)] == role.up_to_this()
    assert role.up_to_this()[0] is Role.VIEWER
    assert role.up_to_this()[-1] is role


def test_the_lesser_of_two_is_what_both_include() -> None:
    for one in Role:
        for other in Role:
            both = lesser(one, other)
            assert one.includes(both)
            assert other.includes(both)
            assert both in {one, other}
