"""Uploads become clean pictures of the workspace, or say what is wrong with them."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shared.adapters.embedded.events import EVENTS_QUEUE
from shared.errors import BadRequest, Busy, Conflict, DecoderLost
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, AssetType
from shared.model.finding import Finding
from shared.ports import Blob, Bucket, Document
from shared.services import assets, collections, deletion, triggers, uploads
from shared.services.uploads import LIFETIME, MAX_LOOKS, PATIENCE, SLACK, Invitation, Upload
from tests.services import checks
from tests.services.faults import Crash, Fuse, crash
from tests.services.told import told
from tests.services.world import Tenant, World


def picture(kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (30, 20), (200, 100, 50)).save(stream, kind)
    return stream.getvalue()


def is_clean(world: World, asset: Asset) -> None:
    """The asset is ready, and public as a PNG of its own."""
    assert (asset.type, asset.status, asset.error) == (AssetType.IMAGE, AssetStatus.READY, None)
    assert asset.content
    assert (asset.content.width, asset.content.height) == (30, 20)
    checks.is_public(world, asset)
    content = world.ports.blobs.read(Bucket.ASSETS, asset.path)
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "PNG"
        assert image.size == (30, 20)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_upload_is_a_public_png(world: World, tenant: Tenant, kind: str) -> None:
    asset = uploads.store(world.ports, tenant.who, picture(kind))
    assert asset == assets.get(world.ports, tenant.who, asset.id)[0]
    is_clean(world, asset)
    world.drain()
    checks.nothing_is_left_over(world, tenant)


@pytest.mark.parametrize("content", [b"", b"no picture", picture()[:60]])
def test_what_is_no_picture_is_refused(world: World, tenant: Tenant, content: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        uploads.store(world.ports, tenant.who, content)
    assert caught.value.details["field"] == "file"
    assert world.public() == {}
    assert world.assets(tenant) == []


# --- by a signed URL -----------------------------------------------------------------------------


def raw(world: World, tenant: Tenant, invitation: Invitation) -> Upload:
    asset = the(world, tenant, invitation)
    return Upload(tenant.who.workspace_id, asset.id, asset.path)


def send(world: World, tenant: Tenant, invitation: Invitation, content: bytes) -> Blob:
    """What the PUT does, whose signature is the adapter's business."""
    name = raw(world, tenant, invitation).raw
    return world.ports.blobs.put(
        Bucket.UPLOADS,
        name,
        content,
        content_type=invitation.headers["Content-Type"],
        if_generation=0,
    )


def the(world: World, tenant: Tenant, invitation: Invitation) -> Asset:
    return assets.get(world.ports, tenant.who, invitation.asset_id)[0]


def is_settled(world: World, tenant: Tenant) -> None:
    """Nothing that was sent is kept, and nobody has to look again."""
    checks.nothing_is_left_over(world, tenant)
    left = world.ports.blobs.list(Bucket.UPLOADS, "", limit=10).results
    assert {(blob.size, blob.metadata.get("spent")) for blob in left} <= {(0, "true")}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_that_is_sent_becomes_ready(world: World, tenant: Tenant, kind: str) -> None:
    invitation = uploads.invite(world.ports, tenant.who, f"image/{kind.lower()}")
    assert invitation.expires_at == world.clock.now() + LIFETIME
    pending = the(world, tenant, invitation)
    assert pending.status is AssetStatus.PENDING
    with pytest.raises(BadRequest, match="not a finished image"):
        collections.add_reference(world.ports, tenant.who, tenant.collection.id, pending.id)

    send(world, tenant, invitation, picture(kind))
    world.drain()

    is_clean(world, the(world, tenant, invitation))
    is_settled(world, tenant)
    added = collections.add_reference(world.ports, tenant.who, tenant.collection.id, pending.id)
    assert added.reference_asset_ids == (pending.id,)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
            "The picture is an HEIC picture, as iPhones take them; send a PNG, JPEG, WebP or GIF.",
        ),
        (b"<html>", "The picture is a web page (HTML); send a PNG, JPEG, WebP or GIF."),
        (picture()[:60], "The picture is damaged or cut off, and cannot be decoded."),
        (b"x" * 10_000_001, "The picture has more than 10,000,000 bytes."),
    ],
)
def test_a_bad_file_fails_and_says_why(
    world: World, tenant: Tenant, content: bytes, reason: str
) -> None:
    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    send(world, tenant, invitation, content)
    world.drain()
    failed = the(world, tenant, invitation)
    assert failed.status is AssetStatus.FAILED
    assert failed.error
    assert (failed.error.code, failed.error.message) == ("upload_refused", reason)
    assert world.public() == {}
    is_settled(world, tenant)


def test_what_is_too_large_is_not_read(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*arguments: object) -> None:
        pytest.fail("it was read")

    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    sent = send(world, tenant, invitation, picture())
    monkeypatch.setattr(world.ports.blobs, "download", read)
    uploads.receive(world.ports, sent.name, max_bytes=sent.size - 1, max_film_bytes=1)
    assert the(world, tenant, invitation).status is AssetStatus.FAILED


def test_what_is_settled_stays(world: World, tenant: Tenant) -> None:
    """An event that comes again changes nothing, and the URL takes no second picture."""
    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    sent = send(world, tenant, invitation, picture())
    world.drain()
    before, public = world.documents(tenant, "assets"), world.public()
    triggers.object_finalized(world.ports, sent.bucket, sent.name, str(sent.generation), {})
    world.drain()
    for other in (picture("GIF"), b"no picture"):
        with pytest.raises(Conflict):
            send(world, tenant, invitation, other)
    uploads.receive(world.ports, sent.name, max_bytes=1, max_film_bytes=1)
    world.drain()
    assert world.documents(tenant, "assets") == before
    assert world.public() == public
    is_settled(world, tenant)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"RIFF\0\0\0\0AVI LIST", "the film is an AVI film; send an MP4, MOV, WebM or GIF"),
        (b"#EXTM3U\n", "the film is a playlist (HLS, M3U8), not a film itself; send an MP4"),
        (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "the picture is an AVIF picture; send a PNG"),
        (b"PK\x03\x04", "the picture is a ZIP archive; send a PNG"),
    ],
)
def test_what_is_sent_to_be_imported_is_refused_by_its_name(
    world: World, tenant: Tenant, tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        uploads.prepare(world.ports, tenant.who, content, tmp_path)
    assert refused.value.message.startswith(said)


@pytest.mark.parametrize("part", range(3))
def test_an_object_stands_for_its_own_asset_alone(world: World, tenant: Tenant, part: int) -> None:
    """A name put together from those of two uploads fits neither of them."""
    mine, other = world.tenant("Other"), tenant
    invitations = [uploads.invite(world.ports, who.who, "image/png") for who in (mine, other)]
    own, foreign = (
        raw(world, who, invitation)
        for who, invitation in zip((mine, other), invitations, strict=True)
    )
    pieces = [
        (foreign.workspace_id, own.asset_id, own.path),
        (own.workspace_id, foreign.asset_id, own.path),
        (own.workspace_id, own.asset_id, foreign.path),
    ]
    name = "/".join(pieces[part])
    world.ports.blobs.put(Bucket.UPLOADS, name, picture(), content_type="image/png")
    world.drain()
    assert the(world, mine, invitations[0]).status is AssetStatus.PENDING
    assert the(world, other, invitations[1]).status is AssetStatus.PENDING
    assert world.public() == {}


def test_no_name_takes_a_file_away_that_is_anothers(world: World, tenant: Tenant) -> None:
    asset = uploads.store(world.ports, tenant.who, picture())
    name = f"{tenant.who.workspace_id}/99999999-0000-4000-8000-000000000000/{asset.path}"
    world.ports.blobs.put(Bucket.UPLOADS, name, picture(), content_type="image/png")
    world.drain()
    is_clean(world, asset)


# --- what never comes, and what comes late --------------------------------------------------------


def test_an_upload_that_never_comes_fails(world: World, tenant: Tenant) -> None:
    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    world.clock.advance(LIFETIME + SLACK - timedelta(seconds=1))
    world.sweep()
    world.restart()
    assert the(world, tenant, invitation).status is AssetStatus.PENDING
    world.clock.advance(timedelta(seconds=1))
    world.sweep()
    failed = the(world, tenant, invitation)
    assert failed.status is AssetStatus.FAILED
    assert failed.error
    assert failed.error.code == "upload_expired"
    is_settled(world, tenant)

    send(world, tenant, invitation, picture())
    world.drain()
    assert the(world, tenant, invitation) == failed, "it does not come back to life"
    assert world.public() == {}
    is_settled(world, tenant)


def test_a_picture_whose_event_was_lost_is_announced_again(world: World, tenant: Tenant) -> None:
    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    send(world, tenant, invitation, picture())
    for _ in range(2):
        world.lose_deliveries()
        world.clock.advance(LIFETIME + SLACK)
        assert world.sweep() == 1
    world.drain()
    is_clean(world, the(world, tenant, invitation))
    is_settled(world, tenant)


def test_a_picture_that_comes_late_is_not_announced_while_its_task_is_on_its_way(
    world: World, tenant: Tenant
) -> None:
    """So that it is not decoded twice at once."""
    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    world.clock.advance(LIFETIME)
    before = send(world, tenant, invitation, picture())
    world.clock.advance(SLACK)
    world.sweep()
    after = world.ports.blobs.stat(Bucket.UPLOADS, before.name)
    assert after is not None
    assert after.generation == before.generation
    world.lose_deliveries()
    world.clock.advance(LIFETIME)
    world.sweep()
    world.drain()
    is_clean(world, the(world, tenant, invitation))
    is_settled(world, tenant)


def test_an_event_that_comes_again_is_one_look(world: World, tenant: Tenant) -> None:
    """As Eventarc sends it when it was not acknowledged within its 10 seconds. What is announced
    anew is a new generation, and is looked at again."""
    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    sent = send(world, tenant, invitation, picture())
    for generation in (sent.generation, sent.generation, sent.generation + 1):
        triggers.object_finalized(world.ports, sent.bucket, sent.name, str(generation), {})
    assert len(world.waiting(uploads.QUEUE)) == 2


def test_the_trigger_decodes_nothing(world: World, tenant: Tenant) -> None:
    class Never:
        def __getattr__(self, name: str) -> None:
            pytest.fail(f"it was asked for {name}")

    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    send(world, tenant, invitation, picture())
    decoder: Any = Never()
    plain, world.ports = world.ports, replace(world.ports, decoder=decoder)
    while world.deliver_next(EVENTS_QUEUE):
        pass
    assert the(world, tenant, invitation).status is AssetStatus.PENDING
    world.ports = plain
    world.drain()
    is_clean(world, the(world, tenant, invitation))


def test_a_picture_waits_for_a_decoder_that_has_no_room(world: World, tenant: Tenant) -> None:
    class Occupied:
        def picture(self, source: bytes | Path, target: Path, *, side: int | None = None) -> None:
            raise Busy("There is no room.")

    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    send(world, tenant, invitation, picture())
    world.drain(EVENTS_QUEUE)
    decoder: Any = Occupied()
    plain, world.ports = world.ports, replace(world.ports, decoder=decoder)
    for _ in range(3):
        world.deliver_next(uploads.QUEUE)
    assert the(world, tenant, invitation).status is AssetStatus.PENDING
    world.ports = plain
    world.drain()
    is_clean(world, the(world, tenant, invitation))


class Failing:
    """A decoder to which something happens, so often, before it works again."""

    def __init__(self, world: World, fault: BaseException, times: int) -> None:
        self._decoder, self._fault, self._left = world.ports.decoder, fault, times
        self.looks = 0

    def picture(
        self, source: bytes | Path, target: Path, *, side: int | None = None
    ) -> tuple[int, int]:
        if self._left > 0:
            self._left -= 1
            self.looks += 1
            raise self._fault
        return self._decoder.picture(source, target, side=side)


def failing(world: World, fault: BaseException, times: int = 1000) -> Failing:
    decoder: Any = Failing(world, fault, times)
    world.ports = replace(world.ports, decoder=decoder)
    return decoder  # type: ignore[no-any-return]


FATAL = [DecoderLost("The instance died."), ZeroDivisionError(), RecursionError()]


@pytest.mark.parametrize("fault", FATAL, ids=repr)
def test_a_picture_that_ends_its_decoder_fails_in_words(
    world: World, tenant: Tenant, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    sent = send(world, tenant, invitation, picture())
    decoder = failing(world, fault)
    for _ in range(MAX_LOOKS):
        with pytest.raises(type(fault)):
            receive(world, sent.name)
        assert the(world, tenant, invitation).status is AssetStatus.PENDING
    receive(world, sent.name)
    failed = the(world, tenant, invitation)
    assert (failed.status, decoder.looks) == (AssetStatus.FAILED, MAX_LOOKS)
    assert failed.error
    assert failed.error.code == "upload_refused"
    assert "could not be decoded in several tries; save it anew" in failed.error.message
    assert told(caplog) == {Finding.UPLOAD_GIVEN_UP: 1}
    world.drain()
    assert decoder.looks == MAX_LOOKS, "and is not looked at again"
    is_settled(world, tenant)


def test_looks_are_counted_over_sweeps(world: World, tenant: Tenant) -> None:
    """A process that dies with each look, whose tasks are lost."""
    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    sent = send(world, tenant, invitation, picture())
    decoder = failing(world, KeyboardInterrupt())
    for _ in range(MAX_LOOKS):
        with pytest.raises(KeyboardInterrupt):
            receive(world, sent.name)
        world.lose_deliveries()
        world.clock.advance(LIFETIME + SLACK)
        world.sweep()
    world.drain()
    assert the(world, tenant, invitation).status is AssetStatus.FAILED
    assert decoder.looks == MAX_LOOKS
    is_settled(world, tenant)


@pytest.mark.parametrize("fault", [Busy("There is no room."), OSError()], ids=repr)
def test_waiting_for_room_is_no_look(world: World, tenant: Tenant, fault: Exception) -> None:
    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    sent = send(world, tenant, invitation, picture())
    failing(world, fault, 3 * MAX_LOOKS)
    for _ in range(3 * MAX_LOOKS):
        with pytest.raises(type(fault)):
            receive(world, sent.name)
    world.drain()
    is_clean(world, the(world, tenant, invitation))
    is_settled(world, tenant)


def receive(world: World, name: str) -> None:
    uploads.receive(world.ports, name, max_bytes=10_000_000, max_film_bytes=1)


def test_a_picture_that_nobody_can_look_at_is_given_up(world: World, tenant: Tenant) -> None:
    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    send(world, tenant, invitation, picture())
    world.lose_deliveries()
    world.clock.advance(PATIENCE)
    world.sweep()
    failed = the(world, tenant, invitation)
    assert failed.error
    assert failed.error.code == "internal_error"
    is_settled(world, tenant)


# --- processes that die ---------------------------------------------------------------------------


def everywhere(folder: Path, story: Callable[[World, Tenant, int], Fuse], effects: int) -> None:
    """Tell a story again and again with its fault in front of the first effect, the second, … until
    there are no more."""
    for number in count(1):
        world = World(folder / str(number))
        try:
            fuse = story(world, world.tenant(), number)
        except Exception as error:
            error.add_note(f"with the fault in front of effect {number}")
            raise
        finally:
            world.close()
        if not fuse.reached(number):
            assert number > effects
            return


@pytest.mark.parametrize(
    ("content", "status"), [(picture(), AssetStatus.READY), (b"no picture", AssetStatus.FAILED)]
)
def test_a_sent_picture_is_settled_wherever_its_trigger_dies(
    folder: Path, content: bytes, status: AssetStatus
) -> None:
    def story(world: World, tenant: Tenant, number: int) -> Fuse:
        invitation = uploads.invite(world.ports, tenant.who, "image/png")
        send(world, tenant, invitation, content)
        fuse = Fuse({number: crash})
        world.light(fuse)
        try:
            world.drain()
        except Crash:
            world.reopen()
            world.drain()  # nobody sweeps: the event comes back, and that is enough
        asset = the(world, tenant, invitation)
        assert asset.status is status
        if status is AssetStatus.READY:
            is_clean(world, asset)
        is_settled(world, tenant)
        return fuse

    everywhere(folder, story, effects=4)


def test_an_upload_that_dies_leaves_nothing_that_nobody_knows(folder: Path) -> None:
    """Every public file has a ready asset, when the sweeper has looked after the others."""

    def story(world: World, tenant: Tenant, number: int) -> Fuse:
        fuse = Fuse({number: crash})
        world.light(fuse)
        try:
            uploads.store(world.ports, tenant.who, picture())
            world.drain()
        except Crash:
            world.restart()
            world.settle()
        ready = [asset for asset in world.assets(tenant) if asset.status is AssetStatus.READY]
        assert set(world.public()) == {asset.path for asset in ready}
        assert all(asset.status is not AssetStatus.PENDING for asset in world.assets(tenant))
        is_settled(world, tenant)
        return fuse

    everywhere(folder, story, effects=5)


def test_an_upload_that_is_deleted_while_it_is_looked_at_leaves_nothing(folder: Path) -> None:
    """Somebody deletes the asset in front of any effect of the trigger, which dies right after."""

    def story(world: World, tenant: Tenant, number: int) -> Fuse:
        invitation = uploads.invite(world.ports, tenant.who, "image/png")
        send(world, tenant, invitation, picture())

        def delete() -> None:
            with world.aside():
                deletion.delete_asset(world.ports, tenant.who, invitation.asset_id)
                world.drain("purge")

        fuse = Fuse({number: delete, number + 1: crash})
        world.light(fuse)
        try:
            world.drain()
        except Crash:
            world.reopen()
            world.settle()
        if fuse.reached(number):
            assert world.documents(tenant, "assets") == []
            assert world.public() == {}
            is_settled(world, tenant)
        return fuse

    everywhere(folder, story, effects=4)


@pytest.mark.parametrize("other", ["delivery", "sweeper"])
def test_two_who_look_at_one_picture_agree(folder: Path, other: str) -> None:
    """In front of each effect of a slow delivery somebody else settles the upload: the first word
    counts."""

    def story(world: World, tenant: Tenant, number: int) -> Fuse:
        invitation = uploads.invite(world.ports, tenant.who, "image/png")
        name = send(world, tenant, invitation, picture()).name
        seen: list[Asset] = []

        def settle() -> None:
            with world.aside():
                if other == "sweeper":
                    world.clock.advance(PATIENCE)
                    world.sweep()
                else:
                    uploads.receive(world.ports, name, max_bytes=10_000_000, max_film_bytes=1)
                seen.append(the(world, tenant, invitation))

        fuse = Fuse({number: settle})
        world.light(fuse)
        world.drain()
        asset = the(world, tenant, invitation)
        assert seen in ([], [asset])
        if asset.status is AssetStatus.READY:
            is_clean(world, asset)
        else:
            assert world.public() == {}
        is_settled(world, tenant)
        return fuse

    everywhere(folder, story, effects=4)


def test_deleting_a_pending_upload_ends_it(world: World, tenant: Tenant) -> None:
    invitation = uploads.invite(world.ports, tenant.who, "image/png")
    name = raw(world, tenant, invitation).raw
    deletion.delete_asset(world.ports, tenant.who, invitation.asset_id)
    world.ports.blobs.put(Bucket.UPLOADS, name, picture(), content_type="image/png")
    world.settle()
    assert found(world, tenant, invitation) is None
    assert world.public() == {}
    is_settled(world, tenant)


def found(world: World, tenant: Tenant, invitation: Invitation) -> Document | None:
    return world.ports.documents.get(paths.asset(tenant.who.workspace_id, invitation.asset_id))
