"""The portal: web application, rules and features; `worker` runs its jobs."""
