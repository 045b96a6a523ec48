//! Object by object, as a build asks for them, from a server of the Remote Execution API.
//!
//! gRPC is behind the feature `remote`; without it there is no such way.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use strategies::store::remote::RemoteCache;

/// What a harness without the feature answers.
#[cfg(not(feature = "remote"))]
pub(super) const MISSING: &str =
    "this harness was built without gRPC; `cargo run -p harness --features remote` has the way `remote`";

#[cfg(feature = "remote")]
pub(super) use with_grpc::{RemoteClient, RemoteServer};
#[cfg(not(feature = "remote"))]
pub(super) use without::{RemoteClient, RemoteServer};

#[cfg(feature = "remote")]
mod with_grpc {
    use super::{Arc, Path, RemoteCache, SocketAddr};
    use remote::BlobDigest;
    use remote::client::{Client, Content, LocalFile, Settings};
    use remote::server::Server;
    use strategies::store::remote::{LocalBytes, RemoteBlob};

    /// A server in this process, its files on disk.
    #[derive(Debug)]
    pub(in super::super) struct RemoteServer(Server);

    impl RemoteServer {
        pub(in super::super) fn start(root: &Path, writable: &str) -> Result<RemoteServer, String> {
            Server::start(root, &[writable], None).map(RemoteServer).map_err(|error| error.to_string())
        }

        pub(in super::super) fn address(&self) -> SocketAddr {
            self.0.address()
        }
    }

    /// A client that reads its own namespace before that of the main branch.
    #[derive(Debug, Clone)]
    pub(in super::super) struct RemoteClient(Arc<Client>);

    impl RemoteClient {
        pub(in super::super) fn new(server: SocketAddr, namespace: &str, main: &str) -> Result<RemoteClient, String> {
            let mut reads = vec![namespace.to_owned(), main.to_owned()];
            reads.dedup();
            let settings = Settings { reads, ..Settings::new(&format!("http://{server}"), namespace) };
            Client::new(settings).map(|client| RemoteClient(Arc::new(client))).map_err(|error| error.to_string())
        }

        pub(in super::super) fn cache(&self) -> Arc<dyn RemoteCache> {
            Arc::new(self.clone())
        }

        pub(in super::super) fn trouble(&self) -> Option<String> {
            self.0.trouble()
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
    use super::{Arc, MISSING, Path, RemoteCache, SocketAddr};

    /// There is none.
    #[derive(Debug)]
    pub(in super::super) enum RemoteServer {}

    impl RemoteServer {
        pub(in super::super) fn start(_: &Path, _: &str) -> Result<RemoteServer, String> {
            Err(MISSING.to_owned())
        }

        pub(in super::super) fn address(&self) -> SocketAddr {
            match *self {}
        }
    }

    /// There is none.
    #[derive(Debug, Clone)]
    pub(in super::super) enum RemoteClient {}

    impl RemoteClient {
        pub(in super::super) fn new(_: SocketAddr, _: &str, _: &str) -> Result<RemoteClient, String> {
            Err(MISSING.to_owned())
        }

        pub(in super::super) fn cache(&self) -> Arc<dyn RemoteCache> {
            match *self {}
        }

        pub(in super::super) fn trouble(&self) -> Option<String> {
            match *self {}
        }
    }
}
