# One queue per function that takes tasks; the numbers are those of shared/model/queues.py, and
# capacity.tf fits them to the region.
# A task is repeated until it is answered with 2xx: the functions count their attempts themselves.
resource "google_cloud_tasks_queue" "this" {
  for_each = local.queues
  name     = "${each.value.id}${var.generation == "" ? "" : "-${var.generation}"}"
  location = var.region

  rate_limits {
    max_concurrent_dispatches = local.instances[each.key] * local.functions[each.key].concurrency
    max_dispatches_per_second = each.value.max_per_second
  }

  retry_config {
    max_attempts       = -1
    max_retry_duration = "${each.value.retry_for}s"
    min_backoff        = "${each.value.min_backoff}s"
    max_backoff        = "${each.value.max_backoff}s"
    max_doublings      = 16
  }

  depends_on = [google_project_service.this]
}

resource "google_cloud_scheduler_job" "sweep" {
  name             = "mascotry-sweep"
  description      = "Delivers again what is overdue."
  region           = var.region
  schedule         = "* * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "900s"

  retry_config {
    retry_count = 0 # the next minute is soon
  }

  http_target {
    http_method = "POST"
    uri         = local.url["sweep"]
    oidc_token {
      service_account_email = google_service_account.tasks.email
      audience              = local.url["sweep"]
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_eventarc_trigger" "finalized" {
  for_each        = toset(["assets", "uploads"])
  name            = "mascotry-finalized-${each.key}"
  location        = var.region # which is the bucket's
  service_account = google_service_account.trigger.email

  matching_criteria {
    attribute = "type"
    value     = "google.cloud.storage.object.v1.finalized"
  }
  matching_criteria {
    attribute = "bucket"
    value     = google_storage_bucket.this[each.key].name
  }

  destination {
    cloud_run_service {
      service = google_cloud_run_v2_service.this["on_object_finalized"].name
      region  = var.region
      path    = "/"
    }
  }

  depends_on = [
    google_cloud_run_v2_service_iam_member.trigger,
    google_project_iam_member.storage_events,
    google_project_iam_member.trigger,
  ]
}
