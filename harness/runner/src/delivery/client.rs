//! The client of a [`super::server::FileServer`].

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use strategies::external::registry_part::escapes;

/// A server that is silent for so long is given up.
const SILENCE: Duration = Duration::from_secs(30);

/// A larger file is not fetched: what a CI service keeps for a whole project.
const LARGEST: u64 = 10 << 30;

#[derive(Debug, thiserror::Error)]
pub(super) enum TransferError {
    #[error("the connection failed: {0}")]
    Connection(#[from] io::Error),
    #[error("the server refused {0}: {1}")]
    Refused(String, String),
    #[error("the server's answer to {0} makes no sense")]
    Answer(String),
    #[error("{0} has {1} bytes, and at most {LARGEST} are fetched")]
    TooLarge(String, u64),
}

pub(super) struct FileClient {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl FileClient {
    pub(super) fn connect(address: SocketAddr) -> Result<FileClient, TransferError> {
        FileClient::with_patience(address, SILENCE)
    }

    fn with_patience(address: SocketAddr, silence: Duration) -> Result<FileClient, TransferError> {
        let stream = TcpStream::connect_timeout(&address, silence)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(silence))?;
        stream.set_write_timeout(Some(silence))?;
        Ok(FileClient { reader: BufReader::with_capacity(64 << 10, stream.try_clone()?), stream })
    }

    /// The name of a file of a namespace: this one, else the newest that begins so.
    pub(super) fn find(
        &mut self,
        namespace: &str,
        name: &str,
        beginning: &str,
    ) -> Result<Option<String>, TransferError> {
        self.send(&["FIND", namespace, name, beginning])?;
        match self.answer("FIND")? {
            Ok(found) if !escapes(&found) => Ok(Some(found)),
            Ok(_) => Err(TransferError::Answer("FIND".to_owned())),
            Err(_) => Ok(None),
        }
    }

    /// Fetches a file to `target`, which is whole or absent then.
    pub(super) fn get(&mut self, namespace: &str, name: &str, target: &Path) -> Result<(), TransferError> {
        self.send(&["GET", namespace, name])?;
        let refused = |why| TransferError::Refused(name.to_owned(), why);
        let bytes = self.answer("GET")?.map_err(refused)?;
        let bytes: u64 = bytes.parse().map_err(|_| TransferError::Answer("GET".to_owned()))?;
        if bytes > LARGEST {
            return Err(TransferError::TooLarge(name.to_owned(), bytes));
        }
        let dir = target.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(dir)?;
        let mut staged = tempfile::NamedTempFile::new_in(dir)?;
        if io::copy(&mut self.reader.by_ref().take(bytes), &mut staged)? != bytes {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        staged.persist(target).map_err(|error| error.error)?;
        Ok(())
    }

    /// Puts a file into a namespace.
    pub(super) fn put(&mut self, namespace: &str, name: &str, source: &Path) -> Result<(), TransferError> {
        let file = File::open(source)?;
        let bytes = file.metadata()?.len();
        self.send(&["PUT", namespace, name, &bytes.to_string()])?;
        io::copy(&mut (&file).take(bytes), &mut self.stream)?;
        let refused = |why| TransferError::Refused(name.to_owned(), why);
        self.answer("PUT")?.map(drop).map_err(refused)
    }

    fn send(&mut self, fields: &[&str]) -> Result<(), TransferError> {
        Ok(self.stream.write_all(format!("{}\n", fields.join("\t")).as_bytes())?)
    }

    /// What stands behind `OK`, or behind `NO`.
    fn answer(&mut self, to: &str) -> Result<Result<String, String>, TransferError> {
        let mut line = String::new();
        if self.reader.by_ref().take(4 << 10).read_line(&mut line)? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let (word, rest) = line.trim_end_matches('\n').split_once('\t').unwrap_or((line.trim_end(), ""));
        match word {
            "OK" => Ok(Ok(rest.to_owned())),
            "NO" => Ok(Err(rest.to_owned())),
            _ => Err(TransferError::Answer(to.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::server::FileServer;
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};
    use std::path::PathBuf;

    struct ServedFiles {
        dir: tempfile::TempDir,
        server: FileServer,
    }

    impl ServedFiles {
        fn new(writable: &str) -> ServedFiles {
            let dir = tempfile::tempdir().unwrap();
            let server = FileServer::start(&dir.path().join("remote"), writable).unwrap();
            ServedFiles { dir, server }
        }

        fn client(&self) -> FileClient {
            FileClient::connect(self.server.address()).unwrap()
        }

        fn file(&self, name: &str, content: &[u8]) -> PathBuf {
            let path = self.dir.path().join(name);
            fs::write(&path, content).unwrap();
            path
        }
    }

    #[test]
    fn what_was_put_is_found_by_name_or_else_the_newest_of_its_family() {
        let place = ServedFiles::new("main");
        let mut client = place.client();
        let content: Vec<u8> = (0..200_000u32).map(|byte| byte as u8).collect();
        for name in ["a-1", "a-2", "b/c-3"] {
            client.put("main", name, &place.file("source", &content)).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(client.find("main", "a-1", "a-").unwrap().as_deref(), Some("a-1"));
        assert_eq!(client.find("main", "a-9", "a-").unwrap().as_deref(), Some("a-2"));
        assert_eq!(client.find("main", "", "").unwrap().as_deref(), Some("b/c-3"));
        assert_eq!(client.find("main", "z-1", "z-").unwrap(), None);
        let target = place.dir.path().join("came/c-3");
        client.get("main", "b/c-3", &target).unwrap();
        assert_eq!(fs::read(target).unwrap(), content);
        assert!(client.get("main", "gone", &place.dir.path().join("gone")).is_err());
        assert!(!place.dir.path().join("gone").exists());
    }

    #[test]
    fn only_its_own_namespace_can_be_written_and_nothing_outside() {
        let place = ServedFiles::new("of-stranger");
        let source = place.file("source", b"poison");
        for (namespace, name) in [("main", "a-1"), ("of-stranger", "../main/a-1"), ("../up", "a-1"), ("main/x", "a-1")]
        {
            let refused = place.client().put(namespace, name, &source).unwrap_err().to_string();
            assert!(refused.contains("may not write"), "{refused}");
        }
        let mut client = place.client();
        client.put("of-stranger", "a-1", &source).unwrap();
        assert_eq!(client.find("main", "a-1", "a-").unwrap(), None);
        assert!(client.get("of-stranger", "../../source", &place.dir.path().join("leak")).is_err());
    }

    #[test]
    fn a_name_that_leads_out_is_no_answer_and_half_a_file_is_none() {
        for (answer, leaves) in [("OK\t../../etc/passwd\n", "makes no sense"), ("OK\t10\nhalf", "connection failed")] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let address = listener.local_addr().unwrap();
            std::thread::spawn(move || {
                let (mut client, _) = listener.accept().unwrap();
                BufReader::new(client.try_clone().unwrap()).read_line(&mut String::new()).unwrap();
                client.write_all(answer.as_bytes()).unwrap();
            });
            let dir = tempfile::tempdir().unwrap();
            let target = dir.path().join("target");
            let mut client = FileClient::connect(address).unwrap();
            let error = match answer.contains("..") {
                true => client.find("main", "a", "a").unwrap_err(),
                false => client.get("main", "a", &target).unwrap_err(),
            };
            assert!(error.to_string().contains(leaves), "{error}");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_server_that_hangs_is_given_up() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = FileClient::with_patience(listener.local_addr().unwrap(), Duration::from_millis(100)).unwrap();
        let began = std::time::Instant::now();
        assert!(client.find("main", "a", "a").is_err());
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}
