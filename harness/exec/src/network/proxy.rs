//! A proxy between clients and a server: shapes what passes, and counts it.
//!
//! ```text
//! client ──▶ reader ──▶ queue, half a round trip long ──▶ writer ──▶ server      and the same back
//! ```
//!
//! Each direction is one link, which all connections share: a chunk takes its length at the bandwidth of the link, after
//! whatever is on it, and half a round trip from there. A new connection waits one round trip more, for its handshake.
//! Congestion control is not modelled: a transfer has the whole bandwidth from its first byte on.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use records::network::Network;

use super::listener::{Connections, Listener};

/// How far a reader may be ahead of its link: what sleeping too long is made up from.
const AHEAD: Duration = Duration::from_millis(5);

/// Chunks under way in one direction of one connection.
const QUEUE: usize = 1024;

/// What passed a proxy so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Bytes from server to client.
    pub down_bytes: u64,
    /// Bytes from client to server.
    pub up_bytes: u64,
    /// Requests: how often, in a connection, a client began to send after an answer, or first of all.
    pub requests: u64,
}

/// A proxy on a loopback port, until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    listener: Listener,
    shared: Arc<ProxyState>,
}

#[derive(Debug)]
struct ProxyState {
    upstream: SocketAddr,
    round_trip: Duration,
    up: ShapedLink,
    down: ShapedLink,
    requests: AtomicU64,
}

#[derive(Debug)]
struct ShapedLink {
    bits_per_s: Option<u64>,
    free_at: Mutex<Instant>,
    bytes: AtomicU64,
}

struct Chunk {
    due: Instant,
    bytes: Vec<u8>,
}

impl ShapedLink {
    fn new(bits_per_s: Option<u64>) -> ShapedLink {
        ShapedLink { bits_per_s, free_at: Mutex::new(Instant::now()), bytes: AtomicU64::new(0) }
    }

    /// About a millisecond's worth.
    fn chunk(&self) -> usize {
        self.bits_per_s.map_or(64 << 10, |bits| (bits / 8000).clamp(2 << 10, 64 << 10) as usize)
    }

    /// When the last of so many bytes is on the link.
    fn occupy(&self, bytes: usize) -> Instant {
        let now = Instant::now();
        let Some(bits) = self.bits_per_s else { return now };
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        *free_at = now.max(*free_at) + Duration::from_secs_f64(8.0 * bytes as f64 / bits as f64);
        *free_at
    }
}

impl Proxy {
    /// Serves on a free port in front of `upstream`.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub fn start(upstream: SocketAddr, network: &Network) -> io::Result<Proxy> {
        let shared = Arc::new(ProxyState {
            upstream,
            round_trip: network.round_trip,
            up: ShapedLink::new(network.up_bits_per_s),
            down: ShapedLink::new(network.down_bits_per_s),
            requests: AtomicU64::new(0),
        });
        let serving = Arc::clone(&shared);
        // Without its server a connection ends at once, as it would without the proxy.
        let listener = Listener::start(move |client, open| drop(serving.connect(client, open)))?;
        Ok(Proxy { listener, shared })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// What passed so far.
    pub fn traffic(&self) -> Traffic {
        let ProxyState { up, down, requests, .. } = &*self.shared;
        Traffic {
            down_bytes: down.bytes.load(Ordering::Relaxed),
            up_bytes: up.bytes.load(Ordering::Relaxed),
            requests: requests.load(Ordering::Relaxed),
        }
    }
}

impl ProxyState {
    fn connect(self: &Arc<ProxyState>, client: Arc<TcpStream>, open: &Connections) -> io::Result<()> {
        let accepted = Instant::now();
        let server = open.add(TcpStream::connect(self.upstream)?);
        [&client, &server].into_iter().try_for_each(|stream| stream.set_nodelay(true))?;
        let answered = Arc::new(AtomicBool::new(true));
        let (back, up, down) = (Arc::clone(&answered), Arc::clone(self), Arc::clone(self));
        let connected = accepted + self.round_trip;
        pump(Arc::clone(self), Arc::clone(&client), Arc::clone(&server), connected, move |bytes| {
            if answered.swap(false, Ordering::Relaxed) {
                up.requests.fetch_add(1, Ordering::Relaxed);
            }
            up.up.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
            up.up.occupy(bytes)
        });
        pump(Arc::clone(self), server, client, connected, move |bytes| {
            back.store(true, Ordering::Relaxed);
            down.down.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
            down.down.occupy(bytes)
        });
        Ok(())
    }
}

/// Two threads that move one direction of a connection; `occupy` counts a chunk and says when the link has it.
fn pump(
    shared: Arc<ProxyState>,
    from: Arc<TcpStream>,
    to: Arc<TcpStream>,
    connected: Instant,
    occupy: impl Fn(usize) -> Instant + Send + 'static,
) {
    let (sender, receiver) = sync_channel(QUEUE);
    let (delay, chunk) = (shared.round_trip / 2, shared.up.chunk().min(shared.down.chunk()));
    std::thread::spawn(move || read(&from, &sender, (connected, delay, chunk), &occupy));
    std::thread::spawn(move || write(&to, &receiver));
}

fn read(
    mut from: &TcpStream,
    queue: &SyncSender<Chunk>,
    (connected, delay, chunk): (Instant, Duration, usize),
    occupy: &dyn Fn(usize) -> Instant,
) {
    let mut buffer = vec![0; chunk];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let sent = occupy(read);
        let due = (sent + delay).max(connected + delay);
        if queue.send(Chunk { due, bytes: buffer[..read].to_vec() }).is_err() {
            break;
        }
        // Read no faster than the link takes it: others get their turn, and the sender feels the pressure.
        std::thread::sleep(sent.saturating_duration_since(Instant::now()).saturating_sub(AHEAD));
    }
}

fn write(mut to: &TcpStream, queue: &Receiver<Chunk>) {
    while let Ok(Chunk { due, bytes }) = queue.recv() {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    /// Answers a line of digits with so many bytes, and any longer upload with one byte at its end.
    fn server() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut line = Vec::new();
                    let mut byte = [0];
                    while client.read_exact(&mut byte).is_ok() {
                        if byte != *b"\n" {
                            line.push(byte[0]);
                            continue;
                        }
                        let size: usize = String::from_utf8_lossy(&line).parse().unwrap();
                        line.clear();
                        client.write_all(&vec![7; size]).unwrap();
                    }
                });
            }
        });
        address
    }

    fn ask(stream: &mut TcpStream, bytes: usize) -> Duration {
        let began = Instant::now();
        stream.write_all(format!("{bytes}\n").as_bytes()).unwrap();
        stream.read_exact(&mut vec![0; bytes]).unwrap();
        began.elapsed()
    }

    #[test]
    fn what_passes_is_counted_to_the_byte_and_unchanged() {
        let proxy = Proxy::start(server(), &Network::unshaped()).unwrap();
        let mut stream = TcpStream::connect(proxy.address()).unwrap();
        ask(&mut stream, 100_000);
        ask(&mut stream, 5);
        assert_eq!(proxy.traffic(), Traffic { down_bytes: 100_005, up_bytes: 9, requests: 2 });
    }

    #[test]
    fn a_request_takes_a_round_trip_and_the_first_of_a_connection_two() {
        let proxy = Proxy::start(server(), &"60ms,1gbit".parse().unwrap()).unwrap();
        let mut stream = TcpStream::connect(proxy.address()).unwrap();
        let (first, second) = (ask(&mut stream, 1), ask(&mut stream, 1));
        assert!(first >= Duration::from_millis(115), "{first:?}");
        assert!(second >= Duration::from_millis(60), "{second:?} after {first:?}");
    }

    #[test]
    fn connections_share_the_bandwidth_of_a_direction() {
        // 1 MB at 16 Mbit/s is half a second, by one connection or by two.
        let proxy = Proxy::start(server(), &"0ms,16mbit/1gbit".parse().unwrap()).unwrap();
        let began = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                let address = proxy.address();
                scope.spawn(move || ask(&mut TcpStream::connect(address).unwrap(), 500_000));
            }
        });
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(480), "{took:?}");
    }

    #[test]
    fn dropping_it_cuts_what_is_open() {
        let proxy = Proxy::start(server(), &Network::unshaped()).unwrap();
        let mut stream = TcpStream::connect(proxy.address()).unwrap();
        ask(&mut stream, 1);
        drop(proxy);
        let ended = stream.write_all(b"1\n").and_then(|()| stream.read(&mut [0]));
        assert!(!matches!(ended, Ok(1..)), "{ended:?}");
    }
}
