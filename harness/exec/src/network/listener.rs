//! A server on a loopback port that ends together with every connection it has.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;

/// Accepts connections on a free port until it is dropped.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    connections: Arc<Connections>,
    acceptor: Option<JoinHandle<()>>,
}

/// What is cut when the listener is dropped.
#[derive(Debug, Default)]
pub struct Connections {
    stopped: AtomicBool,
    open: Mutex<Vec<Weak<TcpStream>>>,
}

impl Connections {
    /// The stream, which is cut with the others if it is still in use then.
    pub fn add(&self, stream: TcpStream) -> Arc<TcpStream> {
        let stream = Arc::new(stream);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|it| it.strong_count() > 0);
        open.push(Arc::downgrade(&stream));
        stream
    }
}

impl Listener {
    /// Hands each client to `serve`, which must not block. Fails when there is no port to listen on.
    pub fn start(serve: impl Fn(Arc<TcpStream>, &Connections) + Send + 'static) -> io::Result<Listener> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let connections = Arc::<Connections>::default();
        let accepted = Arc::clone(&connections);
        let acceptor = std::thread::spawn(move || {
            for client in listener.incoming() {
                if accepted.stopped.load(Ordering::Relaxed) {
                    return;
                }
                if let Ok(client) = client {
                    serve(accepted.add(client), &accepted);
                }
            }
        });
        Ok(Listener { address, connections, acceptor: Some(acceptor) })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.connections.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address); // Wakes the acceptor.
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        let open = std::mem::take(&mut *self.connections.open.lock().unwrap_or_else(PoisonError::into_inner));
        open.iter().filter_map(Weak::upgrade).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }
}
