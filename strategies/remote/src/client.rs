//! The client: what a build asks of a remote cache.
//!
//! A remote may never break a build, nor delay it much. So nothing here is an error to the caller: what cannot be had,
//! has other bytes than its digest, or comes too late is absent. Every request has a deadline; after
//! [`Settings::failures`] requests that the server failed, it is asked no more, and [`Client::trouble`] says why in a line. Blobs of less than 1 MiB
//! travel in batches, larger ones in streams, compressed where the server can read that.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::future::Future;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bazel_remote_apis::build::bazel::remote::execution::v2 as api;
use bazel_remote_apis::google::bytestream;
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use api::action_cache_client::ActionCacheClient;
use api::capabilities_client::CapabilitiesClient;
use api::content_addressable_storage_client::ContentAddressableStorageClient;
use bytestream::byte_stream_client::ByteStreamClient;

use crate::compress::{self, ZSTD};
use crate::digest::BlobDigest;
use crate::settings::{Counts, Settings};

/// Bytes of a batch, and of a piece of a stream.
const BATCH: u64 = 1 << 20;
const PIECE: usize = 64 << 10;

/// A stream may take a second for so many bytes beside the deadline of a request.
const SLOWEST: u64 = 256 << 10;

const SHA256: i32 = api::digest_function::Value::Sha256 as i32;

/// There is no such server, or no thread to ask it from.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the remote cache {0}: {1}")]
pub struct ConnectError(String, String);

/// A file of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its name in the action.
    pub path: String,
    /// Its content.
    pub digest: BlobDigest,
}

/// A file to be published.
#[derive(Debug, Clone)]
pub struct LocalFile {
    /// Its name in the action.
    pub path: String,
    /// Where its bytes are.
    pub content: Content,
}

/// The bytes of a file to be published.
#[derive(Debug, Clone)]
pub enum Content {
    /// These.
    Bytes(Vec<u8>),
    /// Those of a file on disk.
    File(PathBuf),
}

impl Content {
    fn read(&self) -> std::io::Result<Vec<u8>> {
        match self {
            Content::Bytes(bytes) => Ok(bytes.clone()),
            Content::File(path) => {
                let mut bytes = Vec::new();
                File::open(path)?.read_to_end(&mut bytes).map(|_| bytes)
            }
        }
    }
}

/// Where a server takes and gives compressed blobs.
#[derive(Debug, Clone, Copy, Default)]
struct Compresses {
    streams: bool,
    batches: bool,
}

/// A client of one server, for any number of threads.
pub struct Client {
    settings: Settings,
    compresses: OnceLock<Compresses>,
    runtime: Runtime,
    channel: Channel,
    failed: AtomicU32,
    left: AtomicU64,
    trouble: Mutex<Option<String>>,
    requests: AtomicU64,
    down: AtomicU64,
    up: AtomicU64,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Client {
    /// A client that connects at its first request.
    ///
    /// # Errors
    /// When the endpoint is no address, or threads cannot be started.
    pub fn new(settings: Settings) -> Result<Client, ConnectError> {
        let failed = |error: &dyn fmt::Display| ConnectError(settings.endpoint.clone(), error.to_string());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| failed(&error))?;
        let endpoint = Endpoint::from_shared(settings.endpoint.clone()).map_err(|error| failed(&error))?;
        let channel = {
            let _inside = runtime.enter();
            endpoint.connect_timeout(settings.deadline).connect_lazy()
        };
        Ok(Client {
            left: AtomicU64::new(settings.largest_download),
            settings,
            compresses: OnceLock::new(),
            runtime,
            channel,
            failed: AtomicU32::new(0),
            trouble: Mutex::default(),
            requests: AtomicU64::new(0),
            down: AtomicU64::new(0),
            up: AtomicU64::new(0),
        })
    }

    /// The files of an action, from the first instance that has it.
    pub fn action(&self, name: &[u8]) -> Option<Vec<RemoteFile>> {
        let digest = BlobDigest::of(name).to_wire();
        self.settings.reads.iter().find_map(|instance| {
            let request = api::GetActionResultRequest {
                instance_name: instance.clone(),
                action_digest: Some(digest.clone()),
                digest_function: SHA256,
                ..Default::default()
            };
            let mut client = ActionCacheClient::new(self.channel.clone());
            let result = self.ask("lookup", 0, async move { client.get_action_result(request).await })?;
            // One file that makes no sense makes none of the others usable.
            let files = result
                .into_inner()
                .output_files
                .into_iter()
                .map(|file| Some(RemoteFile { digest: BlobDigest::read(file.digest.as_ref())?, path: file.path }));
            files.collect()
        })
    }

    /// The bytes of blobs, each `None` where it cannot be had or is not what its digest says.
    pub fn read(&self, digests: &[BlobDigest]) -> Vec<Option<Vec<u8>>> {
        let mut found: Vec<Option<Vec<u8>>> = vec![None; digests.len()];
        let affordable = |size: u64| {
            let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(size));
            if taken.is_err() {
                self.note(format!("more than {} bytes are not fetched", self.settings.largest_download));
            }
            taken.is_ok()
        };
        let mut batch: Vec<usize> = Vec::new();
        let mut bytes = 0;
        for (at, digest) in digests.iter().enumerate().filter(|(_, digest)| affordable(digest.size())) {
            if digest.size() >= BATCH {
                found[at] = self.read_stream(digest);
                continue;
            }
            if bytes + digest.size() > BATCH {
                self.read_batch(digests, &std::mem::take(&mut batch), &mut found);
                bytes = 0;
            }
            batch.push(at);
            bytes += digest.size();
        }
        self.read_batch(digests, &batch, &mut found);
        for (bytes, digest) in found.iter_mut().zip(digests) {
            if bytes.as_ref().is_some_and(|bytes| BlobDigest::of(bytes) != *digest) {
                *bytes = None;
            }
            self.down.fetch_add(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64), Ordering::Relaxed);
        }
        found
    }

    /// What the server says of compression, asked once; one that says nothing cannot.
    fn compresses(&self) -> Compresses {
        *self.compresses.get_or_init(|| {
            let instance_name = self.settings.reads.first().cloned().unwrap_or_default();
            let mut client = CapabilitiesClient::new(self.channel.clone());
            let answer = self.ask("question what it can do", 0, async move {
                match client.get_capabilities(api::GetCapabilitiesRequest { instance_name }).await {
                    Err(status) if status.code() == Code::Unimplemented => Err(Status::not_found("")),
                    answer => answer,
                }
            });
            let can = answer.and_then(|answer| answer.into_inner().cache_capabilities).unwrap_or_default();
            Compresses {
                streams: can.supported_compressors.contains(&ZSTD),
                batches: can.supported_batch_update_compressors.contains(&ZSTD),
            }
        })
    }

    fn read_batch(&self, digests: &[BlobDigest], batch: &[usize], found: &mut [Option<Vec<u8>>]) {
        let (Some(instance), false) = (self.settings.reads.first(), batch.is_empty()) else { return };
        let request = api::BatchReadBlobsRequest {
            instance_name: instance.clone(),
            digests: batch.iter().map(|at| digests[*at].to_wire()).collect(),
            acceptable_compressors: vec![ZSTD],
            digest_function: SHA256,
        };
        let mut client = ContentAddressableStorageClient::new(self.channel.clone());
        let bytes = batch.iter().map(|at| digests[*at].size()).sum();
        let Some(answer) = self.ask("read", bytes, async move { client.batch_read_blobs(request).await }) else {
            return;
        };
        for response in answer.into_inner().responses {
            let is_there = response.status.as_ref().is_none_or(|status| status.code == 0);
            let Some(digest) = BlobDigest::read(response.digest.as_ref()).filter(|_| is_there) else { continue };
            let plain = compress::plain(response.data, response.compressor, digest.size());
            for at in batch.iter().filter(|at| digests[**at] == digest) {
                found[*at].clone_from(&plain);
            }
        }
    }

    fn read_stream(&self, digest: &BlobDigest) -> Option<Vec<u8>> {
        let instance = self.settings.reads.first()?;
        let zstd = self.compresses().streams;
        let request = bytestream::ReadRequest {
            resource_name: resource(instance, &blob_name(digest, zstd)),
            ..Default::default()
        };
        let (mut client, size) = (ByteStreamClient::new(self.channel.clone()), digest.size());
        let moved = AtomicU64::new(0);
        let bytes = self.ask_watching("read", size, Some(&moved), async {
            let mut stream = client.read(request).await?.into_inner();
            let mut bytes = Vec::new();
            while let Some(piece) = stream.message().await? {
                bytes.extend_from_slice(&piece.data);
                moved.store(bytes.len() as u64, Ordering::Relaxed);
                if bytes.len() as u64 > compress::longest(size) {
                    break; // Other bytes than asked for, and no end in sight.
                }
            }
            Ok(bytes)
        })?;
        if zstd { compress::plain(bytes, ZSTD, size) } else { Some(bytes) }
    }

    /// Publishes an action and those of its files that the server does not have; whether all of it arrived. A client that
    /// only reads sends nothing.
    pub fn publish(&self, name: &[u8], files: &[LocalFile]) -> bool {
        let Some(instance) = self.settings.writes.clone() else { return false };
        let Ok(contents) = files.iter().map(|file| file.content.read()).collect::<std::io::Result<Vec<_>>>() else {
            return false;
        };
        let digests: Vec<BlobDigest> = contents.iter().map(|bytes| BlobDigest::of(bytes)).collect();
        let Some(missing) = self.missing(&instance, &digests) else { return false };
        let mut batch: Vec<usize> = Vec::new();
        let (mut bytes, mut sent) = (0, HashSet::new());
        for (at, digest) in digests.iter().enumerate() {
            if !missing.contains(digest) || !sent.insert(digest) {
                continue;
            }
            if digest.size() >= BATCH {
                if !self.write_stream(&instance, digest, &contents[at]) {
                    return false;
                }
                continue;
            }
            if bytes + digest.size() > BATCH {
                if !self.write_batch(&instance, &digests, &contents, &std::mem::take(&mut batch)) {
                    return false;
                }
                bytes = 0;
            }
            batch.push(at);
            bytes += digest.size();
        }
        // The action last: it promises its files.
        self.write_batch(&instance, &digests, &contents, &batch) && self.write_action(instance, name, files, &digests)
    }

    fn missing(&self, instance: &str, digests: &[BlobDigest]) -> Option<HashSet<BlobDigest>> {
        let request = api::FindMissingBlobsRequest {
            instance_name: instance.to_owned(),
            blob_digests: digests.iter().map(BlobDigest::to_wire).collect(),
            digest_function: SHA256,
        };
        let mut client = ContentAddressableStorageClient::new(self.channel.clone());
        let answer =
            self.ask("question what is missing", 0, async move { client.find_missing_blobs(request).await })?;
        Some(answer.into_inner().missing_blob_digests.iter().filter_map(|wire| BlobDigest::read(Some(wire))).collect())
    }

    fn write_batch(&self, instance: &str, digests: &[BlobDigest], contents: &[Vec<u8>], batch: &[usize]) -> bool {
        if batch.is_empty() {
            return true;
        }
        let zstd = self.compresses().batches;
        let blob = |at: &usize| {
            let content = contents[*at].as_slice();
            let (data, compressor) = if zstd { compress::shorter(content) } else { (content.into(), 0) };
            let digest = Some(digests[*at].to_wire());
            api::batch_update_blobs_request::Request { digest, data: data.into_owned(), compressor }
        };
        let request = api::BatchUpdateBlobsRequest {
            instance_name: instance.to_owned(),
            requests: batch.iter().map(blob).collect(),
            digest_function: SHA256,
        };
        let mut client = ContentAddressableStorageClient::new(self.channel.clone());
        let bytes = batch.iter().map(|at| digests[*at].size()).sum();
        let answer = self.ask("write", bytes, async move { client.batch_update_blobs(request).await });
        let is_whole = answer.is_some_and(|answer| {
            answer.get_ref().responses.iter().all(|one| one.status.as_ref().is_none_or(|status| status.code == 0))
        });
        self.up.fetch_add(if is_whole { bytes } else { 0 }, Ordering::Relaxed);
        is_whole
    }

    fn write_stream(&self, instance: &str, digest: &BlobDigest, content: &[u8]) -> bool {
        let upload = self.requests.load(Ordering::Relaxed);
        // Unique among the uploads of a server: a UUID made of what this one is.
        let of = BlobDigest::of(format!("{} {upload} {}", std::process::id(), digest.hash()).as_bytes());
        let hash = of.hash();
        let uuid = format!("{}-{}-4{}-8{}-{}", &hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..32]);
        let compressed = if self.compresses().streams { compress::compressed(content) } else { None };
        let name = resource(instance, &format!("uploads/{uuid}/{}", blob_name(digest, compressed.is_some())));
        let sent = compressed.as_deref().unwrap_or(content);
        let last = sent.len().div_ceil(PIECE) - 1;
        let pieces: Vec<bytestream::WriteRequest> = sent
            .chunks(PIECE)
            .enumerate()
            .map(|(at, data)| bytestream::WriteRequest {
                resource_name: if at == 0 { name.clone() } else { String::new() },
                write_offset: (at * PIECE) as i64,
                finish_write: at == last,
                data: data.to_vec(),
            })
            .collect();
        let mut client = ByteStreamClient::new(self.channel.clone());
        let moved = Arc::new(AtomicU64::new(0));
        let taken = Arc::clone(&moved);
        // The transport takes a piece when there is room for it on the way.
        let pieces = pieces.into_iter().inspect(move |_| {
            taken.fetch_add(1, Ordering::Relaxed);
        });
        let stream = tonic::codegen::tokio_stream::iter(pieces);
        let answer =
            self.ask_watching("write", digest.size(), Some(&*moved), async move { client.write(stream).await });
        // A server that has the blob already may say -1 of a compressed one.
        let is_whole = answer.is_some_and(|answer| match answer.get_ref().committed_size {
            -1 => compressed.is_some(),
            committed => committed as usize == sent.len(),
        });
        self.up.fetch_add(if is_whole { digest.size() } else { 0 }, Ordering::Relaxed);
        is_whole
    }

    fn write_action(&self, instance: String, name: &[u8], files: &[LocalFile], digests: &[BlobDigest]) -> bool {
        let file = |(file, digest): (&LocalFile, &BlobDigest)| api::OutputFile {
            path: file.path.clone(),
            digest: Some(digest.to_wire()),
            ..Default::default()
        };
        let request = api::UpdateActionResultRequest {
            instance_name: instance,
            action_digest: Some(BlobDigest::of(name).to_wire()),
            action_result: Some(api::ActionResult {
                output_files: files.iter().zip(digests).map(file).collect(),
                ..Default::default()
            }),
            digest_function: SHA256,
            ..Default::default()
        };
        let mut client = ActionCacheClient::new(self.channel.clone());
        self.ask("write", 0, async move { client.update_action_result(request).await }).is_some()
    }

    /// Why the server is asked no more, or what else went wrong first.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the server is still asked.
    pub fn is_on(&self) -> bool {
        self.failed.load(Ordering::Relaxed) < self.settings.failures
    }

    /// What it did so far.
    pub fn counts(&self) -> Counts {
        Counts {
            requests: self.requests.load(Ordering::Relaxed),
            down_bytes: self.down.load(Ordering::Relaxed),
            up_bytes: self.up.load(Ordering::Relaxed),
        }
    }

    /// Sends a request that moves so many bytes at once; `None` if there is no answer, or it says that there is no such thing.
    fn ask<T>(&self, what: &str, bytes: u64, request: impl Future<Output = Result<T, Status>>) -> Option<T> {
        self.ask_watching(what, bytes, None, request)
    }

    /// The same of a stream, which counts what has moved: it has failed when it stands still for a deadline, or crawls.
    fn ask_watching<T>(
        &self,
        what: &str,
        bytes: u64,
        moved: Option<&AtomicU64>,
        request: impl Future<Output = Result<T, Status>>,
    ) -> Option<T> {
        if !self.is_on() {
            return None;
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let longest = self.settings.deadline + Duration::from_secs(bytes / SLOWEST);
        let patience = if moved.is_some() { self.settings.deadline } else { longest };
        let began = Instant::now();
        let answer = self.runtime.block_on(async {
            let mut request = std::pin::pin!(request);
            let mut seen = 0;
            loop {
                let answer = tokio::time::timeout(patience, &mut request).await;
                let now = moved.map_or(0, |moved| moved.load(Ordering::Relaxed));
                if answer.is_ok() || now == seen || began.elapsed() >= longest {
                    return answer;
                }
                seen = now;
            }
        });
        let why = match answer {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(status)) if status.code() == Code::NotFound => return None,
            Ok(Err(status)) => format!("{:?}: {}", status.code(), status.message()),
            Err(_) => format!("no answer within {:.1} s", began.elapsed().as_secs_f64()),
        };
        let failed = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
        if failed == self.settings.failures {
            self.note(format!(
                "the remote cache {} failed {failed} requests and is asked no more; the last, a {what}: {why}",
                self.settings.endpoint
            ));
        }
        None
    }

    fn note(&self, trouble: String) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(trouble);
    }
}

/// The name of a blob, as it is or as it travels compressed.
fn blob_name(digest: &BlobDigest, zstd: bool) -> String {
    let kind = if zstd { "compressed-blobs/zstd" } else { "blobs" };
    format!("{kind}/{}/{}", digest.hash(), digest.size())
}

/// The name of something in an instance; the one without a name has no part of it.
fn resource(instance: &str, rest: &str) -> String {
    if instance.is_empty() { rest.to_owned() } else { format!("{instance}/{rest}") }
}
