# What is counted: the lines that the functions log (JSON on standard error), and those that Cloud Run
# adds. Names of findings are those of shared/model/finding.py.

locals {
  ours = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name:\"mascotry-\""
  # What a queue, the schedule or the trigger calls. Not `decode`: it refuses files in normal work, and
  # strangers who try its address.
  fed          = setsubtract(local.private, ["decode"])
  fed_services = "resource.labels.service_name=(${join(" OR ", [for name in local.fed : "\"${local.service[name]}\""])})"

  # A metric is the number of lines that its filter finds. An alarm sounds above `most` in `seconds`;
  # 0 is for what calls for people when it happens once, and -1 for what must not be missing.
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
    killed = {
      filter = "(textPayload=~\"^Memory limit of .+ exceeded\" OR textPayload:\"found to be using too much memory and was terminated\" OR textPayload=~\"^Container terminated on signal (6|9|11)\")"
      labels = { service = "resource.labels.service_name" }
      most   = 0, seconds = 300
      text   = "Cloud Run ended a container that took more memory than its function has, or the process crashed. Give the function more memory in functions.tf, or see what it was given."
    }
    no-instance = {
      filter = "textPayload:\"The request was aborted because there was no available instance\""
      labels = { service = "resource.labels.service_name" }
      most   = 20, seconds = 600
      text   = "Requests were turned away: a function has as many instances as it may have, or the region's quota is used up. Raise max_instances, or ask Google for more."
    }
    refused = {
      filter = "logName:\"run.googleapis.com%2Frequests\" AND httpRequest.status=(401 OR 403) AND ${local.fed_services}"
      labels = { service = "resource.labels.service_name" }
      most   = 5, seconds = 600
      text   = "A function refuses its queue, its schedule or its trigger: Cloud Run's own check does (403: see who has roles/run.invoker), or the function (401: its log says what is wrong with the token). Its work does not get done until this is mended."
    }
  }
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
