//! Which answer belongs to which request.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::http::{Request, Response};
use super::predict::Predictions;
use super::settings::{self, Problem};
use super::simulate::{self, Simulations};
use super::{export, host_check, predict};

/// The files of the page: path, type, text.
const PAGE: [(&str, &str, &str); 9] = [
    ("/", "text/html", include_str!("page/index.html")),
    ("/style.css", "text/css", include_str!("page/style.css")),
    ("/page.js", "text/javascript", include_str!("page/page.js")),
    ("/setting.js", "text/javascript", include_str!("page/setting.js")),
    ("/controls.js", "text/javascript", include_str!("page/controls.js")),
    ("/server.js", "text/javascript", include_str!("page/server.js")),
    ("/picture.js", "text/javascript", include_str!("page/picture.js")),
    ("/tables.js", "text/javascript", include_str!("page/tables.js")),
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
];

/// What the answers are made from.
pub struct Answers {
    pub port: u16,
    /// The setting that the page starts with.
    pub first: Value,
    pub predictions: Predictions,
    pub simulations: Arc<Simulations>,
}

impl Answers {
    pub fn answer(&self, request: &Request) -> Response {
        if let Some(why) = host_check::problem(request, self.port) {
            return Response::sentence(403, why);
        }
        // which forms of other pages cannot send
        let is_json = |kind: &str| kind.starts_with("application/json");
        if request.method == "POST" && !request.header("content-type").any(is_json) {
            return Response::sentence(400, "a question is JSON, and Content-Type says so");
        }
        let path = request.path.as_str();
        match (request.method.as_str(), path) {
            ("GET", "/start") => Response::json(200, &self.start()),
            ("GET", "/simulation") => self.simulations.status(),
            ("GET", _) => match PAGE.iter().find(|(name, ..)| *name == path) {
                Some((_, kind, text)) => Response::text(kind, text),
                None => Response::sentence(404, format!("there is no {path} here")),
            },
            ("POST", "/predict") => asked(request, |question: predict::Question| {
                Ok(match self.predictions.answer(&question)? {
                    Some(answer) => Response::json(200, &answer),
                    None => Response::sentence(409, "a later question of the page came first"),
                })
            }),
            ("POST", "/export") => asked(request, |setting: Value| {
                let config = settings::read(&setting)?;
                settings::experiment(&config)?;
                Ok(Response::json(200, &export::export(&config)?))
            }),
            ("POST", "/simulate") => {
                asked(request, |question: simulate::Question| self.simulations.start(&question))
            }
            ("POST", "/stop") => {
                self.simulations.stop();
                self.simulations.status()
            }
            ("POST", _) => Response::sentence(404, format!("there is no {path} here")),
            (method, _) => {
                Response::sentence(405, format!("{method} is not answered, GET and POST are"))
            }
        }
    }

    fn start(&self) -> Value {
        json!({
            "setting": self.first,
            "limits": settings::limits(),
            "simulated_width": simulate::MOST_WIDTH,
            "version": env!("CARGO_PKG_VERSION"),
        })
    }
}

/// Reads the question of a request's body and answers it; problems are listed with their keys.
fn asked<Q: DeserializeOwned>(
    request: &Request,
    answer: impl FnOnce(Q) -> Result<Response, Vec<Problem>>,
) -> Response {
    let question = serde_json::from_slice(&request.body);
    let problems = match question.map(answer) {
        Ok(Ok(response)) => return response,
        Ok(Err(problems)) => problems,
        Err(error) => vec![Problem::new("top level", error.to_string())],
    };
    Response::json(422, &json!({ "problems": problems }))
}
