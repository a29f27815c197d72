"""Who draws and who looks for a workspace."""

from shared.model.request import ImageProviderName, VisionProviderName
from shared.services import workspaces
from tests.services.world import World


def test_the_workspaces_choice_comes_before_the_installations(world: World) -> None:
    chooser, other = world.tenant("Chooser").who, world.tenant("Other").who
    workspaces.update(
        world.ports,
        chooser,
        {
            "image_provider": ImageProviderName.GOOGLE,
            "vision_provider": VisionProviderName.OPENAI,
        },
    )
    chosen = [
        (
            workspaces.image_provider(world.ports, who.workspace_id, world.settings),
            workspaces.vision_provider(world.ports, who.workspace_id, world.settings),
        )
        for who in (chooser, other)
    ]
    assert chosen == [("google", "openai"), ("offline", "offline")]
