//! `cargo run --release -p gallery --bin third_step`, as `linear-width figure third_step`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::third_step::draw)
}
