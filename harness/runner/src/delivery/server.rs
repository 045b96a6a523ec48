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
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exec::network::Listener;
use strategies::external::registry_part::escapes;
use walkdir::WalkDir;

/// A longer line is no request.
const LINE: u64 = 4 << 10;

/// A server on a loopback port, until it is dropped.
#[derive(Debug)]
pub(super) struct FileServer(Listener);

#[derive(Debug)]
struct ServedFiles {
    root: PathBuf,
    writable: String,
}

impl FileServer {
    /// Serves what is below `root`; `writable` is the namespace that clients may write.
    pub(super) fn start(root: &Path, writable: &str) -> io::Result<FileServer> {
        let files = Arc::new(ServedFiles { root: root.to_owned(), writable: writable.to_owned() });
        Ok(FileServer(Listener::start(move |client, _| {
            let files = Arc::clone(&files);
            std::thread::spawn(move || drop(files.serve(&client)));
        })?))
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

impl ServedFiles {
    fn serve(&self, mut client: &TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let mut reader = BufReader::new(client);
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
