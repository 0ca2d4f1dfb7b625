//! A place to sign in for which everybody is right: it gives everyone the same token. It runs on a
//! thread of its own, so that it is there whatever a test does with its own time.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::LazyLock,
    thread,
};

/// What it gives out; like every secret of the fixtures, it says so.
const ANSWER: &str =
    r#"{"token_type":"Bearer","expires_in":3599,"access_token":"s3cr3t-token-of-the-bot"}"#;

static URL: LazyLock<String> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // Who asks and hangs up is no fault of this one.
            let _ = answer(connection);
        }
    });
    format!("http://{address}")
});

/// Where it is.
pub(crate) fn url() -> &'static str {
    &URL
}

fn answer(connection: TcpStream) -> std::io::Result<()> {
    let mut request = BufReader::new(connection.try_clone()?);
    let mut length = 0;
    let mut line = String::new();
    while request.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    request.take(length).read_to_end(&mut Vec::new())?;
    let mut connection = connection;
    write!(
        connection,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{ANSWER}",
        ANSWER.len()
    )
}
