//! What is built: manifests, fetching, checkouts, edits, scenarios.
