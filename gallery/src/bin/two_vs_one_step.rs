//! `cargo run --release -p gallery --bin two_vs_one_step`, as `linear-width figure two_vs_one_step`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::two_vs_one_step::draw)
}
