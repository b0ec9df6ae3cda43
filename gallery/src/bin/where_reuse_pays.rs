//! `cargo run --release -p gallery --bin where_reuse_pays`, as `linear-width figure where_reuse_pays`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::where_reuse_pays::draw)
}
