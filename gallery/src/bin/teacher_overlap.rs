//! `cargo run --release -p gallery --bin teacher_overlap`, as `linear-width figure teacher_overlap`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::teacher_overlap::draw)
}
