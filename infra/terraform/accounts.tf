# Each function is somebody of its own, who may do what functions.tf says and nothing else.

resource "google_service_account" "function" {
  for_each     = local.functions
  account_id   = local.service[each.key]
  display_name = "Mascotry: ${each.key}"
  depends_on   = [google_project_service.this]
}

# Who the queues and the schedule are when they call a function.
resource "google_service_account" "tasks" {
  account_id   = "mascotry-tasks"
  display_name = "Mascotry: queues and schedule"
  depends_on   = [google_project_service.this]
}

# Who storage events are delivered as.
resource "google_service_account" "trigger" {
  account_id   = "mascotry-trigger"
  display_name = "Mascotry: storage trigger"
  depends_on   = [google_project_service.this]
}

resource "google_project_iam_member" "documents" {
  for_each = toset([for name, function in local.functions : name if function.rights.documents])
  project  = var.project
  role     = "roles/datastore.user"
  member   = google_service_account.function[each.key].member
}

resource "google_project_iam_member" "models" {
  for_each = toset([for name, function in local.functions : name if local.vertex && length(function.rights.keys) > 0])
  project  = var.project
  role     = "roles/aiplatform.user"
  member   = google_service_account.function[each.key].member
}

# What removes files has the CDN forget them.
resource "google_project_iam_custom_role" "forgets" {
  for_each    = local.balancer
  role_id     = "mascotryForgets${var.generation}"
  title       = "Mascotry: has the CDN forget files"
  permissions = ["compute.urlMaps.invalidateCache"]
}

resource "google_project_iam_member" "forgets" {
  for_each = local.balancer
  project  = var.project
  role     = google_project_iam_custom_role.forgets[each.key].id
  member   = google_service_account.function["purge"].member
}

locals {
  on_buckets = merge([
    for name, function in local.functions : {
      for bucket, role in function.rights.buckets : "${name} ${bucket}" => { function = name, bucket = bucket, role = role }
    }
  ]...)
  enqueue = toset([for name, function in local.functions : name if function.rights.enqueues])
}

resource "google_storage_bucket_iam_member" "function" {
  for_each = local.on_buckets
  bucket   = google_storage_bucket.this[each.value.bucket].name
  role     = each.value.role
  member   = google_service_account.function[each.value.function].member
}

# What has arrived is announced by the storage trigger alone.
resource "google_cloud_tasks_queue_iam_binding" "function" {
  for_each = local.queues # and not the queues themselves, whose names terraform import does not know
  location = var.region
  name     = google_cloud_tasks_queue.this[each.key].name
  role     = "roles/cloudtasks.enqueuer"
  members = [
    for name in local.enqueue : google_service_account.function[name].member
    if each.key != "upload" || name == "on_object_finalized"
  ]
}

# Who enqueues a task says as whom it is delivered, and must be allowed to.
resource "google_service_account_iam_member" "enqueues" {
  for_each           = local.enqueue
  service_account_id = google_service_account.tasks.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.function[each.key].member
}

# URLs are signed by the account's own key, which never leaves Google.
resource "google_service_account_iam_member" "signs" {
  for_each           = toset([for name, function in local.functions : name if function.rights.signs])
  service_account_id = google_service_account.function[each.key].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.function[each.key].member
}

resource "google_cloud_run_v2_service_iam_member" "tasks" {
  for_each = setunion(keys(local.queues), ["sweep"])
  location = var.region
  name     = google_cloud_run_v2_service.this[each.key].name
  role     = "roles/run.invoker"
  member   = google_service_account.tasks.member
}

resource "google_cloud_run_v2_service_iam_member" "decode" {
  for_each = local.decoding
  location = var.region
  name     = google_cloud_run_v2_service.this["decode"].name
  role     = "roles/run.invoker"
  member   = google_service_account.function[each.key].member
}

resource "google_cloud_run_v2_service_iam_member" "trigger" {
  location = var.region
  name     = google_cloud_run_v2_service.this["on_object_finalized"].name
  role     = "roles/run.invoker"
  member   = google_service_account.trigger.member
}

resource "google_project_iam_member" "trigger" {
  project = var.project
  role    = "roles/eventarc.eventReceiver"
  member  = google_service_account.trigger.member
}

# Cloud Storage tells of its objects by Pub/Sub, as an account that Google keeps.
resource "google_project_iam_member" "storage_events" {
  project = var.project
  role    = "roles/pubsub.publisher"
  member  = data.google_storage_project_service_account.this.member
}
