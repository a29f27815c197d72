# One service per entry point of functions/main.py, each with the size, the account and the rights
# that it needs. They are Cloud Run services that run functions-framework, and not
# google_cloudfunctions2_function, which is the same service underneath but builds the source with
# buildpacks: there is no place in those for the weights, and everything would have one image.

locals {
  queues = jsondecode(file("${path.module}/../queues.json"))

  # What an account may do: read and write documents, enqueue tasks, sign URLs, ask models (with these
  # keys, or Google's as itself), and its role on each bucket. Whatever touches a job may have to finish
  # what a dead worker began, so it publishes from `work` to `assets` as well. What decodes untrusted
  # files may do nothing.
  reads  = "roles/storage.objectViewer"
  adds   = "roles/storage.objectCreator"
  writes = "roles/storage.objectUser"
  rights = {
    public = { documents = true, enqueues = true, signs = true, keys = [], buckets = { assets = local.writes, work = local.reads, uploads = local.adds } }
    ingest = { documents = true, enqueues = true, signs = true, keys = ["fal_key", "openai_api_key"], buckets = { assets = local.writes, work = local.reads, uploads = local.adds } }
    wait   = { documents = true, enqueues = false, signs = false, keys = [], buckets = {} }
    step   = { documents = true, enqueues = true, signs = false, keys = [], buckets = { assets = local.writes, work = local.writes } }
    look   = { documents = true, enqueues = true, signs = false, keys = ["openai_api_key"], buckets = { assets = local.writes, work = local.writes } }
    film   = { documents = true, enqueues = true, signs = false, keys = ["fal_key"], buckets = { assets = local.writes, work = local.writes } }
    intake = { documents = true, enqueues = true, signs = true, keys = [], buckets = { assets = local.writes, work = local.writes, uploads = local.reads } }
    errand = { documents = true, enqueues = true, signs = false, keys = [], buckets = { assets = local.writes, work = local.reads } }
    upload = { documents = true, enqueues = false, signs = false, keys = [], buckets = { assets = local.writes, uploads = local.writes } }
    sweep  = { documents = true, enqueues = true, signs = false, keys = [], buckets = { assets = local.writes, work = local.reads, uploads = local.writes } }
    tell   = { documents = true, enqueues = true, signs = false, keys = [], buckets = {} }
    none   = { documents = false, enqueues = false, signs = false, keys = [], buckets = {} }
  }

  # Files of a request lie in memory, too: Cloud Run's disk is memory. A film's frames take up to
  # 94 MB there. `concurrency` is the number of threads.
  functions = {
    api                 = { image = "slim", rights = local.rights.public, cpu = "1", memory = "512Mi", concurrency = 40, timeout = 60 }
    events              = { image = "slim", rights = local.rights.wait, cpu = "1", memory = "512Mi", concurrency = 200, timeout = 330 }
    ingest              = { image = "media", rights = local.rights.ingest, cpu = "1", memory = "2Gi", concurrency = 4, timeout = 300 }
    decode              = { image = "media", rights = local.rights.none, cpu = "2", memory = "4Gi", concurrency = 1, timeout = 680 }
    upload              = { image = "slim", rights = local.rights.upload, cpu = "1", memory = "1Gi", concurrency = 4 }
    intake              = { image = "slim", rights = local.rights.intake, cpu = "1", memory = "512Mi", concurrency = 1 }
    style_card          = { image = "media", rights = local.rights.look, cpu = "1", memory = "1Gi", concurrency = 1 }
    image               = { image = "media", rights = local.rights.look, cpu = "1", memory = "2Gi", concurrency = 1 }
    cutout              = { image = "media", rights = local.rights.step, cpu = "1", memory = "2Gi", concurrency = 1 }
    validate            = { image = "media", rights = local.rights.look, cpu = "1", memory = "1Gi", concurrency = 1 }
    video               = { image = "media", rights = local.rights.film, cpu = "2", memory = "2Gi", concurrency = 1 }
    reverse             = { image = "media", rights = local.rights.step, cpu = "2", memory = "2Gi", concurrency = 1 }
    transcode           = { image = "media", rights = local.rights.step, cpu = "2", memory = "2Gi", concurrency = 1 }
    resize              = { image = "media", rights = local.rights.step, cpu = "2", memory = "2Gi", concurrency = 1 }
    sizes               = { image = "slim", rights = local.rights.errand, cpu = "1", memory = "512Mi", concurrency = 4 }
    canvas              = { image = "slim", rights = local.rights.errand, cpu = "1", memory = "512Mi", concurrency = 4 }
    purge               = { image = "slim", rights = local.rights.errand, cpu = "1", memory = "512Mi", concurrency = 4 }
    noop                = { image = "slim", rights = local.rights.errand, cpu = "1", memory = "512Mi", concurrency = 20 }
    webhook             = { image = "slim", rights = local.rights.tell, cpu = "1", memory = "512Mi", concurrency = 40 }
    sweep               = { image = "slim", rights = local.rights.sweep, cpu = "1", memory = "512Mi", concurrency = 1, timeout = 900 }
    on_object_finalized = { image = "slim", rights = local.rights.errand, cpu = "1", memory = "512Mi", concurrency = 8, timeout = 300, signature = "cloudevent" }
  }

  public  = toset(["api", "events", "ingest"])
  private = setsubtract(keys(local.functions), local.public)
  # They have `decode` open what clients send.
  decoding = toset(["ingest", "intake", "upload"])

  # The platform cuts off a request that takes longer. gunicorn must end its worker then, too: without
  # CLOUD_RUN_TIMEOUT_SECONDS it never does, and a step whose lease has expired would still be running.
  timeout = { for name, function in local.functions : name => try(local.queues[name].dispatch_deadline, function.timeout) }

  service = { for name in keys(local.functions) : name => "mascotry-${replace(name, "_", "-")}" }
  # Cloud Run's own addresses are known before the services are there, so that they can name one another.
  addresses     = "${data.google_project.this.number}.${var.region}.run.app"
  functions_url = "https://mascotry-{function}-${local.addresses}"
  url           = { for name in keys(local.functions) : name => replace(local.functions_url, "{function}", replace(name, "_", "-")) }

  vertex   = contains([var.image_provider, var.video_provider, var.vision_provider], "google")
  base_url = var.load_balancer ? "https://${var.api_domain}" : "https://${var.project}.web.app"
  # Where files come from, as pages name it in their policies.
  files_origin = var.load_balancer ? "https://${var.cdn_domain}" : "https://storage.googleapis.com"
  cdn_url      = var.load_balancer ? local.files_origin : "${local.files_origin}/${google_storage_bucket.this["assets"].name}"

  environment = merge(
    {
      MASCOTRY_BACKEND         = "google"
      MASCOTRY_PROJECT         = var.project
      MASCOTRY_REGION          = var.region
      MASCOTRY_DATABASE        = google_firestore_database.this.name
      MASCOTRY_ASSETS_BUCKET   = google_storage_bucket.this["assets"].name
      MASCOTRY_WORK_BUCKET     = google_storage_bucket.this["work"].name
      MASCOTRY_UPLOADS_BUCKET  = google_storage_bucket.this["uploads"].name
      MASCOTRY_BASE_URL        = local.base_url
      MASCOTRY_CDN_URL         = local.cdn_url
      MASCOTRY_FUNCTIONS_URL   = local.functions_url
      MASCOTRY_TASKS_ACCOUNT   = google_service_account.tasks.email
      MASCOTRY_EVENTS_ACCOUNT  = google_service_account.trigger.email
      MASCOTRY_IMAGE_PROVIDER  = var.image_provider
      MASCOTRY_VIDEO_PROVIDER  = var.video_provider
      MASCOTRY_VISION_PROVIDER = var.vision_provider
    },
    var.load_balancer ? { MASCOTRY_CDN_URL_MAP = local.url_map } : {},
    var.generation == "" ? {} : { MASCOTRY_QUEUE_GENERATION = var.generation },
    local.vertex ? { MASCOTRY_GOOGLE_PROJECT = var.project } : {},
    { for name, value in var.settings : "MASCOTRY_${upper(name)}" => value },
  )
}

locals {
  # It decodes untrusted files, and is told nothing that leads to others.
  decode_environment = merge(
    {
      MASCOTRY_BACKEND        = "google"
      MASCOTRY_PROJECT        = var.project
      MASCOTRY_FUNCTIONS_URL  = local.functions_url
      MASCOTRY_DECODE_CALLERS = jsonencode([for name in local.decoding : google_service_account.function[name].email])
    },
    { for name, value in var.settings : "MASCOTRY_${upper(name)}" => value },
  )
}

resource "google_cloud_run_v2_service" "this" {
  for_each = local.functions

  name     = local.service[each.key]
  location = var.region
  # Queues, the schedule and the storage trigger count as internal, and nothing else reaches a private
  # function, but for `decode`: a call from one service to another is not internal without a network of
  # one's own, so that IAM alone guards it. A public one stays open with the load balancer, too: Firebase
  # Hosting, and so the studio, reaches it from outside. Who may call it is checked by itself, by the key.
  ingress              = contains(setunion(local.public, ["decode"]), each.key) ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_ONLY"
  invoker_iam_disabled = contains(local.public, each.key)
  # It holds nothing that can't be deployed again.
  deletion_protection = false

  template {
    service_account                  = google_service_account.function[each.key].email
    timeout                          = "${local.timeout[each.key]}s"
    max_instance_request_concurrency = each.value.concurrency
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"

    scaling {
      min_instance_count = 0
      max_instance_count = local.instances[each.key]
    }

    containers {
      image = "${local.repository}/${each.value.image}:${var.image_tag}"

      resources {
        limits            = { cpu = each.value.cpu, memory = each.value.memory }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      env {
        name  = "FUNCTION_TARGET"
        value = each.key
      }
      env {
        name  = "FUNCTION_SIGNATURE_TYPE"
        value = try(each.value.signature, "http")
      }
      env {
        name  = "THREADS"
        value = tostring(each.value.concurrency)
      }
      env {
        name  = "CLOUD_RUN_TIMEOUT_SECONDS"
        value = tostring(local.timeout[each.key])
      }
      # Cloud Run lets nobody but the invokers through to a private function, and takes the signatures of
      # their tokens away. A public one must never believe that.
      dynamic "env" {
        for_each = contains(local.private, each.key) ? ["true"] : []
        content {
          name  = "MASCOTRY_PLATFORM_CHECKS_CALLERS"
          value = env.value
        }
      }
      dynamic "env" {
        for_each = each.key == "decode" ? local.decode_environment : local.environment
        content {
          name  = env.key
          value = env.value
        }
      }
      dynamic "env" {
        for_each = setintersection(each.value.rights.keys, var.provider_keys)
        content {
          name = "MASCOTRY_${upper(env.value)}"
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.provider_key[env.value].secret_id
              version = "latest"
            }
          }
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.provider_key]
}
