# What calls for people, counted from the lines that the functions log (JSON on standard error) and
# from what Google measures by itself. Names of findings are those of shared/model/finding.py.

locals {
  # A metric is the number of lines that its filter finds; an alarm sounds above `most` in `seconds`.
  ours = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name:\"mascotry-\""
  lines = {
    step-failed = {
      filter = "jsonPayload.logger=\"shared.services.runner\" AND jsonPayload.message=\"step\" AND jsonPayload.outcome=\"failed\""
      labels = { kind = "jsonPayload.kind", error = "jsonPayload.error" }
      most   = 10, seconds = 3600
      text   = "Steps fail for good: the label error says of what, and the log line of which job."
    }
    fault = {
      filter = "severity>=ERROR AND jsonPayload.logger:\"shared.\" AND NOT jsonPayload.event=\"finding\""
      labels = { logger = "jsonPayload.logger" }
      most   = 0, seconds = 300
      text   = "Something raised that nobody foresaw; the log line has its traceback."
    }
    webhook-dead = {
      filter = "jsonPayload.logger=\"shared.services.webhooks.delivery\" AND jsonPayload.outcome=\"dead\""
      labels = {}
      most   = 20, seconds = 3600
      text   = "Messages to webhooks were given up after all their attempts."
    }
    finding-error = {
      filter = "jsonPayload.event=\"finding\" AND severity>=ERROR"
      labels = { finding = "jsonPayload.finding" }
      most   = 0, seconds = 300
      text   = "The sweeper found what it can't mend: credits that do not balance (ledger_unbalanced), a file that is gone (asset_missing), or something that it could not sweep (sweep_failed)."
    }
    finding = {
      filter = "jsonPayload.event=\"finding\" AND severity=WARNING"
      labels = { finding = "jsonPayload.finding" }
      most   = 100, seconds = 3600
      text   = "The sweeper mends more than now and then: functions die, or tasks and events get lost."
    }
    sweep = {
      filter = "jsonPayload.event=\"sweep\""
      labels = {}
      most   = -1, seconds = 900
      text   = "The sweeper has not come to its end for a quarter of an hour: nothing that got lost goes on."
    }
  }
  told = [for channel in google_monitoring_notification_channel.email : channel.id]
}

resource "google_monitoring_notification_channel" "email" {
  for_each     = var.alert_email == "" ? toset([]) : toset([var.alert_email])
  display_name = "Mascotry"
  type         = "email"
  labels       = { email_address = each.key }
  depends_on   = [google_project_service.this]
}

resource "google_logging_metric" "this" {
  for_each = local.lines
  name     = "mascotry/${each.key}"
  filter   = "${local.ours} AND ${each.value.filter}"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    dynamic "labels" {
      for_each = each.value.labels
      content {
        key = labels.key
      }
    }
  }
  label_extractors = { for key, field in each.value.labels : key => "EXTRACT(${field})" }

  depends_on = [google_project_service.this]
}

resource "google_monitoring_alert_policy" "lines" {
  for_each              = { for name, line in local.lines : name => line if line.most >= 0 }
  display_name          = "Mascotry: ${each.key}"
  combiner              = "OR"
  notification_channels = local.told

  conditions {
    display_name = "more than ${each.value.most} in ${each.value.seconds} s"
    condition_threshold {
      filter          = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.this[each.key].name}\" AND resource.type=\"cloud_run_revision\""
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.most
      duration        = "0s"
      aggregations {
        alignment_period     = "${each.value.seconds}s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = each.value.text
  }
}

resource "google_monitoring_alert_policy" "silence" {
  for_each              = { for name, line in local.lines : name => line if line.most < 0 }
  display_name          = "Mascotry: no ${each.key}"
  combiner              = "OR"
  notification_channels = local.told

  conditions {
    display_name = "none in ${each.value.seconds} s"
    condition_absent {
      filter   = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.this[each.key].name}\" AND resource.type=\"cloud_run_revision\""
      duration = "${each.value.seconds}s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = each.value.text
  }
}

# The time between when a task should have been tried and when it was.
resource "google_monitoring_alert_policy" "queue_age" {
  display_name          = "Mascotry: queue age"
  combiner              = "OR"
  notification_channels = local.told

  conditions {
    display_name = "a twentieth of the tasks waits for more than ten minutes"
    condition_threshold {
      filter          = "metric.type=\"cloudtasks.googleapis.com/queue/task_attempt_delays\" AND resource.type=\"cloud_tasks_queue\" AND resource.labels.queue_id=starts_with(\"mascotry-\")"
      comparison      = "COMPARISON_GT"
      threshold_value = 600000
      duration        = "300s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_PERCENTILE_95"
        cross_series_reducer = "REDUCE_MAX"
        group_by_fields      = ["resource.labels.queue_id"]
      }
    }
  }

  documentation {
    content = "A queue gets work faster than its function does it: ask Google for more of the region's CPU and memory and raise region_cpus and region_memory_gib (infra/README.md), or see why its function is slow."
  }

  depends_on = [google_project_service.this]
}

# What storage events could not be delivered for a day. The sweeper makes up for them.
resource "google_monitoring_alert_policy" "event_age" {
  display_name          = "Mascotry: storage events"
  combiner              = "OR"
  notification_channels = local.told

  conditions {
    display_name = "the oldest storage event waits for more than ten minutes"
    condition_threshold {
      filter          = "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=monitoring.regex.full_match(\"eventarc-.*mascotry-finalized-.*\")"
      comparison      = "COMPARISON_GT"
      threshold_value = 600
      duration        = "300s"
      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    content = "on_object_finalized does not take its events: look at its log."
  }

  depends_on = [google_project_service.this]
}

resource "google_billing_budget" "this" {
  for_each        = var.billing_account == "" ? toset([]) : toset([var.billing_account])
  billing_account = each.key
  display_name    = "Mascotry"

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }
  amount {
    specified_amount {
      currency_code = "USD"
      units         = tostring(var.monthly_budget)
    }
  }
  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }

  depends_on = [google_project_service.this]
}
