# What calls for people. No policy needs a metric that is known already: one that was made, or written
# for the first time, moments before is answered with 404 for up to ten minutes, and one `apply` would
# not be enough. A line of which one is too many is matched as it is logged; what is counted is asked
# for in PromQL, whose check for known metrics can be switched off (disable_metric_validation).

locals {
  told = [for channel in google_monitoring_notification_channel.email : channel.id]

  counter = {
    for name in keys(local.lines) : name =>
    "logging_googleapis_com:user_${replace(google_logging_metric.this[name].name, "/[^A-Za-z0-9]/", "_")}{monitored_resource=\"cloud_run_revision\"}"
  }

  # Answers of functions, which is what reached a container: more than `least` in ten minutes, and more
  # than `share` of all. Private functions answer 503 when a document is contended, and are asked again.
  answers = {
    private-4xx = {
      functions = local.fed, class = "4xx", least = 5, share = 0
      text      = "A private function does not take what it is sent, and is sent it again for a day: its log says why. With 401, it does not trust the token of its queue."
    }
    private-5xx = {
      functions = local.private, class = "5xx", least = 5, share = 0.2
      text      = "A private function fails: its log has the traceback, or says that its memory or time was used up."
    }
    public-5xx = {
      functions = local.public, class = "5xx", least = 5, share = 0.01
      text      = "Clients get errors that are ours."
    }
  }

  # Those that no queue, and no schedule, keeps from being asked for more than they have instances for.
  unbounded = setsubtract(keys(local.functions), concat(keys(local.queues), ["sweep"]))

  # Alarms that sound when a query has had an answer for `seconds`.
  measures = merge(
    {
      for name, line in local.lines : name => {
        query = "sum(increase(${local.counter[name]}[${line.seconds}s])) > ${line.most}", seconds = 0, text = line.text
      } if line.most > 0
    },
    {
      for name, line in local.lines : "no ${name}" => {
        query = "(sum(increase(${local.counter[name]}[300s])) or vector(0)) < 1", seconds = line.seconds - 300, text = line.text
      } if line.most < 0
    },
    {
      for name, answer in local.answers : name => {
        query = join(" ", [
          "sum by (service_name) (increase(${local.requests[name]},response_code_class=\"${answer.class}\"}[600s])) > ${answer.least}",
          "and sum by (service_name) (increase(${local.requests[name]},response_code_class=\"${answer.class}\"}[600s]))",
          "> ${answer.share} * sum by (service_name) (increase(${local.requests[name]}}[600s]))",
        ])
        seconds = 0, text = answer.text
      }
    },
    {
      instances = {
        query = join(" or ", [
          for name in local.unbounded :
          "sum by (service_name) (run_googleapis_com:container_instance_count{monitored_resource=\"cloud_run_revision\",service_name=\"${local.service[name]}\",state=\"active\"}) >= ${local.instances[name]}"
        ])
        seconds = 300, text = "A function has been at its largest number of instances for five minutes; more requests will wait, and then be turned away. Raise max_instances, or see who asks so much."
      }
      # The time between when a task should have been tried and when it was.
      "queue age" = {
        query   = "histogram_quantile(0.95, sum by (queue_id, le) (rate(cloudtasks_googleapis_com:queue_task_attempt_delays_bucket{monitored_resource=\"cloud_tasks_queue\",queue_id=~\"mascotry-.*\"}[300s]))) > 600000"
        seconds = 300, text = "A twentieth of a queue's tasks waits for more than ten minutes: it gets work faster than its function does it. Raise its numbers in shared/model/queues.py, or see why its function is slow."
      }
      # What storage events could not be delivered for a day. The sweeper makes up for them.
      "storage events" = {
        query   = "max by (subscription_id) (pubsub_googleapis_com:subscription_oldest_unacked_message_age{monitored_resource=\"pubsub_subscription\",subscription_id=~\"eventarc-.*mascotry-finalized-.*\"}) > 600"
        seconds = 300, text = "The oldest storage event waits for more than ten minutes: on_object_finalized does not take its events. Look at its log."
      }
    },
  )
  requests = {
    for name, answer in local.answers : name =>
    "run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",service_name=~\"${join("|", [for one in answer.functions : local.service[one]])}\""
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each     = var.alert_email == "" ? toset([]) : toset([var.alert_email])
  display_name = "Mascotry"
  type         = "email"
  labels       = { email_address = each.key }
  depends_on   = [google_project_service.this]
}

resource "google_monitoring_alert_policy" "line" {
  for_each              = { for name, line in local.lines : name => line if line.most == 0 }
  display_name          = "Mascotry: ${each.key}"
  combiner              = "OR"
  notification_channels = local.told

  conditions {
    display_name = "a line"
    condition_matched_log {
      filter           = "${local.ours} AND ${each.value.filter}"
      label_extractors = { for key, field in each.value.labels : key => "EXTRACT(${field})" }
    }
  }
  alert_strategy {
    auto_close = "3600s"
    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    content = each.value.text
  }

  depends_on = [google_project_service.this]
}

resource "google_monitoring_alert_policy" "measure" {
  for_each              = local.measures
  display_name          = "Mascotry: ${each.key}"
  combiner              = "OR"
  notification_channels = local.told

  conditions {
    display_name = each.key
    condition_prometheus_query_language {
      query                     = each.value.query
      duration                  = "${each.value.seconds}s"
      evaluation_interval       = "60s"
      disable_metric_validation = true
    }
  }

  documentation {
    content = each.value.text
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
      # In the billing account's currency: a budget that names another one is refused.
      units = tostring(var.monthly_budget)
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
