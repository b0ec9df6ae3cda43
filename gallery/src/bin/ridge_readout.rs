//! `cargo run --release -p gallery --bin ridge_readout`, as `linear-width figure ridge_readout`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::ridge_readout::draw)
}
