output "base_url" {
  description = "Where clients reach the API."
  value       = local.base_url
}

output "cdn_url" {
  description = "Where the files are."
  value       = local.cdn_url
}

output "events_url" {
  description = "Where waits and streams are answered without the limits of Firebase Hosting: the same paths, with the same keys."
  value       = var.load_balancer ? local.base_url : local.url["events"]
}

output "functions" {
  description = "The address of each function."
  value       = local.url
}

output "repository" {
  description = "Where the images are pushed to."
  value       = local.repository
}

output "ip_address" {
  description = "With the load balancer: what the A records of both domains must hold."
  value       = one([for address in google_compute_global_address.this : address.address])
}

output "environment" {
  description = "The settings of the functions, for commands on your own machine."
  value       = join(" ", [for name, value in local.environment : "${name}=${value}"])
}

output "firebase" {
  description = "firebase.json for this installation: with its region, and the origin of its files in the studio's Content-Security-Policy."
  value = replace(
    replace(file("${path.module}/../../firebase.json"), "\"region\": \"us-central1\"", "\"region\": \"${var.region}\""),
    "https://storage.googleapis.com",
    local.files_origin,
  )
}
