resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:Google's own keys encrypt the images, which hold open source and nothing else
  repository_id = "mascotry"
  location      = var.region
  format        = "DOCKER"

  docker_config {
    immutable_tags = true
  }

  cleanup_policy_dry_run = false
  cleanup_policies {
    id     = "keep the latest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
  cleanup_policies {
    id     = "remove old ones"
    action = "DELETE"
    condition {
      older_than = "7776000s"
    }
  }

  depends_on = [google_project_service.this]
}

# Who builds the images: he reads the source that gcloud has put into its bucket, and pushes.
resource "google_service_account" "build" {
  account_id   = "mascotry-build"
  display_name = "Mascotry: builds of the images"
  depends_on   = [google_project_service.this]
}

resource "google_artifact_registry_repository_iam_member" "build" {
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_project_iam_member" "build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

resource "google_project_iam_member" "build_source" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member
  condition {
    title      = "The bucket of gcloud builds submit"
    expression = "resource.name.startsWith(\"projects/_/buckets/${var.project}_cloudbuild\")"
  }
}

locals {
  repository = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

resource "google_secret_manager_secret" "provider_key" {
  for_each  = var.provider_keys
  secret_id = "mascotry-${replace(each.key, "_", "-")}"

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_secret_manager_secret_iam_member" "provider_key" {
  for_each = merge([
    for name, function in local.functions : {
      for key in setintersection(function.rights.keys, var.provider_keys) : "${name} ${key}" => { function = name, key = key }
    }
  ]...)
  secret_id = google_secret_manager_secret.provider_key[each.value.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}
