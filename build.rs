//! Lists the files below `templates/` for the program to embed, so that nobody keeps such a list
//! by hand: adding a file is enough.
#![allow(
    clippy::disallowed_methods,
    reason = "cargo tells a build script by its environment where things are"
)]

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

#[allow(
    clippy::disallowed_methods,
    reason = "a build script is told what to do through its environment"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("templates");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&root)?.with_extension("");
        let name = name.to_str().ok_or("a template's name is not UTF-8")?;
        let name = name.replace('\\', "/");
        let path = file
            .to_str()
            .ok_or("the path of the templates is not UTF-8")?;
        writeln!(list, "    ({name:?}, include_str!({path:?})),")?;
    }
    list.push_str("]\n");
    fs::write(
        PathBuf::from(env::var("OUT_DIR")?).join("templates.rs"),
        list,
    )?;
    Ok(())
}

#[allow(
    clippy::print_stdout,
    reason = "what a build script prints is what it asks cargo for"
)]
/// Gathers templates; the folders are watched so that a new file is seen.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "hbs") {
            files.push(path);
        }
    }
    Ok(())
}
