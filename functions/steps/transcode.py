"""Make one web format with alpha out of a video, in all its sizes."""

from dataclasses import asdict
from pathlib import Path

from shared.media.encode import transcode
from shared.media.formats import FORMATS, Layout
from shared.media.key import Glass, Wardrobe
from shared.model.asset import Provenance
from shared.services.steps import Made, MadeFile, Source, StepContext


def run(context: StepContext) -> Made:
    video = context.source("video")
    format_ = FORMATS[context.step.params["format"]]
    quality = context.collection().settings.quality
    keys = {context.job.assets[key].size: key for key in context.step.makes}
    targets: dict[int | None, Path] = {size: context.target(key) for size, key in keys.items()}
    report = transcode(
        video.path,
        format_,
        targets,
        wardrobe=_wardrobe(video),
        weights=context.settings.weights,
        quality=quality,
        progress=context.progress,
    )
    provenance = Provenance(
        provider="mascotry",
        model=f"ffmpeg-{format_.codec}",
        parameters={
            "quality": quality.value,
            "matte": report.method,
            "background": list(report.background) if report.background else None,
            "layout": format_.layout.value,
        },
    )
    made: dict[str, MadeFile] = {}
    for size, key in keys.items():
        output = report.outputs[size]
        made[key] = MadeFile(
            path=targets[size],
            width=output.width,
            height=output.height,
            duration=report.duration,
            frames=report.frames,
            fps=report.fps,
            provenance=provenance,
            metadata={
                "layout": format_.layout.value,
                **(asdict(output.cells) if format_.layout is Layout.GRID else {}),
                "verification": output.verification.as_dict(),
                "bytes_limit": output.limit,
                "coarser": output.coarser,
            },
        )
    return Made(made)


def _wardrobe(video: Source) -> Wardrobe:
    """What the film's cut-out showed of its character, as the video step noted it."""
    colours, small = (
        tuple(tuple(colour) for colour in video.metadata.get(name, []))
        for name in ("palette", "small")
    )
    glass = tuple(
        Glass(
            tuple(pane["colour"]), pane["alpha"], tuple(pane["behind"]) if pane["behind"] else None
        )
        for pane in video.metadata.get("glass", [])
    )
    rim = tuple((tuple(colour), share) for colour, share in video.metadata.get("rim", []))
    return Wardrobe(colours, rim, glass, small)
