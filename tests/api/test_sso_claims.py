"""Roles out of claims, and what is believed of what a provider says of itself."""

from typing import Any

import pytest

from cicd_health.api.sso.claims import claim_at, identity, role
from cicd_health.api.sso.provider import read_doors, read_keys
from cicd_health.providers.remote import RemoteError
from cicd_health.settings import SettingsError, read

SET = {"OIDC_ROLE_CLAIM": "realm.roles", "OIDC_ROLES": "cn=ci,ou=ops=operator; boss = admin;look=viewer"}
DOORS = {
    "issuer": "https://id.example.com/",
    "authorization_endpoint": "https://id.example.com/authorize",
    "token_endpoint": "https://id.example.com/token",
    "jwks_uri": "https://id.example.com/keys",
}


@pytest.mark.parametrize(
    ("roles", "given"),
    [
        (["boss", "look"], "admin"),
        (["cn=ci,ou=ops"], "operator"),
        ("look", "viewer"),
        (["Boss"], None),
        ([["boss"]], None),
        ({"boss": True}, None),
        (None, None),
        (7, None),
    ],
)
def test_the_highest_role_of_the_values_is_given(roles: Any, given: str | None):
    assert role({"realm": {"roles": roles}}, read({**SET, "OIDC_DEFAULT_ROLE": "none"})) == given
    assert role({"realm": {"roles": roles}}, read(SET)) == (given or "viewer")


@pytest.mark.parametrize("rules", ["boss=owner", "boss", "=admin", "ops=owner,look=viewer", "cn=ci,ou=ops=operator"])
def test_a_rule_that_gives_no_role_stops_the_start(rules: str):
    with pytest.raises(SettingsError, match="OIDC_ROLES is"):
        read({**SET, "OIDC_ROLES": rules})


def test_a_claim_whose_name_has_dots_is_found_before_a_path():
    assert claim_at({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert claim_at({"a": {"b": 2}}, "a.b") == 2
    assert claim_at({"a": "b"}, "a.b") is None


@pytest.mark.parametrize(
    ("said", "verified"), [(True, True), ("true", True), (False, False), ("false", False), (None, None), (1, False)]
)
def test_a_provider_says_in_different_ways_that_an_address_is_verified(said: Any, verified: bool | None):
    found = identity({"sub": "1", "email": "a@b", "email_verified": said}, "https://id.example.com", read({}))
    assert (found.verified, found.role, found.role_rules) == (verified, "viewer", False)


def test_the_slash_at_the_end_of_an_issuer_is_its_own_affair():
    assert read_doors(DOORS, "https://id.example.com").issuer == "https://id.example.com/"


@pytest.mark.parametrize(
    "lie",
    [
        {"issuer": "https://id.example.com.evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://id.example.com/token"},
        {"token_endpoint": "https://"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
        {"jwks_uri": ["https://id.example.com/keys"]},
        {"userinfo_endpoint": "https://["},
    ],
)
def test_a_provider_that_says_nonsense_of_itself_is_not_asked_further(lie: dict[str, Any]):
    with pytest.raises(RemoteError):
        read_doors(DOORS | lie, "https://id.example.com")
    with pytest.raises(RemoteError):
        read_doors(["not", "an", "object"], "https://id.example.com")


@pytest.mark.parametrize("keys", [None, [], [{"kty": "oct", "k": "c2VjcmV0"}], [{"kty": "RSA"}], ["x"], [{"kty": 7}]])
def test_keys_that_prove_nothing_are_none(keys: Any):
    with pytest.raises(RemoteError):
        read_keys({"keys": keys})
