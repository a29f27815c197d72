# How many instances each function may have. Cloud Run refuses a service that might use more than the
# region's quota by itself (instances × size), and starts no more instances when all services
# together are there. So everything is a share of the quota; shared/model/queues.py holds the rule, and
# the numbers of what queues feed.

locals {
  # A region of 1,000 vCPUs and 2,000 GiB counts 2,000; the scarcer of the two decides.
  reference = 2000
  region    = min(2 * var.region_cpus, var.region_memory_gib)

  # Of what no queue feeds, the instances in the reference region.
  unqueued = {
    api                 = 250
    events              = 250
    ingest              = 250
    on_object_finalized = 50
    # More than films are taken in at once (`intake`), so that pictures of people who wait find room.
    decode = 100
    sweep  = 1
  }
  # Of what is in neither list, such as a function that only others call.
  usual = 100

  # What is bounded for other reasons: strangers by what they may cost, the sweeper since it is alone.
  at_most = merge({ for name in local.public : name => var.max_instances }, { sweep = 1 })

  # Whole numbers are divided once, at the end: a fraction such as 0.02 is not exact.
  share = {
    for name, function in local.functions : name => max(1, floor(
      try(local.queues[name].max_concurrent, try(local.unqueued[name], local.usual) * function.concurrency)
      * local.region / (local.reference * function.concurrency)
    ))
  }
  instances = { for name, share in local.share : name => min(share, try(local.at_most[name], share)) }
}
