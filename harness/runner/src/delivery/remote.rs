//! Object by object, as a build asks for them, from a server of the Remote Execution API.
//!
//! gRPC is behind the feature `remote`; without it there is neither server nor client, for the reason [`MISSING`].

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use remote::{Fault, Settings};
use strategies::store::remote::RemoteCache;

/// What a harness without the feature answers.
pub const MISSING: &str = "this harness was built without gRPC; `cargo run -p harness --features remote` has it";

#[cfg(feature = "remote")]
pub use with_grpc::{RemoteClient, RemoteServer};
#[cfg(not(feature = "remote"))]
pub use without::{RemoteClient, RemoteServer};

#[cfg(feature = "remote")]
mod with_grpc {
    use super::{Arc, Fault, Path, RemoteCache, Settings, SocketAddr};
    use remote::BlobDigest;
    use remote::client::{Client, Content, LocalFile};
    use remote::server::Server;
    use strategies::store::remote::{LocalBytes, RemoteBlob};

    /// A server in this process, its files on disk.
    #[derive(Debug)]
    pub struct RemoteServer(Server);

    impl RemoteServer {
        /// Serves what is below `root`; clients may write these instances.
        pub fn start(root: &Path, writable: &[&str], fault: Option<Fault>) -> Result<RemoteServer, String> {
            Server::start(root, writable, fault).map(RemoteServer).map_err(|error| error.to_string())
        }

        /// Where it serves.
        pub fn address(&self) -> SocketAddr {
            self.0.address()
        }
    }

    /// A client of one server.
    #[derive(Debug, Clone)]
    pub struct RemoteClient(Arc<Client>);

    impl RemoteClient {
        /// A client that connects at its first request.
        pub fn new(settings: Settings) -> Result<RemoteClient, String> {
            Client::new(settings).map(|client| RemoteClient(Arc::new(client))).map_err(|error| error.to_string())
        }

        /// What a store is connected with.
        pub fn cache(&self) -> Arc<dyn RemoteCache> {
            Arc::new(self.clone())
        }

        /// Why the server is asked no more, or what else went wrong first.
        pub fn trouble(&self) -> Option<String> {
            self.0.trouble()
        }

        /// Requests sent.
        pub fn requests(&self) -> u64 {
            self.0.counts().requests
        }
    }

    impl RemoteCache for RemoteClient {
        fn action(&self, name: &[u8]) -> Option<Vec<RemoteBlob>> {
            let files = self.0.action(name)?.into_iter();
            let blob = |file: remote::client::RemoteFile| RemoteBlob {
                hash: file.digest.hash().to_owned(),
                size: file.digest.size(),
                name: file.path,
            };
            Some(files.map(blob).collect())
        }

        fn read(&self, blobs: &[RemoteBlob]) -> Vec<Option<Vec<u8>>> {
            let digests: Option<Vec<BlobDigest>> =
                blobs.iter().map(|blob| BlobDigest::new(&blob.hash, blob.size)).collect();
            digests.map_or_else(|| vec![None; blobs.len()], |digests| self.0.read(&digests))
        }

        fn publish(&self, name: &[u8], files: Vec<(String, LocalBytes)>) -> bool {
            let file = |(path, bytes)| LocalFile {
                path,
                content: match bytes {
                    LocalBytes::Bytes(bytes) => Content::Bytes(bytes),
                    LocalBytes::File(path) => Content::File(path),
                },
            };
            let files: Vec<LocalFile> = files.into_iter().map(file).collect();
            self.0.publish(name, &files)
        }
    }
}

#[cfg(not(feature = "remote"))]
mod without {
    #![allow(missing_docs, reason = "as with gRPC")]

    use super::{Arc, Fault, MISSING, Path, RemoteCache, Settings, SocketAddr};

    #[derive(Debug)]
    pub enum RemoteServer {}

    impl RemoteServer {
        pub fn start(_: &Path, _: &[&str], _: Option<Fault>) -> Result<RemoteServer, String> {
            Err(MISSING.to_owned())
        }

        pub fn address(&self) -> SocketAddr {
            match *self {}
        }
    }

    #[derive(Debug, Clone)]
    pub enum RemoteClient {}

    impl RemoteClient {
        pub fn new(_: Settings) -> Result<RemoteClient, String> {
            Err(MISSING.to_owned())
        }

        pub fn cache(&self) -> Arc<dyn RemoteCache> {
            match *self {}
        }

        pub fn trouble(&self) -> Option<String> {
            match *self {}
        }

        pub fn requests(&self) -> u64 {
            match *self {}
        }
    }
}
