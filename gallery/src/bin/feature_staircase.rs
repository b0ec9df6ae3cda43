//! `cargo run --release -p gallery --bin feature_staircase`, as `linear-width figure feature_staircase`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::feature_staircase::draw)
}
