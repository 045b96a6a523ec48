//! A server in this process, its files on disk.
//!
//! ```text
//! <root>/cas/<sha256>               blobs, of all instances
//! <root>/ac/<instance>/<sha256>     action results
//! ```
//!
//! For tests, and to try a remote cache without one. It lets clients write some instances only, as a real one must: the
//! machine that builds what a stranger proposes may read what the main branch published, and not write it. And it can be
//! made to fail ([`Fault`]).

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bazel_remote_apis::build::bazel::remote::execution::v2 as api;
use bazel_remote_apis::google::bytestream;
use bazel_remote_apis::google::rpc;
use prost::Message as _;
use tokio::runtime::Runtime;
use tonic::codegen::tokio_stream::{self, Stream};
use tonic::transport::Server as Transport;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status, Streaming};

use api::action_cache_server::{ActionCache, ActionCacheServer};
use api::capabilities_server::{Capabilities, CapabilitiesServer};
use api::content_addressable_storage_server::{ContentAddressableStorage, ContentAddressableStorageServer};
use bytestream::byte_stream_server::{ByteStream, ByteStreamServer};

use crate::compress::{self, ZSTD};
use crate::digest::BlobDigest;
use crate::fault::{Fault, FaultKind};

const PIECE: usize = 64 << 10;

/// A server on a loopback port, until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    runtime: SharedRuntime,
}

/// Its threads and connections, until it ends or dies.
type SharedRuntime = Arc<Mutex<Option<Runtime>>>;

fn shut_down(runtime: &SharedRuntime) {
    let runtime = runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
    runtime.into_iter().for_each(Runtime::shutdown_background);
}

#[derive(Debug, Clone)]
struct Service {
    root: PathBuf,
    writable: Arc<Vec<String>>,
    fault: Option<Fault>,
    runtime: SharedRuntime,
}

impl Server {
    /// Serves what is below `root`; clients may write these instances.
    ///
    /// # Errors
    /// When there is no port, no thread or no directory to be had.
    pub fn start(root: &Path, writable: &[&str], fault: Option<Fault>) -> io::Result<Server> {
        for dir in ["cas", "ac"] {
            std::fs::create_dir_all(root.join(dir))?;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let incoming = {
            let _inside = runtime.enter();
            TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into())?
        };
        let address = incoming.local_addr()?;
        let writable = Arc::new(writable.iter().map(|name| (*name).to_owned()).collect());
        let shared = SharedRuntime::default();
        let service = Service { root: root.to_owned(), writable, fault, runtime: Arc::clone(&shared) };
        let transport = Transport::builder()
            .add_service(CapabilitiesServer::new(service.clone()))
            .add_service(ActionCacheServer::new(service.clone()))
            .add_service(ContentAddressableStorageServer::new(service.clone()))
            .add_service(ByteStreamServer::new(service));
        runtime.spawn(transport.serve_with_incoming(incoming));
        shared.lock().unwrap_or_else(PoisonError::into_inner).replace(runtime);
        Ok(Server { address, runtime: shared })
    }

    /// Where it serves.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as clients take it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        shut_down(&self.runtime);
    }
}

impl Service {
    /// Does wrong what it does to this kind of request, and to every one.
    async fn fail(&self, fault: Option<FaultKind>, hang: FaultKind) -> Result<(), Status> {
        match fault {
            Some(FaultKind::Broken) => Err(Status::unavailable("fails on purpose")),
            Some(fault) if fault == hang => {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn may_write(&self, instance: &str) -> Result<(), Status> {
        let allowed = self.writable.iter().any(|name| name == instance);
        if allowed { Ok(()) } else { Err(Status::permission_denied(format!("{instance:?} is not yours to write"))) }
    }

    fn blob(&self, digest: &BlobDigest) -> PathBuf {
        self.root.join("cas").join(digest.hash())
    }

    fn action(&self, instance: &str, digest: Option<&api::Digest>) -> Result<PathBuf, Status> {
        let digest = BlobDigest::read(digest).ok_or_else(|| Status::invalid_argument("no digest of an action"))?;
        let is_plain = instance.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        match is_plain {
            true => Ok(self.root.join("ac").join(format!("instance-{instance}")).join(digest.hash())),
            false => Err(Status::invalid_argument("no name of an instance")),
        }
    }

    fn fault(&self) -> Option<FaultKind> {
        self.fault.map(|fault| fault.kind)
    }

    /// A blob as the server sends it, by which compressor, and what else is wrong with it.
    async fn read_blob(&self, digest: &BlobDigest, zstd: bool) -> Result<Option<SentBlob>, Status> {
        let Ok(mut bytes) = std::fs::read(self.blob(digest)) else { return Ok(None) };
        let fault = self.fault.filter(|fault| (fault.blobs)(&bytes)).map(|fault| fault.kind);
        self.fail(fault, FaultKind::HangAtRead).await?;
        let compressed = if zstd && fault != Some(FaultKind::OnlyPlain) { compress::compressed(&bytes) } else { None };
        let compressor = if compressed.is_some() { ZSTD } else { 0 };
        bytes = compressed.unwrap_or(bytes);
        match fault {
            Some(FaultKind::Evicted) => return Ok(None),
            Some(FaultKind::Truncate) => bytes.truncate(bytes.len() / 2),
            Some(FaultKind::Flip) => {
                let middle = bytes.len() / 2;
                bytes.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 1);
            }
            Some(FaultKind::Endless) => bytes.resize(bytes.len() + (64 << 20), 0),
            _ => {}
        }
        Ok(Some(SentBlob { bytes, compressor, fault }))
    }

    fn write_blob(&self, digest: &BlobDigest, bytes: Vec<u8>, compressor: i32) -> Result<(), Status> {
        let plain = compress::plain(bytes, compressor, digest.size()).filter(|plain| BlobDigest::of(plain) == *digest);
        let plain = plain.ok_or_else(|| Status::invalid_argument("these bytes have another digest"))?;
        write(&self.blob(digest), &plain)
    }
}

/// A blob on its way to a client.
struct SentBlob {
    bytes: Vec<u8>,
    compressor: i32,
    fault: Option<FaultKind>,
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Status> {
    let failed = |error: io::Error| Status::internal(error.to_string());
    let dir = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(dir).map_err(failed)?;
    let mut staged = tempfile::NamedTempFile::new_in(dir).map_err(failed)?;
    staged.write_all(bytes).map_err(failed)?;
    staged.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[tonic::async_trait]
impl Capabilities for Service {
    async fn get_capabilities(
        &self,
        _: Request<api::GetCapabilitiesRequest>,
    ) -> Result<Response<api::ServerCapabilities>, Status> {
        if self.fault() == Some(FaultKind::OnlyPlain) {
            return Err(Status::unimplemented("an older server"));
        }
        let compressors = vec![ZSTD];
        let cache_capabilities = Some(api::CacheCapabilities {
            digest_functions: vec![api::digest_function::Value::Sha256 as i32],
            supported_compressors: compressors.clone(),
            supported_batch_update_compressors: compressors,
            ..Default::default()
        });
        Ok(Response::new(api::ServerCapabilities { cache_capabilities, ..Default::default() }))
    }
}

#[tonic::async_trait]
impl ActionCache for Service {
    async fn get_action_result(
        &self,
        request: Request<api::GetActionResultRequest>,
    ) -> Result<Response<api::ActionResult>, Status> {
        self.fail(self.fault(), FaultKind::HangAtLookup).await?;
        let request = request.into_inner();
        let path = self.action(&request.instance_name, request.action_digest.as_ref())?;
        let bytes = std::fs::read(path).map_err(|_| Status::not_found("no such action"))?;
        let result = api::ActionResult::decode(&*bytes).map_err(|_| Status::not_found("its record is damaged"))?;
        Ok(Response::new(result))
    }

    async fn update_action_result(
        &self,
        request: Request<api::UpdateActionResultRequest>,
    ) -> Result<Response<api::ActionResult>, Status> {
        self.fail(self.fault(), FaultKind::HangAtWrite).await?;
        let request = request.into_inner();
        self.may_write(&request.instance_name)?;
        let result = request.action_result.ok_or_else(|| Status::invalid_argument("no result"))?;
        let path = self.action(&request.instance_name, request.action_digest.as_ref())?;
        write(&path, &result.encode_to_vec())?;
        Ok(Response::new(result))
    }
}

#[tonic::async_trait]
impl ContentAddressableStorage for Service {
    type GetTreeStream = tokio_stream::Empty<Result<api::GetTreeResponse, Status>>;
    type GetChunkMappingStream = tokio_stream::Empty<Result<api::GetChunkMappingResponse, Status>>;

    async fn find_missing_blobs(
        &self,
        request: Request<api::FindMissingBlobsRequest>,
    ) -> Result<Response<api::FindMissingBlobsResponse>, Status> {
        self.fail(self.fault(), FaultKind::HangAtLookup).await?;
        let is_missing =
            |wire: &api::Digest| BlobDigest::read(Some(wire)).is_none_or(|digest| !self.blob(&digest).is_file());
        let missing_blob_digests = request.into_inner().blob_digests.into_iter().filter(is_missing).collect();
        Ok(Response::new(api::FindMissingBlobsResponse { missing_blob_digests }))
    }

    async fn batch_update_blobs(
        &self,
        request: Request<api::BatchUpdateBlobsRequest>,
    ) -> Result<Response<api::BatchUpdateBlobsResponse>, Status> {
        self.fail(self.fault(), FaultKind::HangAtWrite).await?;
        let request = request.into_inner();
        self.may_write(&request.instance_name)?;
        let responses = request.requests.into_iter().map(|blob| {
            let digest = BlobDigest::read(blob.digest.as_ref());
            let written = digest.ok_or_else(|| Status::invalid_argument("no digest"));
            let written = written.and_then(|digest| self.write_blob(&digest, blob.data, blob.compressor));
            let status = written.err().map(|status| rpc::Status {
                code: status.code() as i32,
                message: status.message().to_owned(),
                ..Default::default()
            });
            api::batch_update_blobs_response::Response { digest: blob.digest, status }
        });
        Ok(Response::new(api::BatchUpdateBlobsResponse { responses: responses.collect() }))
    }

    async fn batch_read_blobs(
        &self,
        request: Request<api::BatchReadBlobsRequest>,
    ) -> Result<Response<api::BatchReadBlobsResponse>, Status> {
        let request = request.into_inner();
        let zstd = request.acceptable_compressors.contains(&ZSTD);
        let mut responses = Vec::new();
        for wire in request.digests {
            let found = match BlobDigest::read(Some(&wire)) {
                Some(digest) => self.read_blob(&digest, zstd).await?,
                None => None,
            };
            let code = if found.is_some() { Code::Ok } else { Code::NotFound };
            let (data, compressor) = found.map(|blob| (blob.bytes, blob.compressor)).unwrap_or_default();
            responses.push(api::batch_read_blobs_response::Response {
                digest: Some(wire),
                status: Some(rpc::Status { code: code as i32, ..Default::default() }),
                data,
                compressor,
            });
        }
        Ok(Response::new(api::BatchReadBlobsResponse { responses }))
    }

    async fn get_tree(&self, _: Request<api::GetTreeRequest>) -> Result<Response<Self::GetTreeStream>, Status> {
        Err(Status::unimplemented("no trees are stored"))
    }

    async fn split_blob(&self, _: Request<api::SplitBlobRequest>) -> Result<Response<api::SplitBlobResponse>, Status> {
        Err(Status::unimplemented("blobs are whole"))
    }

    async fn get_chunk_mapping(
        &self,
        _: Request<api::GetChunkMappingRequest>,
    ) -> Result<Response<Self::GetChunkMappingStream>, Status> {
        Err(Status::unimplemented("blobs are whole"))
    }

    async fn register_chunk_mapping(
        &self,
        _: Request<Streaming<api::RegisterChunkMappingRequest>>,
    ) -> Result<Response<api::RegisterChunkMappingResponse>, Status> {
        Err(Status::unimplemented("blobs are whole"))
    }

    async fn splice_blob(
        &self,
        _: Request<api::SpliceBlobRequest>,
    ) -> Result<Response<api::SpliceBlobResponse>, Status> {
        Err(Status::unimplemented("blobs are whole"))
    }
}

#[tonic::async_trait]
impl ByteStream for Service {
    type ReadStream = Pin<Box<dyn Stream<Item = Result<bytestream::ReadResponse, Status>> + Send>>;

    async fn read(&self, request: Request<bytestream::ReadRequest>) -> Result<Response<Self::ReadStream>, Status> {
        let name = BlobName::read(&request.get_ref().resource_name)?;
        let found = self.read_blob(&name.digest, name.compressor == ZSTD).await?;
        let SentBlob { bytes, fault, .. } = found.ok_or_else(|| Status::not_found("no such blob"))?;
        let pieces = bytes.chunks(PIECE).map(|data| Ok(bytestream::ReadResponse { data: data.to_vec() }));
        let mut pieces: Vec<Result<bytestream::ReadResponse, Status>> = pieces.collect();
        if matches!(fault, Some(FaultKind::CutStream | FaultKind::Die)) {
            pieces.truncate(pieces.len() / 2);
            pieces.push(Err(Status::unavailable("cut on purpose")));
        }
        let dying = (fault == Some(FaultKind::Die)).then(|| Arc::clone(&self.runtime));
        // The end of the pieces is never sent: the server is gone by then.
        let pieces = pieces.into_iter().inspect(move |piece| {
            if piece.is_err() {
                dying.iter().for_each(shut_down);
            }
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(pieces))))
    }

    async fn write(
        &self,
        request: Request<Streaming<bytestream::WriteRequest>>,
    ) -> Result<Response<bytestream::WriteResponse>, Status> {
        self.fail(self.fault(), FaultKind::HangAtWrite).await?;
        let mut stream = request.into_inner();
        let mut target: Option<BlobName> = None;
        let mut bytes = Vec::new();
        while let Some(piece) = stream.message().await? {
            if target.is_none() {
                let name = BlobName::read(&piece.resource_name)?;
                self.may_write(&name.instance)?;
                target = Some(name);
            }
            bytes.extend_from_slice(&piece.data);
            if target.as_ref().is_some_and(|name| bytes.len() as u64 > compress::longest(name.digest.size())) {
                return Err(Status::invalid_argument("more bytes than announced"));
            }
            if piece.finish_write {
                break;
            }
        }
        let name = target.ok_or_else(|| Status::invalid_argument("an empty stream"))?;
        let committed_size = bytes.len() as i64;
        self.write_blob(&name.digest, bytes, name.compressor)?;
        Ok(Response::new(bytestream::WriteResponse { committed_size }))
    }

    async fn query_write_status(
        &self,
        _: Request<bytestream::QueryWriteStatusRequest>,
    ) -> Result<Response<bytestream::QueryWriteStatusResponse>, Status> {
        Err(Status::unimplemented("a write is begun anew"))
    }
}

/// What `[instance/][uploads/uuid/]blobs/hash/size` says, or `compressed-blobs/zstd/hash/size` in place of the last part.
struct BlobName {
    instance: String,
    digest: BlobDigest,
    compressor: i32,
}

impl BlobName {
    fn read(name: &str) -> Result<BlobName, Status> {
        let parts: Vec<&str> = name.split('/').collect();
        let found = parts.iter().position(|part| matches!(*part, "blobs" | "compressed-blobs")).and_then(|at| {
            let (before, of_blob) = parts.split_at(at);
            let (digest, compressor) = match of_blob {
                ["blobs", digest @ ..] => (digest, 0),
                ["compressed-blobs", "zstd", digest @ ..] => (digest, ZSTD),
                _ => return None,
            };
            let digest = BlobDigest::new(digest.first()?, digest.get(1)?.parse().ok()?)?;
            let uploads = before.iter().position(|part| *part == "uploads").unwrap_or(before.len());
            Some(BlobName { instance: before[..uploads].join("/"), digest, compressor })
        });
        found.ok_or_else(|| Status::invalid_argument("no name of a blob"))
    }
}
