//! `linear-width spectrum FILE...`: the report of every matrix in the files.

mod matrices;
mod picture;

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use linear_width::spectral::{OutlierRule, ReportOptions, SpectrumReport};
use serde_json::json;

use crate::output;
use matrices::{Choice, Named};

/// Report on the singular values of weight matrices: noise, outliers with p-values, power law, and
/// where the vectors sit
#[derive(Args)]
pub struct Options {
    /// .npy or .safetensors files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only this tensor of a .safetensors file; may be given several times [default: every matrix]
    #[arg(long, value_name = "NAME")]
    tensor: Vec<String>,
    /// Take arrays of three or more dimensions too (kernels of convolutions): the first dimension by
    /// all others
    #[arg(long)]
    reshape: bool,
    /// Print the reports as a JSON array instead of tables
    #[arg(long)]
    json: bool,
    /// Write all singular values as CSV
    #[arg(long, value_name = "OUT.csv")]
    csv: Option<PathBuf>,
    /// Draw the spectra with their Marchenko-Pastur laws
    #[arg(long, value_name = "OUT.svg")]
    plot: Option<PathBuf>,
    /// Seed of the permutations
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The chance that pure noise shows an outlier
    #[arg(long, default_value_t = 0.05)]
    level: f64,
    /// What is an outlier: tracy-widom, largest-gap, or above=EDGE
    #[arg(long, default_value = "tracy-widom", value_name = "RULE")]
    outliers: Rule,
    /// How many leading singular vectors to look at
    #[arg(long, default_value_t = 8)]
    vectors: usize,
    /// How many matrices of permuted entries to compare with
    #[arg(long, default_value_t = 19)]
    permutations: usize,
}

/// A rule by its name on the command line.
#[derive(Clone, Copy)]
enum Rule {
    TracyWidom,
    LargestGap,
    Above(f64),
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("above=")) {
            ("tracy-widom", _) => Ok(Self::TracyWidom),
            ("largest-gap", _) => Ok(Self::LargestGap),
            (_, Some(edge)) => match edge.parse::<f64>() {
                Ok(edge) if edge.is_finite() && edge > 0.0 => Ok(Self::Above(edge)),
                _ => Err(format!("the edge {edge} must be a number above 0")),
            },
            _ => Err("the rules are tracy-widom, largest-gap and above=EDGE".into()),
        }
    }
}

/// A report with where its matrix comes from.
pub struct Found {
    pub file: PathBuf,
    pub tensor: String,
    pub report: SpectrumReport,
}

impl Found {
    /// The file, and the tensor if it has a name.
    pub fn title(&self) -> String {
        title(&self.file, &self.tensor)
    }
}

fn title(file: &Path, tensor: &str) -> String {
    match tensor {
        "" => file.display().to_string(),
        name => format!("{}: tensor {name}", file.display()),
    }
}

/// Reports on all matrices; one that fails does not keep the others back.
pub fn run(options: &Options) -> Result<(), String> {
    if let Some(path) = &options.plot {
        output::check_svg(path)?;
    }
    if !(options.level > 0.0 && options.level < 1.0) {
        return Err(format!("--level is {}; it must be above 0 and below 1", options.level));
    }
    let mut found = Vec::new();
    let mut failures = 0_usize;
    let mut fail = |problem: String| {
        eprintln!("error: {problem}");
        failures += 1;
    };
    let choice = Choice { tensors: &options.tensor, reshape: options.reshape };
    for file in &options.files {
        let (matrices, passed_over) = match matrices::read(file, &choice) {
            Ok(read) => read,
            Err(problem) => {
                fail(problem);
                continue;
            }
        };
        for note in passed_over {
            eprintln!("passed over: {}: {note}", file.display());
        }
        for Named { tensor, matrix } in matrices {
            match options.report_options(matrix.dim()).report(matrix.view()) {
                Ok(report) => {
                    let found_here = Found { file: file.clone(), tensor, report };
                    if !options.json {
                        output::print(&format!("{}\n{}\n", found_here.title(), found_here.report))?;
                    }
                    found.push(found_here);
                }
                Err(problem) => fail(format!("{}: {problem}", title(file, &tensor))),
            }
        }
    }
    if options.json {
        let item = |found: &Found| json!({ "file": found.file, "tensor": found.tensor, "report": found.report });
        let all: Vec<_> = found.iter().map(item).collect();
        output::print_json(&all)?;
    }
    if let Some(path) = &options.csv {
        let text = table(&found)?;
        fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if let (Some(path), false) = (&options.plot, found.is_empty()) {
        picture::draw(&found, path)?;
    }
    match failures {
        0 => Ok(()),
        1 => Err("one file or tensor has no report; the reason is above".into()),
        more => Err(format!("{more} files or tensors have no report; the reasons are above")),
    }
}

impl Options {
    fn report_options(&self, (rows, columns): (usize, usize)) -> ReportOptions {
        let outlier_rule = match self.outliers {
            Rule::TracyWidom => None,
            Rule::LargestGap => {
                // the rule needs three times as many values
                let max_outliers = (rows.min(columns).saturating_sub(1) / 3).clamp(1, 8);
                Some(OutlierRule::LargestGap { max_outliers, factor: 8.0 })
            }
            Rule::Above(edge) => Some(OutlierRule::AboveEdge { edge, margin: 0.0 }),
        };
        ReportOptions {
            seed: self.seed,
            level: self.level,
            outlier_rule,
            vectors: self.vectors,
            permutations: self.permutations,
        }
    }
}

/// The tables of all reports in one, with the columns `file` and `tensor` in front.
fn table(found: &[Found]) -> Result<String, String> {
    let mut all = String::new();
    for Found { file, tensor, report } in found {
        let mut table = Vec::new();
        report.write_csv(&mut table).map_err(|error| error.to_string())?;
        let table = String::from_utf8(table).map_err(|error| error.to_string())?;
        let mut lines = table.lines();
        let head = lines.next().unwrap_or("");
        if all.is_empty() {
            all = format!("file,tensor,{head}\n");
        }
        let place = format!("{},{}", quoted(&file.display().to_string()), quoted(tensor));
        lines.for_each(|line| all += &format!("{place},{line}\n"));
    }
    Ok(all)
}

/// A cell of CSV: in quotes when it needs them.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
