//! A new file below `migrations/` changes no source file; this makes cargo look there as well.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
