//! How artifacts are reused: unit graph, key policies, link modes, stores.
