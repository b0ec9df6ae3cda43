//! `cargo run --release -p gallery --bin spectra`, as `linear-width figure spectra`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::spectra::draw)
}
