//! A running page, and requests to it.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::common::command;

/// The page, which ends with the test.
pub struct Page {
    child: Child,
    pub address: SocketAddr,
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The sentences of an error, with their keys.
    pub fn sentences(&self) -> String {
        let body = self.json();
        match &body["problems"] {
            Value::Array(problems) => {
                let sentence = |p: &Value| {
                    format!("{}: {}", p["key"].as_str().unwrap(), p["sentence"].as_str().unwrap())
                };
                problems.iter().map(sentence).collect::<Vec<_>>().join("\n")
            }
            _ => body["error"].as_str().unwrap().to_owned(),
        }
    }
}

impl Page {
    pub fn start(arguments: &[&str]) -> Self {
        let all = [&["explore", "--no-browser"], arguments].concat();
        let mut child = command(&all).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().strip_suffix('/').unwrap();
        Self { child, address: address.parse().unwrap() }
    }

    /// Sends these bytes and reads until the connection closes.
    pub fn send(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        // a server that refuses need not read everything
        let _ = stream.write_all(bytes);
        let mut text = Vec::new();
        match stream.read_to_end(&mut text) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
            _ => {}
        }
        let text = String::from_utf8(text).unwrap();
        let (head, body) =
            text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address).as_bytes())
    }

    pub fn post(&self, path: &str, question: &Value) -> Answer {
        self.post_text(path, &question.to_string())
    }

    pub fn post_text(&self, path: &str, body: &str) -> Answer {
        let (address, length) = (self.address, body.len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        self.send(format!("{head}{body}").as_bytes())
    }

    /// The setting that the page starts with.
    pub fn setting(&self) -> Value {
        self.get("/start").json()["setting"].clone()
    }
}
