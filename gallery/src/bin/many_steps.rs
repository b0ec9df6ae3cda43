//! `cargo run --release -p gallery --bin many_steps`, as `linear-width figure many_steps`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::many_steps::draw)
}
