//! A file that is added to catalogue/ must be embedded: the macro that reads the folder is not told of new files by itself.

fn main() {
    println!("cargo::rerun-if-changed=../../catalogue");
}
