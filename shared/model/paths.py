"""Where each document lives. The workspace is in the path, so no query can cross tenants."""


def workspace(workspace_id: str) -> str:
    return f"workspaces/{workspace_id}"


def collection_of(workspace_id: str, kind: str) -> str:
    """The path of a workspace's collection of documents, such as its `items`."""
    return f"workspaces/{workspace_id}/{kind}"


def project(workspace_id: str, project_id: str) -> str:
    return f"workspaces/{workspace_id}/projects/{project_id}"


def collection(workspace_id: str, collection_id: str) -> str:
    return f"workspaces/{workspace_id}/collections/{collection_id}"


def guide(workspace_id: str, collection_id: str) -> str:
    """What keeps a collection's character the same: its style card and cautions."""
    return f"workspaces/{workspace_id}/guides/{collection_id}"


def card_edition(workspace_id: str, collection_id: str, version: int) -> str:
    return f"workspaces/{workspace_id}/card_editions/{collection_id}.{version}"


def slug(workspace_id: str, text: str) -> str:
    """The reservation that makes a collection slug unique in its workspace."""
    return f"workspaces/{workspace_id}/slugs/{text}"


def item(workspace_id: str, item_id: str) -> str:
    return f"workspaces/{workspace_id}/items/{item_id}"


def asset(workspace_id: str, asset_id: str) -> str:
    return f"workspaces/{workspace_id}/assets/{asset_id}"


def link(workspace_id: str, link_id: str) -> str:
    return f"workspaces/{workspace_id}/links/{link_id}"


def canvas(workspace_id: str, canvas_id: str) -> str:
    return f"workspaces/{workspace_id}/canvases/{canvas_id}"


def canvas_work(workspace_id: str, canvas_id: str) -> str:
    """What is made for a canvas, apart from its definition, which people change."""
    return f"workspaces/{workspace_id}/canvas_work/{canvas_id}"


def job(workspace_id: str, job_id: str) -> str:
    return f"workspaces/{workspace_id}/jobs/{job_id}"


def progress(workspace_id: str, job_id: str) -> str:
    """Progress has its own document: the job must not be written by everybody."""
    return f"workspaces/{workspace_id}/progress/{job_id}"


def errand(id_: str) -> str:
    return f"errands/{id_}"


def due(id_: str) -> str:
    """What the sweeper must look at, by time: one per job, uploaded asset or judged item that is
    not settled."""
    return f"due/{id_}"


def key(key_hash: str) -> str:
    return f"keys/{key_hash}"


def firebase_project(project_id: str) -> str:
    """Which workspace the users of a Firebase project may enter. It lies outside of workspaces, so
    that there is one at most."""
    return f"firebase/{project_id}"


def firebase_choice(workspace_id: str) -> str:
    """The name of the Firebase project that a workspace has registered last."""
    return f"workspaces/{workspace_id}/firebase/project"


def limits(workspace_id: str, subject: str) -> str:
    """What was given out to a key or a user of what they may ask in a minute and in an hour."""
    return f"workspaces/{workspace_id}/limits/{subject}"


def webhook(workspace_id: str, webhook_id: str) -> str:
    return f"workspaces/{workspace_id}/webhooks/{webhook_id}"


def webhook_secrets(workspace_id: str, webhook_id: str) -> str:
    """What a webhook signs with, apart from the rest of it."""
    return f"workspaces/{workspace_id}/webhook_secrets/{webhook_id}"


def webhook_delivery(workspace_id: str, delivery_id: str) -> str:
    return f"workspaces/{workspace_id}/webhook_deliveries/{delivery_id}"


def expiring(document_id: str) -> str:
    """What is to be removed some day: when, and the path of the document."""
    return f"expiring/{document_id}"


def credit_counter(workspace_id: str, bucket: str, counter: str, shard: int) -> str:
    """One shard of how many credits of a bucket can be spent (`available`), or are `held`."""
    return f"workspaces/{workspace_id}/credits/{bucket}.{counter}.{shard}"


def credit_entry(workspace_id: str, entry_id: str) -> str:
    return f"workspaces/{workspace_id}/credit_entries/{entry_id}"


def audit(workspace_id: str, at: str, shard: int) -> str:
    """That a workspace's credits are to be looked at then. Each of the shards is such a note, so
    that jobs that end at the same time need not write the same document."""
    return f"audits/{workspace_id}.{at}.{shard}"


def walk(name: str) -> str:
    """How far the sweeper has come in what it looks through a little at a time."""
    return f"walks/{name}"
