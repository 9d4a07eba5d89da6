//! Reads the tree: files with their paths and lines, and which workspace crate uses which.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One source file.
#[derive(Debug)]
pub struct Source {
    /// Path from the workspace's root, with forward slashes.
    pub path: String,
    pub text: String,
}

impl Source {
    /// The lines before the first `#[cfg(test)]`, numbered from 1.
    pub fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.take_while(|(_, line)| line.trim() != "#[cfg(test)]")
    }

    /// True for files that are tests, benches or fixtures as a whole.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/") || self.path.contains("/benches/")
    }
}

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file below `folder` with this extension, without build output.
pub fn sources(folder: &str, extension: &str) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root().join(folder), folder, extension, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn walk(folder: &Path, name: &str, extension: &str, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            walk(&path, &name, extension, found);
        } else if path.extension().is_some_and(|ending| ending == extension) {
            let text = std::fs::read_to_string(&path).expect("source files are UTF-8");
            found.push(Source { path: name, text });
        }
    }
}

/// Normal and build dependencies between crates of the workspace: name to names.
pub fn dependencies() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |package: &serde_json::Value| package["name"].as_str().expect("a name").to_owned();
    let ours: Vec<String> = packages.iter().map(name).collect();
    packages
        .iter()
        .map(|package| {
            let used = package["dependencies"].as_array().expect("dependencies");
            let used = used
                .iter()
                .filter(|used| used["kind"] != "dev")
                .map(name)
                .filter(|used| ours.contains(used));
            (name(package), used.collect())
        })
        .collect()
}
