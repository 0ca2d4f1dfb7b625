//! Lists the files below `templates/` for the program to embed, so that nobody keeps such a list
//! by hand: adding a file is enough. Embeds Microsoft's renderer of cards, too, where `make node` has
//! fetched it; without it the program is whole but for one page of the demo, which says so.
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
    let home = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    keep(&out.join("adaptivecards.rs"), &renderer(&home)?)?;
    let root = home.join("templates");
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
    keep(&out.join("templates.rs"), &list)?;
    Ok(())
}

/// Writes a file unless it holds that already: what did not change is not compiled again.
fn keep(file: &Path, text: &str) -> std::io::Result<()> {
    match fs::read_to_string(file) {
        Ok(old) if old == text => Ok(()),
        _ => fs::write(file, text),
    }
}

#[allow(
    clippy::print_stdout,
    reason = "what a build script prints is what it asks cargo for"
)]
/// The renderer of cards and its terms, or none.
fn renderer(home: &Path) -> Result<String, Box<dyn Error>> {
    // `make node` touches this file: one that is not there cannot be watched.
    println!(
        "cargo:rerun-if-changed={}",
        home.join("package.json").display()
    );
    let package = home.join("node_modules/adaptivecards");
    let (script, terms) = (
        package.join("dist/adaptivecards.min.js"),
        package.join("LICENSE"),
    );
    if !script.exists() || !terms.exists() {
        return Ok("None".to_owned());
    }
    println!("cargo:rerun-if-changed={}", script.display());
    let within = fs::read_to_string(package.join("dist/adaptivecards.min.js.LICENSE.txt"))?;
    let terms = format!("{}\n{within}", fs::read_to_string(terms)?);
    let script = script
        .to_str()
        .ok_or("the path of the script is not UTF-8")?;
    Ok(format!("Some((include_bytes!({script:?}), {terms:?}))"))
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
