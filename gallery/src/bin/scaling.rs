//! `cargo run --release -p gallery --bin scaling`, as `linear-width figure scaling`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::scaling::draw)
}
