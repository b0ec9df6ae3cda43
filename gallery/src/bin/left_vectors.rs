//! `cargo run --release -p gallery --bin left_vectors`, as `linear-width figure left_vectors`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::left_vectors::draw)
}
