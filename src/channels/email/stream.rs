//! The socket that lettre is given: ours, encrypted by us, and watched.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

/// How lettre writes the end of a message: in one piece of its own. No piece of a message equals
/// it, because dots at the start of a line are doubled.
const FINAL_DOT: &[u8] = b"\r\n.\r\n";

/// Whether the end of a message has been given to the socket: from then on it may be out.
#[derive(Debug, Clone, Default)]
pub(super) struct DotSent(Arc<AtomicBool>);

impl DotSent {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn reset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A plain or encrypted connection.
pub(super) enum Socket {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

/// A connection that begins with a greeting of ours, where the server's was read already.
pub(super) struct Stream {
    socket: Socket,
    greeting: &'static [u8],
    dot: DotSent,
}

impl Stream {
    pub(super) fn new(socket: Socket, greeting: &'static [u8]) -> (Self, DotSent) {
        let dot = DotSent::default();
        (
            Self {
                socket,
                greeting,
                dot: dot.clone(),
            },
            dot,
        )
    }

    fn tcp(&self) -> &TcpStream {
        match &self.socket {
            Socket::Plain(tcp) => tcp,
            Socket::Encrypted(tls) => tls.get_ref().0,
        }
    }

    fn socket(self: Pin<&mut Self>) -> Pin<&mut dyn Transport> {
        match &mut self.get_mut().socket {
            Socket::Plain(tcp) => Pin::new(tcp),
            Socket::Encrypted(tls) => Pin::new(tls.as_mut()),
        }
    }
}

/// What both kinds of socket do.
trait Transport: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Transport for T {}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

impl AsyncTokioStream for Stream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().peer_addr()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let take = self.greeting.len().min(buf.remaining());
            let (now, later) = self.greeting.split_at(take);
            buf.put_slice(now);
            self.greeting = later;
            return Poll::Ready(Ok(()));
        }
        self.socket().poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf == FINAL_DOT {
            self.dot.0.store(true, Ordering::Relaxed);
        }
        self.socket().poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_shutdown(cx)
    }
}
