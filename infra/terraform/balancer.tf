# One address for the API and one for the files, with Cloud CDN in front of the files. Without it the
# API's address is Firebase Hosting's (firebase.json), which routes by path alone, and the files are
# served by Cloud Storage itself. Routes are those of infra/gateway.py.

locals {
  balancer = var.load_balancer ? { this = true } : {}
  url_map  = "mascotry" # the functions are told, and the map needs them first
  domains  = var.load_balancer ? [var.api_domain, var.cdn_domain] : []
  # What is decoded or looked at, and the choice of a provider, which is tried: these need the media
  # image and the providers' keys.
  ingest_paths = ["/v1/upload", "/v1/generate/preview", "/v1/analyze-image", "/v1/suggest-actions", "/v1/workspace"]
}

resource "google_compute_global_address" "this" {
  for_each   = local.balancer
  name       = "mascotry"
  depends_on = [google_project_service.this]
}

resource "google_compute_region_network_endpoint_group" "public" {
  for_each              = var.load_balancer ? local.public : toset([])
  name                  = local.service[each.key]
  region                = var.region
  network_endpoint_type = "SERVERLESS"
  cloud_run {
    service = google_cloud_run_v2_service.this[each.key].name
  }
}

resource "google_compute_backend_service" "public" {
  for_each              = var.load_balancer ? local.public : toset([])
  name                  = local.service[each.key]
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  backend {
    group = google_compute_region_network_endpoint_group.public[each.key].id
  }
  log_config {
    enable = false # Cloud Run logs each request, too
  }
}

# Serves the files of a public bucket; those of a private one are in private_files.tf.
resource "google_compute_backend_bucket" "assets" {
  for_each    = var.public_bucket ? local.balancer : {}
  name        = "mascotry-assets"
  bucket_name = google_storage_bucket.this["assets"].name
  enable_cdn  = true
  cdn_policy {
    # What a file's own Cache-Control says, which placeholders forbid and files allow for a year.
    cache_mode = "USE_ORIGIN_HEADERS"
  }
  compression_mode = "DISABLED" # the files are compressed
}

resource "google_compute_url_map" "this" {
  for_each        = local.balancer
  name            = local.url_map
  default_service = google_compute_backend_service.public["api"].id

  host_rule {
    hosts        = [var.cdn_domain]
    path_matcher = "files"
  }
  path_matcher {
    name            = "files"
    default_service = var.public_bucket ? google_compute_backend_bucket.assets[each.key].id : google_compute_backend_service.files[each.key].id

    # What a query says of an answer's headers, Cloud Storage does for those who sign, as the load
    # balancer does for everybody when the bucket is private: such a query is dropped.
    dynamic "route_rules" {
      for_each = var.public_bucket ? [] : [1]
      content {
        priority = route_rules.value
        dynamic "match_rules" {
          for_each = local.answer_headers
          content {
            prefix_match = "/"
            query_parameter_matches {
              name          = match_rules.value
              present_match = true
            }
          }
        }
        url_redirect {
          strip_query            = true
          redirect_response_code = "FOUND"
        }
      }
    }
  }

  host_rule {
    hosts        = [var.api_domain]
    path_matcher = "api"
  }
  path_matcher {
    name            = "api"
    default_service = google_compute_backend_service.public["api"].id

    route_rules {
      priority = 1
      service  = google_compute_backend_service.public["ingest"].id
      dynamic "match_rules" {
        for_each = local.ingest_paths
        content {
          full_path_match = match_rules.value
        }
      }
      match_rules {
        path_template_match = "/v1/collections/*/references"
      }
      match_rules {
        path_template_match = "/v1/collections/*/items/import"
      }
      match_rules {
        full_path_match = "/v1/collections"
        header_matches {
          header_name = ":method"
          exact_match = "POST"
        }
      }
    }
    route_rules {
      priority = 2
      service  = google_compute_backend_service.public["events"].id
      match_rules {
        path_template_match = "/v1/jobs/*/events"
      }
      match_rules {
        path_template_match = "/v1/jobs/*"
        query_parameter_matches {
          name          = "wait"
          present_match = true
        }
      }
    }
  }
}

# A certificate can't get another domain, nor be deleted while it is used: each domain has one of its
# own, whose name is the domain's, and which is there before an old one goes.
resource "google_compute_managed_ssl_certificate" "this" {
  for_each = toset(local.domains)
  name     = "mascotry-${substr(sha256(each.key), 0, 8)}"
  managed {
    domains = [each.key]
  }
  lifecycle {
    create_before_destroy = true
  }
  depends_on = [google_project_service.this]
}

resource "google_compute_ssl_policy" "this" {
  for_each        = local.balancer
  name            = "mascotry"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
  depends_on      = [google_project_service.this]
}

resource "google_compute_target_https_proxy" "this" {
  for_each         = local.balancer
  name             = "mascotry"
  url_map          = google_compute_url_map.this[each.key].id
  ssl_certificates = [for domain in local.domains : google_compute_managed_ssl_certificate.this[domain].id]
  ssl_policy       = google_compute_ssl_policy.this[each.key].id
}

resource "google_compute_global_forwarding_rule" "this" {
  for_each              = local.balancer
  name                  = "mascotry"
  ip_address            = google_compute_global_address.this[each.key].id
  load_balancing_scheme = "EXTERNAL_MANAGED"
  port_range            = "443"
  target                = google_compute_target_https_proxy.this[each.key].id
}
