//! The shipped policies are read into the binary; a file that is added to their folder must be in the next build.

fn main() {
    println!("cargo::rerun-if-changed=policies");
}
