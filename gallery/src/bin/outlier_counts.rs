//! `cargo run --release -p gallery --bin outlier_counts`, as `linear-width figure outlier_counts`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::outlier_counts::draw)
}
