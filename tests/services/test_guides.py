"""What is known of a character: how it is learned, and what its owner makes of it."""

from collections.abc import Sequence

import pytest

from shared.errors import NotFound
from shared.model.style import CardEdit, ColourEdit, Decision, Drift, StyleCard, Verdict
from shared.ports import Write
from shared.services import collections, deletion, guides
from tests.character.looks import fox, measurement
from tests.graph.jobs import IMAGE
from tests.services import checks
from tests.services.world import Tenant, World

CLEAN = Verdict(decision=Decision.ACCEPT, checks=(), drifts=())
DRIFT = Drift(check="missing", subject="scarf", text="Do not leave out the scarf.", score=0.1)
DRIFTED = Verdict(decision=Decision.REJECT, checks=(), drifts=(DRIFT,))


def commit(world: World, writes: Sequence[Write]) -> None:
    world.ports.documents.commit(list(writes))


def extract(world: World, tenant: Tenant, card: StyleCard | None = None) -> StyleCard:
    where = (tenant.who.workspace_id, tenant.collection.id)
    commit(world, guides.extracted(world.ports, *where, card or fox()))
    return current(world, tenant)


def judge(world: World, tenant: Tenant, verdict: Verdict, *, clean: bool = False) -> None:
    where = (tenant.who.workspace_id, tenant.collection.id)
    seen = measurement() if clean else None
    commit(world, guides.judged(world.ports, *where, verdict, asset_id="asset", measurement=seen))


def current(world: World, tenant: Tenant) -> StyleCard:
    return guides.card(world.ports, tenant.who, tenant.collection.id)


def editions(world: World, tenant: Tenant) -> list[int]:
    query = guides.editions(world.ports, tenant.who, tenant.collection.id)
    found = world.ports.documents.query(query, limit=10).results
    return [document.data["card"]["version"] for document in found]


# --- the card ------------------------------------------------------------------------------------


def test_the_first_card_stays(world: World, tenant: Tenant) -> None:
    with pytest.raises(NotFound, match="no style card yet"):
        current(world, tenant)
    assert extract(world, tenant).version == 1
    assert extract(world, tenant, fox().with_(summary="Another.")).summary == fox().summary
    assert editions(world, tenant) == [1]


def test_a_card_holds_for_the_references_that_it_was_made_from(
    world: World, tenant: Tenant
) -> None:
    extract(world, tenant)
    upload = world.upload(tenant)
    collections.add_reference(world.ports, tenant.who, tenant.collection.id, upload.id)
    with pytest.raises(NotFound):
        current(world, tenant)
    late = extract_late(world, tenant)
    assert late == (), "made from references that are no longer there"
    assert extract(world, tenant, fox().with_(reference_asset_ids=(upload.id,))).version == 2
    collections.remove_reference(world.ports, tenant.who, tenant.collection.id, upload.id)
    with pytest.raises(NotFound):
        current(world, tenant)


def extract_late(world: World, tenant: Tenant) -> Sequence[Write]:
    """The writes of a step that read the references before they changed."""
    where = (tenant.who.workspace_id, tenant.collection.id)
    return guides.extracted(world.ports, *where, fox())


def test_accepted_pictures_enter_the_card_until_it_knows_enough(
    world: World, tenant: Tenant
) -> None:
    extract(world, tenant)
    judge(world, tenant, DRIFTED, clean=True)
    assert current(world, tenant).pictures == 1, "what drifted teaches nothing"
    for _ in range(guides.LEARNS_FROM + 3):
        judge(world, tenant, CLEAN, clean=True)
    assert current(world, tenant).pictures == guides.LEARNS_FROM
    assert editions(world, tenant) == [1], "learning is no new edition"


def test_an_edit_makes_an_edition_and_a_lock_does_not(world: World, tenant: Tenant) -> None:
    who, id_ = tenant.who, tenant.collection.id
    extract(world, tenant)
    edited = guides.edit_card(world.ports, who, id_, CardEdit(features=("red scarf",)))
    assert (edited.version, edited.source) == (2, "edited")
    assert "red scarf" in edited.summary
    locked = guides.edit_card(world.ports, who, id_, CardEdit(locked=True))
    assert (locked.version, locked.locked) == (2, True)
    assert guides.edit_card(world.ports, who, id_, CardEdit(features=("red scarf",))) == locked
    judge(world, tenant, CLEAN, clean=True)
    assert current(world, tenant) == locked, "a locked card learns nothing"
    assert editions(world, tenant) == [2, 1]
    first = guides.edition(world.ports, who, id_, 1).card
    assert first.features == fox().features
    with pytest.raises(NotFound):
        guides.edition(world.ports, who, id_, 3)


def test_an_edited_palette_keeps_what_was_measured(world: World, tenant: Tenant) -> None:
    before = extract(world, tenant)
    kept, new = before.palette[0], ColourEdit(name="green", hex="#00aa44", share=0.1)
    palette = (ColourEdit(name="tangerine", hex=kept.hex, share=0.4), new)
    after = guides.edit_card(
        world.ports, tenant.who, tenant.collection.id, CardEdit(palette=palette)
    )
    assert [colour.name for colour in after.palette] == ["tangerine", "green"]
    assert after.palette[0].y == kept.y
    assert (after.palette[0].least, after.palette[0].most) == (0.4, kept.most)
    assert after.palette[1].least == 0, "nobody has seen it yet, so nobody misses it"
    assert "tangerine" in after.summary


def test_a_summary_of_ones_own_is_what_prompts_say(world: World, tenant: Tenant) -> None:
    extract(world, tenant)
    who, id_ = tenant.who, tenant.collection.id
    guides.edit_card(world.ports, who, id_, CardEdit(summary="Thick felt-tip lines."))
    brief = guides.brief(*guides.get(world.ports, who, id_))
    assert brief.style == "Thick felt-tip lines."


def test_a_cleared_card_is_made_anew(world: World, tenant: Tenant) -> None:
    extract(world, tenant)
    guides.clear_card(world.ports, tenant.who, tenant.collection.id)
    with pytest.raises(NotFound):
        current(world, tenant)
    assert extract(world, tenant).version == 2
    assert editions(world, tenant) == [2, 1]


# --- cautions ------------------------------------------------------------------------------------


def test_a_caution_enters_prompts_until_it_is_retired(world: World, tenant: Tenant) -> None:
    who, id_ = tenant.who, tenant.collection.id

    def spoken() -> tuple[str, ...]:
        return tuple(guides.brief(*guides.get(world.ports, who, id_)).cautions)

    assert spoken() == ()
    for _ in range(2):
        judge(world, tenant, DRIFTED)
    _, guide = guides.get(world.ports, who, id_)
    assert guide
    [caution] = guide.cautions
    assert caution.count == 2
    assert spoken() == (DRIFT.text,)
    edited = guides.change_caution(world.ports, who, id_, caution.id, text="The scarf stays on.")
    assert edited.edited
    assert spoken() == ("The scarf stays on.",)
    guides.change_caution(world.ports, who, id_, caution.id, retired=True)
    assert spoken() == ()
    guides.change_caution(world.ports, who, id_, caution.id, retired=False)
    assert spoken() == ("The scarf stays on.",)
    with pytest.raises(NotFound):
        guides.change_caution(world.ports, who, id_, who.workspace_id, retired=True)


def test_only_the_owner_reads_and_writes(world: World, tenant: Tenant) -> None:
    extract(world, tenant)
    other, id_ = world.tenant("Other").who, tenant.collection.id
    for attempt in (
        lambda: guides.card(world.ports, other, id_),
        lambda: guides.edition(world.ports, other, id_, 1),
        lambda: guides.editions(world.ports, other, id_),
        lambda: guides.edit_card(world.ports, other, id_, CardEdit(locked=True)),
        lambda: guides.clear_card(world.ports, other, id_),
        lambda: guides.change_caution(world.ports, other, id_, id_, retired=True),
    ):
        with pytest.raises(NotFound):
            attempt()


# --- together with jobs --------------------------------------------------------------------------


def test_a_job_teaches_once(world: World, tenant: Tenant) -> None:
    for _ in range(2):
        world.generate(tenant, IMAGE)
        world.drain()
    checks.is_learned_once(world, tenant)
    assert current(world, tenant).version == 1


def test_what_is_known_goes_with_its_collection(world: World, tenant: Tenant) -> None:
    world.generate(tenant, IMAGE)
    world.drain()
    deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
    world.drain()
    checks.is_gone(world, tenant)
