//! The socket that lettre is given: ours, encrypted by us, and watched; what it reads there are
//! [`Replies`].

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use super::reply::{NoReply, Replies, Reply};

/// How lettre writes the end of a message: in one piece of its own. No piece of a message equals
/// it, because dots at the start of a line are doubled.
const FINAL_DOT: &[u8] = b"\r\n.\r\n";
/// What lettre has to hear before it takes a connection for one: a greeting, and an answer to EHLO.
const INTRODUCTION: &str = "220 ready\r\n250 ready\r\n";
/// Bytes that are read at once.
const CHUNK: usize = 4096;

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

/// A connection to a mail server.
pub(super) struct Stream {
    socket: Socket,
    replies: Replies,
    /// Replies for lettre that it has not read.
    unread: Vec<u8>,
    /// Whether the next that lettre says is its EHLO, to which it has the answer.
    introduced: bool,
    dot: DotSent,
}

impl Stream {
    pub(super) fn new(socket: Socket) -> Self {
        Self {
            socket,
            replies: Replies::default(),
            unread: Vec::new(),
            introduced: false,
            dot: DotSent::default(),
        }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.socket, Socket::Encrypted(_))
    }

    /// Says a line of our own.
    pub(super) async fn say(&mut self, line: &str) -> io::Result<()> {
        self.write_all(line.as_bytes()).await?;
        self.flush().await
    }

    /// The next reply.
    pub(super) async fn reply(&mut self) -> io::Result<Reply> {
        loop {
            if let Some(reply) = self.replies.next() {
                return Ok(reply);
            }
            if !std::future::poll_fn(|cx| self.poll_replies(cx)).await? {
                let closed = "the server closed the connection";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, closed));
            }
        }
    }

    /// The bare connection, to be encrypted; `None` if it is encrypted, or if something was sent that
    /// nobody asked for.
    pub(super) fn into_silent(self) -> Option<TcpStream> {
        match self.socket {
            Socket::Plain(tcp) if self.replies.is_silent() => Some(tcp),
            _ => None,
        }
    }

    /// Makes it ready for lettre, which greets by itself and would give up on a server that answers
    /// EHLO in a way of its own; greeting and EHLO have been spoken.
    pub(super) fn introduce(&mut self) -> DotSent {
        self.unread = INTRODUCTION.into();
        self.introduced = true;
        self.dot.clone()
    }

    /// Reads on; false at the end of the connection, if no reply was left in it.
    fn poll_replies(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut bytes = [0; CHUNK];
        let mut chunk = ReadBuf::new(&mut bytes);
        ready!(self.transport().poll_read(cx, &mut chunk))?;
        let read = chunk.filled();
        if read.is_empty() {
            return Poll::Ready(self.replies.end().map_err(strange));
        }
        self.replies.read(read).map_err(strange)?;
        Poll::Ready(Ok(true))
    }

    fn tcp(&self) -> &TcpStream {
        match &self.socket {
            Socket::Plain(tcp) => tcp,
            Socket::Encrypted(tls) => tls.get_ref().0,
        }
    }

    fn transport(&mut self) -> Pin<&mut dyn Transport> {
        match &mut self.socket {
            Socket::Plain(tcp) => Pin::new(tcp),
            Socket::Encrypted(tls) => Pin::new(tls.as_mut()),
        }
    }
}

fn strange(why: NoReply) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
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
        let this = &mut *self;
        loop {
            if this.unread.is_empty()
                && let Some(reply) = this.replies.next()
            {
                this.unread = reply.written().into_bytes();
            }
            if !this.unread.is_empty() {
                let take = this.unread.len().min(buf.remaining());
                buf.put_slice(&this.unread[..take]);
                this.unread.drain(..take);
                return Poll::Ready(Ok(()));
            }
            if !ready!(this.poll_replies(cx))? {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        // lettre writes a command in one piece.
        if std::mem::take(&mut self.introduced) {
            return Poll::Ready(Ok(buf.len()));
        }
        if buf == FINAL_DOT {
            self.dot.0.store(true, Ordering::Relaxed);
        }
        self.transport().poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport().poll_shutdown(cx)
    }
}
