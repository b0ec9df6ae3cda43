//! `cargo run --release -p gallery --bin staircase`, as `linear-width figure staircase`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::staircase::draw)
}
