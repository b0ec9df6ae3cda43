//! Who is not answered, what is refused, and that the server goes on.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::server::Page;

#[test]
fn only_pages_of_this_server_are_answered() {
    let page = Page::start(&[]);
    let port = page.address.port();
    let ask = |headers: &str| page.send(format!("GET /start HTTP/1.1\r\n{headers}\r\n").as_bytes());
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        assert_eq!(ask(&format!("Host: {host}:{port}\r\n")).status, 200);
    }
    for host in
        ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", "127.0.0.1:1", "10.0.0.1:80"]
    {
        let refused = ask(&format!("Host: {host}\r\n"));
        assert_eq!(refused.status, 403);
        assert!(
            refused.sentences().contains("this server answers as 127.0.0.1"),
            "{}",
            refused.body
        );
    }
    assert_eq!(ask("").status, 403);
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let refused = ask(&format!("Host: 127.0.0.1:{port}\r\nOrigin: {origin}\r\n"));
        assert_eq!(refused.status, 403);
        assert!(refused.sentences().contains("may not ask"), "{}", refused.body);
    }
    // a form of another page cannot send JSON
    let body = "{}";
    let form = format!(
        "POST /stop HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{body}"
    );
    assert_eq!(page.send(form.as_bytes()).status, 400);
}

#[test]
fn wrong_and_huge_requests_are_sentences() {
    let page = Page::start(&[]);
    let host = format!("Host: {}\r\n", page.address);
    let status = |bytes: String| {
        let answer = page.send(bytes.as_bytes());
        assert!(!answer.sentences().is_empty());
        answer.status
    };
    assert_eq!(status("hello\r\n\r\n".into()), 400);
    assert_eq!(status(format!("GET /nowhere HTTP/1.1\r\n{host}\r\n")), 404);
    assert_eq!(status(format!("GET /../../etc/passwd HTTP/1.1\r\n{host}\r\n")), 404);
    assert_eq!(status(format!("DELETE / HTTP/1.1\r\n{host}\r\n")), 405);
    assert_eq!(status(format!("GET /{} HTTP/1.1\r\n{host}\r\n", "a".repeat(100_000))), 431);
    assert_eq!(status(format!("GET / HTTP/1.1\r\n{}{host}\r\n", "X: y\r\n".repeat(1000))), 431);
    let post = |headers: &str| format!("POST /predict HTTP/1.1\r\n{host}{headers}\r\n");
    for length in ["65537", "1000000000000000000", "18446744073709551615"] {
        assert_eq!(status(post(&format!("Content-Length: {length}\r\n"))), 413);
    }
    for length in ["-1", "x", "99999999999999999999999999"] {
        assert_eq!(status(post(&format!("Content-Length: {length}\r\n"))), 400);
    }
    assert_eq!(status(post("Content-Length: 2\r\nContent-Length: 3\r\n")), 400);
    assert_eq!(status(post("Transfer-Encoding: chunked\r\n")), 411);
    // less than it announces
    assert_eq!(status(post("Content-Length: 10\r\n") + "abc"), 408);
    assert_eq!(page.get("/start").status, 200);
}

#[test]
fn wrong_and_huge_settings_are_sentences() {
    let page = Page::start(&[]);
    let start = page.setting();
    let refused = |key: &str, value: Value, expected: &str| {
        let mut setting = start.clone();
        let (place, name) = key.rsplit_once('/').unwrap();
        setting.pointer_mut(place).unwrap()[name] = value;
        for path in ["/predict", "/simulate", "/export"] {
            let question = match path {
                "/predict" => json!({ "setting": setting, "detail": "whole", "step": 1 }),
                "/simulate" => json!({ "setting": setting, "width": 100 }),
                _ => setting.clone(),
            };
            let answer = page.post(path, &question);
            assert_eq!(answer.status, 422, "{path} {key}: {}", answer.body);
            assert!(answer.sentences().contains(expected), "{}", answer.sentences());
        }
    };
    refused("/width", json!(0), "width: 0 is not between 2 and");
    refused("/width", json!(u64::MAX), "width: 18446744073709551615 is not between");
    refused("/width", json!("many"), "width: invalid type: string");
    refused("/dimension", json!(-3), "dimension: -3 is not between");
    refused("/samples", json!(1e18), "samples: ");
    refused("/steps", json!([]), "steps: there are no gradient steps");
    refused(
        "/steps",
        json!(vec![json!({ "constant": 1, "alpha": 0.1 }); 1000]),
        "steps: 1000 entries; at most 5",
    );
    refused(
        "/steps",
        json!([{ "constant": 1, "alpha": 0.5 }]),
        "steps.1.alpha: alpha of step 1 is 0.5",
    );
    refused("/activation", json!("softmax"), "activation: unknown variant");
    refused(
        "/activation",
        json!({ "hermite": vec![1; 4000] }),
        "activation.hermite: 4000 entries; at most 17",
    );
    refused("/activation", json!({ "hermite": [] }), "activation.hermite: ");
    refused("/activation", json!({ "hermite": [1, 1e5] }), "activation.hermite.2: ");
    refused("/target/link", json!({ "softplus": { "beta": 0 } }), "target.link.softplus.beta: ");
    refused("/target/argument_scale", json!(0), "target.argument_scale: ");
    refused("/target/without", json!([41]), "target.without.1: ");
    refused("/readout_samples", json!(vec![100; 50]), "readout_samples: 50 entries; at most 3");
    refused("/readout_samples", json!([1e12]), "readout_samples.1: ");
    refused("/second_layer", json!({ "fixed": [1.0, -1.0] }), "second_layer");
    refused(
        "/prediction_options",
        json!({ "node_factor": 20 }),
        "prediction_options.node_factor: 20",
    );
    refused("/prediction_options", json!({ "right_vectors": 1000 }), "right_vectors");
    refused("/colour", json!("red"), "unknown field `colour`");

    // no JSON, too much of it, and too deep
    for text in ["", "{", "[1, 2", "{\"setting\": 1e999}", &"[".repeat(60_000), "\u{0}"] {
        let answer = page.post_text("/predict", text);
        assert_eq!(answer.status, 422);
        assert!(!answer.sentences().is_empty());
    }
    let step = json!({ "setting": start, "detail": "draft", "step": 9 });
    assert!(page.post("/predict", &step).sentences().contains("W_9 was asked for"));
    assert_eq!(
        page.post("/predict", &json!({ "setting": start, "detail": "draft", "step": 2 })).status,
        200
    );
}

/// Every one of 200 requests at once is answered, and the server answers afterwards.
#[test]
fn two_hundred_requests_at_once() {
    let page = Page::start(&[]);
    let mut setting = page.setting();
    setting["prediction_options"] = json!({ "bulk_model": "isotropic" });
    let question = |k: usize| {
        let mut setting = setting.clone();
        setting["target"]["noise"] = json!(0.001 * k as f64);
        json!({ "setting": setting, "detail": "draft", "step": 2 })
    };
    let answers: Vec<_> = thread::scope(|scope| {
        let page = &page;
        let question = &question;
        let ask = |k: usize| {
            scope.spawn(move || match k % 4 {
                0 => page.get("/"),
                _ => page.post("/predict", &question(k)),
            })
        };
        let all: Vec<_> = (0..200).map(ask).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(answers.len(), 200);
    for answer in &answers {
        match answer.status {
            200 => {}
            503 => assert!(answer.sentences().contains("ask again")),
            status => panic!("{status}: {}", answer.body),
        }
    }
    assert!(answers.iter().filter(|answer| answer.status == 200).count() >= 100);
    assert_eq!(page.post("/predict", &question(0)).status, 200);
}

/// Browsers open connections that they do not use; some clients send half a request and wait.
#[test]
fn idle_connections_do_not_stop_it() {
    let page = Page::start(&[]);
    let idle: Vec<_> = (0..60)
        .map(|k| {
            let mut stream = TcpStream::connect(page.address).unwrap();
            if k % 2 == 0 {
                stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
            }
            stream
        })
        .collect();
    let start = Instant::now();
    assert_eq!(page.get("/start").status, 200);
    // 16 threads wait 3 s for each of 60
    assert!(start.elapsed().as_secs() < 30);
    drop(idle);
}
