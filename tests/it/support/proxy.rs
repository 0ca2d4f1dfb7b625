//! A line to a server that can be cut, or fall silent as a network does that swallows packets.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Passes everything on to a port on this machine, both ways, until it is cut.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    cut: watch::Sender<bool>,
    /// Cut when these bytes come from the client, instead of passing them on.
    at: watch::Sender<&'static [u8]>,
    silence: watch::Sender<Silence>,
}

/// What is swallowed. A connection that lost something stays silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silence {
    Never,
    /// Whatever comes.
    Now,
    /// The answers, from when these bytes come from the client; those do arrive.
    After(&'static [u8]),
}

impl Proxy {
    pub(crate) async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (cut, at) = (watch::Sender::new(false), watch::Sender::new(&b""[..]));
        let silence = watch::Sender::new(Silence::Never);
        let (cutting, trap, hush) = (cut.clone(), at.clone(), silence.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *cutting.borrow() {
                    continue;
                }
                let (cutting, trap, hush) = (cutting.clone(), trap.clone(), hush.clone());
                tokio::spawn(async move {
                    let server = TcpStream::connect(("127.0.0.1", to)).await;
                    pass(
                        client,
                        server.expect("the server is there"),
                        &cutting,
                        &trap,
                        &hush,
                    )
                    .await;
                });
            }
        });
        Self {
            port,
            cut,
            at,
            silence,
        }
    }

    /// Swallows everything both ways from now on, and keeps the connections open.
    pub(crate) fn silence(&self) {
        self.silence.send_replace(Silence::Now);
    }

    /// Passes these bytes on when they come, and swallows what is answered on their connection.
    pub(crate) fn silence_after(&self, bytes: &'static [u8]) {
        self.silence.send_replace(Silence::After(bytes));
    }

    /// Ends all connections and takes no more.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// The same, once these bytes come; they do not arrive.
    pub(crate) fn cut_at(&self, bytes: &'static [u8]) {
        self.at.send_replace(bytes);
    }

    /// Takes connections again.
    pub(crate) fn mend(&self) {
        self.at.send_replace(b"");
        self.silence.send_replace(Silence::Never);
        self.cut.send_replace(false);
    }
}

async fn pass(
    mut client: TcpStream,
    mut server: TcpStream,
    cut: &watch::Sender<bool>,
    trap: &watch::Sender<&'static [u8]>,
    hush: &watch::Sender<Silence>,
) {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    let mut cutting = cut.subscribe();
    let (mut deaf, mut mute) = (false, false);
    loop {
        tokio::select! {
            _ = async { cutting.wait_for(|cut| *cut).await.is_ok() } => return,
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let wanted = *trap.borrow();
                if !wanted.is_empty() && has(&up[..length], wanted) {
                    cut.send_replace(true);
                    return;
                }
                match *hush.borrow() {
                    Silence::Never => {}
                    Silence::Now => (deaf, mute) = (true, true),
                    Silence::After(bytes) => mute |= has(&up[..length], bytes),
                }
                if deaf {
                    continue;
                }
                if server.write_all(&up[..length]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if mute || *hush.borrow() == Silence::Now {
                    (deaf, mute) = (true, true);
                    continue;
                }
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|part| part == wanted)
}
