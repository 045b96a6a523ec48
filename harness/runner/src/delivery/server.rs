//! A server of files, as the cache of a CI service is one.
//!
//! ```text
//! FIND <namespace> <name> <beginning>    OK <name>     that name, else the newest that begins so
//! GET <namespace> <name>                 OK <bytes>    and the content
//! PUT <namespace> <name> <bytes>         OK            behind the content
//!                                        NO <reason>   to any of them
//! ```
//!
//! A request is a line, its fields between tabs; any number of them go over one connection. Any namespace can be read,
//! and one be written: a machine that builds what strangers propose must not write what the main branch reads.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use strategies::external::registry_part::escapes;
use walkdir::WalkDir;

/// A longer line is no request.
const LINE: u64 = 4 << 10;

/// A server on a loopback port, until it is dropped.
#[derive(Debug)]
pub(super) struct FileServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    writable: String,
    stopped: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl FileServer {
    /// Serves what is below `root`; `writable` is the namespace that clients may write.
    pub(super) fn start(root: &Path, writable: &str) -> io::Result<FileServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            writable: writable.to_owned(),
            stopped: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || {
            for client in listener.incoming() {
                if serving.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(client) = client else { continue };
                serving.open.lock().unwrap_or_else(PoisonError::into_inner).extend(client.try_clone());
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || drop(serving.serve(client)));
            }
        });
        Ok(FileServer { address, shared, acceptor: Some(acceptor) })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address); // Wakes the acceptor.
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        let open = std::mem::take(&mut *self.shared.open.lock().unwrap_or_else(PoisonError::into_inner));
        open.iter().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let mut reader = BufReader::new(client.try_clone()?);
        loop {
            let mut line = String::new();
            if reader.by_ref().take(LINE).read_line(&mut line)? == 0 {
                return Ok(());
            }
            let fields: Vec<&str> = line.trim_end_matches('\n').split('\t').collect();
            match fields[..] {
                ["FIND", namespace, name, beginning] => match self.find(namespace, name, beginning) {
                    Some(found) => client.write_all(format!("OK\t{found}\n").as_bytes())?,
                    None => client.write_all(b"NO\tthere is none\n")?,
                },
                ["GET", namespace, name] => match self.path(namespace, name).and_then(|path| File::open(path).ok()) {
                    Some(mut file) => {
                        client.write_all(format!("OK\t{}\n", file.metadata()?.len()).as_bytes())?;
                        io::copy(&mut file, &mut client)?;
                    }
                    None => client.write_all(b"NO\tthere is none\n")?,
                },
                ["PUT", namespace, name, bytes] => {
                    let bytes: u64 = bytes.parse().map_err(io::Error::other)?;
                    let mut content = reader.by_ref().take(bytes);
                    match self.path(namespace, name).filter(|_| namespace == self.writable) {
                        Some(path) => {
                            store(&mut content, bytes, &path)?;
                            client.write_all(b"OK\n")?;
                        }
                        None => {
                            io::copy(&mut content, &mut io::sink())?;
                            client.write_all(b"NO\tthis machine may not write there\n")?;
                        }
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn path(&self, namespace: &str, name: &str) -> Option<PathBuf> {
        let is_plain = !escapes(name) && !escapes(namespace) && !namespace.contains('/');
        is_plain.then(|| self.root.join(namespace).join(name))
    }

    fn find(&self, namespace: &str, name: &str, beginning: &str) -> Option<String> {
        if self.path(namespace, name).is_some_and(|path| path.is_file()) {
            return Some(name.to_owned());
        }
        let dir = self.path(namespace, ".")?;
        let files = WalkDir::new(&dir).into_iter().flatten().filter(|entry| entry.file_type().is_file());
        let named = files.filter_map(|entry| {
            let name = entry.path().strip_prefix(&dir).ok()?.to_str()?.to_owned();
            let time = entry.metadata().ok()?.modified().ok()?;
            name.starts_with(beginning).then_some((time, name))
        });
        named.max().map(|(_, name)| name)
    }
}

/// Writes aside first: a file is whole or absent.
fn store(content: &mut impl io::Read, bytes: u64, path: &Path) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(dir)?;
    let mut staged = tempfile::NamedTempFile::new_in(dir)?;
    if io::copy(content, &mut staged)? != bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    staged.persist(path)?;
    Ok(())
}
