variable "project" {
  description = "The id of the Google Cloud project."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project's id has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "Where everything is, in one region. Firebase Hosting is told by the output firebase."
  type        = string
  default     = "us-central1"
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A single region such as us-central1: a storage trigger must be in its bucket's region."
  }
}

variable "database" {
  description = "The Firestore database. Only (default) has a free quota."
  type        = string
  default     = "(default)"
  validation {
    condition     = var.database == "(default)" || can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.database))
    error_message = "(default), or 4 to 63 lower-case letters, digits and hyphens."
  }
}

variable "point_in_time_recovery" {
  description = "Whether Firestore keeps a week of versions, which costs about as much again as what is stored."
  type        = bool
  default     = false
}

variable "image_tag" {
  description = "The tag of both images, as they were built: a commit's hash says what runs."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "An image's tag, but not latest: a revision must stay the one that it was."
  }
}

variable "image_provider" {
  description = "Who draws."
  type        = string
  default     = "offline"
  validation {
    condition     = contains(["offline", "google", "openai"], var.image_provider)
    error_message = "One of offline, google, openai."
  }
}

variable "video_provider" {
  description = "Who animates."
  type        = string
  default     = "offline"
  validation {
    condition     = contains(["offline", "google", "fal"], var.video_provider)
    error_message = "One of offline, google, fal."
  }
}

variable "vision_provider" {
  description = "Who looks at pictures."
  type        = string
  default     = "offline"
  validation {
    condition     = contains(["offline", "google", "openai"], var.vision_provider)
    error_message = "One of offline, google, openai."
  }
}

variable "provider_keys" {
  description = "The settings that are keys of providers; each becomes a secret, whose value you add before you deploy the functions. Google needs none: it is asked as the functions' own accounts."
  type        = set(string)
  default     = []
  validation {
    condition     = length(setsubtract(var.provider_keys, ["openai_api_key", "fal_key"])) == 0
    error_message = "Of openai_api_key, fal_key."
  }
}

variable "settings" {
  description = "More settings of the functions by name, such as { metered = \"true\" }: those of the README, without MASCOTRY_ and in lower case."
  type        = map(string)
  default     = {}
  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[a-z][a-z_]*$", name)) && !endswith(name, "_key")])
    error_message = "Names in lower case; keys of providers belong into provider_keys, since they are secrets."
  }
}

variable "region_cpus" {
  description = "vCPUs that Cloud Run may use in the region: its quota CpuAllocPerProjectRegion, of which a new project has 20. Instances and queues are sized by it."
  type        = number
  default     = 20
  validation {
    condition     = var.region_cpus >= 4 && var.region_cpus <= 20000 && floor(var.region_cpus) == var.region_cpus
    error_message = "A whole number of vCPUs from 4 to 20,000."
  }
}

variable "region_memory_gib" {
  description = "GiB that Cloud Run may use in the region: its quota MemAllocPerProjectRegion, of which a new project has 40."
  type        = number
  default     = 40
  validation {
    condition     = var.region_memory_gib >= 8 && var.region_memory_gib <= 40000 && floor(var.region_memory_gib) == var.region_memory_gib
    error_message = "A whole number of GiB from 8 to 40,000."
  }
}

variable "max_instances" {
  description = "How many instances of each public function there may be at most, however large the region's quota: a limit to what a flood can cost."
  type        = number
  default     = 20
  validation {
    condition     = var.max_instances >= 1 && var.max_instances <= 1000
    error_message = "Between 1 and 1,000."
  }
}

variable "load_balancer" {
  description = "Whether a load balancer with Cloud CDN stands in front of the API and the files. It costs about 18 dollars a month before anybody asks for anything; without it Firebase Hosting is the API's address and Cloud Storage that of the files."
  type        = bool
  default     = false
}

variable "api_domain" {
  description = "With the load balancer: the host of the API, such as api.mascots.example."
  type        = string
  default     = ""
  validation {
    condition     = !var.load_balancer || can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.api_domain))
    error_message = "With load_balancer = true, a host name such as api.mascots.example."
  }
}

variable "cdn_domain" {
  description = "With the load balancer: the host of the files, such as cdn.mascots.example."
  type        = string
  default     = ""
  validation {
    condition     = !var.load_balancer || (can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.cdn_domain)) && var.cdn_domain != var.api_domain)
    error_message = "With load_balancer = true, a host name such as cdn.mascots.example, and another one than api_domain."
  }
}

variable "public_bucket" {
  description = "Whether the bucket of the files is public itself, as it must be without the load balancer. An organization that refuses allUsers makes false necessary, and with it the load balancer, which then asks Cloud Storage as an account of its own."
  type        = bool
  default     = true
  validation {
    condition     = var.public_bucket || var.load_balancer
    error_message = "With public_bucket = false nothing but the load balancer serves the files: set load_balancer = true, too."
  }
}

variable "generation" {
  description = "A word in the names that Google keeps for days after what had them was deleted: another one, such as 2, lets you deploy again soon after terraform destroy. Changed while functions run, it deletes the queues with their tasks, which the sweeper sends again when they are overdue."
  type        = string
  default     = ""
  validation {
    condition     = can(regex("^[a-z0-9]{0,8}$", var.generation))
    error_message = "Up to eight lower-case letters and digits."
  }
}

variable "browser_origins" {
  description = "The origins of web pages that may send files to signed upload URLs."
  type        = list(string)
  default     = ["*"]
}

variable "alert_email" {
  description = "Who is told when something needs people. Empty: the alarms are made, and tell nobody."
  type        = string
  default     = ""
  validation {
    condition     = var.alert_email == "" || can(regex("^[^@ ]+@[^@ ]+$", var.alert_email))
    error_message = "An e-mail address."
  }
}

variable "billing_account" {
  description = "The billing account, such as 012345-6789AB-CDEF01, for the budget's alarm. Empty: there is no budget."
  type        = string
  default     = ""
  validation {
    condition     = var.billing_account == "" || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "Three groups of six characters, as gcloud billing accounts list shows it."
  }
}

variable "monthly_budget" {
  description = "How much a month, in the currency of the billing account; its people are told at half, nine tenths and all of it. It stops nothing."
  type        = number
  default     = 50
  validation {
    condition     = var.monthly_budget >= 1 && floor(var.monthly_budget) == var.monthly_budget
    error_message = "A whole number, in the currency of the billing account."
  }
}
