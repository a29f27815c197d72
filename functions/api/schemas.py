"""What the API answers: one model for the data of each kind of answer.

The handlers build plain values; the tests hold every one of them against these models, which
refuse a field that they do not know. Only the API's document loads this module.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.api.changes import Given
from shared.graph.canvas_plan import Reason
from shared.graph.canvas_state import Stage
from shared.model.asset import AssetStatus, AssetType, ExtraFormat, Purpose, Review
from shared.model.base import UUID_PATTERN
from shared.model.canvas import Held, InputType, Op
from shared.model.collection import Quality
from shared.model.credit import Bucket, EntryKind, Part
from shared.model.item import ItemType
from shared.model.job import JobStatus, JobType, StepKind, StepStatus
from shared.model.link import Role
from shared.model.request import ImageProviderName, VideoProviderName, VisionProviderName
from shared.model.schema import named
from shared.model.style import ShadingKind
from shared.model.webhook import DeliveryStatus, Event
from shared.model.workspace import KeyKind, Scope

Id = Annotated[str, Field(pattern=UUID_PATTERN, json_schema_extra={"format": "uuid"})]
Time = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$",
        json_schema_extra={"format": "date-time"},
    ),
]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
Hex = Annotated[str, Field(pattern="^#[0-9a-f]{6}$")]
Share = Annotated[float, Field(ge=0, le=1)]


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


# --- faults --------------------------------------------------------------------------------------


class Fault(Answer):
    """Why a job, a step or an upload failed."""

    code: str
    """Stable, for programs."""
    message: str
    """For people."""
    step: Given[str] = None


class Problem(Answer):
    field: str
    message: str


class BadRequest(Answer):
    code: Literal["bad_request"]
    message: str
    field: Given[str] = None
    """The part of the request that is wrong."""
    errors: Given[list[Problem]] = None
    """All that is wrong, where it is more than one thing."""


class Unauthorized(Answer):
    code: Literal["unauthorized"]
    message: str


class InsufficientCredits(Answer):
    code: Literal["insufficient_credits"]
    message: str
    required: int
    balance: int
    """What the workspace has, with what jobs under way hold."""
    available: int
    """What of it can be spent."""


class Forbidden(Answer):
    code: Literal["forbidden"]
    message: str


class NotFound(Answer):
    code: Literal["not_found"]
    message: str


class Conflict(Answer):
    code: Literal["conflict"]
    message: str
    errors: Given[list[Problem]] = None
    """What stands in the way, where that is many things."""
    job_id: Given[Id] = None
    """The job that stands in the way, where it is one."""
    collection_ids: Given[list[Id]] = None
    """The collections that have a reference in what was to be deleted."""


class PreconditionFailed(Answer):
    code: Literal["precondition_failed"]
    message: str


class RateLimited(Answer):
    code: Literal["rate_limited"]
    message: str
    retry_after: int
    """Seconds, as in the header `Retry-After`."""


class InternalError(Answer):
    code: Literal["internal_error"]
    message: str


class ProviderError(Answer):
    code: Literal["provider_failed"]
    message: str
    reason: str
    """The stable code of what went wrong."""
    retryable: bool
    """Whether asking again may help."""


class Busy(Answer):
    code: Literal["busy"]
    message: str
    retry_after: int
    """Seconds, as in the header `Retry-After`."""


class StorageFull(Answer):
    code: Literal["storage_full"]
    message: str


class Pagination(Answer):
    total: int
    """Counted to 10,000."""
    limit: int
    offset: int
    has_more: bool
    next_cursor: str | None
    """The `cursor` of the next page; null on the last one."""


class ListMeta(Answer):
    """What stands beside a page of a list."""

    pagination: Pagination


Document = dict[str, Any]

# --- removal -------------------------------------------------------------------------------------


class Gone(Answer):
    id: Id
    deleted: Literal[True]


class Deletion(Gone):
    """It is out of reach at once; when the job is finished, so are its files and what was below."""

    job_id: Id
    poll_url: Url


# --- workspaces and keys -------------------------------------------------------------------------


class Providers(Answer):
    image_provider: str
    video_provider: str
    vision_provider: str


class Workspace(Answer):
    id: Id
    created_at: Time
    updated_at: Time
    name: str
    user_prefix: str
    """The first part of every public path."""
    image_provider: ImageProviderName | None
    video_provider: VideoProviderName | None
    vision_provider: VisionProviderName | None
    defaults: Providers
    """Who draws, animates and looks where the workspace has chosen nobody."""


class Key(Answer):
    id: Id
    name: str
    kind: KeyKind
    scopes: list[Scope]
    allowed_origins: list[str]
    last_four: str | None
    """Null for keys from before it was kept."""
    created_at: Time
    updated_at: Time
    last_used_at: Time | None
    """A few minutes coarse."""


class NewKey(Key):
    secret: str
    """Shown this once, and stored nowhere."""


class Firebase(Answer):
    firebase_project_id: str
    scopes: list[Scope]
    """What each user of the project may do, unless his token's `mascotry_scopes` names less."""
    allowed_origins: list[str]
    created_at: Time
    updated_at: Time


# --- projects and collections --------------------------------------------------------------------


class Project(Answer):
    id: Id
    created_at: Time
    updated_at: Time
    name: str
    organization_id: Id | None


class Collection(Answer):
    """One character, as lists show it."""

    id: Id
    project_id: Id
    name: str
    is_published: bool
    created_at: Time
    type: Literal["mascot"]
    public_slug: str
    user_prefix: str


class BestFile(Answer):
    asset_id: Id
    url: Url
    """Serves whichever version is the best one."""


BestFiles = dict[str, BestFile]
"""By key: `webm`, or `webm_256` for a size variant."""


class CollectionInList(Collection):
    best: Given[BestFiles] = None
    """With `best=true`: those of the item that was drawn last."""


class Cdn(Answer):
    enabled: bool
    slug: str | None
    cache_seconds: int


class Colour(Answer):
    name: str
    hex: Hex
    share: Share
    """How much of the figure wears it."""


class Line(Answer):
    weight: float
    """The outline's width as a share of the figure's size."""
    colour: Hex


class Proportions(Answer):
    aspect: float
    """Width over height."""
    head: float
    """The head's radius as a share of the figure's size."""


class Shading(Answer):
    kind: ShadingKind
    amount: Share


class StyleCard(Answer):
    """What keeps a character the same, measured on its pictures."""

    version: int
    source: str
    palette: list[Colour]
    line: Line | None
    proportions: Proportions
    shading: Shading
    features: list[str]
    summary: str
    """What prompts say of the style."""
    pictures: int
    """How many were measured."""
    locked: bool
    reference_asset_ids: list[Id]


class CardEdition(StyleCard):
    created_at: Time


class CardDiff(Answer):
    from_: int = Field(alias="from")
    to: int
    changes: list[str]
    """One readable line each."""


class Caution(Answer):
    """A way in which pictures drifted from the card, which later prompts warn of."""

    id: str
    text: str
    check: str
    subject: str
    score: float
    asset_id: Id
    count: int
    first_seen: Time
    last_seen: Time
    clean_images: int
    """How many pictures in a row have not shown it."""
    edited: bool
    retired: bool


Cautions = list[Caution]


class PublicConfig(Answer):
    """What a publishable key sees."""

    animation_sizes: list[int]
    extra_formats: list[Annotated[ExtraFormat, named("ExtraFormat")]]
    """What films come in beside `webm`, `hevc` and `stacked_video`."""


class Config(PublicConfig):
    prompt: str
    reference_asset_ids: list[Id]
    style_card: StyleCard | None
    caution_list: list[str]
    cdn: Cdn
    max_retries: int
    quality: Quality


class CollectionDetails(Collection):
    """One character with its configuration."""

    slug: str
    updated_at: Time
    config: Config


class Begun(Answer):
    """A job that was begun along with something else."""

    job_id: Id
    poll_url: Url


class CollectionChanged(CollectionDetails):
    """One character as it is now."""

    sizes_job: Begun | None
    """Makes the sizes that were added of the films that there are; null when there is nothing to
    make."""


class PublicCollectionDetails(Collection):
    """What a publishable key sees of a character."""

    slug: str
    updated_at: Time
    config: PublicConfig


CollectionView = CollectionDetails | PublicCollectionDetails

# --- items and assets ----------------------------------------------------------------------------


class Item(Answer):
    """A pose or an action."""

    id: Id
    created_at: Time
    updated_at: Time
    project_id: Id
    collection_id: Id
    type: ItemType
    name: str
    slug: str
    canvas_id: Id | None
    """The canvas that it was made for; null if people asked for it."""


class Newest(Answer):
    """What was asked for last of an item."""

    status: AssetStatus
    """`pending` as long as a file of it is; `failed` if one has failed."""
    needs_review: bool
    still_url: Url | None
    """Its cut-out still, even one that needs review; null until there is one."""


class ItemView(Item):
    best: Given[BestFiles] = None
    """With `best=true`, as the next."""
    newest: Newest | None = None
    """Null if nothing was ever asked for; a publishable key does not see it."""


class SiblingFile(Answer):
    """The bytes of a file."""

    sha256: str
    bytes: int


class Stance(Answer):
    """Where a figure stands in a file, in its pixels. Poses whose `ground`, `centre` and `unit` are
    laid upon each other line up; those of a character's size variants are the same already."""

    box: list[float]
    """Left, top, right and bottom of all that is not transparent."""
    ground: float
    """The line that the figure stands on."""
    centre: float
    """The middle of its feet and body."""
    unit: float
    """The size of its body, whatever its limbs do."""
    scale: float | None
    """Pixels of one unit of the character, if its artist knows: it is more exact than `unit`."""
    fit: float
    """Below 1 where a pose is shown that much smaller, since it would not have had room."""


class Content(Answer):
    """What a finished file is."""

    sha256: str
    bytes: int
    width: int
    height: int
    duration: float | None
    """In seconds; null for a still."""
    frames: int | None
    fps: float | None
    siblings: dict[str, SiblingFile]
    """By extension: the same picture in other files."""
    stance: Stance | None
    """Where the figure of a cut-out stands in it."""


class Provenance(Answer):
    """Who made a file from what: enough to make it again."""

    provider: str
    model: str
    seed: int | None
    prompt: str | None
    parameters: dict[str, Any]
    style_card_version: int | None
    reference_asset_ids: list[Id]


class PublicAsset(Answer):
    """What a publishable key sees of a file."""

    id: Id
    collection_id: Id | None
    item_id: Id | None
    type: AssetType
    size: int | None
    """The width of a size variant; null for the full size."""
    purpose: Purpose | None
    """What it is for, where a job makes two of its type."""
    status: AssetStatus
    content: Content | None
    """Null until the file is made."""
    created_at: Time
    updated_at: Time
    url: Url
    """Final from the start: it serves a placeholder until the file is made."""
    sibling_urls: dict[str, Url]
    """The same picture in other files, by extension: `webp` beside a cut-out's PNG."""


class Take(Answer):
    """What a file shows: it belongs together with all that shows the same."""

    still_ids: list[Id]
    """The pictures at its root, of which a transition has two. They may be deleted by now."""
    film_id: Id | None
    """The video that it is of; null for a still."""


class Asset(PublicAsset):
    """One file."""

    take: Take

    project_id: Id | None
    job_id: Id | None
    error: Fault | None
    provenance: Provenance | None
    metadata: dict[str, Any]
    """What else is known; in `verification`, what was found when the file was decoded again."""
    needs_review: bool
    """It was kept though it, or what it was made from, left the style card."""
    review: Review | None
    """What people say of it."""
    pinned_at: Time | None


AssetView = Asset | PublicAsset


class Link(Answer):
    """One asset was made from another."""

    source_asset_id: Id
    target_asset_id: Id
    role: Role


Links = list[Link]


class Invitation(Answer):
    """Where to send a picture, and how: without the key, and in time."""

    asset_id: Id
    upload_url: Url
    method: Literal["PUT"]
    headers: dict[str, str]
    expires_at: Time


# --- generation ----------------------------------------------------------------------------------


class Generation(Answer):
    """What was begun; the URLs serve placeholders until the files are there."""

    job_id: Id
    poll_url: Url
    item_id: Id
    cost_credits: int
    asset_ids: dict[str, Id]
    """By key: `webm`, or `webm_256` for a size variant."""
    urls: dict[str, Url]
    warnings: list[str]


class PlannedStep(Answer):
    id: str
    kind: StepKind
    needs: list[str]


class PlannedAsset(Answer):
    key: str
    type: AssetType
    size: int | None
    """The width of a size variant; null at full size."""


class Quote(Answer):
    """What would be made, and what it would cost; nothing was begun."""

    dry_run: Literal[True]
    cost_credits: int
    charges: dict[Part, int]
    """What the credits are for."""
    balance_after: int | None
    """The balance when the job has succeeded; null where credits are not metered."""
    available_after: int | None
    """What could be spent then; below 0 the request would be refused with 402."""
    steps: list[PlannedStep]
    assets: list[PlannedAsset]
    warnings: list[str]


class Batch(Answer):
    """What was begun together, in the order of the requests."""

    cost_credits: int
    jobs: list[Generation]


class BatchQuote(Answer):
    """What a batch would cost; nothing was begun."""

    dry_run: Literal[True]
    cost_credits: int
    costs: list[int]


class Preview(Answer):
    """A picture that is stored nowhere."""

    image: str
    """A data URL."""
    model: str
    metadata: dict[str, Any]


# --- canvases ------------------------------------------------------------------------------------


class CanvasCondition(Answer):
    input: str
    op: Op
    value: Held


class CanvasInput(Answer):
    name: str
    type: InputType
    default: Held
    system: bool
    """What plays the canvas sets it, not the app around it."""


class CanvasPosition(Answer):
    x: float
    y: float


class CanvasNode(Answer):
    """A state: a pose of the character."""

    id: str
    name: str
    prompt: str | None
    asset_id: Id | None
    item_id: Id | None
    position: CanvasPosition
    item_name: str | None = Field(alias="itemName")


class CanvasEdge(Answer):
    """A film from one state to another, or a loop."""

    id: str
    source: str
    """`*`: any state."""
    target: str
    conditions: list[CanvasCondition]
    priority: int
    speed: float
    duration: float | None
    """In seconds; null: as `generate-all` says."""
    description: str | None
    reverse: str | None
    """The edge whose film it plays backwards."""


class CanvasTemplate(Answer):
    id: str
    name: str
    description: str
    nodes: list[CanvasNode]
    edges: list[CanvasEdge]
    inputs: list[CanvasInput]
    initial_node: str


CanvasTemplates = list[CanvasTemplate]


class Canvas(Answer):
    """An interactive mascot, as lists show it."""

    id: Id
    created_at: Time
    updated_at: Time
    project_id: Id
    collection_id: Id
    name: str
    template_id: str | None
    nodes: list[CanvasNode]
    edges: list[CanvasEdge]
    inputs: list[CanvasInput]
    initial_node: str | None
    auto_play: bool


class CanvasFile(Answer):
    asset_id: Id
    status: AssetStatus
    url: Url


class CanvasPart(Answer):
    id: str
    state: Stage
    item_id: Id | None
    assets: dict[str, CanvasFile]
    """By key: `webm`, or `webm_256` for a size variant."""


class CanvasNodeStatus(CanvasPart):
    asset_id: Id | None
    """The still: a cut-out."""


class CanvasEdgeStatus(CanvasPart):
    reverse_of: str | None
    """The edge whose film it plays backwards."""


class CanvasStatus(Answer):
    """How far the stills and films of a canvas are."""

    complete: bool
    percent: int
    stills_percent: int
    films_percent: int
    job: Begun | None
    """What is at work on it."""
    nodes: list[CanvasNodeStatus]
    edges: list[CanvasEdgeStatus]


class CanvasDetails(Canvas):
    """An interactive mascot, and how far it is."""

    status: CanvasStatus
    warnings: list[Problem]
    """What can be played, but may not be meant so."""


class CanvasSkipped(Answer):
    id: str
    kind: Annotated[Literal["node", "edge"], named("CanvasPartKind")]
    reason: Reason


class CanvasProduction(Answer):
    """What is made for a canvas, or would be."""

    dry_run: bool
    job_id: Id | None
    """The job that begins the others, whose `batch_id` is its id; null when none was begun."""
    poll_url: Url | None
    planned_jobs: int
    generated: int
    """How many of them were begun, or follow by themselves."""
    skipped: int
    skipped_items: list[CanvasSkipped]
    reverse_free: int
    """Edges that get their film for nothing, as the way back of another."""
    finished_free: int
    """Films that were paid for before and lack only formats, which are made for nothing."""
    already_complete: int
    estimated_cost: int
    actual_cost: int
    """What is held: what cannot be made of it is given back."""
    would_charge_credits: int


class ExportedInput(Answer):
    name: str
    type: InputType
    default: Held
    system: Given[Literal[True]] = None


class ExportedNode(Answer):
    id: str
    name: str
    transparent_thumbnail_url: Url = Field(alias="transparentThumbnailUrl")
    still_url: Given[Url] = Field(default=None, alias="stillUrl")
    """Extended."""


class ExportedVideos(Answer):
    webm: Url
    hevc: Url
    stacked: Given[Url] = None
    """Extended."""


class ExportedVariants(Answer):
    webm: Given[Url] = None
    hevc: Given[Url] = None
    stacked: Given[Url] = None


class ExportedEdge(Answer):
    id: str
    source: str
    target: str
    is_loop: bool = Field(alias="isLoop")
    duration: float
    """In seconds."""
    conditions: list[CanvasCondition]
    videos: ExportedVideos
    priority: Given[int] = None
    """Extended: of several edges that could be taken, the one of the highest priority is."""
    speed: Given[float] = None
    """Extended: how fast the film is played."""
    sizes: Given[dict[str, ExportedVariants]] = None
    """Extended: smaller films, by their width."""


class CanvasExport(Answer):
    """A canvas as players read it."""

    version: Literal["2.0"]
    name: str
    initial_node: str = Field(alias="initialNode")
    auto_play: bool = Field(alias="autoPlay")
    nodes: list[ExportedNode]
    edges: list[ExportedEdge]
    inputs: Given[list[ExportedInput]] = None


# --- jobs ----------------------------------------------------------------------------------------


class Job(Answer):
    """Work, as lists show it."""

    id: Id
    status: JobStatus
    type: JobType
    collection_id: Id | None
    item_id: Id | None
    item_name: str | None
    batch_id: Id | None
    """The job that has begun this one, together with others."""
    retry_of: Id | None
    """The failed job that this one takes up."""
    retry_id: Id | None
    """The job that has taken this failed one up."""
    cost_credits: int
    refunded_credits: int
    """What was given back of that when it ended."""
    warnings: list[str]
    needs_review: bool
    created_at: Time
    updated_at: Time
    completed_at: Time | None
    asset_ids: dict[str, Id]
    urls: dict[str, Url]
    error: Given[Fault] = None
    """Why it failed; not there otherwise."""


class Retake(Answer):
    """A picture that was sent back."""

    reasons: list[str]
    score: float
    sha256: str


class Step(Answer):
    """One node of a job's graph."""

    id: str
    kind: StepKind
    status: StepStatus
    progress: Share
    needs: list[str]
    """The steps that have to succeed before it begins."""
    fired_by: str | None
    """The asset whose finished file starts it."""
    makes: list[str]
    drafts: list[str]
    attempt: int
    started_at: Time | None
    finished_at: Time | None
    cost_usd: float
    retakes: list[Retake]
    error: Given[Fault] = None


class JobDetails(Job):
    """Work with its graph."""

    progress: Share
    """How much of it is done: its steps, weighed by how long each takes."""
    steps: list[Step]


JobEventName = Annotated[
    Literal["pending", "processing", "completed", "failed", "reconnect"],
    named("JobEventName"),
]
"""The status of the job, or that the server is about to end."""


class JobEvent(Answer):
    """A job whenever something about it changed, until it ends or the server does."""

    id: Given[str] = None
    """Send the last one as `Last-Event-ID` to be told only of what is different."""
    event: Given[JobEventName] = None
    data: Annotated[
        str,
        Field(
            json_schema_extra={
                "contentMediaType": "application/json",
                "contentSchema": {"$ref": "#/components/schemas/JobDetails"},
            }
        ),
    ]
    """The job."""
    retry: Given[int] = None
    """After how many milliseconds to come back."""


# --- credits -------------------------------------------------------------------------------------


class Purse(Answer):
    available: int
    held: int


class Subscription(Purse):
    ends_at: Time | None
    """When what is left expires; null: never."""


class Purses(Answer):
    """In the order in which they are spent."""

    subscription: Subscription
    topup: Purse


class Credits(Answer):
    balance: int
    """`available` and `held` together."""
    held: int
    """What jobs under way may cost."""
    available: int
    """What can be spent."""
    buckets: Purses
    unlimited: bool
    """Whether this installation refuses nobody; then nothing is taken from the buckets."""


class CreditEntry(Answer):
    """One movement of credits."""

    id: str
    kind: EntryKind
    amount: int
    buckets: dict[Bucket, int]
    """Where the amount came from, or went."""
    job_id: Id | None
    item_id: Id | None
    item_name: str | None
    reference: str | None
    """What a grant was made for."""
    ends_at: Time | None
    """When a granted subscription ends."""
    at: Time


# --- webhooks ------------------------------------------------------------------------------------


class Webhook(Answer):
    id: Id
    created_at: Time
    updated_at: Time
    url: Url
    events: list[Event]
    enabled: bool


class NewWebhook(Webhook):
    secret: str
    """Signs what is sent; shown this once."""


class Attempt(Answer):
    at: Time
    http_status: int | None
    """Null when there was no answer."""
    duration_ms: int
    error: str | None
    response: str
    """The beginning of an answer that was not 2xx."""


class Delivery(Answer):
    """What an endpoint was told, and how it went."""

    id: Id
    webhook_id: Id
    event: str
    job_id: Id | None
    """Null for a ping."""
    status: DeliveryStatus
    next_attempt_at: Time | None
    created_at: Time
    updated_at: Time
    attempts: list[Attempt]


# --- looking -------------------------------------------------------------------------------------


class Analysis(Answer):
    """What is seen and measured in a picture."""

    name: str
    prompt: str
    """Words that draw the character again."""
    features: list[str]
    shading: str
    summary: str
    palette: list[Colour]
    """The largest share first; empty if no figure can be told from the background."""
    line: Line | None
    provider: str


class Suggestions(Answer):
    actions: list[str]
    """Each fits `image_prompt`."""
