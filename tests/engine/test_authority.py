from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.support.clusters import LabCluster
from zyre.engine.authority import Authority, check_member_name, load_member, new_request
from zyre.engine.keyring import load_certificate, save_certificate
from zyre.errors import InvalidConfig, InvalidKey
from zyre.security.certificate import Certificate
from zyre.security.revocation import Revocations


@pytest.fixture
def lab(tmp_path: Path) -> LabCluster:
    return LabCluster(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_member_has_what_it_needs(lab: LabCluster) -> None:
    folder = lab.member("alice", groups="lab-*")
    member = load_member(folder)
    assert (member.cluster, member.authority.octets) == ("lab", lab.authority.public.octets)
    assert (member.certificate.metadata["name"], member.certificate.metadata["groups"]) == ("alice", "lab-*")
    assert member.revocations.version == 0
    assert mode(folder) == 0o700
    assert mode(folder / "node.cert_secret") == mode(lab.authority.directory / "authority_secret") == 0o600
    assert not (folder / "authority_secret").exists()


def test_an_authority_is_read_again_and_founded_once(lab: LabCluster) -> None:
    again = Authority(lab.authority.directory)
    assert again.public.octets == lab.authority.public.octets
    assert "secret" not in repr(again)
    with pytest.raises(InvalidConfig, match="already"):
        Authority.found(lab.authority.directory, "lab")


def test_it_is_said_what_is_missing(lab: LabCluster, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="zyre keys authority"):
        load_member(tmp_path)
    with pytest.raises(InvalidConfig, match="zyre enroll"):
        load_member(lab.authority.directory)
    with pytest.raises(InvalidConfig, match="holds no authority"):
        Authority(lab.member("alice"))


def test_a_certificate_of_another_authority_is_none(lab: LabCluster, tmp_path: Path) -> None:
    folder = lab.member("alice")
    other = LabCluster(tmp_path, "other")
    (folder / "authority").write_bytes((other.authority.directory / "authority").read_bytes())
    with pytest.raises(InvalidKey, match="not signed by the authority"):
        load_member(folder)


def test_a_changed_certificate_is_none(lab: LabCluster) -> None:
    folder = lab.member("alice", groups="lab-*")
    certificate = load_certificate(folder / "node.cert")
    changed = {**certificate.metadata, "groups": "*"}
    save_certificate(Certificate(certificate.public_key, certificate.secret_key, changed), folder / "node.cert")
    with pytest.raises(InvalidKey, match="not signed"):
        load_member(folder)


def test_a_name_is_one_member_s(lab: LabCluster) -> None:
    lab.member("alice")
    with pytest.raises(InvalidConfig, match="--renew"):
        lab.authority.issue(new_request("alice"))
    lab.member("alice", renew=True)
    assert len(list(lab.authority.issued())) == 2
    assert lab.authority.revoke("alice", former_only=True)
    assert len(lab.authority.revoked.keys) == 1
    assert len(lab.authority.revoke("alice")) == 2
    lab.authority.issue(new_request("alice"))


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a b", "x" * 64, "ä", "../up"])
def test_a_name_is_a_file_s(name: str) -> None:
    with pytest.raises(InvalidConfig, match="cannot name a member"):
        check_member_name(name)


def test_what_the_authority_says_itself_is_not_given(lab: LabCluster) -> None:
    with pytest.raises(InvalidConfig, match="expires"):
        lab.authority.issue(new_request("alice"), expires="never")


def test_lists_grow_and_their_versions_too(lab: LabCluster) -> None:
    for name in ("alice", "bob"):
        lab.member(name)
    with pytest.raises(InvalidConfig, match="there are: alice, bob"):
        lab.authority.revoke("carol")
    lab.authority.revoke("alice")
    first = lab.authority.revoked
    lab.authority.revoke("bob")
    second = lab.authority.revoked
    assert second.version > first.version
    assert second.keys > first.keys


def test_a_forged_list_is_not_passed_over(lab: LabCluster) -> None:
    folder = lab.member("alice")
    lab.authority.revoke("alice")
    revoked = lab.authority.revoked
    forged = Revocations(revoked.version, frozenset(), revoked.signature)
    (folder / "revoked").write_text("revocations\n    version = 5\n")
    with pytest.raises(InvalidKey):
        load_member(folder)
    from zyre.engine.authority import save_revoked

    save_revoked(folder, forged)
    with pytest.raises(InvalidKey, match="not signed"):
        load_member(folder)
    save_revoked(folder, revoked)
    assert load_member(folder).revocations == revoked
    assert mode(folder / "revoked") == 0o600
