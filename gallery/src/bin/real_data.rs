//! `cargo run --release -p gallery --bin real_data`, as `linear-width figure real_data`.

fn main() -> std::process::ExitCode {
    gallery::figures::main(gallery::figures::real_data::draw)
}
