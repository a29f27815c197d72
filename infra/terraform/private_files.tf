# The files of a bucket that is not public, for organizations that refuse allUsers. Cloud CDN signs what
# it asks of Cloud Storage with the HMAC key of an account that may read files by their names, and no
# more: private origin authentication, AWS's Signature Version 4, which Cloud Storage takes as well.
# https://docs.cloud.google.com/cdn/docs/configure-private-origin-authentication

locals {
  private_files  = var.public_bucket ? {} : local.balancer
  files_host     = "${google_storage_bucket.this["assets"].name}.storage.googleapis.com"
  answer_headers = [for name in ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"] : "response-${name}"]
}

resource "google_service_account" "delivery" {
  for_each     = local.private_files
  account_id   = "mascotry-delivery"
  display_name = "Mascotry: delivery of files"
  depends_on   = [google_project_service.this]
}

# Not objectViewer: a request for the bucket itself would be signed, too, and answered with all names.
resource "google_storage_bucket_iam_member" "delivery" {
  for_each = local.private_files
  bucket   = google_storage_bucket.this["assets"].name
  role     = "roles/storage.legacyObjectReader"
  member   = google_service_account.delivery[each.key].member
}

# Its secret is in Terraform's state.
resource "google_storage_hmac_key" "delivery" {
  for_each              = local.private_files
  service_account_email = google_service_account.delivery[each.key].email
}

resource "google_compute_global_network_endpoint_group" "files" {
  for_each              = local.private_files
  name                  = "mascotry-files"
  network_endpoint_type = "INTERNET_FQDN_PORT"
  default_port          = 443
  depends_on            = [google_project_service.this]
}

resource "google_compute_global_network_endpoint" "files" {
  for_each                      = local.private_files
  global_network_endpoint_group = google_compute_global_network_endpoint_group.files[each.key].name
  fqdn                          = local.files_host
  port                          = 443
}

resource "google_compute_backend_service" "files" {
  for_each               = local.private_files
  name                   = "mascotry-files"
  load_balancing_scheme  = "EXTERNAL_MANAGED"
  protocol               = "HTTPS"
  enable_cdn             = true
  custom_request_headers = ["Host: ${local.files_host}"]
  compression_mode       = "DISABLED" # the files are compressed
  backend {
    group = google_compute_global_network_endpoint_group.files[each.key].id
  }
  cdn_policy {
    cache_mode = "USE_ORIGIN_HEADERS" # as with a public bucket
  }
  security_settings {
    aws_v4_authentication {
      access_key_id = google_storage_hmac_key.delivery[each.key].access_id
      access_key    = google_storage_hmac_key.delivery[each.key].secret
      origin_region = var.region
    }
  }
  log_config {
    enable = false # it would hold every viewer's address
  }
  depends_on = [google_compute_global_network_endpoint.files, google_storage_bucket_iam_member.delivery]
}
