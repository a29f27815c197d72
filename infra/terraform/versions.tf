terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
  # Budgets are asked for with the account that deploys, and need a project to be counted for.
  billing_project       = var.project
  user_project_override = true
}

data "google_project" "this" {}

# What Cloud Storage publishes its events as.
data "google_storage_project_service_account" "this" {
  depends_on = [google_project_service.this]
}

resource "google_project_service" "this" {
  for_each = toset(concat(
    [
      "artifactregistry.googleapis.com",
      "billingbudgets.googleapis.com",
      "cloudbuild.googleapis.com",
      "cloudscheduler.googleapis.com",
      "cloudtasks.googleapis.com",
      "eventarc.googleapis.com",
      "firestore.googleapis.com",
      "iam.googleapis.com",
      "iamcredentials.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "pubsub.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
      "storage.googleapis.com",
    ],
    local.vertex ? ["aiplatform.googleapis.com"] : [],
    var.load_balancer ? ["compute.googleapis.com"] : [],
  ))
  service            = each.value
  disable_on_destroy = false
}
