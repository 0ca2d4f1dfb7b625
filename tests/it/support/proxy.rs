//! A line to a server that can be cut.

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
}

impl Proxy {
    pub(crate) async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (cut, at) = (watch::Sender::new(false), watch::Sender::new(&b""[..]));
        let (cutting, trap) = (cut.clone(), at.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *cutting.borrow() {
                    continue;
                }
                let (cutting, trap) = (cutting.clone(), trap.clone());
                tokio::spawn(async move {
                    let server = TcpStream::connect(("127.0.0.1", to)).await;
                    pass(
                        client,
                        server.expect("the server is there"),
                        &cutting,
                        &trap,
                    )
                    .await;
                });
            }
        });
        Self { port, cut, at }
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
        self.cut.send_replace(false);
    }
}

async fn pass(
    mut client: TcpStream,
    mut server: TcpStream,
    cut: &watch::Sender<bool>,
    trap: &watch::Sender<&'static [u8]>,
) {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    let mut cutting = cut.subscribe();
    loop {
        tokio::select! {
            _ = async { cutting.wait_for(|cut| *cut).await.is_ok() } => return,
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let wanted = *trap.borrow();
                let caught = !wanted.is_empty()
                    && up[..length].windows(wanted.len()).any(|bytes| bytes == wanted);
                if caught {
                    cut.send_replace(true);
                    return;
                }
                if server.write_all(&up[..length]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
