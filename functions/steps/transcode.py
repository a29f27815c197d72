"""Make web formats with alpha out of a video, in all their sizes."""

from dataclasses import asdict
from pathlib import Path

from shared.media.encode import Report, transcode
from shared.media.formats import FORMATS, Format, Layout, Quality
from shared.media.key import Glass, Wardrobe
from shared.model.asset import Provenance
from shared.services.steps import Made, MadeFile, Source, StepContext


def run(context: StepContext) -> Made:
    video = context.source("video")
    quality = context.collection().settings.quality
    targets: dict[Format, dict[int | None, Path]] = {}
    for key in context.step.makes:
        planned = context.job.assets[key]
        targets.setdefault(FORMATS[planned.type], {})[planned.size] = context.target(key)
    report = transcode(
        video.path,
        targets,
        wardrobe=_wardrobe(video),
        weights=context.settings.weights,
        quality=quality,
        progress=context.progress,
    )
    made: dict[str, MadeFile] = {}
    for key in context.step.makes:
        planned = context.job.assets[key]
        format_ = FORMATS[planned.type]
        output = report.outputs[format_][planned.size]
        made[key] = MadeFile(
            path=targets[format_][planned.size],
            width=output.width,
            height=output.height,
            duration=report.duration,
            frames=report.frames,
            fps=report.fps,
            provenance=_provenance(format_, quality, report),
            metadata={
                "layout": format_.layout.value,
                **(asdict(output.cells) if format_.layout is Layout.GRID else {}),
                "verification": output.verification.as_dict(),
                "bytes_limit": output.limit,
                "coarser": output.coarser,
            },
        )
    return Made(made)


def _provenance(format_: Format, quality: Quality, report: Report) -> Provenance:
    return Provenance(
        provider="mascotry",
        model=f"ffmpeg-{format_.codec}",
        parameters={
            "quality": quality.value,
            "matte": report.method,
            "background": list(report.background) if report.background else None,
            "layout": format_.layout.value,
        },
    )


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
