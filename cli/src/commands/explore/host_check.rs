//! Who may ask: pages of this server alone.
//!
//! A page of another site can make a browser send requests to loopback, and a name that its owner
//! points at 127.0.0.1 makes the browser take them for that site's own. The request then names the
//! site in Host or Origin.

use super::http::Request;

/// Why the request is refused, if it is.
pub fn problem(request: &Request, port: u16) -> Option<String> {
    let ours =
        |host: &str| ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| is(host, name, port));
    let mut hosts = request.header("host");
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if ours(host) => {}
        (Some(host), None) => {
            return Some(format!(
                "this server answers as 127.0.0.1:{port} or localhost:{port}, not as {host:?}"
            ));
        }
        _ => return Some("a request has one Host header".into()),
    }
    let foreign = |origin: &&str| !origin.strip_prefix("http://").is_some_and(ours);
    request
        .header("origin")
        .find(foreign)
        .map(|origin| format!("a page of {origin:?} may not ask this server"))
}

/// Whether `host` is `name:port`; browsers leave the port of HTTP out.
fn is(host: &str, name: &str, port: u16) -> bool {
    let whole = format!("{name}:{port}");
    host.eq_ignore_ascii_case(&whole) || (port == 80 && host.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_server() {
        let asked = |headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            let (method, path) = ("GET".to_owned(), "/".to_owned());
            problem(&Request { method, path, headers, body: Vec::new() }, 8123).is_none()
        };
        for host in ["127.0.0.1:8123", "localhost:8123", "LOCALHOST:8123", "[::1]:8123"] {
            assert!(asked(&[("host", host)]), "{host}");
            assert!(asked(&[("host", host), ("origin", &format!("http://{host}"))]), "{host}");
        }
        for host in ["127.0.0.1", "127.0.0.1:8124", "evil.example:8123", "127.0.0.1:8123.evil", ""]
        {
            assert!(!asked(&[("host", host)]), "{host}");
        }
        assert!(!asked(&[]));
        assert!(!asked(&[("host", "localhost:8123"), ("host", "localhost:8123")]));
        for origin in ["null", "http://evil.example", "https://127.0.0.1:8123", "http://127.0.0.1"]
        {
            assert!(!asked(&[("host", "127.0.0.1:8123"), ("origin", origin)]), "{origin}");
        }
    }
}
