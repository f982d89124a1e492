"""Objects in a bucket that checks every signature, and has bad days."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import httpx
import pytest

from cicd_health.log_store import LogStoreError, ObjectGone, Place, new_key, place_at, probe, s3
from cicd_health.log_store.patience import REST_S, Patient
from tests.s3_stub import KEY_ID, SECRET, Bucket
from tests.stub_server import Answer

BODY = b"0123456789" * 1000


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with Bucket() as bucket:
        yield bucket


@pytest.fixture
def place(bucket: Bucket) -> Place:
    return place_at(bucket.address, KEY_ID, SECRET)


@pytest.fixture
def key(place: Place) -> str:
    key = new_key()
    place.put(key, BODY)
    return key


def test_an_object_is_written_read_in_part_and_deleted(bucket: Bucket, place: Place, key: str):
    assert bucket.objects == {f"ci/{key}": BODY}
    assert place.size(key) == len(BODY)
    assert place.read(key, 15, 6) == b"567890"
    place.delete(key)
    place.delete(key)
    assert bucket.objects == {}
    for ask in (lambda: place.read(key, 0, 1), lambda: place.size(key)):
        with pytest.raises(ObjectGone):
            ask()


def test_trying_a_bucket_leaves_nothing(bucket: Bucket, place: Place):
    probe(place)
    assert bucket.objects == {}
    assert [request.method for request in bucket.requests] == ["PUT", "HEAD", "GET", "DELETE"]


@pytest.mark.parametrize(
    ("change", "key_id", "secret", "said"),
    [
        (("", ""), "AKIDOTHER", SECRET, "answered 403: it does not know LOG_STORE_KEY_ID"),
        (("", ""), KEY_ID, "wrong", "answered 403: LOG_STORE_SECRET is not the secret of LOG_STORE_KEY_ID"),
        (("eu-central-1", "eu-west-9"), KEY_ID, SECRET, "the region in LOG_STORE_URL is another than the bucket's"),
        (("//logs", "//other"), KEY_ID, SECRET, "there is no such bucket: make it"),
    ],
)
def test_what_is_set_wrong_is_said(bucket: Bucket, change: tuple[str, str], key_id: str, secret: str, said: str):
    with pytest.raises(LogStoreError) as caught:
        probe(place_at(bucket.address.replace(*change), key_id, secret))
    assert said in str(caught.value)
    assert not isinstance(caught.value, ObjectGone)


def test_a_bucket_without_a_key_is_not_asked(bucket: Bucket):
    with pytest.raises(LogStoreError, match="LOG_STORE_KEY_ID and LOG_STORE_SECRET must be set"):
        place_at(bucket.address, None, None)


def test_one_bad_moment_is_not_noticed(bucket: Bucket, place: Place, key: str):
    bucket.fail_next(status=503)
    assert place.read(key, 0, 3) == b"012"
    bucket.hang_up()
    assert place.read(key, 0, 3) == b"012"


def test_an_answer_that_is_not_what_was_asked_for_is_not_taken(bucket: Bucket, place: Place, key: str):
    cut = Answer(206, headers={"Content-Length": "3"}, chunks=iter([b"01"]))
    for wrong in (Answer(206, b"01"), Answer(206, b"0123"), Answer(200, b"012"), Answer(206, b"0" * 70_000), cut):
        bucket.instead(lambda _, wrong=wrong: wrong, n=2)
        with pytest.raises(LogStoreError):
            s3.Bucket(s3_place(bucket), KEY_ID, SECRET).read(key, 0, 3)
        bucket.all_well()
    assert place.read(key, 0, 3) == b"012"


def s3_place(bucket: Bucket) -> s3.LogPlace:
    return s3.LogPlace("", "logs", "ci", bucket.url, "eu-central-1", path_style=True)


def test_a_bucket_that_hangs_is_given_up(bucket: Bucket, place: Place, key: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(s3, "READ_TIMES", httpx.Timeout(0.2))
    bucket.slow(30)
    with pytest.raises(LogStoreError, match="did not answer in time"):
        place.read(key, 0, 3)


def test_an_answer_that_never_gets_anywhere_is_given_up(bucket: Bucket, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(s3, "READ_S", 0.3)
    bucket.drip(30)
    with pytest.raises(LogStoreError, match="did not answer in time"):
        s3.Bucket(s3_place(bucket), KEY_ID, SECRET).read(new_key(), 0, 10_000)


def test_who_finds_it_away_spares_the_others_the_wait(bucket: Bucket, key: str):
    clock = [0.0]
    patient = Patient(s3.Bucket(s3_place(bucket), KEY_ID, SECRET), lambda: clock[0])
    bucket.fail_next(status=503, n=2)
    with pytest.raises(LogStoreError, match="answered 503"):
        patient.read(key, 0, 3)
    bucket.forget()
    with pytest.raises(LogStoreError, match="answered 503"):
        patient.read(key, 0, 3)
    assert bucket.requests == []
    clock[0] = REST_S + 1
    assert patient.read(key, 0, 3) == patient.read(key, 0, 3) == b"012"


def test_an_object_that_was_cut_keeps_nobody_from_the_others(bucket: Bucket, place: Place, key: str):
    cut = new_key()
    place.put(cut, b"0123")
    for start, length in ((2, 10), (8, 2)):
        with pytest.raises(LogStoreError, match="in part only"):
            place.read(cut, start, length)
        assert place.read(key, 0, 3) == b"012"


def test_only_the_store_itself_can_say_that_an_object_is_deleted(bucket: Bucket, place: Place, key: str):
    bucket.instead(lambda _: Answer(404, b"default backend - 404"))
    with pytest.raises(LogStoreError):
        place.delete(key)
    place.delete(key)
    assert bucket.objects == {}


def test_a_link_gives_the_text_as_a_file_to_whoever_has_it(bucket: Bucket):
    place, key = place_at(f"{bucket.address}&links=1", KEY_ID, SECRET), new_key()
    place.put(key, gzip.compress("größe\n".encode()))
    link = place.link(key, "acme-shop-7.log")
    assert link is not None
    assert SECRET not in link
    answer = httpx.get(link)
    assert (answer.status_code, answer.text) == (200, "größe\n")
    assert answer.headers["content-disposition"] == 'attachment; filename="acme-shop-7.log"'
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert httpx.get(link.replace("acme", "evil")).status_code == 403
    assert place_at(bucket.address, KEY_ID, SECRET).link(key, "a.log") is None
