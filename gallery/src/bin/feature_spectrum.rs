//! `cargo run --release -p gallery --bin feature_spectrum`, as `linear-width figure feature_spectrum`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::feature_spectrum::draw)
}
