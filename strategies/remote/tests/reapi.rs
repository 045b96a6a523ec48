//! Client and server against each other, and against each fault.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions; the helpers here are theirs")]

use std::time::{Duration, Instant};

use remote::client::{Client, Content, LocalFile};
use remote::server::Server;
use remote::{BlobDigest, FaultKind, Settings};

const NAME: &[u8] = b"unit 1";

struct ServerFixture {
    dir: tempfile::TempDir,
    _server: Server,
    settings: Settings,
}

impl ServerFixture {
    fn new() -> ServerFixture {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(dir.path(), &["main"], None).unwrap();
        let settings = Settings::new(&server.endpoint(), &["main"]);
        ServerFixture { dir, settings, _server: server }
    }

    /// Another server of the same files.
    fn again(&self, writable: &[&str], fault: Option<FaultKind>) -> (Server, Settings) {
        let server = Server::start(self.dir.path(), writable, fault.map(FaultKind::into)).unwrap();
        let settings =
            Settings { deadline: Duration::from_millis(300), ..Settings::new(&server.endpoint(), &["main"]) };
        (server, settings)
    }
}

fn client(settings: &Settings) -> Client {
    Client::new(settings.clone()).unwrap()
}

/// A small file, one that is not, and one twice.
fn contents() -> [Vec<u8>; 4] {
    let large = (0..3_000_000u32).map(|at| (at ^ (at >> 9)) as u8).collect();
    [b"small".to_vec(), large, vec![3; 700_000], b"small".to_vec()]
}

fn files() -> Vec<LocalFile> {
    let file = |(at, bytes): (usize, Vec<u8>)| LocalFile { path: format!("out/{at}"), content: Content::Bytes(bytes) };
    contents().into_iter().enumerate().map(file).collect()
}

fn fetch(client: &Client) -> Option<Vec<Option<Vec<u8>>>> {
    let files = client.action(NAME)?;
    let digests: Vec<BlobDigest> = files.into_iter().map(|file| file.digest).collect();
    Some(client.read(&digests))
}

#[test]
fn what_was_published_comes_back_byte_for_byte_and_is_sent_once() {
    let place = ServerFixture::new();
    let producer = client(&place.settings);
    assert!(producer.publish(NAME, &files()));
    let sent = producer.counts().up_bytes;
    assert_eq!(sent, 5 + 3_000_000 + 700_000);
    assert!(producer.publish(b"unit 2", &files()));
    assert_eq!(producer.counts().up_bytes, sent, "the server has all of it");
    let consumer = client(&place.settings);
    let names: Vec<String> = consumer.action(NAME).unwrap().into_iter().map(|file| file.path).collect();
    assert_eq!(names, ["out/0", "out/1", "out/2", "out/3"]);
    assert_eq!(fetch(&consumer).unwrap(), contents().map(Some));
    assert!(consumer.action(b"unit 3").is_none() && consumer.is_on() && consumer.trouble().is_none());
}

#[test]
fn wrong_and_missing_bytes_are_absent_and_no_failure_of_the_client() {
    let place = ServerFixture::new();
    assert!(client(&place.settings).publish(NAME, &files()));
    for fault in [
        FaultKind::Truncate,
        FaultKind::Flip,
        FaultKind::Evicted,
        FaultKind::CutStream,
        FaultKind::Die,
        FaultKind::Endless,
    ] {
        let (_server, settings) = place.again(&[], Some(fault));
        let consumer = Client::new(Settings { deadline: Duration::from_secs(10), ..settings }).unwrap();
        let found = fetch(&consumer).unwrap();
        let is_batched = |at: usize| at != 1;
        for (at, found) in found.iter().enumerate() {
            // Only streams are cut.
            let comes = fault == FaultKind::CutStream && is_batched(at);
            assert_eq!(found.is_some(), comes, "{fault:?} of file {at}");
        }
    }
}

#[test]
fn a_server_that_hangs_or_breaks_costs_three_deadlines_and_a_line() {
    let place = ServerFixture::new();
    assert!(client(&place.settings).publish(NAME, &files()));
    for fault in [FaultKind::HangAtLookup, FaultKind::HangAtRead, FaultKind::HangAtWrite, FaultKind::Broken] {
        let (_server, settings) = place.again(&["main"], Some(fault));
        let asking = client(&settings);
        let small = vec![BlobDigest::of(b"small")];
        let began = Instant::now();
        for _ in 0..50 {
            match fault {
                FaultKind::HangAtRead => assert_eq!(asking.read(&small), [None]),
                FaultKind::HangAtWrite => assert!(!asking.publish(b"unit 4", &[])),
                _ => assert!(asking.action(NAME).is_none()),
            }
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{fault:?}: {:?}", began.elapsed());
        // Before it writes, a client asks what is missing.
        let requests = if fault == FaultKind::HangAtWrite { 6 } else { 3 };
        assert_eq!((asking.is_on(), asking.counts().requests), (false, requests), "{fault:?}");
        let trouble = asking.trouble().unwrap();
        assert!(trouble.contains("failed 3 requests") && !trouble.contains('\n'), "{trouble}");
    }
}

#[test]
fn a_stream_that_stands_still_has_no_more_time_than_a_request() {
    let place = ServerFixture::new();
    assert!(client(&place.settings).publish(NAME, &files()));
    let new = [LocalFile { path: "out/0".to_owned(), content: Content::Bytes(vec![7; 3_000_000]) }];
    for fault in [FaultKind::HangAtRead, FaultKind::HangAtWrite] {
        let (_server, settings) = place.again(&["main"], Some(fault));
        let asking = client(&settings);
        let began = Instant::now();
        match fault {
            FaultKind::HangAtRead => assert_eq!(asking.read(&[BlobDigest::of(&contents()[1])]), [None]),
            _ => assert!(!asking.publish(NAME, &new)),
        }
        assert!(began.elapsed() < Duration::from_secs(3), "{fault:?}: {:?}", began.elapsed());
    }
}

#[test]
fn a_server_that_is_not_there_costs_no_more() {
    let settings = Settings { deadline: Duration::from_millis(300), ..Settings::new("http://127.0.0.1:1", &["main"]) };
    let asking = client(&settings);
    let began = Instant::now();
    assert!((0..50).all(|_| asking.action(NAME).is_none()));
    assert!(began.elapsed() < Duration::from_secs(5) && !asking.is_on());
}

#[test]
fn a_stranger_reads_what_main_wrote_and_cannot_write_it() {
    let place = ServerFixture::new();
    assert!(client(&place.settings).publish(NAME, &files()));
    let (_server, settings) = place.again(&["of-strangers"], None);
    let of_stranger = Settings {
        reads: vec!["of-strangers".to_owned(), "main".to_owned()],
        writes: Some("of-strangers".to_owned()),
        ..settings.clone()
    };
    let stranger = client(&of_stranger);
    assert!(fetch(&stranger).is_some(), "it reads what main wrote");
    let poison = [LocalFile { path: "out/0".to_owned(), content: Content::Bytes(b"poison".to_vec()) }];
    assert!(stranger.publish(NAME, &poison), "into its own instance");
    assert_eq!(fetch(&stranger).unwrap(), [Some(b"poison".to_vec())], "which it reads first");
    assert!(!client(&settings).publish(NAME, &poison), "main is not its to write");
    assert_eq!(fetch(&client(&place.settings)).unwrap().len(), 4, "main reads what main wrote");
}

#[test]
fn a_client_that_only_reads_sends_nothing() {
    let place = ServerFixture::new();
    let reading = client(&Settings { writes: None, ..place.settings.clone() });
    assert!(!reading.publish(NAME, &files()));
    assert_eq!(reading.counts().requests, 0);
}

#[test]
fn downloads_end_at_their_limit() {
    let place = ServerFixture::new();
    assert!(client(&place.settings).publish(NAME, &files()));
    let frugal = client(&Settings { largest_download: 1_000_000, ..place.settings.clone() });
    let found = fetch(&frugal).unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true, true]);
    assert!(frugal.trouble().unwrap().contains("1000000 bytes"));
    assert!(frugal.is_on(), "what was paid for can still be asked for");
}

#[test]
fn a_blob_is_refused_whose_bytes_have_another_digest() {
    assert!(BlobDigest::new("../../etc/passwd", 1).is_none());
    assert!(BlobDigest::new(&"A".repeat(64), 1).is_none());
    assert!(BlobDigest::new(&"a".repeat(64), 1).is_some());
}

#[test]
fn a_server_that_compresses_gets_and_gives_the_same_bytes_as_one_that_cannot() {
    let place = ServerFixture::new();
    let (_plain, of_plain) = place.again(&["main"], Some(FaultKind::OnlyPlain));
    let of_plain = Settings { deadline: Duration::from_secs(10), ..of_plain };
    // Each reads what was written through the other.
    for (writer, reader, name) in [(&of_plain, &place.settings, b"one"), (&place.settings, &of_plain, b"two")] {
        let large = (0..2_000_000u32).map(|at| (at / 1000) as u8).chain(name.iter().copied()).collect();
        let files = [name.to_vec(), large]
            .map(|bytes: Vec<u8>| LocalFile { path: "out".to_owned(), content: Content::Bytes(bytes) });
        assert!(client(writer).publish(name, &files), "{:?}", client(writer).trouble());
        let consumer = client(reader);
        let digests: Vec<BlobDigest> = consumer.action(name).unwrap().into_iter().map(|file| file.digest).collect();
        let found = consumer.read(&digests).into_iter().map(|bytes| Content::Bytes(bytes.unwrap()));
        let sent = files.iter().map(|file| file.content.clone());
        assert!(found.zip(sent).all(|pair| matches!(pair, (Content::Bytes(a), Content::Bytes(b)) if a == b)));
        assert_eq!(consumer.trouble(), None);
    }
}

/// Against a server of somebody else, where one is named: `HARNESS_REAPI=http://127.0.0.1:8980`, its instance without a
/// name.
#[test]
fn another_server_gives_back_what_it_got() {
    let Ok(endpoint) = std::env::var("HARNESS_REAPI") else {
        skip::skip("a server of the Remote Execution API", "HARNESS_REAPI names none");
        return;
    };
    let settings = Settings::new(&endpoint, &[""]);
    // Never the same action twice: the server may be an old one.
    let name = format!("unit of {:?}", std::time::SystemTime::now());
    let producer = client(&settings);
    assert!(producer.action(name.as_bytes()).is_none() && producer.is_on(), "{:?}", producer.trouble());
    assert!(producer.publish(name.as_bytes(), &files()), "{:?}", producer.trouble());
    let consumer = client(&settings);
    let files = consumer.action(name.as_bytes()).unwrap();
    let digests: Vec<BlobDigest> = files.into_iter().map(|file| file.digest).collect();
    assert_eq!(consumer.read(&digests), contents().map(Some));
    assert_eq!(consumer.read(&[BlobDigest::of(name.as_bytes())]), [None], "what it never got");
    assert_eq!(consumer.trouble(), None);
}
