locals {
  buckets = {
    # A week in which what was deleted by mistake can be brought back; it is paid for as long.
    assets = { soft_delete = 7 * 24 * 3600, days = 0, methods = ["GET", "HEAD"], origins = ["*"] }
    # What an attempt made; published files are copies. A job lives at most six hours.
    work = { soft_delete = 0, days = 2, methods = [], origins = [] }
    # What clients have sent, until it was looked at: what is refused must be gone when it is gone.
    uploads = { soft_delete = 0, days = 2, methods = ["PUT"], origins = var.browser_origins }
  }
}

resource "google_storage_bucket" "this" {
  #checkov:skip=CKV_GCP_62:access logs would hold every viewer's address; metrics and the functions' logs suffice
  #checkov:skip=CKV_GCP_78:objects are never replaced by other content, and soft delete brings back what was deleted
  #checkov:skip=CKV_GCP_114:the files of mascots are public, unless public_bucket is false; the other two enforce it below
  for_each = local.buckets

  name                        = "${var.project}-mascotry-${each.key}"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = each.key == "assets" && var.public_bucket ? "inherited" : "enforced"
  force_destroy               = false

  soft_delete_policy {
    retention_duration_seconds = each.value.soft_delete
  }

  dynamic "lifecycle_rule" {
    for_each = each.value.days > 0 ? [each.value.days] : []
    content {
      condition {
        age = lifecycle_rule.value
      }
      action {
        type = "Delete"
      }
    }
  }

  lifecycle_rule {
    condition {
      age = 1
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  dynamic "cors" {
    for_each = length(each.value.methods) > 0 ? [each.value] : []
    content {
      origin          = cors.value.origins
      method          = cors.value.methods
      response_header = ["Content-Type", "ETag", "Content-Range", "Accept-Ranges", "x-goog-content-length-range", "x-goog-if-generation-match"]
      max_age_seconds = 3600
    }
  }

  depends_on = [google_project_service.this]
}

# Everybody may read a file whose name he knows, and nobody may ask for the names.
resource "google_storage_bucket_iam_member" "public" {
  #checkov:skip=CKV_GCP_28:the files of mascots are public, which is what they are for
  for_each = var.public_bucket ? { this = true } : {}
  bucket   = google_storage_bucket.this["assets"].name
  role     = "roles/storage.legacyObjectReader"
  member   = "allUsers"
}
