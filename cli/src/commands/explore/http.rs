//! One HTTP request read, one response written; every size and every wait is bounded.

use std::borrow::Cow;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// Most bytes of request line and headers.
const MOST_HEAD: usize = 16 << 10;
/// Most bytes of a body.
const MOST_BODY: usize = 64 << 10;
const MOST_HEADERS: usize = 64;
/// How long a client may take to send its request, and to take the response.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the rest of a request that was refused is thrown away.
const FAREWELL: Duration = Duration::from_millis(200);

/// What every response says beside its content: nothing is loaded from, sent to or shown within
/// another place, and nothing is kept.
const ALWAYS: &str = "Content-Security-Policy: default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Referrer-Policy: no-referrer\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Cache-Control: no-store\r\n\
    Connection: close\r\n";

/// A request as it was sent.
#[derive(Debug, PartialEq)]
pub struct Request {
    pub method: String,
    /// Without what follows a question mark.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// All values of a header, whose name is given in lower case.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.headers.iter().filter(move |(header, _)| header == name);
        named.map(|(_, value)| value.as_str())
    }
}

/// What is sent back.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    kind: &'static str,
    body: Cow<'static, [u8]>,
}

impl Response {
    /// A text that is part of the program.
    pub fn text(kind: &'static str, text: &'static str) -> Self {
        Self { status: 200, kind, body: Cow::Borrowed(text.as_bytes()) }
    }

    pub fn json(status: u16, value: &impl serde::Serialize) -> Self {
        // indented as what the other commands print, so that the same code does both
        match serde_json::to_string_pretty(value) {
            Ok(text) => {
                Self { status, kind: "application/json", body: Cow::Owned(text.into_bytes()) }
            }
            Err(error) => Self::sentence(500, error.to_string()),
        }
    }

    /// An error that is a sentence.
    pub fn sentence(status: u16, sentence: impl Into<String>) -> Self {
        // text alone cannot fail to be JSON
        let body = serde_json::json!({ "error": sentence.into() }).to_string().into_bytes();
        Self { status, kind: "application/json", body: Cow::Owned(body) }
    }

    /// Sends it and closes the connection. A client that is gone already is no error.
    pub fn send(&self, mut stream: TcpStream) {
        let Self { status, kind, body } = self;
        let reason = reason(*status);
        let length = body.len();
        let mut bytes = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}; charset=utf-8\r\n\
             Content-Length: {length}\r\n{ALWAYS}\r\n"
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        let sent = stream
            .set_write_timeout(Some(PATIENCE))
            .and_then(|()| stream.write_all(&bytes))
            .and_then(|()| stream.shutdown(Shutdown::Write));
        // closing with bytes unread would take the response back from a client that is still sending
        if sent.is_ok() && self.status >= 400 {
            discard(&mut stream);
        }
    }
}

fn discard(stream: &mut TcpStream) {
    let end = Instant::now() + FAREWELL;
    let mut buffer = [0; 4096];
    while let Ok(1..) = read_until(stream, end, &mut buffer) {}
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

/// Reads a request.
///
/// # Errors
/// The response that says what is wrong with it; `None` when the client closed without asking.
pub fn read(stream: &mut TcpStream) -> Result<Request, Option<Response>> {
    let end = Instant::now() + PATIENCE;
    let mut received = Vec::new();
    let (mut request, head) = loop {
        if let Some(found) = parse(&received).map_err(Some)? {
            break found;
        }
        if received.len() > MOST_HEAD {
            let sentence = format!("the head of a request has at most {MOST_HEAD} bytes");
            return Err(Some(Response::sentence(431, sentence)));
        }
        if more(stream, end, &mut received)? == 0 {
            let cut = Response::sentence(400, "the request ended within its head");
            return Err((!received.is_empty()).then_some(cut));
        }
    };
    let length = body_length(&request).map_err(Some)?;
    while received.len() < head + length {
        if more(stream, end, &mut received)? == 0 {
            return Err(Some(Response::sentence(400, "the request ended within its body")));
        }
    }
    request.body = received[head..head + length].to_vec();
    Ok(request)
}

/// The request without its body and the length of its head, when all of that is there.
fn parse(received: &[u8]) -> Result<Option<(Request, usize)>, Response> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let head = match parsed.parse(received) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            let sentence = format!("a request has at most {MOST_HEADERS} headers");
            return Err(Response::sentence(431, sentence));
        }
        Err(error) => return Err(Response::sentence(400, format!("no HTTP request: {error}"))),
    };
    let path = parsed.path.unwrap_or("");
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let header = |header: &httparse::Header| (header.name.to_ascii_lowercase(), text(header.value));
    let request = Request {
        method: parsed.method.unwrap_or("").to_owned(),
        path: path.split_once('?').map_or(path, |(path, _)| path).to_owned(),
        headers: parsed.headers.iter().map(header).collect(),
        body: Vec::new(),
    };
    Ok(Some((request, head)))
}

fn body_length(request: &Request) -> Result<usize, Response> {
    if request.header("transfer-encoding").next().is_some() {
        return Err(Response::sentence(411, "a body comes with its length, not in chunks"));
    }
    let mut lengths = request.header("content-length");
    let Some(length) = lengths.next() else { return Ok(0) };
    if lengths.next().is_some() {
        return Err(Response::sentence(400, "a request has one Content-Length"));
    }
    match length.parse::<u64>() {
        Ok(length) if length <= MOST_BODY as u64 => Ok(length as usize),
        Ok(length) => {
            let sentence = format!("a body has at most {MOST_BODY} bytes, not {length}");
            Err(Response::sentence(413, sentence))
        }
        Err(_) => Err(Response::sentence(400, "Content-Length is no number of bytes")),
    }
}

/// Appends what comes next; 0 bytes at the end.
fn more(
    stream: &mut TcpStream,
    end: Instant,
    received: &mut Vec<u8>,
) -> Result<usize, Option<Response>> {
    let mut buffer = [0; 4096];
    match read_until(stream, end, &mut buffer) {
        Ok(count) => {
            received.extend_from_slice(&buffer[..count]);
            Ok(count)
        }
        Err(ErrorKind::WouldBlock | ErrorKind::TimedOut) if !received.is_empty() => {
            Err(Some(Response::sentence(408, "the request took too long to arrive")))
        }
        // browsers open connections in advance, and some they do not use
        Err(_) => Err(None),
    }
}

fn read_until(stream: &mut TcpStream, end: Instant, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut);
        }
        stream.set_read_timeout(Some(left)).map_err(|error| error.kind())?;
        match stream.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result.map_err(|error| error.kind()),
        }
    }
}
