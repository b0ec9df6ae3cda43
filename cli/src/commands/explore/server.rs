//! Threads that answer connections on loopback: so many and no more, behind a queue of a fixed length.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::http::{Request, Response, read};

/// Threads that read requests and answer them. A browser keeps some idle connections open, each of
/// which holds one for a moment.
const THREADS: usize = 16;
/// Connections that may wait for a thread.
const QUEUE: usize = 512;

/// A socket on 127.0.0.1, not yet answering.
pub struct Server {
    listener: TcpListener,
    pub address: SocketAddr,
}

impl Server {
    /// Listens; port 0 is any free one.
    pub fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        Ok(Self { address: listener.local_addr()?, listener })
    }

    /// Answers every connection with `answer`, until the program ends. When all threads are busy and
    /// the queue is full the answer is 503; when `answer` panics it is 500, and the thread goes on.
    pub fn serve(
        self,
        answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> io::Result<()> {
        let (sender, receiver) = sync_channel(QUEUE);
        let receiver = Arc::new(Mutex::new(receiver));
        let answer = Arc::new(answer);
        for _ in 0..THREADS {
            let (receiver, answer) = (receiver.clone(), answer.clone());
            let work = move || {
                while let Some(stream) = next(&receiver) {
                    converse(stream, &*answer)
                }
            };
            thread::Builder::new().name("answer".into()).spawn(work)?;
        }
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => match sender.try_send(stream) {
                    Ok(()) => {}
                    Err(TrySendError::Full(stream)) => busy().send(stream),
                    Err(TrySendError::Disconnected(_)) => return Ok(()),
                },
                // a client that is gone again, or too many open files for a moment
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

fn next(receiver: &Mutex<Receiver<TcpStream>>) -> Option<TcpStream> {
    receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn converse(mut stream: TcpStream, answer: &(impl Fn(&Request) -> Response + ?Sized)) {
    let response = match read(&mut stream) {
        Ok(request) => {
            let answered = catch_unwind(AssertUnwindSafe(|| answer(&request)));
            answered.unwrap_or_else(|_| {
                Response::sentence(500, "this setting made the program fail; the page goes on")
            })
        }
        Err(Some(refused)) => refused,
        Err(None) => return,
    };
    response.send(stream);
}

fn busy() -> Response {
    Response::sentence(503, "too many requests at once; ask again in a moment")
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn ask(address: SocketAddr, text: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn a_panic_is_an_answer_and_the_threads_go_on() {
        let server = Server::bind(0).unwrap();
        let address = server.address;
        assert!(address.ip().is_loopback());
        thread::spawn(move || {
            server.serve(|request| match request.path.as_str() {
                "/panic" => panic!("on purpose, in a test"),
                path => Response::sentence(404, path),
            })
        });
        for _ in 0..2 * THREADS {
            let answer = ask(address, "GET /panic?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
            assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        }
        let answer = ask(address, "GET /here HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 404 ") && answer.ends_with("{\"error\":\"/here\"}"));
    }
}
